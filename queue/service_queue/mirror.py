"""The hall in memory: a picture of what the database holds, for views and deadlines.

The database is the truth. The mirror is loaded from it, follows each commit in order, and may be
thrown away at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeVar, cast

from sqlalchemy import Connection, func, select
from sqlmodel import SQLModel

from service_queue import closing
from service_queue.changes import Changes
from service_queue.deadlines import (
    call_deadlines,
    consult_deadlines,
    seat_deadlines,
    ticket_deadlines,
)
from service_queue.experience import Experience
from service_queue.hours import NEVER, local_day
from service_queue.identities import KnownIdentity
from service_queue.identity_reader import read_seconded, read_shown
from service_queue.invitations import Invitations
from service_queue.line_tables import EntryCodeRow, LineCounterRow
from service_queue.number_reads import NumberReads
from service_queue.overdue import Overdue
from service_queue.placement import waiting_ticket
from service_queue.policy import Policy
from service_queue.policy_store import newest_version
from service_queue.rank import CALM, LineState, WaitingTicket
from service_queue.standings import Standings
from service_queue.statements import record
from service_queue.tables import (
    STARTS_SINCE_GREEN,
    CallNoteRow,
    CallRow,
    JournalRow,
    KioskRow,
    LocationRow,
    RatingRow,
    SeatRow,
    ServiceItemRow,
    TicketOfferRow,
    TicketRow,
    table_of,
)
from service_queue.tally import DayTally
from service_queue.transaction import Sealer, Touched
from signaling.protocol.words import (
    CallEndReason,
    CallState,
    EntryKind,
    OfferOutcome,
    TicketState,
)

R = TypeVar("R", bound=SQLModel)
V = TypeVar("V")

LONG_LINE: Final = 400
LONG_LINES_A_S: Final = 5_000.0
"""Tickets put in order a second, when the line is long: its order is then up to a second old."""

_call = table_of(CallRow)
_code = table_of(EntryCodeRow)
_counter = table_of(LineCounterRow)
_journal = table_of(JournalRow)
_note = table_of(CallNoteRow)
_offer = table_of(TicketOfferRow)
_rating = table_of(RatingRow)
_ticket = table_of(TicketRow)


class HallMirror:
    """The hall as of journal row `seq`."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.seq = 0
        self.locations: dict[str, LocationRow] = {}
        self.kiosks: dict[str, KioskRow] = {}
        self.items: dict[str, ServiceItemRow] = {}
        self.seats: dict[str, SeatRow] = {}
        self.tickets: dict[str, TicketRow] = {}
        """Open tickets, the last one of each kiosk, and those of `calls`."""
        self.offers: dict[str, TicketOfferRow] = {}
        """Live offers, and those of live calls."""
        self.calls: dict[str, CallRow] = {}
        """Live calls, and those being wrapped up."""
        self.notes: dict[str, str] = {}
        self.codes: dict[str, EntryCodeRow] = {}
        """The return code given in a ticket's call."""
        self.identities: dict[str, KnownIdentity] = {}
        """Of tickets whose resident is still there, or whose call is being wrapped up."""
        self.number_reads = NumberReads()
        self.invitations = Invitations()
        self.handed_over_by: dict[str, str] = {}
        """The seat that handed an open ticket on last."""
        self.experience = Experience(policy)
        self.policy_version = 0
        """Which applied policy it is; 0: the settings' own."""
        self.starts_since_green = CALM.starts_since_green
        self.overdue: Mapping[Overdue, float] = {}
        """What stands still by a fault of ours, and since when; the hall looks for it."""
        self.version = 0
        """Rises with every change of the picture."""
        self._made: dict[object, object] = {}
        self._made_for = 0
        self._open: dict[str, TicketRow] = {}
        self._to_rate: set[str] = set()
        self._touched = Touched()
        self._seen_waiting: dict[str, tuple[TicketRow, WaitingTicket]] = {}
        self._excluded: dict[str, dict[str, float]] = {}
        self._by_kiosk: dict[str, str] = {}
        self._by_seat: dict[str, str] = {}
        self._by_agent: dict[str, str] = {}
        self._standings: Standings | None = None
        self._line_version = 0
        self._line_for = -1
        self._tallies: dict[str, DayTally] = {}
        self._seen_calls: set[str] = set()

    # --- looking ---------------------------------------------------------------------------

    def ticket_of_kiosk(self, kiosk_id: str) -> TicketRow | None:
        """The kiosk's open ticket, else its last one, else None."""
        ticket_id = self._by_kiosk.get(kiosk_id)
        return None if ticket_id is None else self.tickets.get(ticket_id)

    def ticket_at_seat(self, seat_id: str) -> TicketRow | None:
        """The open ticket a seat is reserved for or serves, or None."""
        ticket_id = self._by_seat.get(seat_id)
        return None if ticket_id is None else self.tickets[ticket_id]

    def seat_of_agent(self, agent_id: str) -> SeatRow | None:
        """The seat an agent is signed in to, or None."""
        seat_id = self._by_agent.get(agent_id)
        return None if seat_id is None else self.seats[seat_id]

    def open_tickets(self) -> Iterator[TicketRow]:
        """All open tickets."""
        return iter(self._open.values())

    def line(self, now: float = 0.0) -> list[str]:
        """Ids of the waiting tickets in the order of service."""
        return [ticket.id for ticket in self.standings(now).order]

    def standings(self, now: float) -> Standings:
        """The line as it stands: made once for all who ask until something changes.

        A line so long that making it costs is looked at anew a little later: who came since finds
        a place in it all the same.
        """
        known = self._standings
        if known is not None:
            fresh = known.holds_from <= now < known.holds_until
            length = len(known.order)
            soon = known.holds_from + length / LONG_LINES_A_S if length > LONG_LINE else 0.0
            if fresh and (self._line_for == self._line_version or now < soon):
                return known
        waiting = (t for t in self._open.values() if t.state is TicketState.WAITING)
        line = [self.as_waiting(ticket, now) for ticket in waiting]
        known = Standings(line, self.policy, now, self.line_state(now))
        self._standings, self._line_for = known, self._line_version
        return known

    def waiting_row(self, ticket_id: str) -> TicketRow | None:
        """A ticket that waits, or None when it does not any more."""
        ticket = self._open.get(ticket_id)
        return ticket if ticket is not None and ticket.state is TicketState.WAITING else None

    def as_waiting(self, ticket: TicketRow, now: float) -> WaitingTicket:
        """A ticket as the rules of order and matching see it."""
        excluded = self._excluded.get(ticket.id)
        if excluded is not None:
            seats = frozenset(seat for seat, until in excluded.items() if now < until)
            district = self.district_of(ticket.location_id)
            return waiting_ticket(ticket, district=district, excluded_seats=seats)
        # A row is replaced when it changes, so who it is says whether it did.
        known = self._seen_waiting.get(ticket.id)
        if known is None or known[0] is not ticket:
            district = self.district_of(ticket.location_id)
            known = (ticket, waiting_ticket(ticket, district=district))
            self._seen_waiting[ticket.id] = known
        return known[1]

    def line_state(self, now: float) -> LineState:
        """What the order depends on beside the tickets."""
        return LineState(
            starts_since_green=self.starts_since_green, behind=self.experience.late.behind(now)
        )

    def district_of(self, location_id: str | None) -> str:
        """A location's district; empty where there is none."""
        location = self.locations.get(location_id or "")
        return "" if location is None else location.district

    def once(self, key: object, make: Callable[[], V]) -> V:
        """What `make` gives, made once for all who ask under `key` until the picture changes."""
        if self._made_for != self.version:
            self._made_for, self._made = self.version, {}
        if key not in self._made:
            self._made[key] = make()
        return cast(V, self._made[key])

    def live_offer_or_call(self, call_id: str) -> TicketOfferRow | None:
        """The ticket offer with this id while it rings or its call lives, else None."""
        offer = self.offers.get(call_id)
        if offer is None or offer.outcome is None:
            return offer
        call = self.calls.get(call_id)
        return offer if call is not None and call.state is not CallState.ENDED else None

    def served_by(self, seat: SeatRow) -> TicketRow | None:
        """The ticket a seat rings for, serves or wraps up, or None."""
        wrapped = self.calls.get(seat.wrap_up_call_id or "")
        if wrapped is not None:
            return self.tickets.get(wrapped.ticket_id)
        return self.ticket_at_seat(seat.id)

    @property
    def time_zone(self) -> str:
        """The hall's own: that of its first location."""
        return next(iter(self.locations.values())).time_zone if self.locations else "UTC"

    def tally(self, now: float) -> DayTally:
        """The counts of today."""
        return self._tallies.setdefault(local_day(now, self.time_zone), DayTally())

    def next_deadline(self) -> float:
        """When the sweep has work next; infinity when never."""
        staffed = closing.is_staffed(self.seats.values())
        tickets = ticket_deadlines(
            self._open.values(), self.locations, self.policy, staffed=staffed
        )
        calls = call_deadlines(self.calls.values(), self.tickets, self.seats, self.policy)
        return min(
            min(tickets, default=NEVER),
            min(seat_deadlines(self.seats.values(), self.policy), default=NEVER),
            min(calls, default=NEVER),
            min((o.expires_at for o in self.offers.values() if o.outcome is None), default=NEVER),
            min(consult_deadlines(self.invitations.live(), self.policy), default=NEVER),
            min((self.tickets[one].rating_until or 0.0 for one in self._to_rate), default=NEVER),
            min((one.row.until or NEVER for one in self.identities.values()), default=NEVER),
        )

    # --- following -------------------------------------------------------------------------

    def apply(self, changes: Changes) -> None:
        """Follow one commit."""
        self.seq = max(self.seq, changes.seq)
        self.version += 1
        self._learn(changes)
        for ticket in changes.tickets:
            self._put_ticket(ticket)
        for seat in changes.seats:
            self._put_seat(seat)
        for offer in changes.offers:
            self._put_offer(offer)
        for call in changes.calls:
            self._put_call(call)
        for consult in changes.consults:
            if consult.call_id in self.calls:
                self.invitations.put(consult)
        if changes.starts_since_green is not None:
            self._line_version += self.starts_since_green != changes.starts_since_green
            self.starts_since_green = changes.starts_since_green
        for code in changes.codes:
            self.codes[code.ticket_id or ""] = code
        for identity in changes.identities:
            self._put_identity(identity)
        for read in changes.number_reads:
            self.number_reads.put(read)
        for rating in changes.ratings:
            self.tally(rating.rated_at).ratings[rating.score - 1] += 1
        self.notes.update(changes.notes)
        self._drop_what_is_over()

    def _learn(self, changes: Changes) -> None:
        """Before the rows are replaced: what the difference teaches."""
        learnt, new_tickets = self.experience, {ticket.id: ticket for ticket in changes.tickets}
        for ticket in changes.tickets:
            learnt.ticket(self.tickets.get(ticket.id), ticket)
        for offer in changes.offers:
            learnt.offer(self.offers.get(offer.id), offer)
        for call in changes.calls:
            served = new_tickets.get(call.ticket_id) or self.tickets.get(call.ticket_id)
            if served is not None:
                before = self.calls.get(call.id)
                learnt.call(before, call, served, self.district_of(served.location_id))
        for seat in changes.seats:
            old = self.seats.get(seat.id)
            learnt.seat(old, seat, None if old is None else self.served_by(old), changes.at)

    def _put_ticket(self, ticket: TicketRow) -> None:
        old = self.tickets.get(ticket.id)
        self._touched.tickets.add(ticket.id)
        self._tallies.setdefault(ticket.day, DayTally()).count(old, ticket)
        self.tickets[ticket.id] = ticket
        if ticket.state.is_open:
            self._open[ticket.id] = ticket
        else:
            self._open.pop(ticket.id, None)
            self._seen_waiting.pop(ticket.id, None)
        if ticket.rating_until is None:
            self._to_rate.discard(ticket.id)
        else:
            self._to_rate.add(ticket.id)
        last = self.ticket_of_kiosk(ticket.kiosk_id)
        if last is None or last.arrived_at <= ticket.arrived_at:
            self._by_kiosk[ticket.kiosk_id] = ticket.id
            if last is not None:
                self._touched.tickets.add(last.id)
        if old is not None and self._by_seat.get(old.seat_id or "") == ticket.id:
            del self._by_seat[old.seat_id or ""]
        if ticket.seat_id is not None and ticket.state.is_open:
            self._by_seat[ticket.seat_id] = ticket.id
        self._line_version += 1

    def _put_identity(self, identity: KnownIdentity) -> None:
        ticket = self.tickets.get(identity.row.ticket_id)
        if ticket is None:
            return
        is_wrapped = ticket.offer_id in self.calls
        if ticket.state.is_open or ticket.rating_until is not None or is_wrapped:
            self.identities[ticket.id] = identity
        self._tallies.setdefault(ticket.day, DayTally()).decided(identity.row)

    def _put_seat(self, seat: SeatRow) -> None:
        old = self.seats.get(seat.id)
        if old is not None and self._by_agent.get(old.agent_id or "") == seat.id:
            del self._by_agent[old.agent_id or ""]
        self.seats[seat.id] = seat
        if old is not None and old.wrap_up_call_id is not None:
            self._touched.calls.add(old.wrap_up_call_id)
        if seat.agent_id is not None:
            self._by_agent[seat.agent_id] = seat.id

    def _put_offer(self, offer: TicketOfferRow) -> None:
        self.offers[offer.id] = offer
        self._touched.offers.add(offer.id)
        if offer.outcome is OfferOutcome.DECLINED:
            self._exclude(offer.ticket_id, offer.seat_id, offer.ended_at)

    def _exclude(self, ticket_id: str, seat_id: str, since: float | None) -> None:
        until = (since or 0.0) + self.policy.decline_exclusion_s
        self._excluded.setdefault(ticket_id, {})[seat_id] = until
        self._line_version += 1

    def _put_call(self, call: CallRow) -> None:
        self.calls[call.id] = call
        self._touched.calls.add(call.id)
        if call.end_reason is CallEndReason.TRANSFERRED:
            self.handed_over_by[call.ticket_id] = call.seat_id
            self._exclude(call.ticket_id, call.seat_id, call.ended_at)
        if call.id not in self._seen_calls:
            self._seen_calls.add(call.id)
            ticket = self.tickets.get(call.ticket_id)
            if ticket is not None:
                tally = self._tallies.setdefault(ticket.day, DayTally())
                tally.waited(ticket.location_id, call.started_at - ticket.arrived_at)

    def _drop_what_is_over(self) -> None:
        """Of what was touched, what nobody looks at any more."""
        touched, self._touched = self._touched, Touched()
        for call_id in touched.calls:
            call = self.calls.get(call_id)
            if call is None or call.state is not CallState.ENDED:
                continue
            if self.seats[call.seat_id].wrap_up_call_id != call_id:
                del self.calls[call_id]
                self.invitations.forget(call_id)
                self._seen_calls.discard(call_id)
                self.notes.pop(call_id, None)
                touched.offers.add(call_id)
                touched.tickets.add(call.ticket_id)
        for offer_id in touched.offers:
            offer = self.offers.get(offer_id)
            if offer is not None and offer.outcome is not None and offer_id not in self.calls:
                del self.offers[offer_id]
        over = {one for one in touched.tickets if one in self.tickets and one not in self._open}
        if over:
            over -= {call.ticket_id for call in self.calls.values()}
        for ticket_id in over:
            self.handed_over_by.pop(ticket_id, None)
            self._excluded.pop(ticket_id, None)
            if ticket_id not in self._to_rate:
                self.identities.pop(ticket_id, None)
            if self._by_kiosk.get(self.tickets[ticket_id].kiosk_id) != ticket_id:
                del self.tickets[ticket_id]
                self._to_rate.discard(ticket_id)
                self.codes.pop(ticket_id, None)

    # --- loading ---------------------------------------------------------------------------

    @classmethod
    def load(cls, connection: Connection, policy: Policy, sealer: Sealer, now: float) -> HallMirror:
        """The whole picture, from the database."""
        mirror = cls(policy)
        mirror.locations = {row.id: row for row in _rows(connection, LocationRow)}
        mirror.kiosks = {row.id: row for row in _rows(connection, KioskRow)}
        mirror.items = {row.code: row for row in _rows(connection, ServiceItemRow)}
        for seat in _rows(connection, SeatRow):
            mirror._put_seat(seat)
        days = {local_day(now, row.time_zone) for row in mirror.locations.values()}
        open_states = [state for state in TicketState if state.is_open]
        wrapped = [seat.wrap_up_call_id for seat in mirror.seats.values() if seat.wrap_up_call_id]
        of_interest = (
            _ticket.c.day.in_(days)
            | _ticket.c.state.in_(open_states)
            | _ticket.c.offer_id.in_(wrapped)
        )
        tickets = select(_ticket).where(of_interest).order_by(_ticket.c.arrived_at, _ticket.c.id)
        for row in connection.execute(tickets):
            mirror._put_ticket(record(TicketRow, row))
        mirror._load_calls(connection, days, sealer)
        mirror._load_exclusions(connection, now)
        mirror._load_codes(connection)
        mirror._load_identities(connection, days, sealer)
        mirror.number_reads = NumberReads.load(connection, now)
        counter = select(_counter.c.n).where(_counter.c.name == STARTS_SINCE_GREEN)
        starts = connection.execute(counter).scalar()
        mirror.starts_since_green = CALM.starts_since_green if starts is None else starts
        mirror.policy_version = newest_version(connection)
        mirror.experience = Experience.load(connection, policy, now)
        mirror._drop_what_is_over()
        mirror.seq = connection.execute(select(func.max(_journal.c.seq))).scalar() or 0
        return mirror

    def _load_calls(self, connection: Connection, days: set[str], sealer: Sealer) -> None:
        wrapping = [seat.wrap_up_call_id for seat in self.seats.values() if seat.wrap_up_call_id]
        live = (_call.c.state != CallState.ENDED) | _call.c.id.in_(wrapping)
        for row in connection.execute(select(_call).where(live)):
            self.calls[row.id] = record(CallRow, row)
            self._seen_calls.add(row.id)
            self._touched.calls.add(row.id)
        wanted = _offer.c.outcome.is_(None) | _offer.c.id.in_(list(self.calls))
        for row in connection.execute(select(_offer).where(wanted)):
            self.offers[row.id] = record(TicketOfferRow, row)
            self._touched.offers.add(row.id)
        self.invitations = Invitations.read(connection, self.calls)
        for row in connection.execute(select(_note).where(_note.c.call_id.in_(list(self.calls)))):
            self.notes[row.call_id] = sealer.open(row.sealed)
        joined = _call.join(_ticket, _ticket.c.id == _call.c.ticket_id)
        columns = (_ticket.c.day, _ticket.c.location_id, _ticket.c.arrived_at, _call.c.started_at)
        started = select(*columns).select_from(joined).where(_ticket.c.day.in_(days))
        for day, location_id, arrived_at, started_at in connection.execute(started):
            tally = self._tallies.setdefault(day, DayTally())
            tally.waited(location_id, started_at - arrived_at)
        rated = _rating.join(_ticket, _ticket.c.id == _rating.c.ticket_id)
        scores = select(_ticket.c.day, _rating.c.score).select_from(rated)
        for day, score in connection.execute(scores.where(_ticket.c.day.in_(days))):
            self._tallies.setdefault(day, DayTally()).ratings[score - 1] += 1

    def _load_exclusions(self, connection: Connection, now: float) -> None:
        horizon = now - self.policy.decline_exclusion_s
        declined = select(_offer.c.ticket_id, _offer.c.seat_id, _offer.c.ended_at).where(
            _offer.c.outcome == OfferOutcome.DECLINED, _offer.c.ended_at > horizon
        )
        for ticket_id, seat_id, ended_at in connection.execute(declined):
            if ticket_id in self._open:
                self._exclude(ticket_id, seat_id, ended_at)
        handed_on = [ticket.id for ticket in self._open.values() if ticket.hand_overs]
        calls = select(_call.c.ticket_id, _call.c.seat_id, _call.c.ended_at).where(
            _call.c.end_reason == CallEndReason.TRANSFERRED, _call.c.ticket_id.in_(handed_on)
        )
        for ticket_id, seat_id, ended_at in connection.execute(calls.order_by(_call.c.ended_at)):
            self.handed_over_by[ticket_id] = seat_id
            if ended_at > horizon:
                self._exclude(ticket_id, seat_id, ended_at)

    def _load_codes(self, connection: Connection) -> None:
        """Return codes of calls that go on or were just ended; older ones nobody is shown."""
        given = select(_code).where(
            _code.c.kind == EntryKind.RETURN, _code.c.made_at > self._looked_back_to()
        )
        for row in connection.execute(given):
            code = record(EntryCodeRow, row)
            if code.ticket_id in self.tickets:
                self.codes[code.ticket_id] = code

    def _load_identities(self, connection: Connection, days: set[str], sealer: Sealer) -> None:
        for known in read_shown(connection, self.calls, sealer):
            self._put_identity(known)
        for day, row in read_seconded(connection, days):
            self._tallies.setdefault(day, DayTally()).decided(row)

    def _looked_back_to(self) -> float:
        shown = (t.arrived_at for t in self.tickets.values())
        return min(shown, default=0.0)


def _rows(connection: Connection, model: type[R]) -> Iterator[R]:
    for row in connection.execute(select(table_of(model))):
        yield record(model, row)
