"""Server → client: the Socket.IO event `event`. Past tense, except answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from signaling.protocol.message import Id, Message, Moment
from signaling.protocol.signals import Candidate, Description
from signaling.protocol.views import (
    DeskView,
    KioskView,
    WallLocation,
    WallSeat,
    WallTicket,
    WallToday,
    WallView,
)
from signaling.protocol.words import Role


class Welcomed(Message):
    """The first event on a connection."""

    type: Literal["connection.welcomed"] = "connection.welcomed"
    protocol: int
    server_version: str
    server_time: Moment
    role: Role
    subject: Id
    """The kiosk's, the agent's id."""
    seat_id: Id | None = None
    """The seat an agent is signed in to already."""


class KioskUpdated(Message):
    """A kiosk's view changed."""

    type: Literal["kiosk.updated"] = "kiosk.updated"
    view: KioskView


class DeskUpdated(Message):
    """A desk's view changed."""

    type: Literal["desk.updated"] = "desk.updated"
    view: DeskView


class WallReset(Message):
    """The wall's whole view: at hello, and after `view.sync`."""

    type: Literal["wall.reset"] = "wall.reset"
    view: WallView


class WallUpdated(Message):
    """The rows of the wall that changed. `prev_seq` other than yours is a gap: ask `view.sync`."""

    type: Literal["wall.updated"] = "wall.updated"
    seq: int
    prev_seq: int
    server_time: Moment
    locations: tuple[WallLocation, ...] = ()
    seats: tuple[WallSeat, ...] = ()
    tickets: tuple[WallTicket, ...] = ()
    tickets_gone: tuple[Id, ...] = ()
    today: WallToday | None = None


class Ticked(Message):
    """Once a second to the wall: `seq` other than yours means that something was missed."""

    type: Literal["wall.ticked"] = "wall.ticked"
    seq: int
    server_time: Moment


class Signalled(Message):
    """The other side's SDP description or ICE candidate."""

    type: Literal["call.signalled"] = "call.signalled"
    call_id: Id
    media_epoch: int
    description: Description | None = None
    candidate: Candidate | None = None


class AttachmentReplaced(Message):
    """The same kiosk or seat was opened elsewhere; this connection ends now and must not return."""

    type: Literal["attachment.replaced"] = "attachment.replaced"


class AccessRevoked(Message):
    """The session or device was revoked; this connection ends now."""

    type: Literal["access.revoked"] = "access.revoked"


class ServerClosing(Message):
    """The server goes down on purpose; come back after about `retry_after_s`."""

    type: Literal["server.closing"] = "server.closing"
    retry_after_s: float


ServerEvent = Annotated[
    Welcomed
    | KioskUpdated
    | DeskUpdated
    | WallReset
    | WallUpdated
    | Ticked
    | Signalled
    | AttachmentReplaced
    | AccessRevoked
    | ServerClosing,
    Field(discriminator="type"),
]
server_event: TypeAdapter[ServerEvent] = TypeAdapter(ServerEvent)
"""Parses what a server pushes; raises pydantic.ValidationError."""


class Done(Message):
    """Answer: committed."""

    type: Literal["done"] = "done"
    op_id: Id | None = None


class TicketTaken(Message):
    """Answer to `ticket.take`."""

    type: Literal["ticket.taken"] = "ticket.taken"
    op_id: Id
    ticket_id: Id
    number: str


class ReturnCodeGiven(Message):
    """Answer to `call.give_return_code`."""

    type: Literal["return_code.given"] = "return_code.given"
    op_id: Id
    code: str
    valid_until: Moment


class Refused(Message):
    """Answer: refused, and nothing was changed."""

    type: Literal["refused"] = "refused"
    op_id: Id | None = None
    code: str
    detail: str = ""


CommandAnswer = Done | TicketTaken | ReturnCodeGiven
"""What a command that was carried out is answered with."""

Answer = Annotated[CommandAnswer | Refused, Field(discriminator="type")]
answer: TypeAdapter[Answer] = TypeAdapter(Answer)
"""Parses the answer to a command; raises pydantic.ValidationError."""


class Hello(Message):
    """What a client sends with CONNECT (Socket.IO `auth`)."""

    token: Annotated[str, Field(max_length=2048, repr=False)]
    protocol: int
    client: Annotated[str, Field(max_length=60)] = ""
    """Program and version, for the operator's eye."""
    restarts_ice: bool = True
    """False for aiortc."""
