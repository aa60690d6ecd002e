"""What each screen is told: whole small views for a kiosk and a desk, rows for the wall.

A view is the state, not a story: a client that shows the newest view is right, whatever it missed.
`seq` rises with every change of the hall; a view with a smaller `seq` than the one shown is old.
"""

from __future__ import annotations

from signaling.protocol.identity import DeskIdentity, IdentityGrade, KioskIdentity
from signaling.protocol.message import Id, Moment, Shape
from signaling.protocol.signals import IceServer
from signaling.protocol.words import (
    BreakReason,
    CallEndReason,
    CallState,
    ConsultEnd,
    ConsultState,
    GreenReason,
    KioskPhase,
    Lane,
    Language,
    MediaReport,
    OfferOutcome,
    ParkReason,
    Party,
    Precedence,
    SeatState,
    SeatStatus,
    TicketEndReason,
    TicketState,
    TransferReason,
)


class LocationRef(Shape):
    """Where a kiosk stands."""

    id: Id
    name: str
    name_en: str
    time_zone: str = ""
    """IANA: the clock of the place, by which its hours are told; empty: the screen's own."""


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


class DeskConsult(Shape):
    """A colleague in an agent's call, or an agent in a colleague's (warm hand-over)."""

    id: Id
    state: ConsultState
    host: bool
    """This agent invited; else it was invited."""
    seat_name: str
    """The other's."""
    agent_name: str
    reason: TransferReason
    item: ItemRef
    """What the ticket will be for once it is handed over …"""
    department: str
    """… and the skill it then needs."""
    invited_at: Moment
    expires_at: Moment
    """Until when the colleague's desk rings."""
    ready: bool
    """Colleague and resident see and hear each other: the call can be handed over."""
    link: MediaLink | None
    """To the other agent, while both are in the call. Who was invited takes the resident's part."""
    end_reason: ConsultEnd | None = None
    """Why nobody is there any more; told to who invited, until another is asked."""


class KioskColleague(Shape):
    """A second agent, asked into the call."""

    seat_name: str
    link: MediaLink | None
    """None: not there yet, the colleague's desk rings."""


class WaitRange(Shape):
    """How long it will take until the call, in seconds from `at`, told honestly.

    Half of the time it is over by `low_s`, nine times out of ten by `high_s`.
    """

    low_s: float
    high_s: float
    at: Moment


class Ahead(Shape):
    """So many stand before this ticket for that reason."""

    why: Precedence
    count: int


class ReturnCode(Shape):
    """The code with which a resident comes back for the same matter (回头号)."""

    code: str
    valid_until: Moment


class ServiceHours(Shape):
    """Whether the hall is open for this kiosk now, and what comes next. Moments of today."""

    open: bool
    """Tickets are given out."""
    opens_at: Moment | None = None
    last_ticket_at: Moment | None = None
    closes_at: Moment | None = None
    """None: no hours are set, the hall is always open."""


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
    lane: Lane = Lane.ORDINARY
    green: GreenReason | None = None
    green_wanted: GreenReason | None = None
    """Said, but it does not count by word alone: a card that proves it makes it count."""
    wait: WaitRange | None = None
    """None while no open window may serve it."""
    before: tuple[Ahead, ...] = ()
    """Who stands before it, by reason; the counts add up to `ahead`."""
    parked_because: ParkReason | None = None
    parked_until: Moment | None = None
    """When a parked ticket ends (stepped away) or is called again (no show)."""
    may_step_away: bool = False
    recalls_left: int = 0
    hand_overs: int = 0


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
    colleague: KioskColleague | None = None
    """Beside the agent of `call`."""
    return_code: ReturnCode | None = None
    """Given in the call that is going on or was just ended."""
    hours: ServiceHours = ServiceHours(open=True)
    identity: KioskIdentity | None = None
    """None: nobody asked, and nothing was begun."""


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
    lane: Lane = Lane.ORDINARY
    green: GreenReason | None = None
    recalls: int = 0
    """How often it was called in vain."""
    hand_overs: int = 0
    handed_over_by: str | None = None
    """The name of the window that handed it on last."""
    identity: DeskIdentity | None = None
    """None: nobody asked, and nothing was begun."""


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
    may_decide: bool = False
    """The visit ended with this call: who the resident is may still be decided …"""
    identity: DeskIdentity | None = None
    """… on this."""


class QueueLine(Shape):
    """One who waits, at a glance."""

    number: str
    item: ItemRef
    location: LocationRef
    arrived_at: Moment
    away: bool
    lane: Lane = Lane.ORDINARY
    green: GreenReason | None = None


class Colleague(Shape):
    """Another window a resident can be handed to."""

    seat_id: Id
    seat_name: str
    agent_name: str
    departments: tuple[str, ...]
    """`*` alone: all."""
    status: SeatStatus
    state: SeatState


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
    shift_ends_at: Moment | None = None
    colleagues: tuple[Colleague, ...] = ()
    """During a call: who could take it over."""
    consult: DeskConsult | None = None
    """A colleague in this call; or whose call this seat is asked into. Then `ticket`, `link` and
    `call` are of that, and `call` has its id, which stays when the call is handed over."""
    return_code: ReturnCode | None = None


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
    longest_wait_s: float | None = None
    """Today, of those who were called."""
    p90_wait_s: float | None = None
    behind_s: float = 0.0
    """How much longer one waits here than in the district, on average, of late; never negative."""


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
    shift_ends_at: Moment | None = None


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
    lane: Lane = Lane.ORDINARY
    green: GreenReason | None = None
    parked_until: Moment | None = None
    hand_overs: int = 0
    wait: WaitRange | None = None
    identity: IdentityGrade | None = None


class WallAlert(Shape):
    """Something a supervisor should look at."""

    kind: str
    """`unmatched`, `overdue`, `handed_over_often`, `location_behind`, `long_wait`, `no_window`,
    `many_numbers_read`."""
    since: Moment
    ticket_number: str | None = None
    location_id: Id | None = None
    seat_id: Id | None = None


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
    parked: int = 0
    p90_wait_s: float | None = None
    gini: float | None = None
    """Of the mean waits of the locations: 0 is all alike, 1 is one bears it all."""
    alerts: tuple[WallAlert, ...] = ()
    policy: str = ""
    """Name and version of the policy in force."""
    identity_overrides: int = 0
    """Residents accepted against the evidence, by two people."""


class WallView(Shape):
    """Everything the wall shows."""

    seq: int
    server_time: Moment
    locations: tuple[WallLocation, ...]
    seats: tuple[WallSeat, ...]
    tickets: tuple[WallTicket, ...]
    today: WallToday
