"""Why the queue refuses.

Refusal (signaling.protocol.errors)
└── QueueError
    ├── TransitionRefused     transition_refused
    ├── ItemUnknown           item_unknown
    ├── KioskUnknown          kiosk_unknown
    ├── LocationUnknown       location_unknown
    ├── LocationClosed        location_closed
    ├── LastTicketGone        last_ticket_gone
    ├── CapReached            cap_reached
    ├── CodeRejected          code_rejected
    │   ├── CodeUnknown       code_unknown
    │   ├── CodeUsed          code_used
    │   ├── CodeExpired       code_expired
    │   ├── CodeTooEarly      code_too_early
    │   └── CodeElsewhere     code_elsewhere
    ├── AppointmentUnknown    appointment_unknown
    ├── AppointmentOutOfRange appointment_out_of_range
    ├── SeatUnknown           seat_unknown
    ├── SeatTaken             seat_taken
    ├── SeatBusy              seat_busy
    ├── NotSeated             not_seated
    ├── ShiftEndTooFar        shift_end_too_far
    ├── AlreadySeated         already_seated
    ├── TicketUnknown         ticket_unknown
    ├── TicketAlreadyOpen     ticket_already_open
    ├── SteppedAwayTooOften   stepped_away_too_often
    ├── OfferStale            offer_stale
    ├── OfferForeign          offer_foreign
    ├── CallUnknown           call_unknown
    │   └── CallClosed        call_closed
    ├── TransferImpossible    transfer_impossible
    │   ├── TransferUnclear   transfer_unclear
    │   ├── TransferToSelf    transfer_to_self
    │   ├── SeatNotOpen       seat_not_open
    │   ├── NobodyServes      nobody_serves
    │   ├── ColleagueBusy     colleague_busy
    │   └── ColleagueInvited  colleague_invited
    ├── InvitationOver        invitation_over
    ├── NotJoinedYet          not_joined_yet
    ├── MediaEpochStale       media_epoch_stale
    ├── WrapUpOver            wrap_up_over
    ├── RatingOver            rating_over
    ├── IdentityRefused       identity_refused
    │   ├── NonceRefused      nonce_refused
    │   ├── TicketOver        ticket_over
    │   ├── TriesSpent        identity_tries_spent
    │   ├── AlreadyDecided    identity_decided
    │   ├── ReasonUnfit       reason_unfit
    │   ├── NoteMissing       note_missing
    │   ├── SecondNeeded      second_person_needed
    │   ├── SecondRefused     second_person_refused
    │   └── NothingToRead     nothing_to_read
    ├── OperationReused       operation_reused
    ├── PolicyInvalid         policy_invalid
    ├── PolicyUnreadable      policy_unreadable
    └── PolicyVersionUnknown  policy_version_unknown
StoreError                    the database, not the command
├── StoreClosed               store_closed
└── StoreUnavailable          store_unavailable
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from signaling.protocol.errors import Refusal


class QueueError(Refusal):
    """The queue refuses the command."""

    code = "queue_error"


class TransitionRefused(QueueError):
    """The thing is not in a state in which this may happen."""

    code = "transition_refused"


class ItemUnknown(QueueError):
    """There is no such service item."""

    code = "item_unknown"


class KioskUnknown(QueueError):
    """There is no such kiosk."""

    code = "kiosk_unknown"


class LocationUnknown(QueueError):
    """There is no such location."""

    code = "location_unknown"


class LocationClosed(QueueError):
    """It is outside the opening hours."""

    code = "location_closed"


class LastTicketGone(QueueError):
    """It is open, but gives out no more tickets today."""

    code = "last_ticket_gone"


class CapReached(QueueError):
    """As many tickets as the day allows were given out, at the location or for the item."""

    code = "cap_reached"


class CodeRejected(QueueError):
    """The code gives no place in the line."""

    code = "code_rejected"


class CodeUnknown(CodeRejected):
    """There is no such code."""

    code = "code_unknown"


class CodeUsed(CodeRejected):
    """A ticket was taken with it already."""

    code = "code_used"


class CodeExpired(CodeRejected):
    """Its time is over."""

    code = "code_expired"


class CodeTooEarly(CodeRejected):
    """The appointment is on another day."""

    code = "code_too_early"


class CodeElsewhere(CodeRejected):
    """The appointment is at another location."""

    code = "code_elsewhere"


class AppointmentUnknown(QueueError):
    """There is no such appointment, or somebody came for it already."""

    code = "appointment_unknown"


class AppointmentOutOfRange(QueueError):
    """The appointed time is over, or more than a year away."""

    code = "appointment_out_of_range"


class SeatUnknown(QueueError):
    """There is no such seat."""

    code = "seat_unknown"


class SeatTaken(QueueError):
    """Another agent sits there."""

    code = "seat_taken"


class SeatBusy(QueueError):
    """The seat is with a resident; end that first."""

    code = "seat_busy"


class NotSeated(QueueError):
    """The agent is not signed in to a seat."""

    code = "not_seated"


class ShiftEndTooFar(QueueError):
    """The end of a shift is more than a day away."""

    code = "shift_end_too_far"


class AlreadySeated(QueueError):
    """The agent sits at another seat."""

    code = "already_seated"


class TicketUnknown(QueueError):
    """There is no such ticket for this kiosk."""

    code = "ticket_unknown"


class TicketAlreadyOpen(QueueError):
    """This kiosk already holds a place in the line."""

    code = "ticket_already_open"


class SteppedAwayTooOften(QueueError):
    """The resident stepped away as often as the policy allows."""

    code = "stepped_away_too_often"


class OfferStale(QueueError):
    """The ticket offer is over: it expired, was answered, or has a newer epoch."""

    code = "offer_stale"


class OfferForeign(QueueError):
    """The ticket was offered to another seat."""

    code = "offer_foreign"


class CallUnknown(QueueError):
    """There is no such live call for this side."""

    code = "call_unknown"


class CallClosed(CallUnknown):
    """The call and its after-call work are over, or the resident went on to another window."""

    code = "call_closed"


class TransferImpossible(QueueError):
    """The resident cannot be handed on like this."""

    code = "transfer_impossible"


class TransferUnclear(TransferImpossible):
    """It must name an item, a department or a seat, and only one of them."""

    code = "transfer_unclear"


class TransferToSelf(TransferImpossible):
    """It is the seat that has the resident."""

    code = "transfer_to_self"


class SeatNotOpen(TransferImpossible):
    """Nobody takes residents at that seat now."""

    code = "seat_not_open"


class NobodyServes(TransferImpossible):
    """No other open seat may serve this."""

    code = "nobody_serves"


class ColleagueBusy(TransferImpossible):
    """Nobody who may serve this is free just now."""

    code = "colleague_busy"


class ColleagueInvited(TransferImpossible):
    """A colleague is invited into this call already."""

    code = "colleague_invited"


class InvitationOver(QueueError):
    """This invitation is over, or it is not theirs."""

    code = "invitation_over"


class NotJoinedYet(QueueError):
    """The colleague and the resident do not see and hear each other (yet)."""

    code = "not_joined_yet"


class MediaEpochStale(QueueError):
    """The peer connections were built anew since."""

    code = "media_epoch_stale"


class WrapUpOver(QueueError):
    """After-call work of this call is over or cannot be extended again."""

    code = "wrap_up_over"


class RatingOver(QueueError):
    """The call was rated already, or the time for it is over."""

    code = "rating_over"


class IdentityRefused(QueueError):
    """The check of identity does not allow it."""

    code = "identity_refused"


class NonceRefused(IdentityRefused):
    """The nonce is not the one given for this ticket and kiosk, was used, or is past its time."""

    code = "nonce_refused"


class TicketOver(IdentityRefused):
    """The ticket is no longer open."""

    code = "ticket_over"


class TriesSpent(IdentityRefused):
    """The face was looked at as often as the policy allows; the agent's look is the way now."""

    code = "identity_tries_spent"


