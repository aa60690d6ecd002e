"""Who is before whom: pure, and the same for server, simulation and explanation.

A ticket stands in a stream: over the ceiling, dropped, or one of the other lanes with or without a
green reason. Within a stream and a location its place alone decides, whatever the time (its arrival
in the first two): so the first of each is all that an index looks at (`line_index`). Between
streams `rank` decides, by groups:

0. whoever waited as long as the ceiling, by arrival;
1. technical drops, by arrival;
2. everybody else by `place_at` less what the policy grants: the green channel's head start (while
   its quota lasts), a return code's, an appointment's, that of a location which fell behind.

A grant is seconds, never a class: who came more than that before is not overtaken. So nobody
starves, and waiting ages every ticket alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from service_queue.policy import Policy
from signaling.protocol.words import GreenReason, Lane, Language, Precedence


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingTicket:
    """What the order of service depends on."""

    id: str
    arrived_at: float
    place_at: float | None = None
    """Its place in its lane; None: the arrival."""
    lane: Lane = Lane.ORDINARY
    green: GreenReason | None = None
    location_id: str = ""
    district: str = ""
    department: str = ""
    """The skill it needs; empty: any window."""
    language: Language = Language.ZH
    last_seat_id: str | None = None
    """This seat knows the resident already (a drop, a return code, a hand-over to it)."""
    back_at: float | None = None
    """When it came back to the line from a call; None: it has not. From then on it waits a little
    for the seat that knows it."""
    wanted: bool = False
    """An agent handed it on to that seat."""
    away: bool = False
    """Its kiosk is not there just now; it keeps its place but cannot be offered."""
    excluded_seats: frozenset[str] = frozenset()
    """Seats that declined it or handed it on a short while ago."""

    @property
    def place(self) -> float:
        """`place_at`, or the arrival."""
        return self.arrived_at if self.place_at is None else self.place_at


@dataclass(frozen=True, slots=True, kw_only=True)
class LineState:
    """What the order depends on beside the tickets themselves."""

    starts_since_green: int = 1_000_000
    """Starts since the green channel last let somebody overtake."""
    behind: Mapping[str, float] = field(default_factory=dict)
    """By location: seconds it is further behind than the policy allows. Only positive ones."""

    def green_may_overtake(self, policy: Policy) -> bool:
        """The quota has room."""
        return self.starts_since_green >= policy.green.one_in - 1


CALM: Final = LineState()
"""Nothing of note has happened."""


class Rank(NamedTuple):
    """Sort key: the smaller is served first."""

    group: int
    at: float
    arrived_at: float
    id: str


CEILING: Final = 0
DROPPED: Final = 1
PLACED: Final = 2


def rank(ticket: WaitingTicket, policy: Policy, now: float, state: LineState = CALM) -> Rank:
    """Where a ticket stands; see the module."""
    arrived = ticket.arrived_at
    if now - arrived >= policy.ceiling_s:
        return Rank(CEILING, arrived, arrived, ticket.id)
    if ticket.lane is Lane.TECHNICAL_DROP:
        return Rank(DROPPED, arrived, arrived, ticket.id)
    at = settled(ticket, state) - claim_s(ticket, policy, state)
    return Rank(PLACED, at, arrived, ticket.id)


def settled(ticket: WaitingTicket, state: LineState) -> float:
    """Its place, less what its location is behind."""
    return ticket.place - state.behind.get(ticket.location_id, 0.0)


def claim_s(ticket: WaitingTicket, policy: Policy, state: LineState) -> float:
    """By how many seconds more its lane or the green channel lets it stand before that."""
    return max(_lane_grant(ticket, policy), _green_grant(ticket, policy, state))


def _lane_grant(ticket: WaitingTicket, policy: Policy) -> float:
    match ticket.lane:
        case Lane.RETURNED:
            return policy.returns.head_start_s
        case Lane.APPOINTMENT:
            return policy.appointments.head_start_s
        case _:
            return 0.0


def _green_grant(ticket: WaitingTicket, policy: Policy, state: LineState) -> float:
    if ticket.green is None or not state.green_may_overtake(policy):
        return 0.0
    return policy.green.head_start_s


def in_order(
    tickets: Iterable[WaitingTicket], policy: Policy, now: float, state: LineState = CALM
) -> list[WaitingTicket]:
    """The line as it stands, first to be served first.

    The quota of the green channel is looked at once, for all.
    """
    return sorted(tickets, key=lambda ticket: rank(ticket, policy, now, state))


def why_before(
    first: WaitingTicket, second: WaitingTicket, policy: Policy, now: float, state: LineState = CALM
) -> Precedence:
    """Why `first` stands before `second`, in one word. Call it only where it does.

    Who reached the ceiling came earlier than all who did not, and is said to have. Where several
    things help, the one worth most. RECALLED: the second was called in vain and set
    back; APPOINTMENT: the first has an appointment, or that of the second is later.
    """
    if first.arrived_at <= second.arrived_at:
        return Precedence.EARLIER
    if rank(first, policy, now, state).group == DROPPED:
        return Precedence.TECHNICAL_DROP
    helps = _helps(first, second, policy, state)
    return max(helps, key=lambda word: helps[word])


def _helps(
    first: WaitingTicket, second: WaitingTicket, policy: Policy, state: LineState
) -> dict[Precedence, float]:
    """What puts `first` before `second` although it came later, in seconds.

    Their sum is at least by how much later it came, so one of them is positive.
    """
    granted = _lane_grant(first, policy)
    green = _green_grant(first, policy, state)
    behind = state.behind
    helps = dict.fromkeys(Precedence, 0.0)
    helps[Precedence.GREEN] = green if green > granted else 0.0
    ahead, back = behind.get(first.location_id, 0.0), behind.get(second.location_id, 0.0)
    helps[Precedence.BEHIND] = ahead - back
    # What a lane is worth: its head start, where green is not worth more, and a place that is not
    # the arrival.
    gained = first.arrived_at - first.place + (0.0 if green > granted else granted)
    helps[_GAINED.get(first.lane, Precedence.EARLIER)] += gained
    helps[_LOST.get(second.lane, Precedence.RECALLED)] += second.place - second.arrived_at
    return helps


_GAINED: Final = {Lane.RETURNED: Precedence.RETURNED, Lane.APPOINTMENT: Precedence.APPOINTMENT}
_LOST: Final = {Lane.APPOINTMENT: Precedence.APPOINTMENT}


def overtakes(
    first: WaitingTicket,
    rivals: Iterable[WaitingTicket],
    policy: Policy,
    now: float,
    state: LineState = CALM,
) -> bool:
    """True when only the green channel lets `first` go before one of `rivals`.

    Those are the others whom the same window could serve now: who cannot be served is not
    overtaken.
    """
    if not uses_green(first, policy, now, state):
        return False
    plain = without_green(state)
    mine = rank(first, policy, now, plain)
    return any(rank(rival, policy, now, plain) < mine for rival in rivals)


def uses_green(ticket: WaitingTicket, policy: Policy, now: float, state: LineState = CALM) -> bool:
    """The green channel gives the ticket more now than anything else does."""
    placed = rank(ticket, policy, now, state).group == PLACED
    return placed and _green_grant(ticket, policy, state) > _lane_grant(ticket, policy)


def without_green(state: LineState) -> LineState:
    """The same state, with the quota of the green channel used up."""
    return replace(state, starts_since_green=-1)
