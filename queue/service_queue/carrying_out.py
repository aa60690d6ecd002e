"""Each command and the unit of work that carries it out."""

from __future__ import annotations

from service_queue import (
    calling,
    consulting,
    consults,
    deciding,
    entering,
    identifying,
    line,
    offering,
    parking,
    seating,
    transferring,
)
from service_queue.actor import Actor
from service_queue.errors import NotSeated
from service_queue.transaction import Transaction
from signaling.protocol.commands import (
    AcceptTicket,
    AskIdentity,
    CallCommand,
    ComeBack,
    ConsultCommand,
    DecideIdentity,
    DeclineInvitation,
    DeclineTicket,
    EndCall,
    EndConsult,
    ExtendWrapUp,
    FinishWrapUp,
    GiveReturnCode,
    HandCallOver,
    InviteColleague,
    JoinCall,
    KioskCommand,
    LeaveTicket,
    MarkNoShow,
    OpenSeat,
    RateCall,
    RebuildMedia,
    ReportMedia,
    SaveNote,
    SeatCommand,
    SetShiftEnd,
    SignIn,
    SignOut,
    SkipRating,
    StepAway,
    StoredCommand,
    TakeBreak,
    TakeTicket,
    TransferCall,
    WithdrawIdentity,
)
from signaling.protocol.errors import NotAllowed
from signaling.protocol.events import CommandAnswer, Done, ReturnCodeGiven, TicketTaken
from signaling.protocol.words import Role


def carry_out(tx: Transaction, actor: Actor, command: StoredCommand) -> CommandAnswer:
    """Do what the command says; returns its answer.

    Raises:
        Refusal: it may not be done; the caller undoes the transaction.
    """
    done = Done(op_id=command.op_id)
    if isinstance(command, KioskCommand):
        if actor.role is not Role.KIOSK_PAGE or actor.kiosk_id is None:
            raise NotAllowed
        return _for_kiosk(tx, actor.kiosk_id, command) or done
    if isinstance(command, CallCommand):
        _in_call(tx, actor, command)
        return done
    if actor.agent_id is None:
        raise NotSeated
    if isinstance(command, GiveReturnCode):
        given = entering.give_return_code(tx, calling.held_call(tx, actor, command.call_id))
        return ReturnCodeGiven(op_id=command.op_id, code=given.code, valid_until=given.valid_until)
    if isinstance(command, AskIdentity | DecideIdentity):
        _about_identity(tx, actor, command)
    elif isinstance(command, ConsultCommand):
        _with_colleague(tx, actor, command)
    else:
        _at_seat(tx, actor, command)
    return done


def _for_kiosk(tx: Transaction, kiosk_id: str, command: KioskCommand) -> TicketTaken | None:
    match command:
        case TakeTicket():
            ticket = line.take(tx, kiosk_id, command)
            return TicketTaken(op_id=command.op_id, ticket_id=ticket.id, number=ticket.number)
        case LeaveTicket():
            line.leave(tx, kiosk_id, command)
        case StepAway():
            parking.step_away(tx, kiosk_id, command)
        case ComeBack():
            parking.come_back(tx, kiosk_id, command)
        case RateCall():
            line.rate(tx, kiosk_id, command)
        case SkipRating():
            line.skip_rating(tx, kiosk_id, command)
        case WithdrawIdentity():
            identifying.withdraw(tx, kiosk_id, command)
    return None


def _in_call(tx: Transaction, actor: Actor, command: CallCommand) -> None:
    match command:
        case EndCall():
            calling.end(tx, actor, command)
        case ReportMedia():
            consult = consults.on_link(tx, command.call_id)
            if consult is None:
                calling.report_media(tx, actor, command)
            else:
                consults.report_media(tx, actor, consult, command)
        case RebuildMedia():
            consult = consults.on_link(tx, command.call_id)
            if consult is None:
                calling.rebuild_media(tx, actor, command)
            else:
                consults.rebuild_media(tx, actor, consult, command)


def _with_colleague(tx: Transaction, actor: Actor, command: ConsultCommand) -> None:
    match command:
        case InviteColleague():
            consulting.invite(tx, actor, command)
        case JoinCall():
            consulting.join(tx, actor, command)
        case DeclineInvitation():
            consulting.decline(tx, actor, command)
        case EndConsult():
            consulting.leave(tx, actor, command)
        case HandCallOver():
            consulting.hand_over(tx, actor, command)


def _at_seat(tx: Transaction, actor: Actor, command: SeatCommand) -> None:
    match command:
        case SignIn():
            seating.sign_in(tx, actor, command)
        case SignOut():
            seating.sign_out(tx, actor)
        case OpenSeat():
            seating.open_seat(tx, actor)
        case TakeBreak():
            seating.take_break(tx, actor, command)
        case SetShiftEnd():
            seating.set_shift_end(tx, actor, command)
        case AcceptTicket():
            offering.accept(tx, seating.seat_of(tx, actor), command)
        case DeclineTicket():
            offering.decline(tx, seating.seat_of(tx, actor), command)
        case MarkNoShow():
            parking.mark_no_show(tx, actor, command)
        case TransferCall():
            transferring.transfer(tx, actor, command)
        case ExtendWrapUp():
            seating.extend_wrap_up(tx, actor, command)
        case FinishWrapUp():
            seating.finish_wrap_up(tx, actor, command)
        case SaveNote():
            calling.save_note(tx, actor, command)


def _about_identity(tx: Transaction, actor: Actor, command: AskIdentity | DecideIdentity) -> None:
    match command:
        case AskIdentity():
            identifying.ask(tx, actor, command)
        case DecideIdentity():
            deciding.decide(tx, actor, command)
