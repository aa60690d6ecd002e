"""Calls: media reports, rebuilding, and every way they end."""

from __future__ import annotations

from collections.abc import Callable

from service_queue import consults, line, seating
from service_queue.actor import Actor
from service_queue.call import CallEvent, media_event
from service_queue.errors import CallClosed, CallUnknown, MediaEpochStale
from service_queue.seat import SeatEvent
from service_queue.tables import CallNoteRow, CallRow, SeatRow, TicketOfferRow, TicketRow, table_of
from service_queue.ticket import TicketEvent
from service_queue.transaction import Transaction
from signaling.protocol.commands import EndCall, RebuildMedia, ReportMedia, SaveNote
from signaling.protocol.words import (
    CallEndReason,
    CallState,
    Lane,
    MediaReport,
    Party,
    Role,
    SeatState,
    TicketEndReason,
)

_note = table_of(CallNoteRow)


def end(tx: Transaction, actor: Actor, command: EndCall) -> None:
    """A person ends the call.

    Raises:
        CallUnknown: it is over, or not theirs.
    """
    call, party = _own_call(tx, actor, command.call_id)
    reason = CallEndReason.RESIDENT_LEFT if party is Party.RESIDENT else CallEndReason.AGENT_HUNG_UP
    finish(tx, call, reason)


Settle = Callable[[TicketRow], None]
"""What becomes of a ticket whose call is over."""


def finish(
    tx: Transaction, call: CallRow, reason: CallEndReason, settle: Settle | None = None
) -> None:
    """End a call and put its ticket and its seat where the reason wants them.

    `settle`: what becomes of the ticket, where the reason alone does not say it.
    """
    ticket = tx.need(TicketRow, id=call.ticket_id)
    seat = tx.need(SeatRow, id=call.seat_id)
    was_connected = call.connected_at is not None
    tx.move_call(call, CallEvent.END, ended_at=tx.now, end_reason=reason)
    tx.note(
        "call.ended",
        kiosk_id=call.kiosk_id,
        seat_id=call.seat_id,
        ticket_id=call.ticket_id,
        call_id=call.id,
        reason=reason,
        connected=was_connected,
        lasted_s=round(tx.now - consults.taken_at(tx, call, ticket), 3),
    )
    if settle is None:
        _settle_ticket(tx, ticket, call, reason, was_connected=was_connected)
    else:
        settle(ticket)
    consults.end_with_call(tx, call)
    if was_connected and not leaves_no_wrap_up(reason):
        seating.begin_wrap_up(tx, seat, call, ticket)
    elif reason is CallEndReason.NO_SHOW:
        # Nobody was served: its turn stands.
        tx.move_seat(seat, SeatEvent.DROP_CALL)
    else:
        tx.move_seat(seat, SeatEvent.DROP_CALL, idle_since=tx.now)
    if reason is CallEndReason.SEAT_LOST:
        seating.leave_seat(tx, seat, "lost")


def leaves_no_wrap_up(reason: CallEndReason) -> bool:
    """True when nobody was served: the call was lost, or nobody came."""
    return reason is CallEndReason.NO_SHOW or _drops(reason)


def report_media(tx: Transaction, actor: Actor, command: ReportMedia) -> None:
    """One side says whether it receives the other.

    Raises:
        CallUnknown, MediaEpochStale.
    """
    call, party = _own_call(tx, actor, command.call_id)
    offer = tx.need(TicketOfferRow, id=call.id)
    if command.media_epoch != offer.media_epoch:
        raise MediaEpochStale
    column = "resident_media" if party is Party.RESIDENT else "agent_media"
    if getattr(call, column) is command.media:
        return
    tx.set_call(call, **{column: command.media})
    _follow_media(tx, call)


def rebuild_media(tx: Transaction, actor: Actor, command: RebuildMedia) -> None:
    """Have both ends build their peer connections anew; asking again for the same is fine.

    Raises:
        CallUnknown: no live call or ringing offer of theirs.
    """
    offer = _own_offer(tx, actor, command.call_id)
    if command.media_epoch < offer.media_epoch:
        return
    tx.set_offer(offer, media_epoch=offer.media_epoch + 1)
    tx.note(
        "call.rebuilt",
        seat_id=offer.seat_id,
        ticket_id=offer.ticket_id,
        call_id=offer.id,
        media_epoch=offer.media_epoch,
    )
    call = tx.find(CallRow, id=offer.id)
    if call is not None:
        tx.set_call(call, resident_media=MediaReport.NONE, agent_media=MediaReport.NONE)
        _follow_media(tx, call)


def save_note(tx: Transaction, actor: Actor, command: SaveNote) -> None:
    """Keep the agent's note on a call they serve or wrap up.

    Raises:
        CallUnknown, CallClosed: neither.
    """
    seat = seating.seat_of(tx, actor)
    call = call_of_seat(tx, seat, command.call_id)
    tx.connection.execute(_note.delete().where(_note.c.call_id == call.id))
    tx.add(
        CallNoteRow(
            call_id=call.id,
            agent_id=call.agent_id,
            sealed=tx.sealer.seal(command.text),
            saved_at=tx.now,
        )
    )
    tx.touched.notes.add(call.id)
    tx.touched.seats.add(seat.id)
    tx.note("call.note_saved", seat_id=seat.id, call_id=call.id)


