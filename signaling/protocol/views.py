"""What each screen is told: whole small views for a kiosk and a desk, rows for the wall.

A view is the state, not a story: a client that shows the newest view is right, whatever it missed.
`seq` rises with every change of the hall; a view with a smaller `seq` than the one shown is old.
"""

from __future__ import annotations

from signaling.protocol.message import Id, Moment, Shape
from signaling.protocol.signals import IceServer
from signaling.protocol.words import (
    BreakReason,
    CallEndReason,
    CallState,
    KioskPhase,
    Language,
    MediaReport,
    OfferOutcome,
    Party,
    SeatState,
    SeatStatus,
    TicketEndReason,
    TicketState,
)


class LocationRef(Shape):
    """Where a kiosk stands."""

    id: Id
    name: str
    name_en: str


class ItemRef(Shape):
    """A service item, by name."""

    code: Id
    name: str
    name_en: str


class ItemGuide(ItemRef):
    """A service item with what an agent needs beside the picture."""

    department: str
    materials: tuple[str, ...]
    time_limit: str
    fee: str
    basis: str


class MediaLink(Shape):
    """Build (or keep) a peer connection to the other side.

    It exists from the moment the ticket is offered, so that the transport stands before anyone
    accepts. `attach` is False until then: no camera or microphone may be attached.
    """

    call_id: Id
    media_epoch: int
    """A higher number than the one you built for: throw yours away and build anew."""
    you_are: Party
    """The agent's side is the impolite peer and makes the first SDP offer."""
    attach: bool
    peer_present: bool
    peer_restarts_ice: bool
    """False when the other side is aiortc, which has no ICE restart: ask for a rebuild instead."""
    ice_servers: tuple[IceServer, ...]


class CallView(Shape):
    """A call, as both of its sides see it."""

    id: Id
    state: CallState
    started_at: Moment
    connected_at: Moment | None
    peer_present: bool
    peer_away_since: Moment | None
    away_deadline: Moment | None
    """When the side that is away counts as gone."""
    resident_media: MediaReport
    agent_media: MediaReport


# --- kiosk -----------------------------------------------------------------------------------


class KioskTicket(Shape):
    """The resident's place in the line."""

    id: Id
    number: str
    item: ItemRef
    language: Language
    state: TicketState
    arrived_at: Moment
    ahead: int
    """How many are before this one in the order of service."""
    soon: bool
    """True when this one is the next to be offered."""
    windows_open: int
    """Seats that take tickets, busy or not."""
    returned_because: CallEndReason | OfferOutcome | None
    """Why it is waiting again, when an offer or a call fell through."""


class RatingDue(Shape):
    """The resident may rate the call that just ended."""

    ticket_id: Id
    seat_name: str
    until: Moment


class KioskView(Shape):
    """Everything a kiosk's page shows."""

    seq: int
    server_time: Moment
    kiosk_id: Id
    kiosk_name: str
    location: LocationRef
    phase: KioskPhase
    ticket: KioskTicket | None
    seat_name: str | None
    """The window that rings or serves."""
    link: MediaLink | None
    call: CallView | None
    rating: RatingDue | None
    last_end: TicketEndReason | None
    """How the ticket before ended, for one closing sentence."""
    last_end_at: Moment | None


# --- desk ------------------------------------------------------------------------------------


class DeskTicket(Shape):
    """The ticket an agent is offered or serves."""

    id: Id
    number: str
    item: ItemGuide
    language: Language
    location: LocationRef
    kiosk_name: str
    arrived_at: Moment


class DeskOffer(Shape):
    """A ticket offer that rings."""

    id: Id
    epoch: int
    offered_at: Moment
    expires_at: Moment


class WrapUpView(Shape):
    """After-call work that runs."""

    call_id: Id
    number: str
    item: ItemRef
    until: Moment
    extensions_left: int
    note: str
    call_end: CallEndReason


class QueueLine(Shape):
    """One who waits, at a glance."""

    number: str
    item: ItemRef
    location: LocationRef
    arrived_at: Moment
    away: bool


class QueueGlance(Shape):
    """The line, at a glance."""

    waiting: int
    oldest_arrival: Moment | None
    seats_available: int
    """Open, attended and with nobody: these could take the next one now."""
    seats_in_call: int
    first: tuple[QueueLine, ...]


class DeskView(Shape):
    """Everything an agent's desk shows."""

    seq: int
    server_time: Moment
    seat_id: Id
    seat_name: str
    agent_name: str
    status: SeatStatus
    break_reason: BreakReason | None
    state: SeatState
    state_since: Moment
    ticket: DeskTicket | None
    offer: DeskOffer | None
    link: MediaLink | None
    call: CallView | None
    note: str
    wrap_up: WrapUpView | None
    queue: QueueGlance
    served_today: int


# --- wall ------------------------------------------------------------------------------------


class WallKiosk(Shape):
    """One kiosk on the wall."""

    id: Id
    name: str
    online: bool
    phase: KioskPhase


class WallLocation(Shape):
    """One location on the wall."""

    id: Id
    name: str
    name_en: str
    kiosks: tuple[WallKiosk, ...]
    waiting: int
    in_call: int
    oldest_arrival: Moment | None
    served_today: int


class WallSeat(Shape):
    """One seat on the wall."""

    id: Id
    name: str
    agent_name: str | None
    status: SeatStatus
    break_reason: BreakReason | None
    state: SeatState
    state_since: Moment
    away: bool
    location: LocationRef | None
    """Whom it serves, while it does."""
    item: ItemRef | None
    served_today: int


class WallTicket(Shape):
    """One open ticket on the wall."""

    id: Id
    number: str
    item: ItemRef
    location_id: Id
    state: TicketState
    arrived_at: Moment
    state_since: Moment
    seat_id: Id | None
    away: bool


class WallToday(Shape):
    """The day so far."""

    taken: int
    waiting: int
    serving: int
    completed: int
    abandoned: int
    expired: int
    longest_wait_s: float | None
    median_wait_s: float | None
    ratings: tuple[int, int, int, int, int]
    """How many gave 1, 2, 3, 4 and 5."""


class WallView(Shape):
    """Everything the wall shows."""

    seq: int
    server_time: Moment
    locations: tuple[WallLocation, ...]
    seats: tuple[WallSeat, ...]
    tickets: tuple[WallTicket, ...]
    today: WallToday