class AlreadyDecided(IdentityRefused):
    """The agent has decided; another check begins when the agent asks for it."""

    code = "identity_decided"


class ReasonUnfit(IdentityRefused):
    """The reason belongs to the other decision."""

    code = "reason_unfit"


class NoteMissing(IdentityRefused):
    """This reason needs a few words."""

    code = "note_missing"


class SecondNeeded(IdentityRefused):
    """It goes against the evidence: a second person has to stand by it."""

    code = "second_person_needed"


class SecondRefused(IdentityRefused):
    """The second person has to be somebody else, with an account that stands."""

    code = "second_person_refused"


class NothingToRead(IdentityRefused):
    """No name and number are kept for this resident."""

    code = "nothing_to_read"


class OperationReused(QueueError):
    """The operation id was used for a different command."""

    code = "operation_reused"


@dataclass(frozen=True, slots=True)
class PolicyProblem:
    """One thing wrong, or of note, in a policy file."""

    line: int
    option: str
    """Such as `green.one_in`; empty for the file as a whole."""
    reason: str

    def __str__(self) -> str:
        """`line 7, green.one_in: must be at least 2`."""
        place = f"line {self.line}" + (f", {self.option}" if self.option else "")
        return f"{place}: {self.reason}"


class PolicyInvalid(QueueError):
    """The policy cannot be applied: it is malformed, or it could starve somebody."""

    code = "policy_invalid"

    def __init__(self, problems: Collection[PolicyProblem]) -> None:
        """`problems`: all of them, so that they can be mended in one go."""
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class PolicyUnreadable(QueueError):
    """The policy in force was written for another version of this program."""

    code = "policy_unreadable"

    def __init__(self, version: int, name: str, why: PolicyInvalid) -> None:
        super().__init__(
            f"The policy in force (version {version}, {name!r}) cannot be read:\n{why}\n"
            "Apply one that can: xiaowu queue policy apply FILE, or rollback N"
        )


class PolicyVersionUnknown(QueueError):
    """No policy was ever applied under this number."""

    code = "policy_version_unknown"


class StoreError(Refusal):
    """The database refuses."""

    code = "store_error"


class StoreClosed(StoreError):
    """The store was closed."""

    code = "store_closed"


class StoreUnavailable(StoreError):
    """The database cannot be written now."""

    code = "store_unavailable"
