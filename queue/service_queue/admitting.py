"""Whether the day still has a place for somebody: opening hours and caps."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, func, select

from service_queue.errors import CapReached, LastTicketGone, LocationClosed
from service_queue.hours import hours_at
from service_queue.tables import DayCounterRow, LocationRow, ServiceItemRow, TicketRow, table_of
from service_queue.transaction import Transaction

_ticket = table_of(TicketRow)

_TAKEN: Final = select(func.count()).where(
    _ticket.c.day == bindparam("day", ""), _ticket.c.item_code == bindparam("item", "")
)


def admit(
    tx: Transaction, location: LocationRow, item: ServiceItemRow, day: str, *, promised: bool
) -> None:
    """Let a ticket be taken now.

    `promised`: they come with a code, so the place was given to them before; caps and the time of
    the last ticket are for those who come without.

    Raises:
        LocationClosed, LastTicketGone, CapReached.
    """
    hours = hours_at(tx.policy.hours, location.time_zone, tx.now)
    if not hours.is_open(tx.now):
        raise LocationClosed
    if promised:
        return
    if not hours.gives_tickets(tx.now):
        raise LastTicketGone
    caps = tx.policy.caps
    if caps.per_location is not None:
        counted = tx.count(DayCounterRow, day=day, prefix=location.prefix)
        if counted is not None and counted >= caps.per_location:
            raise CapReached(f"{caps.per_location} a day at a location")
    cap = caps.items.get(item.code)
    if cap is not None and tx.rows_of(_TAKEN, day=day, item=item.code)[0][0] >= cap:
        raise CapReached(f"{cap} a day for {item.code}")
