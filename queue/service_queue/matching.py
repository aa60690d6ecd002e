"""Who serves whom: which windows may take a ticket, and which of them does. Pure.

`match` here is the definition. `line_index` finds the same pairs without looking at everybody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf
from typing import Final, NamedTuple

from service_queue.policy import Policy, Scope, SeatStrategy
from service_queue.rank import CALM, LineState, WaitingTicket, in_order, overtakes
from signaling.protocol.words import Language

ANY_DEPARTMENT: Final = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeSeat:
    """A seat that could take a ticket now."""

    id: str
    idle_since: float
    position: int = 0
    level: int = 1
    location_id: str | None = None
    """Whose own window it is; None: the district's."""
    district: str = ""
    departments: frozenset[str] = frozenset({ANY_DEPARTMENT})
    languages: frozenset[Language] = frozenset(Language)
    calls_today: int = 0
    talk_today_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Pair:
    """A ticket and the seat it goes to."""

    ticket_id: str
    seat_id: str


class Hindrance(StrEnum):
    """Why a seat may not take a ticket (now)."""

    AWAY = "away"
    EXCLUDED = "excluded"
    DEPARTMENT = "department"
    LANGUAGE = "language"
    RING = "ring"
    """Its ring opens later."""
    LEVEL = "level"
    """Its level is asked later."""
    SAME_SEAT = "same_seat"
    """The ticket waits a little for the window that knows it."""
    WANTED_SEAT = "wanted_seat"
    """The ticket waits a little for the window it was handed on to."""


def hindrance(
    ticket: WaitingTicket,
    seat: FreeSeat,
    policy: Policy,
    now: float,
    open_seats: Collection[str] = (),
) -> Hindrance | None:
    """Why `seat` may not take `ticket` now; None when it may.

    `open_seats` are all seats that take tickets, busy or not: a ticket waits for the one it knows
    only while that is open.
    """
    if ticket.away:
        return Hindrance.AWAY
    if seat.id in ticket.excluded_seats:
        return Hindrance.EXCLUDED
    for_ever = skill_gap(ticket, seat, policy)
    if for_ever is not None or seat.id == ticket.last_seat_id:
        # The window that knows the resident needs to wait for no ring.
        return for_ever
    return later(ticket, seat, policy, now) or _held(ticket, policy, now, open_seats)


def skill_gap(ticket: WaitingTicket, seat: FreeSeat, policy: Policy) -> Hindrance | None:
    """What the seat lacks for the ticket, whatever the time."""
    rules = policy.seats
    if (
        rules.match_departments
        and ticket.department
        and ANY_DEPARTMENT not in seat.departments
        and ticket.department not in seat.departments
    ):
        return Hindrance.DEPARTMENT
    if rules.match_languages and ticket.language not in seat.languages:
        return Hindrance.LANGUAGE
    return None


def later(ticket: WaitingTicket, seat: FreeSeat, policy: Policy, now: float) -> Hindrance | None:
    """What only time will change: the ring, the level."""
    waited = now - ticket.arrived_at
    if waited < opens_after_s(ticket, seat, policy):
        return Hindrance.RING
    if waited < (seat.level - 1) * policy.seats.level_after_s:
        return Hindrance.LEVEL
    return None


def opens_after_s(ticket: WaitingTicket, seat: FreeSeat, policy: Policy) -> float:
    """After how long a wait the first ring that includes the seat opens; infinity: never."""
    return min(
        (ring.after_s for ring in policy.seats.rings if includes(ring.scope, ticket, seat)),
        default=inf,
    )


def includes(scope: Scope, ticket: WaitingTicket, seat: FreeSeat) -> bool:
    """The scope, seen from the ticket, includes the seat."""
    match scope:
        case Scope.HOME:
            return seat.location_id == ticket.location_id
        case Scope.DISTRICT:
            return seat.district == ticket.district
        case Scope.ANYONE:
            return True


def _held(
    ticket: WaitingTicket, policy: Policy, now: float, open_seats: Collection[str]
) -> Hindrance | None:
    known = ticket.last_seat_id
    waits = known is not None and known in open_seats and known not in ticket.excluded_seats
    if not waits or not is_fresh(ticket, policy, now):
        return None
    return Hindrance.WANTED_SEAT if ticket.wanted else Hindrance.SAME_SEAT


def is_fresh(ticket: WaitingTicket, policy: Policy, now: float) -> bool:
    """It came so lately that it still waits for the seat that knows it."""
    patience_s = held_s(ticket, policy)
    return patience_s > 0 and now - known_since(ticket) < patience_s


def held_s(ticket: WaitingTicket, policy: Policy) -> float:
    """How long a ticket waits for the seat that knows it."""
    return policy.transfer.wanted_seat_s if ticket.wanted else policy.seats.same_seat_s


def known_since(ticket: WaitingTicket) -> float:
    """From when a ticket waits for the seat that knows it."""
    back_at = ticket.back_at
    return max(ticket.arrived_at, ticket.place) if back_at is None else back_at


