"""What must hold of every history of the hall, checked on the journal alone.

The journal is told again from its first row, by the rules' own tables. Whatever the tables would
not allow, whatever breaks the order of service, and whatever is left over at the end is a
violation. Nothing here reads the database or the clock, so any history can be fed in, also a
corrupted one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from service_queue.call import CALL, CallEvent
from service_queue.errors import TransitionRefused
from service_queue.seat import SEAT, SEAT_STATUS, SeatEvent, SeatWish
from service_queue.ticket import TICKET, TicketEvent
from signaling.protocol.words import (
    CallEndReason,
    CallState,
    DeclineReason,
    SeatState,
    SeatStatus,
    TicketEndReason,
    TicketState,
)
from xiaowu.demo.journal_entry import JournalEntry


class Rule(StrEnum):
    """What is checked; the value is how a report names it."""

    LEGAL_MOVES = "every_move_is_in_the_tables"
    ONE_TICKET_PER_SEAT = "no_seat_holds_two_tickets"
    ONE_TICKET_PER_KIOSK = "no_kiosk_holds_two_open_tickets"
    LEASES = "only_the_newest_live_offer_is_accepted"
    ORDER = "first_come_first_offered"
    NUMBERS = "every_number_once_a_day"
    NOTHING_OPEN = "nothing_is_left_open"
    ONE_END = "every_acknowledged_ticket_ends_once"
    TABLES_AGREE = "database_says_what_the_journal_says"
    WALL_AGREES = "wall_shows_what_the_database_says"


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that was broken, and by what."""

    rule: Rule
    what: str
    seq: int | None = None


@dataclass(slots=True)
class ToldTicket:
    """A ticket, as the journal tells it."""

    state: TicketState
    kiosk_id: str
    arrived_at: float
    epoch: int = 0
    seat_id: str | None = None
    expires_at: float = 0.0
    away: bool = False
    ends: int = 0
    declined_by: dict[str, float] = field(default_factory=dict)
    """Seat → when it declined."""


@dataclass(slots=True)
class ToldSeat:
    """A seat, as the journal tells it."""

    status: SeatStatus = SeatStatus.OFFLINE
    state: SeatState = SeatState.IDLE
    ticket_id: str | None = None
    away: bool = False


@dataclass(slots=True)
class ToldCall:
    """A call, as the journal tells it."""

    state: CallState
    ticket_id: str
    seat_id: str


_DROPS: Final = frozenset(
    {CallEndReason.SEAT_LOST, CallEndReason.MEDIA_LOST, CallEndReason.NEVER_CONNECTED}
)
_ENDS: Final = {
    "ticket.completed": TicketEvent.SERVE,
    "ticket.abandoned": TicketEvent.LEAVE,
    "ticket.expired": TicketEvent.CLOSE,
}


