"""Codes a resident comes in with: return codes (回头号) and appointments."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, select, update

from service_queue.entry_code import code_from, is_well_formed
from service_queue.errors import (
    AppointmentOutOfRange,
    AppointmentUnknown,
    CodeElsewhere,
    CodeExpired,
    CodeTooEarly,
    CodeUnknown,
    CodeUsed,
    ItemUnknown,
    LocationUnknown,
)
from service_queue.hours import local_day
from service_queue.line_tables import EntryCodeRow
from service_queue.tables import CallRow, LocationRow, ServiceItemRow, TicketRow, table_of
from service_queue.transaction import Transaction
from signaling.protocol.words import EntryKind, Lane

_entry = table_of(EntryCodeRow)

_DAY_S: Final = 86_400.0
_FURTHEST_S: Final = 366 * _DAY_S


def give_return_code(tx: Transaction, call: CallRow) -> EntryCodeRow:
    """A code with which the resident of a live call comes back for the same matter.

    A second wish in the same call gives the same code.
    """
    given = tx.find(EntryCodeRow, ticket_id=call.ticket_id, kind=EntryKind.RETURN)
    if given is not None:
        return given
    ticket = tx.need(TicketRow, id=call.ticket_id)
    entry = EntryCodeRow(
        code=_unused_code(tx),
        id=tx.new_id(),
        kind=EntryKind.RETURN,
        item_code=ticket.item_code,
        seat_id=call.seat_id,
        ticket_id=ticket.id,
        made_at=tx.now,
        valid_until=tx.now + tx.policy.returns.valid_s,
    )
    tx.add(entry)
    tx.touched.codes.add(ticket.id)
    tx.touched.tickets.add(ticket.id)
    tx.touched.calls.add(call.id)
    tx.note(
        "return_code.given",
        kiosk_id=call.kiosk_id,
        seat_id=call.seat_id,
        ticket_id=ticket.id,
        call_id=call.id,
        entry=entry.id,
        valid_until=entry.valid_until,
    )
    return entry


def make_appointment(
    tx: Transaction, *, item_code: str, location_id: str, due_at: float
) -> EntryCodeRow:
    """An appointment at a location, for an item; good on its day.

    Raises:
        ItemUnknown, LocationUnknown, AppointmentOutOfRange.
    """
    item = tx.find(ServiceItemRow, code=item_code)
    if item is None or item.hidden:
        raise ItemUnknown
    if tx.find(LocationRow, id=location_id) is None:
        raise LocationUnknown
    if not tx.now < due_at <= tx.now + _FURTHEST_S:
        raise AppointmentOutOfRange
    entry = EntryCodeRow(
        code=_unused_code(tx),
        id=tx.new_id(),
        kind=EntryKind.APPOINTMENT,
        item_code=item.code,
        location_id=location_id,
        due_at=due_at,
        made_at=tx.now,
        valid_until=due_at + _DAY_S,
    )
    tx.add(entry)
    tx.note("appointment.made", entry=entry.id, item=item.code, location=location_id, due_at=due_at)
    return entry


def cancel_appointment(tx: Transaction, entry_id: str) -> None:
    """Nobody will come; the code is nothing any more.

    Raises:
        AppointmentUnknown: there is none, or somebody came for it already.
    """
    gone = tx.connection.execute(
        delete(_entry).where(
            _entry.c.id == entry_id,
            _entry.c.kind == EntryKind.APPOINTMENT,
            _entry.c.used_at.is_(None),
        )
    )
    if gone.rowcount != 1:
        raise AppointmentUnknown
    tx.note("appointment.cancelled", entry=entry_id)


def appointments(
    tx: Transaction, *, since: float, until: float, location_id: str | None = None
) -> list[EntryCodeRow]:
    """Appointments of a span of time, the earliest first."""
    found = select(_entry).where(
        _entry.c.kind == EntryKind.APPOINTMENT, _entry.c.due_at >= since, _entry.c.due_at < until
    )
    if location_id is not None:
        found = found.where(_entry.c.location_id == location_id)
    return tx.every(EntryCodeRow, found.order_by(_entry.c.due_at, _entry.c.id))


def redeemable(tx: Transaction, code: str, location: LocationRow) -> EntryCodeRow:
    """What a code typed at a location stands for.

    Raises:
        CodeUnknown, CodeUsed, CodeExpired, CodeElsewhere, CodeTooEarly.
    """
    entry = tx.find(EntryCodeRow, code=code) if is_well_formed(code) else None
    if entry is None:
        raise CodeUnknown
    if entry.used_at is not None:
        raise CodeUsed
    if entry.location_id not in (None, location.id):
        raise CodeElsewhere
    if entry.due_at is not None:
        # An appointment is for a day, which ends at the midnight of its place.
        due_day = local_day(entry.due_at, location.time_zone)
        today = local_day(tx.now, location.time_zone)
        if today < due_day:
            raise CodeTooEarly
        if today > due_day:
            raise CodeExpired
    if tx.now >= entry.valid_until:
        raise CodeExpired
    return entry


def redeem(tx: Transaction, entry: EntryCodeRow, ticket: TicketRow) -> None:
    """A ticket was taken with the code: nobody can take another."""
    tx.connection.execute(update(_entry).where(_entry.c.code == entry.code).values(used_at=tx.now))
    tx.note(
        "entry_code.used",
        kiosk_id=ticket.kiosk_id,
        ticket_id=ticket.id,
        reason=entry.kind,
        entry=entry.id,
    )


def lane_and_place(tx: Transaction, entry: EntryCodeRow | None) -> tuple[Lane, float]:
    """Where somebody who comes now with this code (or none) stands."""
    if entry is None:
        return Lane.ORDINARY, tx.now
    if entry.due_at is None:
        return Lane.RETURNED, tx.now
    rules = tx.policy.appointments
    if entry.due_at - rules.early_s <= tx.now <= entry.due_at + rules.late_s:
        return Lane.APPOINTMENT, entry.due_at
    return Lane.ORDINARY, tx.now


def _unused_code(tx: Transaction) -> str:
    while True:
        code = code_from(tx.new_id())
        if tx.find(EntryCodeRow, code=code) is None:
            return code
