"""Every state has a deadline; the sweep moves what is past it."""

from __future__ import annotations

from operator import attrgetter
from typing import Final, TypeVar

from sqlalchemy import Select, delete, select, text

from service_queue import (
    closing,
    consulting,
    identifying,
    line,
    offering,
    parking,
    seating,
)
from service_queue.consult_tables import ConsultRow
from service_queue.tables import (
    OPEN_TICKET,
    CallRow,
    OperationRow,
    SeatRow,
    TicketOfferRow,
    TicketRow,
    table_of,
)
from service_queue.ticket import TicketEvent
from service_queue.transaction import Transaction
from signaling.protocol.words import (
    CallEndReason,
    CallState,
    MediaReport,
    OfferOutcome,
    SeatState,
    TicketEndReason,
    TicketState,
)

_call = table_of(CallRow)
_offer = table_of(TicketOfferRow)
_operation = table_of(OperationRow)
_seat = table_of(SeatRow)
_ticket = table_of(TicketRow)

_LIVE_CALLS: Final = select(_call).where(_call.c.state != CallState.ENDED)

R = TypeVar("R", TicketOfferRow, TicketRow, CallRow, ConsultRow, SeatRow)


def sweep(tx: Transaction) -> None:
    """Move everything that is past its deadline, then offer what can be offered."""
    for offer in _due(tx.every(TicketOfferRow, lapsed_offers(tx.now)), "expires_at"):
        _lapse_offer(tx, offer)
    for ticket in _due(tx.every(TicketRow, lost_kiosks(tx)), "away_since"):
        line.give_up(tx, ticket, TicketEvent.LOSE_KIOSK, TicketEndReason.KIOSK_LOST)
    for call in _due(tx.every(CallRow, _LIVE_CALLS), "state_since"):
        reason = why_over(tx, call)
        if reason is not None:
            consulting.lose(tx, call, reason)
    for consult in _due(consulting.live(tx), "state_since"):
        over = consulting.why_over(tx, consult)
        if over is not None:
            consulting.lapse(tx, consult, over)
    for ticket in _due(tx.every(TicketRow, lapsed_parkings(tx.now)), "parked_until"):
        parking.lapse(tx, ticket)
    for ticket in _due(closing.left_at_closing_time(tx), "arrived_at"):
        line.give_up(tx, ticket, TicketEvent.CLOSE, TicketEndReason.SERVICE_CLOSED)
    for seat in _due(tx.every(SeatRow, finished_wrap_ups(tx.now)), "wrap_up_until"):
        seating.end_wrap_up(tx, seat, "time_up")
    for seat in _due(tx.every(SeatRow, ended_shifts(tx.now)), "shift_ends_at"):
        seating.end_shift(tx, seat)
    for seat in _due(tx.every(SeatRow, empty_seats(tx)), "away_since"):
        seating.leave_seat(tx, seat, "away")
    for ticket in _due(tx.every(TicketRow, lapsed_ratings(tx.now)), "rating_until"):
        line.lapse_rating(tx, ticket)
    identifying.lapse(tx)
    offering.match_all(tx)


def _due(rows: list[R], moment: str) -> list[R]:
    """The earliest first. Databases give rows in an order of their own, and sort text by one."""
    return sorted(rows, key=attrgetter(moment, "id"))


def forget_operations(tx: Transaction) -> int:
    """Drop the answers to commands too old to be repeated; returns how many."""
    horizon = tx.now - tx.policy.operation_memory_s
    return tx.connection.execute(delete(_operation).where(_operation.c.at < horizon)).rowcount


def why_over(tx: Transaction, call: CallRow) -> CallEndReason | None:
    """Why a live call is over by now, or None while it may go on.

    A side whose signalling is gone but whose media still reaches the other is not gone: calls
    outlive the connection to the server.
    """
    ticket = tx.need(TicketRow, id=call.ticket_id)
    seat = tx.need(SeatRow, id=call.seat_id)
    grace = tx.policy.call_away_grace_s
    if _gone(ticket.away_since, call.agent_media, tx.now - grace):
        return CallEndReason.KIOSK_LOST
    if _gone(seat.away_since, call.resident_media, tx.now - grace):
        return CallEndReason.SEAT_LOST
    if ticket.away_since is not None or seat.away_since is not None:
        return None
    quiet_s = tx.now - call.state_since
    if call.state is CallState.CONNECTING and quiet_s >= tx.policy.connect_timeout_s:
        return CallEndReason.NEVER_CONNECTED
    if call.state is CallState.RECONNECTING and quiet_s >= tx.policy.stalled_timeout_s:
        return CallEndReason.MEDIA_LOST
    return None


def _gone(away_since: float | None, seen_by_other: MediaReport, horizon: float) -> bool:
    return (
        away_since is not None
        and away_since <= horizon
        and seen_by_other is not MediaReport.FLOWING
    )


def _lapse_offer(tx: Transaction, offer: TicketOfferRow) -> None:
    seat = tx.need(SeatRow, id=offer.seat_id)
    if seat.away_since is None:
        offering.time_out(tx, offer)
    else:
        offering.fall(tx, offer, OfferOutcome.REVOKED, "seat_away")


def lapsed_offers(now: float) -> Select[tuple[object, ...]]:
    """Offers that ring past their end."""
    return select(_offer).where(_offer.c.outcome.is_(None), _offer.c.expires_at <= now)


def lost_kiosks(tx: Transaction) -> Select[tuple[object, ...]]:
    """Tickets whose kiosk is gone for good, before their call."""
    return select(_ticket).where(
        text(OPEN_TICKET),
        _ticket.c.state.in_([TicketState.WAITING, TicketState.OFFERED]),
        _ticket.c.away_since <= tx.now - tx.policy.waiting_kiosk_grace_s,
    )


def lapsed_parkings(now: float) -> Select[tuple[object, ...]]:
    """Parked tickets whose time is up."""
    return select(_ticket).where(
        text(OPEN_TICKET), _ticket.c.state == TicketState.PARKED, _ticket.c.parked_until <= now
    )


def ended_shifts(now: float) -> Select[tuple[object, ...]]:
    """Seats whose shift is over."""
    return select(_seat).where(_seat.c.agent_id.is_not(None), _seat.c.shift_ends_at <= now)


def finished_wrap_ups(now: float) -> Select[tuple[object, ...]]:
    """Seats whose after-call work is over."""
    return select(_seat).where(_seat.c.state == SeatState.WRAP_UP, _seat.c.wrap_up_until <= now)


def empty_seats(tx: Transaction) -> Select[tuple[object, ...]]:
    """Seats whose desk is gone for good, without a call."""
    return select(_seat).where(
        _seat.c.agent_id.is_not(None),
        _seat.c.state.in_([SeatState.IDLE, SeatState.WRAP_UP]),
        _seat.c.away_since <= tx.now - tx.policy.idle_seat_grace_s,
    )


def lapsed_ratings(now: float) -> Select[tuple[object, ...]]:
    """Tickets that nobody rated in time."""
    return select(_ticket).where(_ticket.c.rating_until <= now)