class History:
    """A journal told again, with everything in it that must not be."""

    def __init__(
        self,
        *,
        decline_exclusion_s: float,
        day_of: Callable[[str, float], str] = lambda _location, at: str(int(at // 86_400)),
    ) -> None:
        """`decline_exclusion_s`: the policy's. `day_of`: the day at a location, of a moment."""
        self.tickets: dict[str, ToldTicket] = {}
        self.seats: dict[str, ToldSeat] = {}
        self.calls: dict[str, ToldCall] = {}
        self.violations: list[Violation] = []
        self.looked_at: Counter[Rule] = Counter()
        self._exclusion_s = decline_exclusion_s
        self._day_of = day_of
        self._numbers: set[tuple[str, str]] = set()
        self._telling: dict[str, Callable[[JournalEntry], None]] = {
            "ticket.taken": self._taken,
            "ticket.offered": self._offered,
            "ticket.accepted": self._accepted,
            "ticket.returned": self._returned,
            **dict.fromkeys(_ENDS, self._ended),
            "call.connected": lambda entry: self._move_call(entry, CallEvent.FLOW),
            "call.reconnecting": lambda entry: self._move_call(entry, CallEvent.STALL),
            "call.ended": self._call_ended,
            "wrap_up.begun": lambda entry: self._move_seat(entry, SeatEvent.END_CALL),
            "wrap_up.ended": lambda entry: self._move_seat(entry, SeatEvent.FINISH_WRAP_UP),
            "seat.signed_in": lambda entry: self._wish(entry, SeatWish.SIGN_IN),
            "seat.opened": lambda entry: self._wish(entry, SeatWish.OPEN),
            "seat.paused": lambda entry: self._wish(entry, SeatWish.TAKE_BREAK),
            "seat.signed_out": lambda entry: self._wish(entry, SeatWish.SIGN_OUT),
            "seat.went_away": lambda entry: self._seat_away(entry, away=True),
            "seat.returned": lambda entry: self._seat_away(entry, away=False),
            "kiosk.went_away": lambda entry: self._kiosk_away(entry, away=True),
            "kiosk.returned": lambda entry: self._kiosk_away(entry, away=False),
            "server.started": self._server_started,
        }

    def tell(self, entries: Iterable[JournalEntry]) -> None:
        """Tell `entries`, the oldest first."""
        for entry in entries:
            teller = self._telling.get(entry.kind)
            if teller is not None:
                teller(entry)

    def require_end(self) -> None:
        """Nobody waits, rings, talks or wraps up any more: what still does is a violation."""
        for ticket_id, ticket in self.tickets.items():
            self._check(Rule.NOTHING_OPEN, not ticket.state.is_open, f"{ticket_id} {ticket.state}")
        for call_id, call in self.calls.items():
            ended = call.state is CallState.ENDED
            self._check(Rule.NOTHING_OPEN, ended, f"call {call_id} is {call.state}")
        for seat_id, seat in self.seats.items():
            idle = seat.state is SeatState.IDLE
            self._check(Rule.NOTHING_OPEN, idle, f"seat {seat_id} is {seat.state}")

    def require_ends_of(self, acknowledged: Iterable[str]) -> None:
        """Each ticket that a kiosk was told of is in the journal, with exactly one end."""
        for ticket_id in acknowledged:
            ticket = self.tickets.get(ticket_id)
            ends = 0 if ticket is None else ticket.ends
            known = "" if ticket is not None else ", never taken"
            self._check(Rule.ONE_END, ends == 1, f"{ticket_id} has {ends} ends{known}")

    # --- tickets ---------------------------------------------------------------------------

    def _taken(self, entry: JournalEntry) -> None:
        ticket_id, kiosk_id = entry.ticket_id or "", entry.kiosk_id or ""
        number = str(entry.detail.get("number"))
        day = self._day_of(str(entry.detail.get("location")), entry.at)
        fresh = (day, number) not in self._numbers
        self._check(Rule.NUMBERS, fresh, f"{number} was given out twice on {day}", entry)
        self._numbers.add((day, number))
        self._check(
            Rule.LEGAL_MOVES, ticket_id not in self.tickets, f"{ticket_id} taken twice", entry
        )
        holds = [t for t in self.tickets.values() if t.kiosk_id == kiosk_id and t.state.is_open]
        self._check(Rule.ONE_TICKET_PER_KIOSK, not holds, f"kiosk {kiosk_id} holds one", entry)
        self.tickets[ticket_id] = ToldTicket(TicketState.WAITING, kiosk_id, entry.at)

    def _offered(self, entry: JournalEntry) -> None:
        ticket, seat = self._ticket(entry), self._seat(entry)
        if ticket is None:
            return
        epoch = _number(entry, "epoch")
        self._check(Rule.LEASES, epoch == ticket.epoch + 1, f"epoch {epoch:g} is no step", entry)
        takes = seat.status is SeatStatus.AVAILABLE and not seat.away and not ticket.away
        self._check(Rule.LEGAL_MOVES, takes, "offered to or for somebody not there", entry)
        self._check(
            Rule.ONE_TICKET_PER_SEAT,
            seat.ticket_id is None,
            f"seat {entry.seat_id} already holds {seat.ticket_id}",
            entry,
        )
        self._check_order(entry, ticket)
        self._move_ticket(entry, ticket, TicketEvent.OFFER)
        self._move_seat(entry, SeatEvent.RESERVE)
        ticket.epoch, ticket.expires_at = int(epoch), _number(entry, "expires_at")
        ticket.seat_id, seat.ticket_id = entry.seat_id, entry.ticket_id

    def _check_order(self, entry: JournalEntry, ticket: ToldTicket) -> None:
        """Nobody who could have been offered this seat came before."""
        passed_over = [
            other_id
            for other_id, other in self.tickets.items()
            if other.state is TicketState.WAITING
            and not other.away
            and (other.arrived_at, other_id) < (ticket.arrived_at, entry.ticket_id or "")
            and not self._excluded(other, entry.seat_id or "", entry.at)
        ]
        self._check(Rule.ORDER, not passed_over, f"passed over {passed_over}", entry)
        self._check(
            Rule.ORDER,
            not self._excluded(ticket, entry.seat_id or "", entry.at),
            f"seat {entry.seat_id} declined it just before",
            entry,
        )

    def _excluded(self, ticket: ToldTicket, seat_id: str, at: float) -> bool:
        declined_at = ticket.declined_by.get(seat_id)
        return declined_at is not None and declined_at > at - self._exclusion_s

    def _accepted(self, entry: JournalEntry) -> None:
        ticket = self._ticket(entry)
        if ticket is None:
            return
        mine = ticket.seat_id == entry.seat_id and ticket.epoch == _number(entry, "epoch")
        self._check(Rule.LEASES, mine, "accepted without the lease", entry)
        self._check(Rule.LEASES, entry.at < ticket.expires_at, "accepted too late", entry)
        self._move_ticket(entry, ticket, TicketEvent.ACCEPT)
        self._move_seat(entry, SeatEvent.BEGIN_CALL)
        call_id = entry.call_id or ""
        self._check(Rule.LEGAL_MOVES, call_id not in self.calls, f"call {call_id} twice", entry)
        self.calls[call_id] = ToldCall(
            CallState.CONNECTING, entry.ticket_id or "", entry.seat_id or ""
        )

    def _returned(self, entry: JournalEntry) -> None:
        ticket = self._ticket(entry)
        if ticket is None:
            return
        if entry.call_id is None:
            self._move_seat(entry, SeatEvent.RELEASE)
            self._move_ticket(entry, ticket, TicketEvent.OFFER_FELL)
            if entry.reason in set(DeclineReason):
                ticket.declined_by[entry.seat_id or ""] = entry.at
        else:
            self._move_ticket(entry, ticket, TicketEvent.CALL_FELL)
        self._let_go(ticket)

    def _ended(self, entry: JournalEntry) -> None:
        ticket = self._ticket(entry)
        if ticket is None:
            return
        event = _ENDS[entry.kind]
        if entry.reason == TicketEndReason.KIOSK_LOST:
            event = TicketEvent.LOSE_KIOSK
        if ticket.state is TicketState.OFFERED and ticket.seat_id is not None:
            # The offer dies with the ticket and has no row of its own.
            self._move_seat(entry, SeatEvent.RELEASE, seat_id=ticket.seat_id)
        ticket.ends += 1
        self._check(Rule.ONE_END, ticket.ends == 1, f"{entry.ticket_id} ended again", entry)
        self._move_ticket(entry, ticket, event)
        self._let_go(ticket)

    def _let_go(self, ticket: ToldTicket) -> None:
        if ticket.seat_id is not None:
            self.seats[ticket.seat_id].ticket_id = None
        ticket.seat_id = None

    # --- calls, seats, presence ------------------------------------------------------------

    def _call_ended(self, entry: JournalEntry) -> None:
        self._move_call(entry, CallEvent.END)
        if entry.detail.get("connected") is not True or entry.reason in _DROPS:
            self._move_seat(entry, SeatEvent.DROP_CALL)

    def _seat_away(self, entry: JournalEntry, *, away: bool) -> None:
        self._seat(entry).away = away

    def _kiosk_away(self, entry: JournalEntry, *, away: bool) -> None:
        ticket = self._ticket(entry)
        if ticket is not None:
            ticket.away = away

    def _server_started(self, _entry: JournalEntry) -> None:
        for ticket in self.tickets.values():
            ticket.away = ticket.state.is_open
        for seat in self.seats.values():
            seat.away = seat.status is not SeatStatus.OFFLINE

    def _wish(self, entry: JournalEntry, wish: SeatWish) -> None:
        seat = self._seat(entry)
        self.looked_at[Rule.LEGAL_MOVES] += 1
        try:
            seat.status = SEAT_STATUS.after(seat.status, wish)
        except TransitionRefused as refused:
            self._violate(Rule.LEGAL_MOVES, refused.detail, entry)
        if wish in (SeatWish.SIGN_IN, SeatWish.SIGN_OUT):
            seat.away = False

    # --- moving ----------------------------------------------------------------------------

    def _move_ticket(self, entry: JournalEntry, ticket: ToldTicket, event: TicketEvent) -> None:
        self.looked_at[Rule.LEGAL_MOVES] += 1
        try:
            ticket.state = TICKET.after(ticket.state, event)
        except TransitionRefused as refused:
            self._violate(Rule.LEGAL_MOVES, refused.detail, entry)

    def _move_seat(
        self, entry: JournalEntry, event: SeatEvent, *, seat_id: str | None = None
    ) -> None:
        seat = self.seats.setdefault(seat_id or entry.seat_id or "", ToldSeat())
        self.looked_at[Rule.LEGAL_MOVES] += 1
        try:
            seat.state = SEAT.after(seat.state, event)
        except TransitionRefused as refused:
            self._violate(Rule.LEGAL_MOVES, refused.detail, entry)

    def _move_call(self, entry: JournalEntry, event: CallEvent) -> None:
        call = self.calls.get(entry.call_id or "")
        self.looked_at[Rule.LEGAL_MOVES] += 1
        if call is None:
            self._violate(Rule.LEGAL_MOVES, f"call {entry.call_id} was never accepted", entry)
            return
        try:
            call.state = CALL.after(call.state, event)
        except TransitionRefused as refused:
            self._violate(Rule.LEGAL_MOVES, refused.detail, entry)

    def _ticket(self, entry: JournalEntry) -> ToldTicket | None:
        ticket = self.tickets.get(entry.ticket_id or "")
        if ticket is None:
            self._violate(Rule.LEGAL_MOVES, f"{entry.ticket_id} was never taken", entry)
        return ticket

    def _seat(self, entry: JournalEntry) -> ToldSeat:
        return self.seats.setdefault(entry.seat_id or "", ToldSeat())

    # --- judging ---------------------------------------------------------------------------

    def _check(
        self, rule: Rule, holds: bool, otherwise: str, entry: JournalEntry | None = None
    ) -> None:
        self.looked_at[rule] += 1
        if not holds:
            self._violate(rule, otherwise, entry)

    def _violate(self, rule: Rule, what: str, entry: JournalEntry | None = None) -> None:
        told = what if entry is None else f"{entry.kind}: {what}"
        self.violations.append(Violation(rule, told, None if entry is None else entry.seq))


def _number(entry: JournalEntry, name: str) -> float:
    value = entry.detail.get(name)
    return float(value) if isinstance(value, int | float) else -1.0
