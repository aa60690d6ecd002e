"""Who is before whom, and who serves whom: pure, and the same for server and simulation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from service_queue.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingTicket:
    """What the order of service depends on."""

    id: str
    arrived_at: float
    last_seat_id: str | None = None
    """Set after a technical drop: this seat knows the resident already."""
    away: bool = False
    """Its kiosk is not there just now; it keeps its place but cannot be offered."""
    excluded_seats: frozenset[str] = frozenset()
    """Seats that declined it a short while ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeSeat:
    """A seat that could take a ticket now."""

    id: str
    idle_since: float


@dataclass(frozen=True, slots=True)
class Pair:
    """A ticket and the seat it goes to."""

    ticket_id: str
    seat_id: str


def rank(ticket: WaitingTicket, policy: Policy, now: float) -> tuple[float, str]:
    """Sort key: the smaller is served first. First come, first served, by arrival.

    The arrival never changes, so who was dropped or declined stands where they stood.
    """
    del policy, now
    return ticket.arrived_at, ticket.id


def in_order(tickets: Iterable[WaitingTicket], policy: Policy, now: float) -> list[WaitingTicket]:
    """The line, first to be served first."""
    return sorted(tickets, key=lambda ticket: rank(ticket, policy, now))


def choose_seat(ticket: WaitingTicket, seats: Sequence[FreeSeat]) -> FreeSeat | None:
    """The seat for a ticket: who knows the resident already, else the longest idle."""
    fit = [seat for seat in seats if seat.id not in ticket.excluded_seats]
    if not fit:
        return None
    return min(fit, key=lambda seat: (seat.id != ticket.last_seat_id, seat.idle_since, seat.id))


def match(
    tickets: Collection[WaitingTicket], seats: Collection[FreeSeat], policy: Policy, now: float
) -> list[Pair]:
    """Every pair that can be made now, in the order of the line."""
    free = list(seats)
    pairs = []
    for ticket in in_order(tickets, policy, now):
        if not free:
            break
        if ticket.away:
            continue
        seat = choose_seat(ticket, free)
        if seat is not None:
            free.remove(seat)
            pairs.append(Pair(ticket.id, seat.id))
    return pairs
