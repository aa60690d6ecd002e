"""Handing a resident on to another item, department or seat. The arrival never changes."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from service_queue import calling
from service_queue.actor import Actor
from service_queue.errors import (
    ItemUnknown,
    NobodyServes,
    SeatNotOpen,
    SeatUnknown,
    TransferToSelf,
    TransferUnclear,
)
from service_queue.matching import skill_gap
from service_queue.placement import free_seat, waiting_ticket
from service_queue.tables import CallRow, SeatRow, ServiceItemRow, TicketRow, table_of
from service_queue.ticket import TicketEvent
from service_queue.transaction import Transaction
from signaling.protocol.commands import InviteColleague, TransferCall
from signaling.protocol.words import CallEndReason, SeatStatus

_seat = table_of(SeatRow)


def transfer(tx: Transaction, actor: Actor, command: TransferCall) -> None:
    """The agent hands the resident on: back to the line, at the same place, for somebody else.

    Raises:
        CallUnknown: the call is over, or not theirs.
        ItemUnknown, SeatUnknown.
        TransferImpossible: it names not exactly one target, its own seat, a seat that is not
            open, or something no other open seat may serve.
    """
    call = calling.held_call(tx, actor, command.call_id)
    ticket = tx.need(TicketRow, id=call.ticket_id)
    values = target(tx, command, ticket)
    if command.to_seat is not None:
        require_open(tx, call, command.to_seat, ticket)
    else:
        require_somebody(tx, call, ticket, values["department"] or "")
    calling.finish(
        tx, call, CallEndReason.TRANSFERRED, lambda _: _hand_over(tx, ticket, call, command, values)
    )


def target(
    tx: Transaction, command: TransferCall | InviteColleague, ticket: TicketRow
) -> dict[str, str | None]:
    """What the ticket then says about who is to serve what.

    Raises:
        TransferUnclear, ItemUnknown.
    """
    targets = (command.to_item, command.to_department, command.to_seat)
    if sum(target is not None for target in targets) != 1:
        raise TransferUnclear
    if command.to_item is not None:
        item = tx.find(ServiceItemRow, code=command.to_item)
        if item is None or item.hidden:
            raise ItemUnknown
        return {"item_code": item.code, "department": item.department, "wanted_seat_id": None}
    department = command.to_department or ticket.department
    return {
        "item_code": ticket.item_code,
        "department": department,
        "wanted_seat_id": command.to_seat,
    }


def require_open(tx: Transaction, call: CallRow, seat_id: str, ticket: TicketRow) -> SeatRow:
    """The other seat, which takes tickets like this one.

    Raises:
        SeatUnknown, TransferToSelf, SeatNotOpen, NobodyServes.
    """
    if seat_id == call.seat_id:
        raise TransferToSelf
    seat = tx.find(SeatRow, id=seat_id)
    if seat is None:
        raise SeatUnknown
    if not _takes_tickets(seat):
        raise SeatNotOpen
    if not _may_serve(tx, seat, ticket, ticket.department):
        raise NobodyServes(f"seat {seat_id} does not serve {ticket.department}")
    return seat


def require_somebody(
    tx: Transaction, call: CallRow, ticket: TicketRow, department: str
) -> list[SeatRow]:
    """The other open seats that serve a department, busy or not.

    Raises:
        NobodyServes: there is none.
    """
    others = tx.every(
        SeatRow,
        select(_seat).where(_seat.c.status == SeatStatus.AVAILABLE, _seat.c.id != call.seat_id),
    )
    found = [o for o in others if _takes_tickets(o) and _may_serve(tx, o, ticket, department)]
    if not found:
        raise NobodyServes(f"no other open seat serves {department}")
    return found


def _takes_tickets(seat: SeatRow) -> bool:
    return seat.status is SeatStatus.AVAILABLE and seat.away_since is None


def _may_serve(tx: Transaction, seat: SeatRow, ticket: TicketRow, department: str) -> bool:
    wanted = replace(waiting_ticket(ticket), department=department)
    return skill_gap(wanted, free_seat(seat), tx.policy) is None


def _hand_over(
    tx: Transaction,
    ticket: TicketRow,
    call: CallRow,
    command: TransferCall,
    values: dict[str, str | None],
) -> None:
    tx.move_ticket(
        ticket,
        TicketEvent.HAND_OVER,
        seat_id=None,
        offer_id=None,
        last_seat_id=None,
        returned_because=CallEndReason.TRANSFERRED,
        hand_overs=ticket.hand_overs + 1,
        **values,
    )
    tx.note(
        "ticket.handed_over",
        kiosk_id=ticket.kiosk_id,
        seat_id=call.seat_id,
        ticket_id=ticket.id,
        call_id=call.id,
        reason=command.reason,
        hand_overs=ticket.hand_overs,
        item=ticket.item_code,
        department=ticket.department,
        to_seat=ticket.wanted_seat_id,
    )
    note_if_often(tx, ticket)


def note_if_often(tx: Transaction, ticket: TicketRow) -> None:
    """A resident who is handed on and on is reported."""
    if ticket.hand_overs >= tx.policy.hand_over_alarm:
        tx.note(
            "ticket.handed_over_often",
            kiosk_id=ticket.kiosk_id,
            ticket_id=ticket.id,
            hand_overs=ticket.hand_overs,
        )
