"""Ticket offers: making them, accepting, declining, letting them lapse."""

from __future__ import annotations

from service_queue import seating
from service_queue.errors import NotSeated, OfferForeign, OfferStale
from service_queue.lease import Lease
from service_queue.matcher import Matcher
from service_queue.seat import SeatEvent
from service_queue.tables import (
    CallRow,
    SeatRow,
    TicketOfferRow,
    TicketRow,
)
from service_queue.ticket import TicketEvent
from service_queue.transaction import Transaction
from signaling.protocol.commands import AcceptTicket, DeclineTicket
from signaling.protocol.words import (
    BreakReason,
    OfferOutcome,
    SeatStatus,
)


def match_all(tx: Transaction) -> int:
    """Offer every ticket that can be offered now; returns how many were."""
    matcher = tx.matcher or Matcher()
    offers = 0
    for ticket, seat in matcher.pairs(tx):
        _make_offer(tx, ticket, seat)
        offers += 1
    return offers


def accept(tx: Transaction, seat: SeatRow, command: AcceptTicket) -> CallRow:
    """The seat takes the ticket offered to it: a call begins.

    Raises:
        OfferStale: too late, or an older epoch.
        OfferForeign: it was offered to another seat.
    """
    if seat.agent_id is None:
        raise NotSeated
    offer, ticket = _checked(tx, seat, command.offer_id, command.epoch)
    _end_offer(tx, offer, OfferOutcome.ACCEPTED, None)
    tx.move_ticket(ticket, TicketEvent.ACCEPT, returned_because=None)
    tx.move_seat(seat, SeatEvent.BEGIN_CALL, declines_in_row=0)
    call = CallRow(
        id=offer.id,
        ticket_id=ticket.id,
        seat_id=seat.id,
        kiosk_id=ticket.kiosk_id,
        agent_id=seat.agent_id,
        state_since=tx.now,
        started_at=tx.now,
    )
    tx.add(call)
    tx.touched.calls.add(call.id)
    tx.note(
        "ticket.accepted",
        kiosk_id=ticket.kiosk_id,
        seat_id=seat.id,
        ticket_id=ticket.id,
        call_id=call.id,
        epoch=offer.epoch,
        waited_s=round(tx.now - ticket.arrived_at, 3),
    )
    return call


def decline(tx: Transaction, seat: SeatRow, command: DeclineTicket) -> None:
    """The seat does not take it; the ticket keeps its place and goes to another for a while."""
    offer, _ = _checked(tx, seat, command.offer_id, command.epoch)
    fall(tx, offer, OfferOutcome.DECLINED, command.reason)
    tx.set_seat(seat, declines_in_row=seat.declines_in_row + 1)
    if seat.declines_in_row >= tx.policy.max_declines_in_row:
        _pause_by_server(tx, seat, BreakReason.DECLINED_OFTEN)


def time_out(tx: Transaction, offer: TicketOfferRow) -> None:
    """Nobody answered: back to its place; the seat goes on break and is told why."""
    fall(tx, offer, OfferOutcome.TIMED_OUT, None)
    _pause_by_server(tx, tx.need(SeatRow, id=offer.seat_id), BreakReason.NO_ANSWER)


def _pause_by_server(tx: Transaction, seat: SeatRow, reason: BreakReason) -> None:
    if seat.status is SeatStatus.AVAILABLE:
        seating.pause(tx, seat, reason)


def fall(tx: Transaction, offer: TicketOfferRow, outcome: OfferOutcome, reason: str | None) -> None:
    """End a live offer without a call; the ticket goes back to its place."""
    ticket = tx.need(TicketRow, id=offer.ticket_id)
    release(tx, offer, outcome, reason)
    tx.move_ticket(
        ticket, TicketEvent.OFFER_FELL, seat_id=None, offer_id=None, returned_because=outcome
    )
    tx.note(
        "ticket.returned",
        kiosk_id=ticket.kiosk_id,
        seat_id=offer.seat_id,
        ticket_id=ticket.id,
        reason=reason or outcome,
        epoch=offer.epoch,
    )


def release(
    tx: Transaction, offer: TicketOfferRow, outcome: OfferOutcome, reason: str | None
) -> None:
    """End a live offer and free its seat; the ticket is the caller's to move."""
    _end_offer(tx, offer, outcome, reason)
    seat = tx.need(SeatRow, id=offer.seat_id)
    # A seat that declined or rang out does not lose its turn by it: idle_since stands.
    tx.move_seat(seat, SeatEvent.RELEASE)


def live_offer(tx: Transaction, ticket_id: str) -> TicketOfferRow | None:
    """The offer that rings for a ticket, or None."""
    return tx.find(TicketOfferRow, ticket_id=ticket_id, outcome=None)


def _checked(
    tx: Transaction, seat: SeatRow, offer_id: str, epoch: int
) -> tuple[TicketOfferRow, TicketRow]:
    offer = tx.find(TicketOfferRow, id=offer_id)
    if offer is None:
        raise OfferStale
    Lease(
        ticket_id=offer.ticket_id,
        seat_id=offer.seat_id,
        epoch=offer.epoch,
        expires_at=offer.expires_at,
        is_live=offer.outcome is None,
    ).check(seat_id=seat.id, epoch=epoch, now=tx.now)
    ticket = tx.need(TicketRow, id=offer.ticket_id)
    if ticket.epoch != offer.epoch:
        raise OfferForeign
    return offer, ticket


def _end_offer(
    tx: Transaction, offer: TicketOfferRow, outcome: OfferOutcome, reason: str | None
) -> None:
    tx.set_offer(offer, outcome=outcome, outcome_reason=reason, ended_at=tx.now)


def _make_offer(tx: Transaction, ticket: TicketRow, seat: SeatRow) -> None:
    epoch = ticket.epoch + 1
    offer = TicketOfferRow(
        id=tx.new_id(),
        ticket_id=ticket.id,
        seat_id=seat.id,
        epoch=epoch,
        offered_at=tx.now,
        expires_at=tx.now + tx.policy.offer_timeout_s,
    )
    tx.add(offer)
    tx.touched.offers.add(offer.id)
    tx.move_ticket(
        ticket,
        TicketEvent.OFFER,
        epoch=epoch,
        seat_id=seat.id,
        offer_id=offer.id,
        first_offered_at=ticket.first_offered_at or tx.now,
    )
    tx.move_seat(seat, SeatEvent.RESERVE)
    tx.note(
        "ticket.offered",
        kiosk_id=ticket.kiosk_id,
        seat_id=seat.id,
        ticket_id=ticket.id,
        epoch=epoch,
        expires_at=offer.expires_at,
    )
