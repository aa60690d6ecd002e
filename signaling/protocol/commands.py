"""Client → server. Imperative; each is answered after its effect is committed.

A command travels as the Socket.IO event `command` with an acknowledgement. `op_id` is made by the
sender, once per intention: sending the same `op_id` again gives the same answer and does nothing.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from signaling.protocol.identity import DecisionReason, IdentityDecision
from signaling.protocol.message import Id, Message, Moment
from signaling.protocol.signals import Candidate, Description
from signaling.protocol.words import (
    BreakReason,
    DeclineReason,
    GreenReason,
    Language,
    MediaReport,
    TransferReason,
)

EntryCode = Annotated[str, Field(pattern=r"^[0-9]{8}$")]
"""What a resident types: eight digits, the last one a check digit (ISO 7064 MOD 11,10)."""


class Command(Message):
    """Base of all commands that change something."""

    op_id: Id


class TakeTicket(Command):
    """Kiosk: take a place in the line for a service item, or with a code for what it is for."""

    type: Literal["ticket.take"] = "ticket.take"
    item_code: Id | None = None
    """Needed without `code`; with one, the item is the code's."""
    language: Language = Language.ZH
    green: GreenReason | None = None
    """What the resident says; the policy tells which reasons count by word alone."""
    code: EntryCode | None = None
    """A return code or the code of an appointment."""


class LeaveTicket(Command):
    """Kiosk: give the place up."""

    type: Literal["ticket.leave"] = "ticket.leave"
    ticket_id: Id


class StepAway(Command):
    """Kiosk: keep my place, but do not call me for a while (暂离)."""

    type: Literal["ticket.step_away"] = "ticket.step_away"
    ticket_id: Id


class ComeBack(Command):
    """Kiosk: I am here again."""

    type: Literal["ticket.come_back"] = "ticket.come_back"
    ticket_id: Id


class RateCall(Command):
    """Kiosk: rate the service, 1 (very bad) to 5 (very good); once per ticket."""

    type: Literal["ticket.rate"] = "ticket.rate"
    ticket_id: Id
    score: Annotated[int, Field(ge=1, le=5)]


class SkipRating(Command):
    """Kiosk: the resident goes without rating."""

    type: Literal["ticket.skip_rating"] = "ticket.skip_rating"
    ticket_id: Id


class WithdrawIdentity(Command):
    """Kiosk: the resident takes the consent back (撤回); what is personal of it is deleted."""

    type: Literal["identity.withdraw"] = "identity.withdraw"
    ticket_id: Id


class SignIn(Command):
    """Agent: sit down at a seat."""

    type: Literal["seat.sign_in"] = "seat.sign_in"
    seat_id: Id


class SignOut(Command):
    """Agent: leave the seat; refused during a call."""

    type: Literal["seat.sign_out"] = "seat.sign_out"


class OpenSeat(Command):
    """Agent: ready for residents."""

    type: Literal["seat.open"] = "seat.open"


class TakeBreak(Command):
    """Agent: no more residents after the current one, with a reason."""

    type: Literal["seat.take_break"] = "seat.take_break"
    reason: BreakReason


class SetShiftEnd(Command):
    """Agent: when my shift ends; the resident of that moment is finished first. None: no end."""

    type: Literal["seat.set_shift_end"] = "seat.set_shift_end"
    at: Moment | None


class AcceptTicket(Command):
    """Agent: accept the ticket offered. Quotes the epoch of the lease; a late accept is refused."""

    type: Literal["ticket.accept"] = "ticket.accept"
    offer_id: Id
    epoch: Annotated[int, Field(ge=1)]


class DeclineTicket(Command):
    """Agent: not this one, with a reason; the ticket keeps its place."""

    type: Literal["ticket.decline"] = "ticket.decline"
    offer_id: Id
    epoch: Annotated[int, Field(ge=1)]
    reason: DeclineReason


class EndCall(Command):
    """Either side: end the call."""

    type: Literal["call.end"] = "call.end"
    call_id: Id


class MarkNoShow(Command):
    """Agent: nobody is in the booth (过号); the ticket is called again later."""

    type: Literal["call.no_show"] = "call.no_show"
    call_id: Id


class TransferCall(Command):
    """Agent: hand the resident on, to another item, a department or a seat; exactly one of them."""

    type: Literal["call.transfer"] = "call.transfer"
    call_id: Id
    reason: TransferReason
    to_item: Id | None = None
    to_department: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    to_seat: Id | None = None


class InviteColleague(Command):
    """Agent: ask a colleague into the call, to hand it over with all three there (warm).

    Exactly one of the targets: a free seat, or whoever is free and serves an item or a department.
    """

    type: Literal["consult.invite"] = "consult.invite"
    call_id: Id
    reason: TransferReason
    to_item: Id | None = None
    to_department: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    to_seat: Id | None = None


