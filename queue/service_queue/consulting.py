"""Warm hand-over: a colleague is asked into the call, and may get it while all three are there.

A colleague's seat is reserved while it rings and in a call while it takes part, as with a ticket of
its own: the seat's state is what keeps anybody from holding two.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from service_queue import calling, consults, seating, transferring
from service_queue.actor import Actor
from service_queue.consult import ConsultEvent
from service_queue.consult_tables import ConsultRow
from service_queue.deadlines import consult_patience_s
from service_queue.errors import (
    ColleagueBusy,
    ColleagueInvited,
    InvitationOver,
    NotJoinedYet,
)
from service_queue.matching import Liking, preference
from service_queue.placement import free_seat, waiting_ticket
from service_queue.seat import SeatEvent
from service_queue.tables import CallRow, LocationRow, SeatRow, TicketOfferRow, TicketRow, table_of
from service_queue.ticket import TicketEvent
from service_queue.transaction import Transaction
from signaling.protocol.commands import (
    DeclineInvitation,
    EndConsult,
    HandCallOver,
    InviteColleague,
    JoinCall,
)
from signaling.protocol.words import (
    BreakReason,
    CallEndReason,
    CallState,
    ConsultEnd,
    ConsultState,
    MediaReport,
    OfferOutcome,
    SeatState,
    SeatStatus,
)

_consult = table_of(ConsultRow)
_location = table_of(LocationRow)


def invite(tx: Transaction, actor: Actor, command: InviteColleague) -> None:
    """Ask a free colleague into the call; their desk rings.

    Raises:
        CallUnknown: the call is over, or not theirs.
        ItemUnknown, SeatUnknown.
        TransferImpossible: it names not exactly one target, its own seat, a seat that is not open,
            something no other open seat may serve; or everybody is busy, or somebody is invited.
    """
    call = calling.held_call(tx, actor, command.call_id)
    if consults.into_call(tx, call.id) is not None:
        raise ColleagueInvited
    ticket = tx.need(TicketRow, id=call.ticket_id)
    wanted = transferring.target(tx, command, ticket)
    department = wanted["department"] or ""
    if command.to_seat is not None:
        seats = [transferring.require_open(tx, call, command.to_seat, ticket)]
    else:
        seats = transferring.require_somebody(tx, call, ticket, department)
    seat = _choose(tx, ticket, department, [s for s in seats if s.state is SeatState.IDLE])
    consult = ConsultRow(
        id=tx.new_id(),
        call_id=call.id,
        ticket_id=ticket.id,
        kiosk_id=ticket.kiosk_id,
        host_seat_id=call.seat_id,
        guest_seat_id=seat.id,
        guest_agent_id=seat.agent_id or "",
        reason=command.reason,
        item_code=wanted["item_code"] or ticket.item_code,
        department=department,
        state_since=tx.now,
        invited_at=tx.now,
        expires_at=tx.now + tx.policy.offer_timeout_s,
        desks_id=tx.new_id(),
    )
    tx.add(consult)
    tx.touched.consults.add(consult.id)
    tx.touched.tickets.add(ticket.id)
    tx.move_seat(seat, SeatEvent.RESERVE)
    tx.note(
        "consult.invited",
        kiosk_id=ticket.kiosk_id,
        seat_id=seat.id,
        ticket_id=ticket.id,
        call_id=call.id,
        reason=command.reason,
        consult=consult.id,
        from_seat=call.seat_id,
        item=consult.item_code,
        department=department,
        expires_at=consult.expires_at,
    )


def join(tx: Transaction, actor: Actor, command: JoinCall) -> None:
    """The colleague accepts: three are in the call.

    Raises:
        InvitationOver: too late, or it was not theirs.
    """
    consult, seat = _ringing(tx, actor, command.consult_id)
    consults.move(tx, consult, ConsultEvent.JOIN, stalled_since=tx.now)
    tx.move_seat(seat, SeatEvent.BEGIN_CALL, declines_in_row=0)
    tx.note(
        "consult.joined",
        kiosk_id=consult.kiosk_id,
        seat_id=seat.id,
        ticket_id=consult.ticket_id,
        call_id=consult.call_id,
        consult=consult.id,
    )


def decline(tx: Transaction, actor: Actor, command: DeclineInvitation) -> None:
    """The colleague does not come; the call goes on.

    Raises:
        InvitationOver: too late, or it was not theirs.
    """
    consult, seat = _ringing(tx, actor, command.consult_id)
    tx.note(
        "consult.declined",
        seat_id=seat.id,
        ticket_id=consult.ticket_id,
        call_id=consult.call_id,
        reason=command.reason,
        consult=consult.id,
    )
    consults.end(tx, consult, ConsultEnd.DECLINED)


def leave(tx: Transaction, actor: Actor, command: EndConsult) -> None:
    """The colleague goes, or is let go, or the invitation is taken back; the call goes on.

    Raises:
        InvitationOver: it is over, or theirs neither to leave nor to take back.
    """
    consult = _live(tx, command.consult_id)
    seat = seating.seat_of(tx, actor)
    if seat.id == consult.host_seat_id:
        consults.end(tx, consult, ConsultEnd.WITHDRAWN)
    elif seat.id == consult.guest_seat_id and consult.state is ConsultState.JOINED:
        consults.end(tx, consult, ConsultEnd.LEFT)
    else:
        raise InvitationOver


def hand_over(tx: Transaction, actor: Actor, command: HandCallOver) -> None:
    """The call is the colleague's from now on, who sees and hears the resident already.

    Raises:
        InvitationOver: it is over, or the call is not theirs.
        NotJoinedYet: the colleague is not there, or does not see and hear the resident.
    """
    consult = _live(tx, command.consult_id)
    if seating.seat_of(tx, actor).id != consult.host_seat_id:
        raise InvitationOver
    if not _is_there(consult):
        raise NotJoinedYet
    call = tx.need(CallRow, id=consult.call_id)
    _pass_on(tx, consult, call, CallEndReason.TRANSFERRED, consult.reason)


def lose(tx: Transaction, call: CallRow, reason: CallEndReason) -> None:
    """A call is over without anybody's wish. A colleague who is there keeps the resident."""
    consult = consults.into_call(tx, call.id)
    by_the_seat = reason in (CallEndReason.SEAT_LOST, CallEndReason.MEDIA_LOST)
    if by_the_seat and consult is not None and _is_there(consult):
        _pass_on(tx, consult, call, reason, reason)
    else:
        calling.finish(tx, call, reason)