def choose_seat(
    ticket: WaitingTicket,
    seats: Sequence[FreeSeat],
    policy: Policy,
    now: float,
    *,
    open_seats: Collection[str] = (),
    after_position: int = -1,
) -> FreeSeat | None:
    """The seat for a ticket, or None when none may take it.

    Who knows the resident already, else an inner ring before an outer one, a lower level before a
    higher, who speaks the language before who does not, then by the strategy. `after_position` is
    that of the seat chosen last (round robin).
    """
    fit = [seat for seat in seats if hindrance(ticket, seat, policy, now, open_seats) is None]
    if not fit:
        return None
    return min(fit, key=lambda seat: preference(ticket, seat, policy, after_position))


Liking = tuple[int, bool, float, float, str]


def preference(
    ticket: WaitingTicket, seat: FreeSeat, policy: Policy, after_position: int
) -> tuple[bool, float, Liking]:
    """Sort key of the seats that may take a ticket: the smaller is chosen."""
    return (
        seat.id != ticket.last_seat_id,
        opens_after_s(ticket, seat, policy),
        liking(ticket, seat, policy, after_position),
    )


def liking(ticket: WaitingTicket, seat: FreeSeat, policy: Policy, after_position: int) -> Liking:
    """The part of `preference` that decides among seats of one ring."""
    return (
        seat.level if policy.seats.level_after_s else 0,
        ticket.language not in seat.languages,
        _by_strategy(ticket, seat, policy, after_position),
        seat.idle_since,
        seat.id,
    )


def _by_strategy(
    ticket: WaitingTicket, seat: FreeSeat, policy: Policy, after_position: int
) -> float:
    key = 0.0
    match policy.seats.strategy:
        case SeatStrategy.LONGEST_IDLE:
            key = seat.idle_since
        case SeatStrategy.FEWEST_CALLS:
            key = seat.calls_today
        case SeatStrategy.LEAST_TALK:
            key = seat.talk_today_s
        case SeatStrategy.ROUND_ROBIN:
            key = seat.position if seat.position > after_position else seat.position + 1e9
        case SeatStrategy.LEAST_SKILLED:
            key = inf if ANY_DEPARTMENT in seat.departments else len(seat.departments)
        case SeatStrategy.WEIGHTED_RANDOM:
            # Efraimidis and Spirakis 2006: the largest u^(1/weight) is drawn with that weight.
            key = -(_draw(ticket.id, seat.id) ** seat.level)
        case SeatStrategy.ORDERED:
            key = seat.position
    return key


def _draw(ticket_id: str, seat_id: str) -> float:
    """A number in [0, 1) that anybody can draw again."""
    digest = hashlib.blake2b(f"{ticket_id}/{seat_id}".encode(), digest_size=8).digest()
    drawn: float = int.from_bytes(digest) / 2.0**64
    return drawn


class Matched(NamedTuple):
    """What `match_on` found, and where it left the line."""

    pairs: list[Pair]
    state: LineState
    after_position: int


def match(
    tickets: Collection[WaitingTicket],
    seats: Collection[FreeSeat],
    policy: Policy,
    now: float,
    state: LineState = CALM,
    *,
    open_seats: Collection[str] = (),
    after_position: int = -1,
) -> list[Pair]:
    """Every pair that can be made now.

    Again and again the first ticket of the line for which a seat is free. The quota of the green
    channel is counted from pair to pair.
    """
    return match_on(
        tickets, seats, policy, now, state, open_seats=open_seats, after_position=after_position
    ).pairs


def match_on(
    tickets: Collection[WaitingTicket],
    seats: Collection[FreeSeat],
    policy: Policy,
    now: float,
    state: LineState = CALM,
    *,
    open_seats: Collection[str] = (),
    after_position: int = -1,
) -> Matched:
    """As `match`, with what the next time goes on from."""
    waiting, free, pairs = list(tickets), list(seats), []
    while free:
        for ticket in in_order(waiting, policy, now, state):
            seat = choose_seat(
                ticket, free, policy, now, open_seats=open_seats, after_position=after_position
            )
            if seat is not None:
                break
        else:
            break
        waiting.remove(ticket)
        rivals = [o for o in waiting if hindrance(o, seat, policy, now, open_seats) is None]
        state = after_start(ticket, rivals, policy, now, state)
        free.remove(seat)
        after_position = seat.position
        pairs.append(Pair(ticket.id, seat.id))
    return Matched(pairs, state, after_position)


def after_start(
    ticket: WaitingTicket,
    rivals: Iterable[WaitingTicket],
    policy: Policy,
    now: float,
    state: LineState,
) -> LineState:
    """The state of the line once `ticket` was called.

    `rivals` are the others whom its window could have called instead.
    """
    passed = overtakes(ticket, rivals, policy, now, state)
    return replace(state, starts_since_green=0 if passed else state.starts_since_green + 1)