class JoinCall(Command):
    """Agent: accept the invitation that rings."""

    type: Literal["consult.join"] = "consult.join"
    consult_id: Id


class DeclineInvitation(Command):
    """Agent: not me, with a reason; the call goes on without."""

    type: Literal["consult.decline"] = "consult.decline"
    consult_id: Id
    reason: DeclineReason


class EndConsult(Command):
    """Either agent: the colleague leaves the call, or the invitation is taken back."""

    type: Literal["consult.end"] = "consult.end"
    consult_id: Id


class HandCallOver(Command):
    """Agent: the call is the colleague's, who is in it, from now on."""

    type: Literal["consult.hand_over"] = "consult.hand_over"
    consult_id: Id


class GiveReturnCode(Command):
    """Agent: a code with which the resident comes back for the same matter (回头号)."""

    type: Literal["call.give_return_code"] = "call.give_return_code"
    call_id: Id


class ReportMedia(Command):
    """Either side: what I receive from the other has changed."""

    type: Literal["call.report_media"] = "call.report_media"
    call_id: Id
    media_epoch: Annotated[int, Field(ge=1)]
    media: MediaReport


class RebuildMedia(Command):
    """Either side: build the peer connections anew; names the media epoch it saw fail."""

    type: Literal["call.rebuild_media"] = "call.rebuild_media"
    call_id: Id
    media_epoch: Annotated[int, Field(ge=1)]


class ExtendWrapUp(Command):
    """Agent: more time for after-call work."""

    type: Literal["wrap_up.extend"] = "wrap_up.extend"
    call_id: Id


class FinishWrapUp(Command):
    """Agent: done with after-call work."""

    type: Literal["wrap_up.finish"] = "wrap_up.finish"
    call_id: Id


class SaveNote(Command):
    """Agent: keep a note on the call; the last one saved stands."""

    type: Literal["call.save_note"] = "call.save_note"
    call_id: Id
    text: Annotated[str, Field(max_length=4000)]


class AskIdentity(Command):
    """Agent: have the resident in the call show who they are."""

    type: Literal["identity.ask"] = "identity.ask"
    call_id: Id


class DecideIdentity(Command):
    """Agent: is it the person; in the call, or while it is wrapped up.

    What goes against the evidence needs a second person, over REST.
    """

    type: Literal["identity.decide"] = "identity.decide"
    call_id: Id
    decision: IdentityDecision
    reason: DecisionReason
    note: Annotated[str, Field(max_length=400, repr=False)] = ""


class SendSignal(Message):
    """Either side: an SDP description or an ICE candidate for the other; relayed, not stored."""

    type: Literal["call.signal"] = "call.signal"
    call_id: Id
    media_epoch: Annotated[int, Field(ge=1)]
    description: Description | None = None
    candidate: Candidate | None = None
    """An empty `candidate.candidate` says that there are no more."""


class SyncView(Message):
    """Anyone: send me my view afresh (after a gap, a wake-up, a doubt)."""

    type: Literal["view.sync"] = "view.sync"


class ReportHealth(Message):
    """Kiosk program: how the booth is. Kept as the latest word, not in the journal."""

    type: Literal["kiosk.report_health"] = "kiosk.report_health"
    version: Annotated[str, Field(max_length=40)]
    page_attached: bool
    camera: Literal["ok", "missing", "unknown"]
    microphone: Literal["ok", "missing", "unknown"]
    disk_free_mib: Annotated[int, Field(ge=0)]
    uptime_s: Annotated[float, Field(ge=0)]


KioskCommand = (
    TakeTicket | LeaveTicket | StepAway | ComeBack | RateCall | SkipRating | WithdrawIdentity
)
ConsultCommand = InviteColleague | JoinCall | DeclineInvitation | EndConsult | HandCallOver
SeatCommand = (
    SignIn
    | SignOut
    | OpenSeat
    | TakeBreak
    | SetShiftEnd
    | AcceptTicket
    | DeclineTicket
    | MarkNoShow
    | TransferCall
    | ConsultCommand
    | GiveReturnCode
    | ExtendWrapUp
    | FinishWrapUp
    | SaveNote
    | AskIdentity
    | DecideIdentity
)
CallCommand = EndCall | ReportMedia | RebuildMedia
StoredCommand = KioskCommand | SeatCommand | CallCommand
"""Commands that write: they carry an op_id and are answered after commit."""

ClientMessage = Annotated[
    StoredCommand | SendSignal | SyncView | ReportHealth, Field(discriminator="type")
]
client_message: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)
"""Parses what a client sends; raises pydantic.ValidationError."""
