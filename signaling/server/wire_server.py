"""The Socket.IO server, kept to what our protocol uses.

python-socketio brings the packets, the acknowledgements and the engine beneath. What it would do
with a handler's name (a client may send an event called `disconnect`), with a client that never
says CONNECT, or with one that stopped reading, is decided here.
"""

from __future__ import annotations

import logging
import time
from typing import Any, Final, Protocol

import socketio
from socketio import packet

from signaling.protocol.errors import MessageMalformed, Refusal
from signaling.protocol.events import Refused
from signaling.protocol.version import MAX_MESSAGE_BYTES
from signaling.server.client_table import NAMESPACE, ClientTable
from signaling.server.engine import Engine
from signaling.server.fault import log_fault
from signaling.server.metrics import WireMetrics
from signaling.server.settings import SignalingSettings

log = logging.getLogger(__name__)

_library_log = logging.getLogger(f"{__name__}.library")
# At INFO the libraries write every packet: tokens and SDP.
_library_log.setLevel(logging.ERROR)

ORIGIN_HEADER: Final = "HTTP_ORIGIN"

_LINGER_SWEEPS: Final = 3
"""How many sweeps a client that was told to go may take."""


class WireHandler(Protocol):
    """What the server does with what arrives."""

    def may_knock(self, origin: str | None) -> bool:
        """May a page of this origin open a socket at all?"""
        ...

    async def admit(self, sid: str, auth: object, origin: str | None) -> None:
        """A client introduces itself; raises Refusal to turn it away."""
        ...

    def welcome(self, sid: str) -> None:
        """The client was told that it is in; events may be pushed."""
        ...

    async def command(self, sid: str, payload: object) -> str:
        """Carry out what a client sent; the answer as JSON. Never raises."""
        ...

    async def lost(self, sid: str) -> None:
        """The connection is over. Called once for each `admit` that was begun. Never raises."""
        ...


