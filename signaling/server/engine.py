"""The Engine.IO layer, hardened at the three places it offers for it.

The library's own WebSocket wrapper hands over whatever arrives, and its per-client queue grows
without end. Ours refuses what our protocol never uses (binary, unknown packet types, compression,
floods) before the library sees it, and bounds what may wait for a slow client.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import engineio
from aiohttp import WebSocketError, WSCloseCode, WSMsgType, web
from engineio.packet import Packet

from signaling.server.metrics import WireMetrics
from signaling.server.rate import TokenBucket

_FRAMES_PER_S: Final = 400.0
_FRAME_BURST: Final = 1_000
"""Far above what any of our clients sends; the limit of messages below it answers politely."""

_CLOSE_TIMEOUT_S: Final = 2.0
"""How long a peer may take to return our close frame."""

_ENGINE_PACKETS: Final = frozenset("13")
"""What a client may send beside messages: close and pong."""
_SOCKET_PACKETS: Final = frozenset("0123")
"""Socket.IO packets a client may send: connect, disconnect, event, acknowledgement; no binary."""


class CappedQueue(asyncio.Queue["Packet | None"]):
    """What waits to be written to one client, bounded in bytes.

    When the bound is passed, packets are thrown away and `overflowed` says so: the connection is
    of no use any more and the sweeper ends it. Waiting here would let one slow client hold up all.
    """

    def __init__(self, limit_bytes: int) -> None:
        super().__init__()
        self.bytes = 0
        self.overflowed = False
        self._limit = limit_bytes

    async def put(self, item: Packet | None) -> None:
        """As `put_nowait`: never waits."""
        self.put_nowait(item)

    def put_nowait(self, item: Packet | None) -> None:
        """Add a packet, or mark the queue as overflowed. The end (None) always finds room."""
        if item is not None:
            if self.overflowed or self.bytes + _size(item) > self._limit:
                self.overflowed = True
                return
            self.bytes += _size(item)
        super().put_nowait(item)

    def _get(self) -> Packet | None:
        item = super()._get()
        if item is not None:
            self.bytes -= _size(item)
        return item


def _size(packet: Packet) -> int:
    data = packet.data
    return len(data) + 64 if isinstance(data, str) else 256


class WireSocket:
    """One WebSocket, as the Engine.IO library wants it: called once, then `wait` and `send`."""

    def __init__(self, handler: Callable[[WireSocket], Awaitable[None]], engine: Engine) -> None:
        self._handler = handler
        self._client: Any = handler.__self__  # type: ignore[attr-defined]  # it is a bound method
        self._engine = engine
        # Frames shrink by compression less than 32 KiB of zlib state a client cost, and a
        # compressed frame of a few KiB can unpack to very many.
        self._socket = web.WebSocketResponse(
            compress=False, max_msg_size=engine.max_http_buffer_size, timeout=_CLOSE_TIMEOUT_S
        )
        self._frames = TokenBucket(_FRAMES_PER_S, _FRAME_BURST)

    async def __call__(self, environ: dict[str, Any]) -> web.WebSocketResponse:
        """Answer the upgrade, run the library's handler until the end."""
        try:
            await self._socket.prepare(environ["aiohttp.request"])
            await self._handler(self)
        finally:
            # After a handshake that fails the library would keep the client for ever.
            if not self._client.closed:
                await self._client.close(wait=False, abort=True)
            self._engine.sockets.pop(self._client.sid, None)
        return self._socket

    async def send(self, message: str) -> None:
        """Write one packet; waits while the peer's buffers are full."""
        await self._socket.send_str(message)

    async def close(self) -> None:
        """Close politely."""
        await self._socket.close()

    async def wait(self) -> str:
        """The next packet.

        Raises:
            OSError: the connection is over; the library expects this kind.
        """
        message = await self._socket.receive()
        if message.type is WSMsgType.TEXT:
            text: str = message.data
            if not self._frames.take(time.monotonic()):
                await self._end("flood", WSCloseCode.POLICY_VIOLATION)
            elif _is_known(text):
                return text
            else:
                await self._end("malformed", WSCloseCode.UNSUPPORTED_DATA)
        elif message.type is WSMsgType.BINARY:
            await self._end("malformed", WSCloseCode.UNSUPPORTED_DATA)
        elif isinstance(message.data, WebSocketError) and (
            message.data.code == WSCloseCode.MESSAGE_TOO_BIG
        ):
            # aiohttp has closed it with that code, which tells the sender why.
            self._engine.metrics.refusals.labels("too_large").inc()
            self._engine.metrics.drops.labels("too_large").inc()
        raise ConnectionAbortedError

    async def _end(self, cause: str, code: WSCloseCode) -> None:
        self._engine.metrics.refusals.labels(
            "too_many_messages" if cause == "flood" else "malformed"
        ).inc()
        self._engine.metrics.drops.labels(cause).inc()
        await self._socket.close(code=code)


def _is_known(text: str) -> bool:
    if text[:1] == "4":
        return text[1:2] in _SOCKET_PACKETS and text[1:2] != ""
    return text in _ENGINE_PACKETS


class Engine(engineio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """The Engine.IO server with our sockets and queues."""

    _async: dict[str, Any]

    def __init__(self, *, metrics: WireMetrics, send_queue_bytes: int, **options: Any) -> None:
        super().__init__(async_mode="aiohttp", **options)
        self.metrics = metrics
        self._send_queue_bytes = send_queue_bytes
        # The driver is a table shared by all servers of the process: take a copy.
        self._async = {**self._async, "websocket": WireSocket}

    def create_queue(self, *_args: Any, **_kwargs: Any) -> CappedQueue:
        """The queue of one client (the library's own hook)."""
        return CappedQueue(self._send_queue_bytes)
