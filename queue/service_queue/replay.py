"""The journal told again: tickets, seats, calls and the line as its rows say they stood. Pure.

There is one fold. `xiaowu journal replay` shows what it made, `xiaowu demo --check` judges every
row on the way (`xiaowu/demo/invariants.py` adds its checks to this class). A new kind of row that
moves a ticket, a seat or a call is taught here, in `Replay._tellers`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from service_queue.call import CALL, CallEvent
from service_queue.consult import CONSULT, ConsultEvent
from service_queue.errors import TransitionRefused
from service_queue.journal_entry import JournalEntry
from service_queue.matching import ANY_DEPARTMENT
from service_queue.seat import SEAT, SEAT_STATUS, SeatEvent, SeatWish
from service_queue.ticket import TICKET, TicketEvent
from signaling.protocol.words import (
    BreakReason,
    CallEndReason,
    CallState,
    ConsultEnd,
    ConsultState,
    DeclineReason,
    Lane,
    ParkReason,
    SeatState,
    SeatStatus,
    TicketEndReason,
    TicketState,
)


@dataclass(slots=True)
class ToldTicket:
    """A ticket, as the journal tells it."""

    id: str
    state: TicketState
    kiosk_id: str
    arrived_at: float
    number: str = ""
    location_id: str = ""
    item_code: str = ""
    state_since: float = 0.0
    epoch: int = 0
    seat_id: str | None = None
    """Who it is offered to or served by."""
    expires_at: float = 0.0
    away: bool = False
    ends: int = 0
    end_reason: str | None = None
    declined_by: dict[str, float] = field(default_factory=dict)
    """Seat → when it declined or handed it on."""
    department: str = ""
    """The skill it needs; empty: any window."""
    lane: Lane = Lane.ORDINARY
    place_at: float = 0.0
    green: bool = False
    parked_until: float = 0.0
    recalls: int = 0
    hand_overs: int = 0
    last_seat_id: str | None = None
    """Who served it before a drop."""
    wanted_seat_id: str | None = None
    """Where it was handed on to, or came back to."""


@dataclass(slots=True)
class ToldSeat:
    """A seat, as the journal tells it."""

    status: SeatStatus = SeatStatus.OFFLINE
    state: SeatState = SeatState.IDLE
    state_since: float = 0.0
    ticket_id: str | None = None
    agent_id: str | None = None
    break_reason: str | None = None
    away: bool = False
    departments: frozenset[str] = frozenset({ANY_DEPARTMENT})
    """What the agent who sits there may serve."""
    shift_ends_at: float | None = None


@dataclass(slots=True)
class ToldCall:
    """A call, as the journal tells it."""

    state: CallState
    ticket_id: str
    seat_id: str
    started_at: float = 0.0
    end_reason: str | None = None


@dataclass(slots=True)
class ToldConsult:
    """A colleague invited into a call, as the journal tells it."""

    state: ConsultState
    call_id: str
    ticket_id: str
    seat_id: str
    """The colleague's."""
    expires_at: float = 0.0
    end_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Oddity:
    """A row that does not fit what came before it."""

    seq: int
    what: str


DROPS: Final = frozenset(
    {
        CallEndReason.SEAT_LOST,
        CallEndReason.MEDIA_LOST,
        CallEndReason.NEVER_CONNECTED,
        CallEndReason.NO_SHOW,
    }
)
"""Ends of a call after which its seat has no wrap-up."""

_ENDS: Final = {
    "ticket.completed": TicketEvent.SERVE,
    "ticket.abandoned": TicketEvent.LEAVE,
    "ticket.expired": TicketEvent.CLOSE,
}


