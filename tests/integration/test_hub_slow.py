"""Those who do not read."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from asyncio import StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from signaling.protocol.events import Done
from tests.support.wire_hall import OWN_ORIGIN, WireHall, open_wire_hall

pytestmark = pytest.mark.integration


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[WireHall]:
    async with open_wire_hall(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def deaf_wall(hall: WireHall) -> AsyncIterator[StreamWriter]:
    """A wall that introduces itself and then never reads; small buffers make it show soon."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", hall.port))
    reader, writer = await asyncio.open_connection(sock=raw)
    try:
        writer.write(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: h\r\n"
            b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Origin: " + OWN_ORIGIN.encode() + b"\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport can
        writer.write(frame('40{"token":"supervisor:s01","protocol":1}'))
        await hall.until(lambda: hall.signaling.connections == 1)
        yield writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def frame(text: str) -> bytes:
    """A client's short text frame, masked with zeros."""
    return bytes([0x81, 0x80 | len(text)]) + b"\x00" * 4 + text.encode()


SYNC = frame('42["command",{"type":"view.sync"}]')


async def test_what_waits_for_a_client_that_does_not_read_is_bounded_and_ends_it(
    tmp_path: Path,
) -> None:
    async with (
        open_wire_hall(tmp_path, send_queue_bytes=30_000, message_burst=1_000_000) as hall,
        deaf_wall(hall) as writer,
    ):
        neighbour = await hall.kiosk(1)
        for _ in range(300):
            writer.write(SYNC)
        await hall.until(lambda: hall.count("drops_total", cause="slow") == 1)
        await hall.until(lambda: hall.signaling.connections == 1)
        assert isinstance(await neighbour.send_raw({"type": "view.sync"}), Done)


async def test_a_client_that_is_behind_is_sent_only_the_newest_when_it_reads_again(
    hall: WireHall,
) -> None:
    async with deaf_wall(hall) as writer:
        kiosk = await hall.kiosk(1)
        before = hall.count("pushes_total", type="wall.reset")
        for _ in range(150):
            writer.write(SYNC)
        await hall.until(lambda: hall.count("messages_total", type="view.sync") == 150)
        sent = hall.count("pushes_total", type="wall.reset") - before
        assert sent < 150
        await kiosk.send("ticket.take", item_code="pension")
        writer.transport.resume_reading()  # type: ignore[attr-defined]  # a socket's transport can
        await hall.until(lambda: hall.count("pushes_total", type="wall.reset") - before == sent + 1)