def lapse(tx: Transaction, consult: ConsultRow, reason: ConsultEnd) -> None:
    """An invitation is past its deadline; a desk that did not answer goes on break."""
    seat = tx.need(SeatRow, id=consult.guest_seat_id)
    consults.end(tx, consult, reason)
    unanswered = reason is ConsultEnd.TIMED_OUT and seat.away_since is None
    if unanswered and seat.status is SeatStatus.AVAILABLE:
        seating.pause(tx, seat, BreakReason.NO_ANSWER)


def why_over(tx: Transaction, consult: ConsultRow) -> ConsultEnd | None:
    """Why a live invitation is over by now, or None while it may go on."""
    if consult.state is ConsultState.RINGING:
        return ConsultEnd.TIMED_OUT if consult.expires_at <= tx.now else None
    away_since = tx.need(SeatRow, id=consult.guest_seat_id).away_since
    if away_since is not None:
        gone = away_since <= tx.now - tx.policy.call_away_grace_s
        unseen = consult.resident_media is not MediaReport.FLOWING
        return ConsultEnd.SEAT_LOST if gone and unseen else None
    since = consult.stalled_since
    if since is None or tx.need(TicketRow, id=consult.ticket_id).away_since is not None:
        return None
    patience_s = consult_patience_s(consult, tx.policy)
    return ConsultEnd.MEDIA_LOST if tx.now - since >= patience_s else None


def live(tx: Transaction) -> list[ConsultRow]:
    """All invitations that ring or are joined."""
    return tx.every(ConsultRow, select(_consult).where(_consult.c.state != ConsultState.ENDED))


