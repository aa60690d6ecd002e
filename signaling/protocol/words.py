"""The fixed words of the wire: roles, states, reasons.

The same words are used by the rules, the database, the messages and the screens, so they are
written down once. Each member says who moves a thing into it.
"""

from enum import StrEnum


class Role(StrEnum):
    """What a connection may do."""

    KIOSK_PAGE = "kiosk_page"
    """The touch page of one kiosk, or the headless kiosk in its place."""
    KIOSK_DEVICE = "kiosk_device"
    """The kiosk program itself: health, printing, tokens for its page."""
    AGENT = "agent"
    """A person at a seat."""
    SUPERVISOR = "supervisor"
    """A person in front of the wall."""
    ADMIN = "admin"
    """County IT: kiosks, seats, items, agents."""


class Language(StrEnum):
    """A language a resident may choose."""

    ZH = "zh"
    EN = "en"
    BO = "bo"


class TicketState(StrEnum):
    """Where a place in the queue stands."""

    WAITING = "waiting"
    """In the line. Set when taken, or when an offer or a call fell through."""
    OFFERED = "offered"
    """Reserved for one seat until the ticket offer expires. Set by the matcher."""
    PARKED = "parked"
    """Keeps its claim but is not called: the resident stepped away, or was called and not there."""
    SERVING = "serving"
    """In a call. Set when the seat accepts."""
    COMPLETED = "completed"
    """Served. Set when the call ends on purpose."""
    ABANDONED = "abandoned"
    """The resident left, or the kiosk stayed away too long. Set by the resident or the sweeper."""
    EXPIRED = "expired"
    """The service could not serve it: closing time, or media that never connects."""

    @property
    def is_open(self) -> bool:
        """True while the resident still has a claim to be served."""
        return self in _OPEN_TICKET_STATES


_OPEN_TICKET_STATES = frozenset(
    {TicketState.WAITING, TicketState.OFFERED, TicketState.PARKED, TicketState.SERVING}
)


class Lane(StrEnum):
    """Which part of the line a ticket stands in; within a lane the earlier place goes first."""

    ORDINARY = "ordinary"
    """By arrival."""
    TECHNICAL_DROP = "technical_drop"
    """The call was lost through no fault of the resident: first of all, by arrival."""
    RETURNED = "returned"
    """Came back with a return code (回头号) for the same matter."""
    APPOINTMENT = "appointment"
    """Came for an appointed time, and in time for it."""
    RECALLED = "recalled"
    """Was called and not there (过号); stands where it came back to the line."""


class GreenReason(StrEnum):
    """Why a ticket goes through the green channel (绿色通道)."""

    ELDERLY = "elderly"
    DISABLED = "disabled"
    PREGNANT = "pregnant"
    MILITARY = "military"


class ParkReason(StrEnum):
    """Why a ticket is parked."""

    STEPPED_AWAY = "stepped_away"
    """The resident asked for it (暂离); a countdown runs."""
    NO_SHOW = "no_show"
    """It was called and nobody came (过号); it is called again when its time is up."""


class Precedence(StrEnum):
    """Why one ticket is served before another: the words of the explanation."""

    EARLIER = "earlier"
    """It came earlier."""
    TECHNICAL_DROP = "technical_drop"
    GREEN = "green"
    CEILING = "ceiling"
    """It has waited so long that nobody may overtake it."""
    RETURNED = "returned"
    APPOINTMENT = "appointment"
    RECALLED = "recalled"
    BEHIND = "behind"
    """Its location has fallen behind the others."""


class EntryKind(StrEnum):
    """What a code typed at a kiosk is for."""

    RETURN = "return"
    """回头号: back with what was missing, for the same matter."""
    APPOINTMENT = "appointment"


class TransferReason(StrEnum):
    """Why an agent hands a resident on."""

    WRONG_ITEM = "wrong_item"
    NEEDS_SPECIALIST = "needs_specialist"
    LANGUAGE = "language"
    SHIFT_OVER = "shift_over"
    EQUIPMENT = "equipment"
    OTHER = "other"


class TicketEndReason(StrEnum):
    """Why a ticket is no longer open."""

    SERVED = "served"
    RESIDENT_LEFT = "resident_left"
    KIOSK_LOST = "kiosk_lost"
    MEDIA_FAILED = "media_failed"
    SERVICE_CLOSED = "service_closed"
    NOT_PRESENT = "not_present"
    """Called as often as the policy allows, and nobody came."""
    STAYED_AWAY = "stayed_away"
    """Stepped away and did not come back in time."""


