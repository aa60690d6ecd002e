"""Agents at seats: signing in and out, open or on break, after-call work."""

from __future__ import annotations

from typing import Final

from service_queue.actor import Actor
from service_queue.errors import (
    AlreadySeated,
    NotSeated,
    SeatBusy,
    SeatTaken,
    SeatUnknown,
    ShiftEndTooFar,
    WrapUpOver,
)
from service_queue.identities import is_undecided
from service_queue.identity_tables import IdentityRow
from service_queue.seat import SEAT_STATUS, SeatEvent, SeatWish
from service_queue.tables import CallRow, SeatRow, TicketOfferRow, TicketRow
from service_queue.transaction import Transaction
from signaling.protocol.commands import (
    ExtendWrapUp,
    FinishWrapUp,
    SetShiftEnd,
    SignIn,
    TakeBreak,
)
from signaling.protocol.words import BreakReason, SeatState, SeatStatus

LONGEST_SHIFT_S: Final = 86_400.0


def seat_of(tx: Transaction, actor: Actor) -> SeatRow:
    """The seat an agent is signed in to.

    Raises:
        NotSeated: none.
    """
    seat = tx.find(SeatRow, agent_id=actor.agent_id)
    if seat is None:
        raise NotSeated
    return seat


def sign_in(tx: Transaction, actor: Actor, command: SignIn) -> None:
    """Sit down at a seat; signing in where one sits already changes nothing.

    Raises:
        SeatUnknown, SeatTaken, AlreadySeated.
    """
    seat = tx.find(SeatRow, id=command.seat_id)
    if seat is None:
        raise SeatUnknown
    if seat.agent_id == actor.agent_id:
        return
    if seat.agent_id is not None:
        raise SeatTaken
    before = tx.find(SeatRow, agent_id=actor.agent_id)
    if before is not None:
        if before.state is not SeatState.IDLE:
            raise AlreadySeated(f"at seat {before.id}")
        leave_seat(tx, before, "moved")
    tx.set_seat(
        seat,
        status=SEAT_STATUS.after(seat.status, SeatWish.SIGN_IN),
        break_reason=BreakReason.PREPARING,
        agent_id=actor.agent_id,
        agent_name=actor.agent_name,
        away_since=None,
        idle_since=tx.now,
        state_since=tx.now,
        departments=actor.departments,
        languages=actor.languages,
        shift_ends_at=None,
        declines_in_row=0,
    )
    tx.note(
        "seat.signed_in",
        seat_id=seat.id,
        departments=actor.departments,
        languages=actor.languages,
    )


def sign_out(tx: Transaction, actor: Actor) -> None:
    """Leave the seat.

    Raises:
        NotSeated, SeatBusy.
    """
    seat = seat_of(tx, actor)
    if seat.state in (SeatState.IN_CALL, SeatState.RESERVED):
        raise SeatBusy
    leave_seat(tx, seat, "signed_out")


def leave_seat(tx: Transaction, seat: SeatRow, reason: str) -> None:
    """Nobody sits there any more."""
    if seat.state is SeatState.WRAP_UP:
        end_wrap_up(tx, seat, reason)
    tx.set_seat(
        seat,
        status=SEAT_STATUS.after(seat.status, SeatWish.SIGN_OUT),
        break_reason=None,
        agent_id=None,
        agent_name=None,
        away_since=None,
        state_since=tx.now,
        shift_ends_at=None,
    )
    tx.note("seat.signed_out", seat_id=seat.id, reason=reason)


def open_seat(tx: Transaction, actor: Actor) -> None:
    """Ready for residents."""
    seat = seat_of(tx, actor)
    if seat.status is SeatStatus.AVAILABLE:
        return
    values = {
        "status": SEAT_STATUS.after(seat.status, SeatWish.OPEN),
        "break_reason": None,
        "declines_in_row": 0,
    }
    if seat.state is SeatState.IDLE:
        tx.set_seat(seat, **values, idle_since=tx.now, state_since=tx.now)
    else:
        tx.set_seat(seat, **values)
    tx.note("seat.opened", seat_id=seat.id)


def take_break(tx: Transaction, actor: Actor, command: TakeBreak) -> None:
    """No more residents after the current one."""
    pause(tx, seat_of(tx, actor), command.reason)


def pause(tx: Transaction, seat: SeatRow, reason: BreakReason) -> None:
    """Put a seat on break; the resident it has, or that rings there, is finished first."""
    tx.set_seat(
        seat,
        status=SEAT_STATUS.after(seat.status, SeatWish.TAKE_BREAK),
        break_reason=reason,
        state_since=tx.now if seat.state is SeatState.IDLE else seat.state_since,
    )
    tx.note("seat.paused", seat_id=seat.id, reason=reason)


