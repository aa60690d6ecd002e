"""What must hold of every history of the hall, checked on the journal alone.

The journal is told again from its first row by the rules' own tables (`service_queue.replay`, where
new kinds of row are taught). Whatever the tables would not allow, whatever breaks the order of
service, and whatever is left over at the end is a violation. Nothing here reads the database or
the clock, so any history can be fed in, also a corrupted one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from service_queue.journal_entry import JournalEntry
from service_queue.matching import ANY_DEPARTMENT
from service_queue.policy import Policy
from service_queue.replay import Replay, ToldSeat, ToldTicket
from signaling.protocol.words import (
    CallState,
    ConsultEnd,
    ConsultState,
    Lane,
    SeatState,
    SeatStatus,
    TicketState,
)


class Rule(StrEnum):
    """What is checked; the value is how a report names it."""

    LEGAL_MOVES = "every_move_is_in_the_tables"
    ONE_TICKET_PER_SEAT = "no_seat_holds_two_tickets"
    ONE_TICKET_PER_KIOSK = "no_kiosk_holds_two_open_tickets"
    LEASES = "only_the_newest_live_offer_is_accepted"
    ORDER = "first_come_first_offered"
    SKILLS = "offered_to_a_window_that_serves_it"
    NUMBERS = "every_number_once_a_day"
    NOTHING_OPEN = "nothing_is_left_open"
    ONE_END = "every_acknowledged_ticket_ends_once"
    TABLES_AGREE = "database_says_what_the_journal_says"
    WALL_AGREES = "wall_shows_what_the_database_says"
    SEALED = "the_journal_is_as_it_was_sealed"


SLACK_S: Final = 1.0
"""Rows are dated when their command came: a pair may be made by a clock that went on a little."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that was broken, and by what."""

    rule: Rule
    what: str
    seq: int | None = None