class SeatStatus(StrEnum):
    """What the agent asked for; only people change it (and the sweeper, for one who is gone)."""

    OFFLINE = "offline"
    AVAILABLE = "available"
    ON_BREAK = "on_break"


class BreakReason(StrEnum):
    """Why a seat is on break."""

    PREPARING = "preparing"
    """Just signed in, not yet open. Set by the server at sign-in."""
    REST = "rest"
    MEAL = "meal"
    MEETING = "meeting"
    TRAINING = "training"
    PAPERWORK = "paperwork"
    NO_ANSWER = "no_answer"
    """Set by the server when a ticket offer rang out; the agent sees why and comes back by hand."""
    DECLINED_OFTEN = "declined_often"
    """Set by the server after several refusals in a row."""
    SHIFT_OVER = "shift_over"
    """Set by the server when the shift's end has come; the resident of that moment is finished."""


class SeatState(StrEnum):
    """What the seat is doing; only the server changes it."""

    IDLE = "idle"
    RESERVED = "reserved"
    """A ticket offer is ringing."""
    IN_CALL = "in_call"
    WRAP_UP = "wrap_up"
    """After-call work; ends by the agent or by its deadline."""


class OfferOutcome(StrEnum):
    """How a ticket offer ended."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    TIMED_OUT = "timed_out"
    REVOKED = "revoked"
    """The resident or the seat went away while it rang."""


class DeclineReason(StrEnum):
    """Why an agent does not take the ticket offered."""

    NOT_MY_FIELD = "not_my_field"
    LANGUAGE = "language"
    EQUIPMENT = "equipment"
    CONFLICT_OF_INTEREST = "conflict_of_interest"
    OTHER = "other"


class CallState(StrEnum):
    """Where a call stands."""

    CONNECTING = "connecting"
    """Accepted; media does not yet flow both ways."""
    CONNECTED = "connected"
    """Both sides report media from the other."""
    RECONNECTING = "reconnecting"
    """Media was lost or a side is away; the call waits for it."""
    ENDED = "ended"


class CallEndReason(StrEnum):
    """Why a call ended."""

    RESIDENT_LEFT = "resident_left"
    AGENT_HUNG_UP = "agent_hung_up"
    KIOSK_LOST = "kiosk_lost"
    SEAT_LOST = "seat_lost"
    MEDIA_LOST = "media_lost"
    NEVER_CONNECTED = "never_connected"
    SERVICE_CLOSED = "service_closed"
    NO_SHOW = "no_show"
    """The agent found nobody in the booth."""
    TRANSFERRED = "transferred"
    """The agent handed the resident on."""

    @property
    def is_intentional(self) -> bool:
        """True when a person ended the call, so the resident counts as served."""
        return self in (CallEndReason.RESIDENT_LEFT, CallEndReason.AGENT_HUNG_UP)


class ConsultState(StrEnum):
    """Where the invitation of a colleague into a call stands (warm hand-over)."""

    RINGING = "ringing"
    """The colleague's desk rings. Set when the agent invites."""
    JOINED = "joined"
    """Three are in the call. Set when the colleague accepts."""
    ENDED = "ended"


class ConsultEnd(StrEnum):
    """Why an invitation is over."""

    DECLINED = "declined"
    TIMED_OUT = "timed_out"
    WITHDRAWN = "withdrawn"
    """The agent who invited took it back, or said goodbye to the colleague."""
    LEFT = "left"
    """The colleague went out of the call."""
    HANDED_OVER = "handed_over"
    """The call is the colleague's now."""
    SEAT_LOST = "seat_lost"
    MEDIA_LOST = "media_lost"
    CALL_OVER = "call_over"
    """The call itself ended."""


class MediaReport(StrEnum):
    """What one side of a call receives from the other."""

    NONE = "none"
    FLOWING = "flowing"
    STALLED = "stalled"


class KioskPhase(StrEnum):
    """Which screen a kiosk belongs on."""

    IDLE = "idle"
    WAITING = "waiting"
    PARKED = "parked"
    RINGING = "ringing"
    IN_CALL = "in_call"
    RATING = "rating"


class Party(StrEnum):
    """The two ends of a call."""

    RESIDENT = "resident"
    AGENT = "agent"