def set_shift_end(tx: Transaction, actor: Actor, command: SetShiftEnd) -> None:
    """Say when the agent's shift ends, or that it has no end.

    Raises:
        NotSeated, ShiftEndTooFar.
    """
    seat = seat_of(tx, actor)
    if command.at is not None and command.at > tx.now + LONGEST_SHIFT_S:
        raise ShiftEndTooFar
    if seat.shift_ends_at == command.at:
        return
    tx.set_seat(seat, shift_ends_at=command.at)
    tx.note("seat.shift_set", seat_id=seat.id, until=command.at)
    if command.at is not None and command.at <= tx.now:
        end_shift(tx, seat)


def end_shift(tx: Transaction, seat: SeatRow) -> None:
    """The shift is over: no more residents after the one of this moment.

    The agent may open the seat again, for as long as they like.
    """
    tx.set_seat(seat, shift_ends_at=None)
    pause(tx, seat, BreakReason.SHIFT_OVER)


def begin_wrap_up(tx: Transaction, seat: SeatRow, call: CallRow, ticket: TicketRow) -> None:
    """After-call work begins, with a deadline; the call counts in the day of the seat."""
    until = tx.now + tx.policy.wrap_up_items.get(ticket.item_code, tx.policy.wrap_up_s)
    same_day = seat.tally_day == ticket.day
    talked_s = tx.now - (call.connected_at or tx.now)
    tx.move_seat(
        seat,
        SeatEvent.END_CALL,
        wrap_up_call_id=call.id,
        wrap_up_until=until,
        wrap_up_extensions=0,
        tally_day=ticket.day,
        calls_today=(seat.calls_today if same_day else 0) + 1,
        talk_today_s=(seat.talk_today_s if same_day else 0.0) + talked_s,
    )
    tx.note("wrap_up.begun", seat_id=seat.id, call_id=call.id, until=until)


def extend_wrap_up(tx: Transaction, actor: Actor, command: ExtendWrapUp) -> None:
    """More time for after-call work.

    Raises:
        WrapUpOver: it is over, or was extended as often as allowed.
    """
    seat = _wrapping_up(tx, actor, command.call_id)
    if seat.wrap_up_extensions >= tx.policy.max_wrap_up_extensions:
        raise WrapUpOver
    until = (seat.wrap_up_until or tx.now) + tx.policy.wrap_up_extension_s
    tx.set_seat(seat, wrap_up_until=until, wrap_up_extensions=seat.wrap_up_extensions + 1)
    tx.note("wrap_up.extended", seat_id=seat.id, call_id=command.call_id, until=until)


def finish_wrap_up(tx: Transaction, actor: Actor, command: FinishWrapUp) -> None:
    """Done with after-call work.

    Raises:
        WrapUpOver: it is over already.
    """
    end_wrap_up(tx, _wrapping_up(tx, actor, command.call_id), "finished")


def end_wrap_up(tx: Transaction, seat: SeatRow, reason: str) -> None:
    """The seat is free again. Evidence that nobody decided on is named in the journal."""
    call_id = seat.wrap_up_call_id
    tx.move_seat(
        seat,
        SeatEvent.FINISH_WRAP_UP,
        wrap_up_call_id=None,
        wrap_up_until=None,
        wrap_up_extensions=0,
        idle_since=tx.now,
    )
    tx.note("wrap_up.ended", seat_id=seat.id, call_id=call_id, reason=reason)
    if call_id is not None:
        _note_undecided(tx, seat, call_id, reason)


def _note_undecided(tx: Transaction, seat: SeatRow, call_id: str, ended: str) -> None:
    # The offer of a call is known to the writer, the call that is over is not.
    ticket_id = tx.need(TicketOfferRow, id=call_id).ticket_id
    identity = tx.find(IdentityRow, ticket_id=ticket_id)
    if identity is None or not is_undecided(identity):
        return
    ticket = tx.need(TicketRow, id=ticket_id)
    if ticket.offer_id != call_id:
        return  # it went on to another window
    tx.note(
        "identity.left_undecided",
        kiosk_id=ticket.kiosk_id,
        seat_id=seat.id,
        ticket_id=ticket.id,
        call_id=call_id,
        reason=identity.grade,
        verdict=identity.verdict_id,
        agent_id=seat.agent_id,
        wrap_up=ended,
    )


def _wrapping_up(tx: Transaction, actor: Actor, call_id: str) -> SeatRow:
    seat = seat_of(tx, actor)
    if seat.state is not SeatState.WRAP_UP or seat.wrap_up_call_id != call_id:
        raise WrapUpOver
    return seat
