"""What happens to a message: parse, check, call, answer."""

from __future__ import annotations

import asyncio
import logging

from pydantic import ValidationError

from service_queue.clock import Clock
from service_queue.forecast import Forecast
from service_queue.hall import Hall
from signaling.protocol.commands import (
    ClientMessage,
    ReportHealth,
    SendSignal,
    StoredCommand,
    SyncView,
    client_message,
)
from signaling.protocol.errors import MessageMalformed, NotAllowed, Refusal, TooManyMessages
from signaling.protocol.events import AccessRevoked, Answer, AttachmentReplaced, Done, Refused
from signaling.protocol.message import Message
from signaling.server.connection import Connection
from signaling.server.fault import log_fault
from signaling.server.gate import Gate
from signaling.server.health import HealthBoard
from signaling.server.metrics import WireMetrics
from signaling.server.permissions import require_allowed
from signaling.server.presence import Presence
from signaling.server.publisher import Publisher
from signaling.server.rate import TokenBucket
from signaling.server.relay import Relay
from signaling.server.settings import SignalingSettings
from signaling.server.wire_server import WireServer

log = logging.getLogger(__name__)

INTERNAL_FAULT = "internal"
"""The code of a refusal that is our own fault."""


class Hub:
    """The handler of one WireServer: brings gate, presence, relay, publisher and hall together."""

    def __init__(
        self,
        *,
        hall: Hall,
        gate: Gate,
        clock: Clock,
        settings: SignalingSettings,
        metrics: WireMetrics,
        forecast: Forecast | None = None,
    ) -> None:
        self._hall = hall
        self._gate = gate
        self._clock = clock
        self._settings = settings
        self._metrics = metrics
        self.health = HealthBoard(clock)
        self.presence = Presence(hall)
        self.server = WireServer(self, settings, metrics)
        self.publisher = Publisher(
            hall=hall,
            presence=self.presence,
            table=self.server.table,
            settings=settings,
            metrics=metrics,
            forecast=forecast,
        )
        self._relay = Relay(
            hall,
            self.presence,
            self.publisher.send,
            allow_loopback=settings.allow_loopback_media,
        )

    # --- WireHandler -----------------------------------------------------------------------

    def may_knock(self, origin: str | None) -> bool:
        """May a page of this origin open a socket at all?"""
        return self._gate.may_knock(origin)

    async def admit(self, sid: str, auth: object, origin: str | None) -> None:
        """Let a client in, or raise the Refusal that says why not."""
        try:
            hello, principal = await self._gate.admit(auth, origin)
            bucket = TokenBucket(self._settings.messages_per_s, self._settings.message_burst)
            connection = Connection.open(sid, principal, hello, bucket)
            older = await self.presence.attach(connection)
        except (Refusal, asyncio.CancelledError):
            raise
        except Exception as fault:
            log_fault(log, "a CONNECT failed", fault)
            raise InternalFault from None
        if older is not None:
            self._dismiss(older, AttachmentReplaced(), "replaced")

    def welcome(self, sid: str) -> None:
        """Greet a client and send it its view."""
        connection = self.presence.find(sid)
        if connection is not None and self.presence.holds(connection):
            self._metrics.connections.labels(connection.role).inc()
            self.publisher.welcome(connection)

    async def command(self, sid: str, payload: object) -> str:
        """Carry out what a client sent; the answer as JSON. Never raises."""
        answer: Answer
        try:
            answer = await self._answer(sid, payload)
        except Refusal as refusal:
            answer = self._refused(payload, refusal.code, refusal.detail)
        except Exception as fault:
            log_fault(log, "a command failed", fault)
            answer = self._refused(payload, INTERNAL_FAULT, "")
        return answer.model_dump_json()

    async def lost(self, sid: str) -> None:
        """A connection is over. Never raises; safe to call again."""
        try:
            connection = await self.presence.detach(sid)
        except Exception as fault:
            log_fault(log, "a goodbye failed", fault)
            return
        if connection is not None and connection.welcomed:
            connection.welcomed = False
            self._metrics.connections.labels(connection.role).dec()
            self.publisher.forget(connection)

    # --- for the composition ---------------------------------------------------------------

    def revoke(self, grant: str) -> int:
        """End the connections that stand on a session or a kiosk's key; how many there were."""
        standing = self.presence.granted_by(grant)
        for connection in standing:
            self._dismiss(connection, AccessRevoked(), "revoked")
        return len(standing)

    # --- parts -----------------------------------------------------------------------------

    async def _answer(self, sid: str, payload: object) -> Answer:
        connection = self.presence.find(sid)
        if connection is None or connection.ending or not self.presence.holds(connection):
            raise NotAllowed("this connection was replaced or revoked")
        if not connection.bucket.take(self._clock.now()):
            raise TooManyMessages
        message = _parse(payload)
        require_allowed(connection.role, message)
        self._metrics.messages.labels(message.type).inc()
        return await self._carry_out(connection, message)

    async def _carry_out(self, connection: Connection, message: ClientMessage) -> Answer:
        match message:
            case SendSignal():
                if not self._relay.pass_on(connection, message):
                    self._metrics.signals_dropped.inc()
                return Done()
            case SyncView():
                self.publisher.sync(connection)
                return Done()
            case ReportHealth():
                self.health.report(connection.principal.subject, message)
                return Done()
        return await self._execute(connection, message)

    async def _execute(self, connection: Connection, command: StoredCommand) -> Answer:
        return await self._hall.execute(connection.principal.actor, command)

    def _refused(self, payload: object, code: str, detail: str) -> Refused:
        self._metrics.refusals.labels(code).inc()
        return Refused(op_id=_op_id(payload), code=code, detail=detail)

    def _dismiss(self, connection: Connection, event: Message, cause: str) -> None:
        connection.ending = True
        self._metrics.drops.labels(cause).inc()
        self.server.dismiss(connection.sid, event.model_dump_json())


class InternalFault(Refusal):
    """The server failed; nothing was changed."""

    code = INTERNAL_FAULT


def _parse(payload: object) -> ClientMessage:
    try:
        return client_message.validate_python(payload)
    except (ValidationError, RecursionError):
        # `from None`: pydantic's message quotes what was sent.
        raise MessageMalformed from None


def _op_id(payload: object) -> str | None:
    """The operation a refusal answers, when the message got so far as to name one."""
    op_id = payload.get("op_id") if isinstance(payload, dict) else None
    try:
        return Refused(op_id=op_id, code=INTERNAL_FAULT).op_id
    except ValidationError:
        return None
