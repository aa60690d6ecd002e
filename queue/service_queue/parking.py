"""Tickets that keep their claim and are not called: stepping away (暂离), called in vain (过号)."""

from __future__ import annotations

from typing import Any

from service_queue import calling, line, offering
from service_queue.actor import Actor
from service_queue.errors import SteppedAwayTooOften, TransitionRefused
from service_queue.tables import CallRow, TicketRow
from service_queue.ticket import TICKET, TicketEvent
from service_queue.transaction import Transaction
from signaling.protocol.commands import ComeBack, MarkNoShow, StepAway
from signaling.protocol.words import (
    CallEndReason,
    Lane,
    OfferOutcome,
    ParkReason,
    TicketEndReason,
    TicketState,
)


def step_away(tx: Transaction, kiosk_id: str, command: StepAway) -> None:
    """The resident goes away for a while and keeps the place.

    Raises:
        TicketUnknown: it is not this kiosk's.
        TransitionRefused: it is being served, parked already, or over.
        SteppedAwayTooOften.
    """
    ticket = line.own(tx, kiosk_id, command.ticket_id)
    if ticket.state is TicketState.SERVING:
        raise TransitionRefused("ticket is being served: end the call")
    TICKET.after(ticket.state, TicketEvent.PARK)
    if ticket.times_parked >= tx.policy.park.max_times:
        raise SteppedAwayTooOften
    offer = offering.live_offer(tx, ticket.id)
    if offer is not None:
        offering.release(tx, offer, OfferOutcome.REVOKED, ParkReason.STEPPED_AWAY)
    _park(
        tx,
        ticket,
        ParkReason.STEPPED_AWAY,
        tx.policy.park.away_s,
        seat_id=ticket.seat_id,
        times_parked=ticket.times_parked + 1,
    )


def come_back(tx: Transaction, kiosk_id: str, command: ComeBack) -> None:
    """The resident is at the kiosk; who waits already, or is being called, stays where they are.

    Raises:
        TicketUnknown: it is not this kiosk's.
        TransitionRefused: it is over.
    """
    ticket = line.own(tx, kiosk_id, command.ticket_id)
    if ticket.state is TicketState.PARKED:
        _unpark(tx, ticket, "ticket.unparked")
    elif not ticket.state.is_open:
        raise TransitionRefused(f"ticket is {ticket.state}")


def mark_no_show(tx: Transaction, actor: Actor, command: MarkNoShow) -> None:
    """The agent finds nobody in the booth.

    The seat is free at once, without wrap-up; the ticket is called again later, or is over when
    that was tried as often as the policy says.

    Raises:
        CallUnknown: the call is over, or not theirs.
    """
    call = calling.held_call(tx, actor, command.call_id)

    def settle(ticket: TicketRow) -> None:
        if ticket.recalls >= tx.policy.park.max_recalls:
            line.end(tx, ticket, TicketEvent.LEAVE, TicketEndReason.NOT_PRESENT)
        else:
            _park_in_vain(tx, ticket, call)

    calling.finish(tx, call, CallEndReason.NO_SHOW, settle)


def lapse(tx: Transaction, ticket: TicketRow) -> None:
    """The time of a parked ticket is up: it is called again, or over if nobody came back."""
    if ticket.parked_because is ParkReason.NO_SHOW:
        _unpark(tx, ticket, "ticket.recalled")
    else:
        line.end(tx, ticket, TicketEvent.LEAVE, TicketEndReason.STAYED_AWAY)


def _park_in_vain(tx: Transaction, ticket: TicketRow, call: CallRow) -> None:
    _park(
        tx,
        ticket,
        ParkReason.NO_SHOW,
        tx.policy.park.recall_after_s,
        seat_id=call.seat_id,
        call_id=call.id,
        recalls=ticket.recalls + 1,
    )


def _park(
    tx: Transaction,
    ticket: TicketRow,
    reason: ParkReason,
    for_s: float,
    *,
    seat_id: str | None,
    call_id: str | None = None,
    **counted: int,
) -> None:
    until = tx.now + for_s
    tx.move_ticket(
        ticket,
        TicketEvent.PARK,
        seat_id=None,
        offer_id=None,
        parked_because=reason,
        parked_until=until,
        returned_because=None,
        **counted,
    )
    tx.note(
        "ticket.parked",
        kiosk_id=ticket.kiosk_id,
        seat_id=seat_id,
        ticket_id=ticket.id,
        call_id=call_id,
        reason=reason,
        until=until,
        **counted,
    )


def _unpark(tx: Transaction, ticket: TicketRow, kind: str) -> None:
    """Back to the line: to its own place, or set back if it was called in vain."""
    because = ticket.parked_because
    place: dict[str, Any] = {}
    if because is ParkReason.NO_SHOW:
        set_back = ticket.place_at + tx.policy.park.setback_s
        place = {"lane": Lane.RECALLED, "place_at": set_back}
    tx.move_ticket(ticket, TicketEvent.UNPARK, parked_because=None, parked_until=None, **place)
    tx.note(kind, kiosk_id=ticket.kiosk_id, ticket_id=ticket.id, reason=because, **place)