class WireServer(socketio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """Parses, calls the handler, answers; ends what is silent, slow or nameless."""

    def __init__(
        self, handler: WireHandler, settings: SignalingSettings, metrics: WireMetrics
    ) -> None:
        self.table = ClientTable()
        self.metrics = metrics
        self._handler = handler
        self._settings = settings
        self._nameless: dict[str, int] = {}
        """Open sockets that were not admitted yet, and the sweep they were first seen by."""
        self._dismissed: dict[str, int] = {}
        """Sockets told to go, and the sweep before; they get a moment to read it."""
        self._sweeps = 0
        self._busy: set[str] = set()
        super().__init__(
            client_manager=self.table,
            logger=_library_log,
            engineio_logger=_library_log,
            async_handlers=False,  # or one client's messages overtake each other
            transports=["websocket"],
            allow_upgrades=False,
            http_compression=False,
            cors_allowed_origins=self._may_knock,
            cors_credentials=False,
            ping_interval=settings.ping_interval_s,
            ping_timeout=settings.ping_timeout_s,
            max_http_buffer_size=MAX_MESSAGE_BYTES,
            monitor_clients=False,  # `sweep` does it, and sees more
            metrics=metrics,
            send_queue_bytes=settings.send_queue_bytes,
        )

    # --- for the hub -----------------------------------------------------------------------

    def drop(self, sid: str, cause: str) -> None:
        """Cut a connection at once."""
        self.metrics.drops.labels(cause).inc()
        self._nameless.pop(sid, None)
        self._dismissed.pop(sid, None)
        environ = self.environ.get(sid)
        transport = environ["aiohttp.request"].transport if environ is not None else None
        if transport is not None:
            transport.abort()

    def dismiss(self, sid: str, event_json: str) -> None:
        """Tell a client why, and close after that has really been written.

        `disconnect()` of the library right after an `emit` ends the connection before the event
        is out. Here event, goodbye and close go through the same queue, in this order.
        """
        self.table.push(sid, event_json)
        self.table.put(sid, str(packet.DISCONNECT))
        self.table.close_when_sent(sid)
        self._dismissed[sid] = self._sweeps

    def open_sids(self) -> list[str]:
        """Every open socket, admitted or not."""
        return list(self.eio.sockets)

    def ping(self) -> None:
        """Send the pings that are due. To be called about once a second."""
        now = time.monotonic()
        for socket in self.eio.sockets.values():
            socket.ping_if_due(now)

    def sweep(self) -> None:
        """End who does not say who it is, does not answer pings, or does not read.

        To be called about once a second, and not when the last call was late: then it was this
        process that did not listen.
        """
        self._sweeps += 1
        patience = max(1, round(self._settings.connect_deadline_s))
        for sid, since in list(self._nameless.items()):
            if self._sweeps - since < patience:
                break  # the oldest come first
            self.drop(sid, "no_connect")
        for sid, since in list(self._dismissed.items()):
            if self._sweeps - since > _LINGER_SWEEPS:
                self.drop(sid, "lingering")
        now = time.monotonic()
        for sid, socket in list(self.eio.sockets.items()):
            if socket.outbox.overflowed:
                self.drop(sid, "slow")
            elif socket.is_silent(now) and sid not in self._busy:
                self.drop(sid, "silent")

    # --- the library's hooks ---------------------------------------------------------------

    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    def _may_knock(self, origin: str | None, _environ: dict[str, Any]) -> bool:
        allowed = self._handler.may_knock(origin)
        if not allowed:
            self.metrics.refusals.labels("origin_refused").inc()
        return allowed

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> bool | None:
        if len(self.eio.sockets) > self._settings.max_connections:
            self.metrics.drops.labels("full").inc()
            return False
        await super()._handle_eio_connect(eio_sid, environ)
        self._nameless[eio_sid] = self._sweeps
        return None

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        try:
            await super()._handle_eio_message(eio_sid, data)
        except Exception as failure:  # the library's parser raises what it likes
            if not isinstance(failure, ValueError | TypeError | LookupError | RecursionError):
                log_fault(log, "message handling failed", failure)
            self.metrics.refusals.labels(MessageMalformed.code).inc()
            self.drop(eio_sid, MessageMalformed.code)

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        sid = await self.table.pre_connect(eio_sid, namespace or NAMESPACE)
        if sid is None:
            self._refuse_connect(eio_sid, namespace, MessageMalformed())
            return
        origin = self.environ[eio_sid].get(ORIGIN_HEADER)
        try:
            await self._handler.admit(sid, data, origin)
        except Refusal as refusal:
            self.table.basic_disconnect(sid, NAMESPACE)
            self._refuse_connect(eio_sid, namespace, refusal)
            return
        if not self._is_open(eio_sid):
            self.table.basic_disconnect(sid, NAMESPACE)
            await self._handler.lost(sid)
            return
        self._nameless.pop(eio_sid, None)
        await self.table.connect(sid, NAMESPACE)
        self.table.put(eio_sid, f'{packet.CONNECT}{{"sid":"{sid}"}}')
        self._handler.welcome(sid)

    def _refuse_connect(self, eio_sid: str, namespace: str | None, refusal: Refusal) -> None:
        """Say why not. The socket stays nameless, so its deadline runs on."""
        self.metrics.refusals.labels(refusal.code).inc()
        refused = self.packet_class(
            packet.CONNECT_ERROR, namespace=namespace, data={"message": refusal.code}
        )
        self.table.put(eio_sid, refused.encode())

    def _is_open(self, eio_sid: str) -> bool:
        socket = self.eio.sockets.get(eio_sid)
        return socket is not None and not socket.closed and not socket.closing

    async def _handle_event(
        self,
        eio_sid: str,
        namespace: str | None,
        id: int | None,  # noqa: A002  the library's name for it
        data: Any,
    ) -> None:
        if not self.table.is_connected(eio_sid, NAMESPACE):
            raise ValueError("an event before CONNECT")
        if isinstance(data, list) and len(data) == 2 and data[0] == "command":  # noqa: PLR2004
            self._busy.add(eio_sid)
            try:
                answer = await self._handler.command(eio_sid, data[1])
            finally:
                self._busy.discard(eio_sid)
                socket = self.eio.sockets.get(eio_sid)
                if socket is not None:
                    socket.excuse_silence()
        else:
            self.metrics.refusals.labels(MessageMalformed.code).inc()
            answer = Refused(
                code=MessageMalformed.code, detail="the only event is `command`"
            ).model_dump_json()
        if id is not None:
            self.table.put(eio_sid, f"{packet.ACK}{id}[{answer}]")

    async def _handle_ack(self, eio_sid: str, namespace: str | None, id: int, data: Any) -> None:  # noqa: A002  theirs
        """We ask for no acknowledgements."""

    async def _handle_disconnect(
        self, eio_sid: str, namespace: str | None, reason: str | None = None
    ) -> None:
        """A client says goodbye, or its socket closed."""
        if self.table.sid_from_eio_sid(eio_sid, NAMESPACE) is None:
            return
        self.table.basic_disconnect(eio_sid, NAMESPACE)
        self.table.close_when_sent(eio_sid)
        await self._handler.lost(eio_sid)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        self._nameless.pop(eio_sid, None)
        self._dismissed.pop(eio_sid, None)
        await self._handle_disconnect(eio_sid, NAMESPACE, reason)
        self.environ.pop(eio_sid, None)
