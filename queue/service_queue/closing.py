"""Closing time with people still waiting: they are served, or told that nobody will come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import select, text

from service_queue.hours import NEVER, closes_on, local_day
from service_queue.policy import HoursPolicy
from service_queue.tables import OPEN_TICKET, LocationRow, SeatRow, TicketRow, table_of
from service_queue.transaction import Transaction
from signaling.protocol.words import BreakReason, SeatState, SeatStatus, TicketState

_location = table_of(LocationRow)
_seat = table_of(SeatRow)
_ticket = table_of(TicketRow)

_DAY_S: Final = 86_400.0

LEFT: Final = frozenset({TicketState.WAITING, TicketState.OFFERED, TicketState.PARKED})
"""Tickets that closing time finds; a call that goes on is finished."""


def deadline(hours: HoursPolicy, day: str, time_zone: str, *, staffed: bool) -> float:
    """When those who wait since `day` are sent home; infinity while they will be served anyway."""
    return NEVER if hours.finish_waiting and staffed else closes_on(hours, day, time_zone)


def is_staffed(seats: Iterable[SeatRow]) -> bool:
    """Somebody is there who serves residents, or will when their break is over."""
    return any(
        seat.status is SeatStatus.AVAILABLE
        or seat.state is not SeatState.IDLE
        or (seat.status is SeatStatus.ON_BREAK and seat.break_reason is not BreakReason.SHIFT_OVER)
        for seat in seats
    )


def left_at_closing_time(tx: Transaction) -> list[TicketRow]:
    """The tickets that nobody will serve any more, because it is past closing time."""
    hours = tx.policy.hours
    places = tx.connection.execute(select(_location.c.id, _location.c.time_zone)).all()
    last_days = {
        zone: _last_closed_day(hours, zone, tx.now)
        for zone in {place.time_zone for place in places}
    }
    closed = {
        place.id: last_day
        for place in places
        if (last_day := last_days[place.time_zone]) is not None
    }
    if not closed:
        return []
    found = tx.every(
        TicketRow,
        select(_ticket).where(
            text(OPEN_TICKET),
            _ticket.c.state.in_([state.value for state in LEFT]),
            _ticket.c.day <= max(closed.values()),
        ),
    )
    left = [t for t in found if t.location_id in closed and t.day <= closed[t.location_id]]
    if left and hours.finish_waiting and is_staffed(tx.every(SeatRow, select(_seat))):
        return []
    return left


def _last_closed_day(hours: HoursPolicy, time_zone: str, now: float) -> str | None:
    """The last day whose closing time is over; None: it never closes."""
    today = local_day(now, time_zone)
    closes_at = closes_on(hours, today, time_zone)
    if closes_at == NEVER:
        return None
    return today if closes_at <= now else local_day(now - _DAY_S, time_zone)
