"""What should have happened and did not: a fault of ours, reported and never only logged.

The questions are the sweep's own, asked of the database a while after their answers were due, and
the definition of matching held against those who came first. So it finds what the sweep, the index
or the picture in memory overlooks, and costs the writer nothing: it reads aside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Select, select

from service_queue import closing, consulting, sweep
from service_queue.matcher import excluded_until
from service_queue.matching import hindrance
from service_queue.placement import free_seat, waiting_ticket
from service_queue.tables import (
    CallRow,
    LocationRow,
    SeatRow,
    TicketOfferRow,
    TicketRow,
    table_of,
)
from service_queue.transaction import Transaction
from signaling.protocol.words import CallState, SeatState, SeatStatus, TicketState

LOOK_EVERY_S: Final = 5.0

MOST_TICKETS: Final = 200
MOST_SEATS: Final = 50
"""Who came first and who is idle longest: a sample, so that a province is not read every time."""

_call = table_of(CallRow)
_location = table_of(LocationRow)
_seat = table_of(SeatRow)
_ticket = table_of(TicketRow)


class OverdueKind(StrEnum):
    """What stands still."""

    UNMATCHED = "unmatched"
    """A ticket waits and a window that may take it is free."""
    LEASE = "lease"
    """A ticket offer rings past its end, or a colleague's place in a call is past its own."""
    CALL = "call"
    """A call that lost a side, or its media, for good."""
    TICKET = "ticket"
    """A ticket past the end of its kiosk's grace, its parking, its rating or the day."""
    SEAT = "seat"
    """A seat past the end of its after-call work, its shift or its desk's grace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """One thing that stands still."""

    kind: OverdueKind
    ticket_id: str | None = None
    seat_id: str | None = None


def find_overdue(tx: Transaction) -> frozenset[Overdue]:
    """Everything that stands still by now. `tx` may only read."""
    before = Transaction(
        tx.connection,
        now=tx.now - tx.policy.unmatched_alarm_s,
        policy=tx.policy,
        sealer=tx.sealer,
    )
    return frozenset((*_past_deadline(before), *_unmatched(before, tx.now)))


def _past_deadline(tx: Transaction) -> Iterator[Overdue]:
    """What a sweep at the time of `tx` would still find to do."""
    for offer in tx.every(TicketOfferRow, sweep.lapsed_offers(tx.now)):
        yield Overdue(kind=OverdueKind.LEASE, ticket_id=offer.ticket_id, seat_id=offer.seat_id)
    for call in tx.every(CallRow, select(_call).where(_call.c.state != CallState.ENDED)):
        if sweep.why_over(tx, call) is not None:
            yield Overdue(kind=OverdueKind.CALL, ticket_id=call.ticket_id, seat_id=call.seat_id)
    for consult in consulting.live(tx):
        if consulting.why_over(tx, consult) is not None:
            yield Overdue(
                kind=OverdueKind.LEASE, ticket_id=consult.ticket_id, seat_id=consult.guest_seat_id
            )
    lapsed = (sweep.lost_kiosks(tx), sweep.lapsed_parkings(tx.now), sweep.lapsed_ratings(tx.now))
    for tickets in lapsed:
        for ticket in tx.every(TicketRow, tickets):
            yield Overdue(kind=OverdueKind.TICKET, ticket_id=ticket.id)
    for ticket in closing.left_at_closing_time(tx):
        yield Overdue(kind=OverdueKind.TICKET, ticket_id=ticket.id)
    ended = (sweep.finished_wrap_ups(tx.now), sweep.ended_shifts(tx.now), sweep.empty_seats(tx))
    for seats in ended:
        for seat in tx.every(SeatRow, seats):
            yield Overdue(kind=OverdueKind.SEAT, seat_id=seat.id)


def _unmatched(tx: Transaction, now: float) -> Iterator[Overdue]:
    """Tickets for which a seat was free at the time of `tx` and is now; one seat each."""
    places = tx.connection.execute(select(_location.c.id, _location.c.district))
    districts = {place.id: place.district for place in places}
    seats = [
        free_seat(row, district=districts.get(row.location_id or "", ""))
        for row in tx.every(SeatRow, _idle_since(tx.now))
    ]
    if not seats:
        return
    opened = select(_seat.c.id).where(
        _seat.c.status == SeatStatus.AVAILABLE, _seat.c.away_since.is_(None)
    )
    open_seats = frozenset(tx.connection.execute(opened).scalars())
    for row in tx.every(TicketRow, _waiting_since(tx.now)):
        ticket = waiting_ticket(
            row,
            district=districts.get(row.location_id, ""),
            excluded_seats=frozenset(excluded_until(tx, row)),
        )
        for seat in seats:
            # Twice, since what has only just become possible has not been missed yet.
            if all(
                hindrance(ticket, seat, tx.policy, at, open_seats) is None for at in (tx.now, now)
            ):
                yield Overdue(kind=OverdueKind.UNMATCHED, ticket_id=ticket.id, seat_id=seat.id)
                break


def _idle_since(moment: float) -> Select[tuple[object, ...]]:
    return (
        select(_seat)
        .where(
            _seat.c.status == SeatStatus.AVAILABLE,
            _seat.c.state == SeatState.IDLE,
            _seat.c.away_since.is_(None),
            _seat.c.state_since <= moment,
            _seat.c.idle_since <= moment,
        )
        .order_by(_seat.c.idle_since, _seat.c.id)
        .limit(MOST_SEATS)
    )


def _waiting_since(moment: float) -> Select[tuple[object, ...]]:
    return (
        select(_ticket)
        .where(
            _ticket.c.state == TicketState.WAITING,
            _ticket.c.away_since.is_(None),
            _ticket.c.state_since <= moment,
        )
        .order_by(_ticket.c.arrived_at, _ticket.c.id)
        .limit(MOST_TICKETS)
    )
