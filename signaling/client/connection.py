"""One Socket.IO connection, from handshake to loss; it never comes back, a new one is made.

This is the only place that touches python-socketio's client. Its own reconnection is off: its
task can die of a timeout that it does not catch, and then the client stays away for ever.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final

import aiohttp
import socketio

from signaling.protocol.errors import Refusal, rebuild

log = logging.getLogger(__name__)

HEARTBEAT_S: Final = 6.0
"""After this much silence we ping; no pong in half of it again is a dead line. With the server's
ping every 5 s a half-open line is noticed in at most 9 s."""
GOODBYE_S: Final = 2.0
"""How long a polite close may take before the socket is simply dropped."""
MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024
"""What the server may send: the whole view of a large hall's wall."""


class Connection:
    """An open connection: messages out, raw events in, and the moment it was lost."""

    def __init__(self, http: aiohttp.ClientSession, on_event: Callable[[object], None]) -> None:
        """Use `Connection.open`."""
        self._http = http
        self._lost = asyncio.Event()
        self._refusal: Refusal | None = None
        self._closing: asyncio.Task[None] | None = None
        self._on_event = on_event
        self._waiting: set[asyncio.Future[object]] = set()
        self._sio: Any = socketio.AsyncClient(
            reconnection=False,
            handle_sigint=False,
            http_session=http,
            websocket_extra_options={
                "heartbeat": HEARTBEAT_S,
                "max_msg_size": MAX_MESSAGE_BYTES,
            },
        )
        self._sio.on("event", self._event)
        self._sio.on("connect_error", self._connect_error)
        self._sio.on("disconnect", self._disconnect)

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        hello: Mapping[str, object],
        tls: ssl.SSLContext | None,
        origin: str | None,
        on_event: Callable[[object], None],
        deadline_s: float,
    ) -> Connection:
        """Connect within `deadline_s`, or raise: a Refusal if the server said no, else whatever.

        The deadline is ours, because a server that takes the TCP connection and then says nothing
        holds the library for five minutes.
        """
        http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls if tls is not None else True, limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=deadline_s),
        )
        connection = cls(http, on_event)
        try:
            async with asyncio.timeout(deadline_s):
                await connection._sio.connect(
                    url,
                    auth=dict(hello),
                    headers={} if origin is None else {"Origin": origin},
                    transports=["websocket"],
                    wait_timeout=deadline_s,
                )
        except BaseException as failure:
            await connection.close()
            if connection._refusal is not None and isinstance(failure, Exception):
                raise connection._refusal from failure
            raise
        return connection

    @property
    def is_lost(self) -> bool:
        """True once the connection is gone."""
        return self._lost.is_set()

    async def lost(self) -> None:
        """Return when the connection is gone."""
        await self._lost.wait()

    async def call(self, message: Mapping[str, object]) -> object:
        """Send `message` and return the server's acknowledgement, or raise ConnectionError."""
        answered: asyncio.Future[object] = asyncio.get_running_loop().create_future()

        def on_answer(*parts: object) -> None:
            if not answered.done():
                answered.set_result(parts[0] if len(parts) == 1 else parts)

        if self.is_lost:
            raise ConnectionError("the connection is gone")
        self._waiting.add(answered)
        try:
            try:
                await self._sio.emit("command", dict(message), callback=on_answer)
            except socketio.exceptions.SocketIOError as gone:
                raise ConnectionError("the connection is gone") from gone
            return await answered
        finally:
            self._waiting.discard(answered)

    async def close(self) -> None:
        """End the connection; idempotent, and complete even if the caller is cancelled."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="socketio close")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self._sio.disconnect()
        except TimeoutError:
            log.debug("the server did not say goodbye in time")
        except Exception as failure:  # any failure of a library that is being thrown away
            log.debug("goodbye failed", extra={"kind": type(failure).__name__})
        finally:
            await self._http.close()
            for task in (self._sio.eio.read_loop_task, self._sio.eio.write_loop_task):
                if task is not None:
                    task.cancel()
            self._mark_lost()

    def _mark_lost(self) -> None:
        self._lost.set()
        for answered in self._waiting:
            if not answered.done():
                answered.set_exception(ConnectionError("the connection was lost"))

    async def _event(self, *parts: object) -> None:
        # python-socketio runs every packet in a task of its own; as long as nothing is awaited
        # here, the tasks run in the order the packets came.
        self._on_event(parts[0] if len(parts) == 1 else None)

    async def _connect_error(self, *parts: object) -> None:
        said = parts[0] if parts else None
        code = said.get("message") if isinstance(said, Mapping) else None
        if isinstance(code, str) and code:
            self._refusal = rebuild(code)

    async def _disconnect(self, *_reason: object) -> None:
        self._mark_lost()