def _choose(tx: Transaction, ticket: TicketRow, department: str, free: list[SeatRow]) -> SeatRow:
    """Of free seats with the skill, the one that would be called first."""
    if not free:
        raise ColleagueBusy
    rows = tx.connection.execute(select(_location.c.id, _location.c.district))
    districts = {row.id: row.district for row in rows}
    like = replace(
        waiting_ticket(ticket, district=districts.get(ticket.location_id, "")),
        department=department,
        last_seat_id=None,
    )

    def liking(seat: SeatRow) -> tuple[bool, float, Liking]:
        district = districts.get(seat.location_id or "", "")
        return preference(
            like, free_seat(seat, day=ticket.day, district=district), tx.policy, after_position=-1
        )

    return min(free, key=liking)


def _live(tx: Transaction, consult_id: str) -> ConsultRow:
    consult = tx.find(ConsultRow, id=consult_id)
    if consult is None or consult.state is ConsultState.ENDED:
        raise InvitationOver
    return consult


def _ringing(tx: Transaction, actor: Actor, consult_id: str) -> tuple[ConsultRow, SeatRow]:
    consult, seat = _live(tx, consult_id), seating.seat_of(tx, actor)
    rings = consult.state is ConsultState.RINGING and tx.now < consult.expires_at
    if seat.id != consult.guest_seat_id or not rings:
        raise InvitationOver
    return consult, seat


def _is_there(consult: ConsultRow) -> bool:
    """The colleague and the resident see and hear each other."""
    return consult.state is ConsultState.JOINED and consult.stalled_since is None


def _pass_on(
    tx: Transaction, consult: ConsultRow, call: CallRow, why_over: CallEndReason, because: str
) -> None:
    """End the call for its seat, and let it go on as the colleague's."""

    def settle(ticket: TicketRow) -> None:
        consults.end(tx, consult, ConsultEnd.HANDED_OVER)
        _begin_anew(tx, consult, call, ticket, because)

    calling.finish(tx, call, why_over, settle)


def _begin_anew(
    tx: Transaction, consult: ConsultRow, call: CallRow, ticket: TicketRow, because: str
) -> None:
    epoch = ticket.epoch + 1
    tx.add(
        TicketOfferRow(
            id=consult.id,
            ticket_id=ticket.id,
            seat_id=consult.guest_seat_id,
            epoch=epoch,
            media_epoch=consult.media_epoch,
            offered_at=consult.invited_at,
            expires_at=consult.expires_at,
            outcome=OfferOutcome.ACCEPTED,
            ended_at=tx.now,
        )
    )
    tx.touched.offers.add(consult.id)
    tx.move_ticket(
        ticket,
        TicketEvent.PASS,
        seat_id=consult.guest_seat_id,
        offer_id=consult.id,
        epoch=epoch,
        last_seat_id=None,
        wanted_seat_id=None,
        hand_overs=ticket.hand_overs + 1,
        item_code=consult.item_code,
        department=consult.department,
    )
    tx.add(
        CallRow(
            id=consult.id,
            ticket_id=ticket.id,
            seat_id=consult.guest_seat_id,
            kiosk_id=ticket.kiosk_id,
            agent_id=consult.guest_agent_id,
            state=CallState.CONNECTED,
            state_since=tx.now,
            # For the resident it is one call; how long they waited for it does not change.
            started_at=call.started_at,
            connected_at=tx.now,
            resident_media=consult.resident_media,
            agent_media=consult.agent_media,
        )
    )
    tx.touched.calls.add(consult.id)
    tx.note(
        "ticket.passed_on",
        kiosk_id=ticket.kiosk_id,
        seat_id=consult.guest_seat_id,
        ticket_id=ticket.id,
        call_id=consult.id,
        reason=because,
        from_seat=consult.host_seat_id,
        from_call=call.id,
        epoch=epoch,
        hand_overs=ticket.hand_overs,
        item=ticket.item_code,
        department=ticket.department,
    )
    transferring.note_if_often(tx, ticket)
