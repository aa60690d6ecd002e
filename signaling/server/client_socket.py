"""One client's WebSocket: what may come in, what waits to go out, and when it was last heard.

The library's own socket makes a task and a timer for every frame, a task for every ping, and a
queue without end. One reader, one writer and the sweep of all sockets once a second do the same.
It also hands over whatever arrives; here what our protocol never uses (binary, unknown packets,
floods) ends its sender before anything parses it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from aiohttp import WebSocketError, WSCloseCode, WSMessage, WSMsgType, web
from engineio.async_socket import AsyncSocket
from engineio.packet import Packet

from signaling.server.rate import TokenBucket

if TYPE_CHECKING:
    from signaling.server.engine import Engine

_FRAMES_PER_S: Final = 400.0
_FRAME_BURST: Final = 1_000
"""Far above what any of our clients sends; the limit of messages below it answers politely."""

_CLOSE_TIMEOUT_S: Final = 2.0
"""How long a peer may take to return our close frame."""

_CLOSE, _PING, _PONG, _MESSAGE = "1", "2", "3", "4"
_SOCKET_PACKETS: Final = frozenset("0123")
"""Socket.IO packets a client may send: connect, disconnect, event, acknowledgement; no binary."""

_OVERHEAD_BYTES: Final = 64
"""What a queued string costs beside its text."""


class Outbox:
    """What waits to be written to one client, bounded in bytes.

    When the bound is passed, everything is thrown away and `overflowed` says so: the connection is
    of no use any more and the sweep ends it. Waiting here would let one slow client hold up all.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.bytes = 0
        self.overflowed = False
        self._limit = limit_bytes
        self._texts: deque[str] = deque()
        self._ended = False
        self._waiter: asyncio.Future[None] | None = None

    def put(self, text: str) -> None:
        """Add a packet; nothing is added after the end or an overflow."""
        if self._ended or self.overflowed:
            return
        self.bytes += len(text) + _OVERHEAD_BYTES
        if self.bytes > self._limit:
            self.overflowed = True
            self._texts.clear()
            self.bytes = 0
            return
        self._texts.append(text)
        self._wake()

    def end(self) -> None:
        """After what is there now comes nothing more."""
        self._ended = True
        self._wake()

    async def take(self) -> str | None:
        """The next packet; None at the end."""
        while not self._texts:
            if self._ended:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        text = self._texts.popleft()
        self.bytes -= len(text) + _OVERHEAD_BYTES
        return text

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class ClientSocket(AsyncSocket):  # type: ignore[misc]  # the library has no types
    """The library's socket of one client, over WebSocket only."""

    server: Engine
    sid: str
    closed: bool
    closing: bool

    def __init__(self, server: Engine, sid: str) -> None:
        super().__init__(server, sid)
        self.outbox = Outbox(server.send_queue_bytes)
        self._frames = TokenBucket(_FRAMES_PER_S, _FRAME_BURST)
        self._ping_sent: float | None = None
        self._ping_due = time.monotonic() + server.ping_interval

    # --- for the sweep ---------------------------------------------------------------------

    def ping_if_due(self, now: float) -> None:
        """Send a ping when the last one was answered an interval ago."""
        if self._ping_sent is None and now >= self._ping_due:
            self._ping_sent = now
            self.outbox.put(_PING)

    def is_silent(self, now: float) -> bool:
        """True when a ping has gone unanswered for too long."""
        return self._ping_sent is not None and now - self._ping_sent > self.server.ping_timeout

    def excuse_silence(self) -> None:
        """While a command of its ran, a client's pong could not be read: count from now."""
        if self._ping_sent is not None:
            self._ping_sent = time.monotonic()

    # --- the library's interface -----------------------------------------------------------

    async def send(self, pkt: Packet) -> None:
        """Queue a packet; never waits."""
        self.outbox.put(pkt.encode())

    def schedule_ping(self) -> None:
        """Pings are sent by the sweep."""

    async def close(
        self, wait: bool = True, abort: bool = False, reason: str | None = None
    ) -> None:
        """Tell the layer above that the client is gone; what is queued is still written."""
        if self.closed or self.closing:
            return
        self.closing = True
        why = reason or self.server.reason.SERVER_DISCONNECT
        await self.server._trigger_event("disconnect", self.sid, why, run_async=False)
        self.closed = True
        self.outbox.end()

    async def _upgrade_websocket(self, environ: dict[str, Any]) -> web.WebSocketResponse:
        # Compression would cost 32 KiB of zlib state a client, and a compressed frame of a few
        # KiB can unpack to very many.
        ws = web.WebSocketResponse(
            compress=False,
            max_msg_size=self.server.max_http_buffer_size,
            timeout=_CLOSE_TIMEOUT_S,
        )
        self.connected = self.upgraded = True
        writer: asyncio.Task[None] | None = None
        try:
            await ws.prepare(environ["aiohttp.request"])
            writer = asyncio.create_task(self._write(ws))
            await self._read(ws)
        finally:
            self.outbox.end()
            if writer is not None:
                await writer
            await self.close(abort=True, reason=self.server.reason.TRANSPORT_CLOSE)
            self.server.sockets.pop(self.sid, None)
        return ws

    # --- reading and writing ---------------------------------------------------------------

    async def _read(self, ws: web.WebSocketResponse) -> None:
        while True:
            message = await ws.receive()
            text = message.data
            if message.type is not WSMsgType.TEXT:
                await self._judge_end(ws, message)
                return
            if not self._frames.take(time.monotonic()):
                await self._refuse(ws, "flood", "too_many_messages")
                return
            if text == _PONG:
                self._ping_sent = None
                self._ping_due = time.monotonic() + self.server.ping_interval
            elif text[:1] == _MESSAGE and text[1:2] in _SOCKET_PACKETS and text[1:]:
                await self.server.handlers["message"](self.sid, text[1:])
            elif text == _CLOSE:
                return
            else:
                await self._refuse(ws, "malformed", "malformed")
                return

    async def _write(self, ws: web.WebSocketResponse) -> None:
        try:
            while (text := await self.outbox.take()) is not None:
                await ws.send_str(text)
            await ws.close()
        except ConnectionError:
            # The peer went while we wrote; the reader sees the same and ends the client.
            return

    async def _judge_end(self, ws: web.WebSocketResponse, message: WSMessage) -> None:
        if message.type is WSMsgType.BINARY:
            await self._refuse(ws, "malformed", "malformed")
        elif (
            isinstance(message.data, WebSocketError)
            and message.data.code == WSCloseCode.MESSAGE_TOO_BIG
        ):
            # aiohttp has closed it with that code, which tells the sender why.
            self.server.metrics.refusals.labels("too_large").inc()
            self.server.metrics.drops.labels("too_large").inc()

    async def _refuse(self, ws: web.WebSocketResponse, cause: str, code: str) -> None:
        self.server.metrics.refusals.labels(code).inc()
        self.server.metrics.drops.labels(cause).inc()
        await ws.close(code=WSCloseCode.POLICY_VIOLATION)
