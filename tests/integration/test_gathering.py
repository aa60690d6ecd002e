"""STUN and TURN servers that answer late, or never, must not keep a call waiting."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from aioice import stun

from signaling.client import gathering
from signaling.client.gathering import TricklingConnection
from signaling.client.peer import Flow
from signaling.protocol.signals import IceServer
from tests.support.media_pair import MediaPair, Side, until

pytestmark = pytest.mark.integration


@pytest.fixture
def nobody() -> Iterator[int]:
    """The port of a STUN server that never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        yield silent.getsockname()[1]


class StunServer(asyncio.DatagramProtocol):
    """Answers binding requests with an address of our choice, when told to."""

    def __init__(self, seen_as: tuple[str, int]) -> None:
        self._seen_as = seen_as
        self.answers = asyncio.Event()
        self._waiting: list[tuple[bytes, tuple[str, int]]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._waiting.append((data, addr))
        self._flush()

    def release(self) -> None:
        """Answer everything, from now on at once."""
        self.answers.set()
        self._flush()

    def _flush(self) -> None:
        if not self.answers.is_set():
            return
        for data, addr in self._waiting:
            asked = stun.parse_message(data)
            said = stun.Message(
                message_method=asked.message_method,
                message_class=stun.Class.RESPONSE,
                transaction_id=asked.transaction_id,
            )
            said.attributes["XOR-MAPPED-ADDRESS"] = self._seen_as
            self.transport.sendto(bytes(said), addr)
        self._waiting.clear()


@asynccontextmanager
async def a_stun_server() -> AsyncIterator[tuple[StunServer, int]]:
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: StunServer(("198.51.100.7", 40_000)), local_addr=("127.0.0.1", 0)
    )
    try:
        yield server, transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


def ice(side: Side) -> TricklingConnection:
    assert side.call.peer is not None
    found = side.call.peer._pc.getReceivers()[0].transport.transport._connection
    assert isinstance(found, TricklingConnection)
    return found


def flows(pair: MediaPair) -> bool:
    return all(side.call.flow is Flow.FLOWING for side in pair.sides.values())


async def test_a_stun_server_that_never_answers_delays_nothing(nobody: int) -> None:
    servers = (IceServer(urls=(f"stun:127.0.0.1:{nobody}",)),)
    async with MediaPair(ice_servers=servers) as pair:
        pair.begin()
        await until(lambda: flows(pair))
        # The call is up, and both still wait for the server: it was not waited for.
        assert all(ice(side).is_gathering for side in pair.sides.values())


async def test_a_turn_server_that_never_answers_delays_nothing(nobody: int) -> None:
    server = IceServer(urls=(f"turn:127.0.0.1:{nobody}",), username="u", credential="p")
    async with MediaPair(ice_servers=(server,)) as pair:
        pair.begin()
        await until(lambda: flows(pair))
        assert all(ice(side).is_gathering for side in pair.sides.values())


async def test_a_late_answer_is_trickled_to_the_other_side() -> None:
    async with a_stun_server() as (server, port):
        servers = (IceServer(urls=(f"stun:127.0.0.1:{port}",)),)
        async with MediaPair(ice_servers=servers) as pair:
            pair.begin()
            await until(lambda: flows(pair))
            sdp = pair.signals[0].description
            assert sdp is not None
            assert "end-of-candidates" not in sdp.sdp
            assert "198.51.100.7" not in sdp.sdp
            server.release()
            await until(lambda: not any(ice(side).is_gathering for side in pair.sides.values()))
            await until(
                lambda: all(
                    any(c.host == "198.51.100.7" for c in ice(side).remote_candidates)
                    and ice(side)._remote_candidates_end
                    for side in pair.sides.values()
                )
            )
            seen = pair.resident.picture.count
            await until(lambda: pair.resident.picture.count > seen + 3)
            assert pair.epoch == 1


async def test_checks_are_given_up_once_the_servers_are(
    nobody: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing to reach and a dead server: ICE fails when the patience ends, not never."""
    monkeypatch.setattr(gathering, "PATIENCE_S", 0.3)
    ours = TricklingConnection(ice_controlling=True, stun_server=("127.0.0.1", nobody))
    await ours.gather_candidates()
    ours.remote_username, ours.remote_password = "user", "password" * 3
    await ours.add_remote_candidate(None)
    async with asyncio.timeout(20):
        with pytest.raises(ConnectionError):
            await ours.connect()
    assert not ours.is_gathering
    await ours.close()


async def test_a_call_that_ends_while_it_gathers_leaves_nothing_behind(nobody: int) -> None:
    before = len(asyncio.all_tasks())
    servers = (IceServer(urls=(f"stun:127.0.0.1:{nobody}",)),)
    async with MediaPair(ice_servers=servers) as pair:
        pair.begin()
        await until(lambda: flows(pair))
    await until(lambda: len(asyncio.all_tasks()) <= before)