class History(Replay):
    """A journal told again, with everything in it that must not be."""

    def __init__(
        self,
        *,
        policy: Policy,
        day_of: Callable[[str, float], str] = lambda _location, at: str(int(at // 86_400)),
    ) -> None:
        """`policy`: the one in force all the time. `day_of`: the day at a location, of a moment."""
        super().__init__()
        self.violations: list[Violation] = []
        self.looked_at: Counter[Rule] = Counter()
        self._policy = policy
        self._day_of = day_of
        self._numbers: set[tuple[str, str]] = set()

    def require_end(self) -> None:
        """Nobody waits, rings, talks or wraps up any more: what still does is a violation."""
        for ticket_id, ticket in self.tickets.items():
            self._check(Rule.NOTHING_OPEN, not ticket.state.is_open, f"{ticket_id} {ticket.state}")
        for call_id, call in self.calls.items():
            ended = call.state is CallState.ENDED
            self._check(Rule.NOTHING_OPEN, ended, f"call {call_id} is {call.state}")
        for consult_id, consult in self.consults.items():
            over = consult.state is ConsultState.ENDED
            self._check(Rule.NOTHING_OPEN, over, f"invitation {consult_id} is {consult.state}")
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

    # --- what a row is checked for before it is told -----------------------------------------

    def on_taken(self, entry: JournalEntry) -> None:
        """A number is given once a day, a kiosk holds one ticket."""
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
        super().on_taken(entry)

    def on_offered(self, entry: JournalEntry) -> None:
        """In order, with the next epoch, to a seat that is there and holds nothing."""
        ticket = self.tickets.get(entry.ticket_id or "")
        if ticket is not None:
            seat, epoch = self.seat_of(entry), entry.number("epoch")
            step = epoch == ticket.epoch + 1
            self._check(Rule.LEASES, step, f"epoch {epoch:g} is no step", entry)
            takes = seat.status is SeatStatus.AVAILABLE and not seat.away and not ticket.away
            self._check(Rule.LEGAL_MOVES, takes, "offered to or for somebody not there", entry)
            self._check(
                Rule.ONE_TICKET_PER_SEAT,
                seat.ticket_id is None,
                f"seat {entry.seat_id} already holds {seat.ticket_id}",
                entry,
            )
            self._check_order(entry, ticket)
        super().on_offered(entry)

    def _check_order(self, entry: JournalEntry, ticket: ToldTicket) -> None:
        """Nobody who could have been offered this seat stands before."""
        seat = self.seat_of(entry)
        passed_over = [
            other_id
            for other_id, other in self.tickets.items()
            if other.state is TicketState.WAITING
            and not other.away
            and _surely_before(other, ticket)
            and _may_serve(seat, other)
            and not self._excluded(other, entry.seat_id or "", entry.at)
            and not self._held(other, entry.seat_id or "", entry.at)
        ]
        self._check(Rule.ORDER, not passed_over, f"passed over {passed_over}", entry)
        self._check(
            Rule.ORDER,
            not self._excluded(ticket, entry.seat_id or "", entry.at),
            f"seat {entry.seat_id} declined it just before",
            entry,
        )
        self._check(
            Rule.ORDER,
            not self._held(ticket, entry.seat_id or "", entry.at + SLACK_S),
            "another seat knows it, and it still waits for that",
            entry,
        )
        self._check(
            Rule.SKILLS,
            _may_serve(seat, ticket),
            f"seat {entry.seat_id} does not serve {ticket.department}",
            entry,
        )

    def _excluded(self, ticket: ToldTicket, seat_id: str, at: float) -> bool:
        declined_at = ticket.declined_by.get(seat_id)
        return declined_at is not None and declined_at > at - self._policy.decline_exclusion_s

    def _held(self, ticket: ToldTicket, seat_id: str, at: float) -> bool:
        """It waits for the open seat that knows it, or that it was handed on to."""
        known = ticket.wanted_seat_id or ticket.last_seat_id
        if known is None or known == seat_id or self._excluded(ticket, known, at):
            return False
        seat = self.seats.get(known)
        if seat is None or seat.status is not SeatStatus.AVAILABLE or seat.away:
            return False
        wanted = ticket.wanted_seat_id is not None and ticket.hand_overs > 0
        policy = self._policy
        patience_s = policy.transfer.wanted_seat_s if wanted else policy.seats.same_seat_s
        came = max(ticket.arrived_at, ticket.place_at)
        return at - (ticket.state_since if ticket.epoch else came) < patience_s

    def on_accepted(self, entry: JournalEntry) -> None:
        """By whom it was offered to, in time, and once."""
        ticket = self.tickets.get(entry.ticket_id or "")
        if ticket is not None:
            mine = ticket.seat_id == entry.seat_id and ticket.epoch == entry.number("epoch")
            self._check(Rule.LEASES, mine, "accepted without the lease", entry)
            self._check(Rule.LEASES, entry.at < ticket.expires_at, "accepted too late", entry)
            call_id = entry.call_id or ""
            fresh = call_id not in self.calls
            self._check(Rule.LEGAL_MOVES, fresh, f"call {call_id} twice", entry)
        super().on_accepted(entry)

    def on_invited(self, entry: JournalEntry) -> None:
        """Into a call that goes on, once at a time, and somebody who is there and has nobody."""
        seat, call = self.seat_of(entry), self.calls.get(entry.call_id or "")
        goes_on = call is not None and call.state is not CallState.ENDED
        self._check(Rule.LEASES, goes_on, "into no call that goes on", entry)
        takes = seat.status is SeatStatus.AVAILABLE and not seat.away
        self._check(Rule.LEGAL_MOVES, takes, "invited somebody not there", entry)
        live = [one for one in self.consults.values() if one.state is not ConsultState.ENDED]
        alone = all(one.call_id != entry.call_id for one in live)
        self._check(Rule.LEASES, alone, "two are invited into one call", entry)
        free = seat.ticket_id is None and all(one.seat_id != entry.seat_id for one in live)
        self._check(Rule.ONE_TICKET_PER_SEAT, free, f"seat {entry.seat_id} has somebody", entry)
        super().on_invited(entry)

    def on_joined(self, entry: JournalEntry) -> None:
        """By whom was invited, and in time."""
        consult = self.consults.get(entry.word("consult") or "")
        if consult is not None:
            mine = consult.seat_id == entry.seat_id
            self._check(Rule.LEASES, mine, "joined without being invited", entry)
            self._check(Rule.LEASES, entry.at < consult.expires_at, "joined too late", entry)
        super().on_joined(entry)

    def on_passed_on(self, entry: JournalEntry) -> None:
        """To the colleague who was in the call, and by nobody else's lease."""
        consult, ticket = (
            self.consults.get(entry.call_id or ""),
            self.tickets.get(entry.ticket_id or ""),
        )
        if ticket is not None:
            step = entry.number("epoch") == ticket.epoch + 1
            self._check(Rule.LEASES, step, "the epoch is no step", entry)
        held = consult is not None and (consult.seat_id, consult.end_reason, consult.call_id) == (
            *(entry.seat_id, ConsultEnd.HANDED_OVER),
            entry.word("from_call"),
        )
        self._check(Rule.LEASES, held, "passed on to nobody who was in the call", entry)
        holds = self.seat_of(entry).ticket_id
        self._check(Rule.ONE_TICKET_PER_SEAT, holds is None, f"it holds {holds}", entry)
        super().on_passed_on(entry)

    def on_ended(self, entry: JournalEntry) -> None:
        """A ticket ends once."""
        ticket = self.tickets.get(entry.ticket_id or "")
        if ticket is not None:
            once = ticket.ends == 0
            self._check(Rule.ONE_END, once, f"{entry.ticket_id} ended again", entry)
        super().on_ended(entry)

    # --- judging ---------------------------------------------------------------------------

    def moving(self) -> None:
        """Each move is held against its table."""
        self.looked_at[Rule.LEGAL_MOVES] += 1

    def odd(self, entry: JournalEntry, what: str) -> None:
        """A row that the tables do not allow is a violation."""
        super().odd(entry, what)
        self._violate(Rule.LEGAL_MOVES, what, entry)

    def _check(
        self, rule: Rule, holds: bool, otherwise: str, entry: JournalEntry | None = None
    ) -> None:
        self.looked_at[rule] += 1
        if not holds:
            self._violate(rule, otherwise, entry)

    def _violate(self, rule: Rule, what: str, entry: JournalEntry | None = None) -> None:
        told = what if entry is None else f"{entry.kind}: {what}"
        self.violations.append(Violation(rule, told, None if entry is None else entry.seq))


def _may_serve(seat: ToldSeat, ticket: ToldTicket) -> bool:
    departments = seat.departments
    return not ticket.department or bool({ANY_DEPARTMENT, ticket.department} & departments)


def _surely_before(other: ToldTicket, ticket: ToldTicket) -> bool:
    """`other` comes first whatever the policy grants to lanes and to the green channel."""
    if other.lane is Lane.TECHNICAL_DROP:
        return (other.arrived_at, other.id) < (ticket.arrived_at, ticket.id)
    no_less = (other.lane, other.green) == (ticket.lane, ticket.green)
    ordinary = other.lane is Lane.ORDINARY and ticket.lane in (Lane.ORDINARY, Lane.RECALLED)
    no_less = no_less or (ordinary and not ticket.green)
    return no_less and (other.place_at, other.arrived_at, other.id) < (
        ticket.place_at,
        ticket.arrived_at,
        ticket.id,
    )