class Replay:
    """What the rows told so far make of the hall. The `on_…` methods are one kind of row each."""

    def __init__(self) -> None:
        self.tickets: dict[str, ToldTicket] = {}
        self.seats: dict[str, ToldSeat] = {}
        self.calls: dict[str, ToldCall] = {}
        self.consults: dict[str, ToldConsult] = {}
        self.oddities: list[Oddity] = []
        self.seq = 0
        """The last row told."""
        self.at = 0.0
        """When it was written."""
        self._tellers: dict[str, Callable[[JournalEntry], None]] = {
            "ticket.taken": self.on_taken,
            "ticket.offered": self.on_offered,
            "ticket.accepted": self.on_accepted,
            "ticket.returned": self.on_returned,
            "ticket.parked": self.on_parked,
            "ticket.unparked": self.on_unparked,
            "ticket.recalled": self.on_unparked,
            "ticket.handed_over": self.on_handed_over,
            "ticket.passed_on": self.on_passed_on,
            "consult.invited": self.on_invited,
            "consult.joined": self.on_joined,
            "consult.ended": self.on_consult_ended,
            "ticket.green_proven": self.on_green_proven,
            **dict.fromkeys(_ENDS, self.on_ended),
            "call.connected": lambda entry: self.move_call(entry, CallEvent.FLOW),
            "call.reconnecting": lambda entry: self.move_call(entry, CallEvent.STALL),
            "call.ended": self.on_call_ended,
            "wrap_up.begun": lambda entry: self.move_seat(entry, SeatEvent.END_CALL),
            "wrap_up.ended": lambda entry: self.move_seat(entry, SeatEvent.FINISH_WRAP_UP),
            "seat.signed_in": lambda entry: self.on_wish(entry, SeatWish.SIGN_IN),
            "seat.opened": lambda entry: self.on_wish(entry, SeatWish.OPEN),
            "seat.paused": lambda entry: self.on_wish(entry, SeatWish.TAKE_BREAK),
            "seat.signed_out": lambda entry: self.on_wish(entry, SeatWish.SIGN_OUT),
            "seat.shift_set": self.on_shift_set,
            "seat.went_away": lambda entry: self.on_seat_presence(entry, away=True),
            "seat.returned": lambda entry: self.on_seat_presence(entry, away=False),
            "kiosk.went_away": lambda entry: self.on_kiosk_presence(entry, away=True),
            "kiosk.returned": lambda entry: self.on_kiosk_presence(entry, away=False),
            **dict.fromkeys(("server.started", "server.lost"), self.on_server_started),
        }

    def tell(self, entries: Iterable[JournalEntry]) -> None:
        """Tell `entries`, the oldest first."""
        for entry in entries:
            self.seq, self.at = entry.seq, entry.at
            teller = self._tellers.get(entry.kind)
            if teller is not None:
                try:
                    teller(entry)
                except (KeyError, ValueError) as garbled:
                    # A row that somebody wrote into the journal must not keep the rest from us.
                    self.odd(entry, f"cannot be told: {garbled}")

    def line(self) -> list[ToldTicket]:
        """The waiting tickets, by arrival."""
        waiting = [t for t in self.tickets.values() if t.state is TicketState.WAITING]
        return sorted(waiting, key=lambda ticket: (ticket.arrived_at, ticket.id))

    def odd(self, entry: JournalEntry, what: str) -> None:
        """A row does not fit what came before; it is told as far as it goes."""
        self.oddities.append(Oddity(entry.seq, f"{entry.kind}: {what}"))

    def moving(self) -> None:
        """Something is about to be moved along its table; for those who count."""

    # --- tickets ---------------------------------------------------------------------------

    def on_taken(self, entry: JournalEntry) -> None:
        """A resident took a place in the line."""
        ticket_id = entry.ticket_id or ""
        self.tickets[ticket_id] = ToldTicket(
            ticket_id,
            TicketState.WAITING,
            entry.kiosk_id or "",
            entry.at,
            number=entry.word("number") or "",
            location_id=entry.word("location") or "",
            item_code=entry.word("item") or "",
            state_since=entry.at,
            department=entry.word("department") or "",
            lane=Lane(entry.word("lane") or Lane.ORDINARY),
            place_at=entry.number("place_at") if "place_at" in entry.detail else entry.at,
            green=entry.word("proof") == "word",
            wanted_seat_id=entry.word("wanted_seat"),
        )

    def on_green_proven(self, entry: JournalEntry) -> None:
        """A card proved the reason for the green channel."""
        ticket = self.ticket_of(entry)
        if ticket is not None:
            ticket.green = True

    def on_offered(self, entry: JournalEntry) -> None:
        """A ticket was reserved for a seat."""
        ticket, seat = self.ticket_of(entry), self.seat_of(entry)
        if ticket is None:
            return
        self.move_ticket(entry, ticket, TicketEvent.OFFER)
        self.move_seat(entry, SeatEvent.RESERVE)
        ticket.epoch, ticket.expires_at = int(entry.number("epoch")), entry.number("expires_at")
        ticket.seat_id, seat.ticket_id = entry.seat_id, entry.ticket_id

    def on_accepted(self, entry: JournalEntry) -> None:
        """A seat accepted; the call begins."""
        ticket = self.ticket_of(entry)
        if ticket is None:
            return
        self.move_ticket(entry, ticket, TicketEvent.ACCEPT)
        self.move_seat(entry, SeatEvent.BEGIN_CALL)
        self.calls[entry.call_id or ""] = ToldCall(
            CallState.CONNECTING, entry.ticket_id or "", entry.seat_id or "", entry.at
        )

    def on_returned(self, entry: JournalEntry) -> None:
        """An offer or a call fell through; the ticket is back in its place."""
        ticket = self.ticket_of(entry)
        if ticket is None:
            return
        if entry.call_id is None:
            self.move_seat(entry, SeatEvent.RELEASE)
            self.move_ticket(entry, ticket, TicketEvent.OFFER_FELL)
            if entry.reason in set(DeclineReason):
                ticket.declined_by[entry.seat_id or ""] = entry.at
        else:
            self.move_ticket(entry, ticket, TicketEvent.CALL_FELL)
            ticket.lane = Lane.TECHNICAL_DROP
            ticket.last_seat_id, ticket.wanted_seat_id = entry.seat_id, None
        self._let_go(ticket)

    def on_parked(self, entry: JournalEntry) -> None:
        """The resident stepped away, or was called and not there."""
        ticket = self.ticket_of(entry)
        if ticket is None:
            return
        self._release_ringing(entry, ticket)
        self.move_ticket(entry, ticket, TicketEvent.PARK)
        ticket.parked_until = entry.number("until")
        if entry.reason == ParkReason.NO_SHOW:
            ticket.recalls = int(entry.number("recalls"))
        self._let_go(ticket)

    def on_unparked(self, entry: JournalEntry) -> None:
        """The resident is back, or the recall is due."""
        ticket = self.ticket_of(entry)
        if ticket is None:
            return
        self.move_ticket(entry, ticket, TicketEvent.UNPARK)
        if "place_at" in entry.detail:
            ticket.lane = Lane(entry.word("lane") or ticket.lane)
            ticket.place_at = entry.number("place_at")

    def on_handed_over(self, entry: JournalEntry) -> None:
        """The agent handed the resident on; the ticket is back in its place."""
        ticket = self.ticket_of(entry)
        if ticket is None:
            return
        self.move_ticket(entry, ticket, TicketEvent.HAND_OVER)
        ticket.item_code = entry.word("item") or ticket.item_code
        ticket.department = entry.word("department") or ticket.department
        ticket.hand_overs = int(entry.number("hand_overs"))
        ticket.declined_by[entry.seat_id or ""] = entry.at
        ticket.last_seat_id, ticket.wanted_seat_id = None, entry.word("to_seat")
        self._let_go(ticket)

    def on_passed_on(self, entry: JournalEntry) -> None:
        """The call is now that of the colleague who was in it."""
        ticket, seat = self.ticket_of(entry), self.seat_of(entry)
        if ticket is None:
            return
        self.move_ticket(entry, ticket, TicketEvent.PASS)
        before = self.calls.get(entry.word("from_call") or "")
        if before is not None and before.end_reason == CallEndReason.TRANSFERRED:
            ticket.declined_by[before.seat_id] = entry.at
        self._let_go(ticket)
        ticket.item_code = entry.word("item") or ticket.item_code
        ticket.department = entry.word("department") or ticket.department
        ticket.hand_overs = int(entry.number("hand_overs"))
        ticket.last_seat_id = ticket.wanted_seat_id = None
        ticket.epoch = int(entry.number("epoch"))
        ticket.seat_id, seat.ticket_id = entry.seat_id, entry.ticket_id
        self.calls[entry.call_id or ""] = ToldCall(
            CallState.CONNECTED, entry.ticket_id or "", entry.seat_id or "", entry.at
        )

    def on_invited(self, entry: JournalEntry) -> None:
        """A colleague is asked into a call."""
        self.consults[entry.word("consult") or ""] = ToldConsult(
            ConsultState.RINGING,
            entry.call_id or "",
            entry.ticket_id or "",
            entry.seat_id or "",
            entry.number("expires_at"),
        )
        self.move_seat(entry, SeatEvent.RESERVE)

    def on_joined(self, entry: JournalEntry) -> None:
        """The colleague came."""
        self.move_consult(entry, ConsultEvent.JOIN)
        self.move_seat(entry, SeatEvent.BEGIN_CALL)

    def on_consult_ended(self, entry: JournalEntry) -> None:
        """The colleague did not come, went, or has the call now."""
        consult = self.consults.get(entry.word("consult") or "")
        joined = consult is not None and consult.state is ConsultState.JOINED
        if consult is not None:
            consult.end_reason = entry.reason
        if entry.reason == ConsultEnd.HANDED_OVER:
            self.move_consult(entry, ConsultEvent.TAKE_OVER)
            return
        self.move_consult(entry, ConsultEvent.GO if joined else ConsultEvent.FALL)
        self.move_seat(entry, SeatEvent.DROP_CALL if joined else SeatEvent.RELEASE)

    def on_ended(self, entry: JournalEntry) -> None:
        """The ticket is over."""
        ticket = self.ticket_of(entry)
        if ticket is None:
            return
        event = _ENDS[entry.kind]
        if entry.reason == TicketEndReason.KIOSK_LOST:
            event = TicketEvent.LOSE_KIOSK
        self._release_ringing(entry, ticket)
        ticket.ends += 1
        ticket.end_reason = entry.reason
        self.move_ticket(entry, ticket, event)
        self._let_go(ticket)

    def _release_ringing(self, entry: JournalEntry, ticket: ToldTicket) -> None:
        """An offer that dies with what happens to its ticket has no row of its own."""
        if ticket.state is TicketState.OFFERED and ticket.seat_id is not None:
            self.move_seat(entry, SeatEvent.RELEASE, seat_id=ticket.seat_id)

    def _let_go(self, ticket: ToldTicket) -> None:
        if ticket.seat_id is not None:
            self.seats[ticket.seat_id].ticket_id = None
        ticket.seat_id = None

    # --- calls, seats, presence ------------------------------------------------------------

    def on_call_ended(self, entry: JournalEntry) -> None:
        """A call is over; one that was lost leaves no wrap-up."""
        self.move_call(entry, CallEvent.END)
        if entry.detail.get("connected") is not True or entry.reason in DROPS:
            self.move_seat(entry, SeatEvent.DROP_CALL)

    def on_shift_set(self, entry: JournalEntry) -> None:
        """An agent said when the shift ends, or that it has no end."""
        until = entry.detail.get("until")
        self.seat_of(entry).shift_ends_at = float(until) if isinstance(until, int | float) else None

    def on_seat_presence(self, entry: JournalEntry, *, away: bool) -> None:
        """An agent's desk came or went."""
        self.seat_of(entry).away = away

    def on_kiosk_presence(self, entry: JournalEntry, *, away: bool) -> None:
        """The page of a kiosk with a ticket came or went."""
        ticket = self.ticket_of(entry)
        if ticket is not None:
            ticket.away = away

    def on_server_started(self, _entry: JournalEntry) -> None:
        """After a start nobody is attached until they come back."""
        for ticket in self.tickets.values():
            ticket.away = ticket.state.is_open
        for seat in self.seats.values():
            seat.away = seat.status is not SeatStatus.OFFLINE

    def on_wish(self, entry: JournalEntry, wish: SeatWish) -> None:
        """What an agent wants of the seat."""
        seat = self.seat_of(entry)
        self.moving()
        try:
            seat.status = SEAT_STATUS.after(seat.status, wish)
        except TransitionRefused as refused:
            self.odd(entry, refused.detail)
        seat.break_reason = entry.reason if wish is SeatWish.TAKE_BREAK else None
        if wish is SeatWish.SIGN_IN:
            seat.agent_id = entry.actor.removeprefix("agent:")
            seat.departments = frozenset((entry.word("departments") or ANY_DEPARTMENT).split("|"))
        elif wish is SeatWish.SIGN_OUT:
            seat.agent_id = None
        if wish in (SeatWish.SIGN_IN, SeatWish.SIGN_OUT):
            seat.away, seat.shift_ends_at = False, None
        elif entry.reason == BreakReason.SHIFT_OVER:
            seat.shift_ends_at = None

    # --- moving ----------------------------------------------------------------------------

    def move_ticket(self, entry: JournalEntry, ticket: ToldTicket, event: TicketEvent) -> None:
        """Move a ticket along its table, or say why not."""
        self.moving()
        try:
            ticket.state = TICKET.after(ticket.state, event)
        except TransitionRefused as refused:
            self.odd(entry, refused.detail)
        ticket.state_since = entry.at

    def move_seat(
        self, entry: JournalEntry, event: SeatEvent, *, seat_id: str | None = None
    ) -> None:
        """As `move_ticket`, for a seat."""
        seat = self.seats.setdefault(seat_id or entry.seat_id or "", ToldSeat())
        self.moving()
        try:
            seat.state = SEAT.after(seat.state, event)
        except TransitionRefused as refused:
            self.odd(entry, refused.detail)
        seat.state_since = entry.at

    def move_call(self, entry: JournalEntry, event: CallEvent) -> None:
        """As `move_ticket`, for a call."""
        call = self.calls.get(entry.call_id or "")
        self.moving()
        if call is None:
            self.odd(entry, f"call {entry.call_id} was never accepted")
            return
        try:
            call.state = CALL.after(call.state, event)
        except TransitionRefused as refused:
            self.odd(entry, refused.detail)
        if event is CallEvent.END:
            call.end_reason = entry.reason

    def move_consult(self, entry: JournalEntry, event: ConsultEvent) -> None:
        """As `move_ticket`, for an invitation."""
        consult = self.consults.get(entry.word("consult") or "")
        self.moving()
        if consult is None:
            self.odd(entry, f"{entry.word('consult')} was never invited")
            return
        try:
            consult.state = CONSULT.after(consult.state, event)
        except TransitionRefused as refused:
            self.odd(entry, refused.detail)

    def ticket_of(self, entry: JournalEntry) -> ToldTicket | None:
        """The ticket a row is about; one that was never taken is odd."""
        ticket = self.tickets.get(entry.ticket_id or "")
        if ticket is None:
            self.odd(entry, f"{entry.ticket_id} was never taken")
        return ticket

    def seat_of(self, entry: JournalEntry) -> ToldSeat:
        """The seat a row is about."""
        return self.seats.setdefault(entry.seat_id or "", ToldSeat())