def call_of_seat(tx: Transaction, seat: SeatRow, call_id: str) -> CallRow:
    """The call that a seat serves or wraps up.

    Raises:
        CallClosed: its agent did, and both are over.
        CallUnknown: it was never theirs.
    """
    call = tx.find(CallRow, id=call_id)
    if call is None:
        raise CallUnknown
    live = call.seat_id == seat.id and call.state is not CallState.ENDED
    if live or (seat.state is SeatState.WRAP_UP and seat.wrap_up_call_id == call.id):
        return call
    raise CallClosed if call.agent_id == seat.agent_id else CallUnknown


def held_call(tx: Transaction, actor: Actor, call_id: str) -> CallRow:
    """The live call of the seat the agent sits at.

    Raises:
        CallUnknown: it is over, or not theirs.
    """
    if actor.agent_id is None:
        raise CallUnknown
    return _own_call(tx, actor, call_id)[0]


def _drops(reason: CallEndReason) -> bool:
    """True when the call was lost rather than ended, and its ticket goes back to its place."""
    return reason in (
        CallEndReason.SEAT_LOST,
        CallEndReason.MEDIA_LOST,
        CallEndReason.NEVER_CONNECTED,
    )


def _settle_ticket(
    tx: Transaction,
    ticket: TicketRow,
    call: CallRow,
    reason: CallEndReason,
    *,
    was_connected: bool,
) -> None:
    if reason is CallEndReason.KIOSK_LOST:
        line.end(tx, ticket, TicketEvent.LOSE_KIOSK, TicketEndReason.KIOSK_LOST)
    elif reason is CallEndReason.SERVICE_CLOSED:
        line.end(tx, ticket, TicketEvent.CLOSE, TicketEndReason.SERVICE_CLOSED)
    elif was_connected and reason.is_intentional:
        until = tx.now + tx.policy.rating_s
        line.end(tx, ticket, TicketEvent.SERVE, TicketEndReason.SERVED, rating_until=until)
    elif reason is CallEndReason.RESIDENT_LEFT:
        line.end(tx, ticket, TicketEvent.LEAVE, TicketEndReason.RESIDENT_LEFT)
    else:
        _send_back(tx, ticket, call, reason, was_connected=was_connected)


def _send_back(
    tx: Transaction,
    ticket: TicketRow,
    call: CallRow,
    reason: CallEndReason,
    *,
    was_connected: bool,
) -> None:
    failed = ticket.failed_connects + (0 if was_connected else 1)
    if failed >= tx.policy.max_failed_connects:
        line.end(tx, ticket, TicketEvent.CLOSE, TicketEndReason.MEDIA_FAILED)
        return
    tx.move_ticket(
        ticket,
        TicketEvent.CALL_FELL,
        seat_id=None,
        offer_id=None,
        last_seat_id=call.seat_id,
        wanted_seat_id=None,
        lane=Lane.TECHNICAL_DROP,
        returned_because=reason,
        failed_connects=failed,
    )
    tx.note(
        "ticket.returned",
        kiosk_id=ticket.kiosk_id,
        seat_id=call.seat_id,
        ticket_id=ticket.id,
        call_id=call.id,
        reason=reason,
    )


def _follow_media(tx: Transaction, call: CallRow) -> None:
    event = media_event(call.state, call.resident_media, call.agent_media)
    if event is None:
        tx.note("call.media", call_id=call.id, seat_id=call.seat_id)
        return
    first = event is CallEvent.FLOW and call.connected_at is None
    tx.move_call(call, event, **({"connected_at": tx.now} if first else {}))
    tx.note(
        f"call.{call.state}",
        kiosk_id=call.kiosk_id,
        seat_id=call.seat_id,
        ticket_id=call.ticket_id,
        call_id=call.id,
    )


def _own_call(tx: Transaction, actor: Actor, call_id: str) -> tuple[CallRow, Party]:
    call = tx.find(CallRow, id=call_id)
    if call is None or call.state is CallState.ENDED:
        raise CallUnknown
    if actor.role is Role.KIOSK_PAGE:
        if call.kiosk_id != actor.kiosk_id:
            raise CallUnknown
        return call, Party.RESIDENT
    if seating.seat_of(tx, actor).id != call.seat_id:
        raise CallUnknown
    return call, Party.AGENT


def _own_offer(tx: Transaction, actor: Actor, call_id: str) -> TicketOfferRow:
    offer = tx.find(TicketOfferRow, id=call_id)
    if offer is None:
        raise CallUnknown
    if offer.outcome is not None:
        _own_call(tx, actor, call_id)
        return offer
    ticket = tx.need(TicketRow, id=offer.ticket_id)
    if actor.role is Role.KIOSK_PAGE:
        mine = ticket.kiosk_id == actor.kiosk_id
    else:
        mine = seating.seat_of(tx, actor).id == offer.seat_id
    if not mine:
        raise CallUnknown
    return offer
