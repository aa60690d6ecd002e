"""The hall in memory: a picture of what the database holds, for views and deadlines.

The database is the truth. The mirror is loaded from it, follows each commit in order, and may be
thrown away at any time.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection, func, select
from sqlmodel import SQLModel

from service_queue import closing
from service_queue.hours import local_day
from service_queue.policy import Policy
from service_queue.rank import WaitingTicket, in_order
from service_queue.statements import record
from service_queue.tables import (
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
from service_queue.transaction import Sealer, Transaction
from signaling.protocol.words import CallState, TicketState

R = TypeVar("R", bound=SQLModel)

_call = table_of(CallRow)
_journal = table_of(JournalRow)
_note = table_of(CallNoteRow)
_offer = table_of(TicketOfferRow)
_rating = table_of(RatingRow)
_ticket = table_of(TicketRow)


@dataclass(frozen=True)
class Changes:
    """The rows a commit left changed, as they stand after it."""

    seq: int
    tickets: tuple[TicketRow, ...] = ()
    seats: tuple[SeatRow, ...] = ()
    offers: tuple[TicketOfferRow, ...] = ()
    calls: tuple[CallRow, ...] = ()
    ratings: tuple[RatingRow, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    reference: bool = False
    """Locations, kiosks, seats or items changed: everything may look different."""

    @property
    def kiosk_ids(self) -> set[str]:
        """Kiosks whose ticket changed."""
        return {ticket.kiosk_id for ticket in self.tickets}

    @property
    def seat_ids(self) -> set[str]:
        """Seats that changed, or whose ticket, offer or call did."""
        direct = {seat.id for seat in self.seats} | {offer.seat_id for offer in self.offers}
        return direct | {call.seat_id for call in self.calls}


@dataclass
class DayTally:
    """Counts of one day."""

    taken: int = 0
    by_state: Counter[TicketState] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    """Seconds from arrival to acceptance, sorted."""
    ratings: list[int] = field(default_factory=lambda: [0] * 5)
    served_by_location: Counter[str] = field(default_factory=Counter)
    served_by_seat: Counter[str] = field(default_factory=Counter)

    def count(self, old: TicketRow | None, new: TicketRow) -> None:
        """Follow a ticket of this day from `old` to `new`."""
        if old is None:
            self.taken += 1
        elif old.state is new.state:
            return
        else:
            self.by_state[old.state] -= 1
        self.by_state[new.state] += 1
        if new.state is TicketState.COMPLETED:
            self.served_by_location[new.location_id] += 1
            if new.seat_id is not None:
                self.served_by_seat[new.seat_id] += 1

    def waited(self, seconds: float) -> None:
        """A ticket was accepted after so long."""
        bisect.insort(self.waits, seconds)


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
        self._by_kiosk: dict[str, str] = {}
        self._by_seat: dict[str, str] = {}
        self._by_agent: dict[str, str] = {}
        self._line: list[str] | None = None
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
        return (ticket for ticket in self.tickets.values() if ticket.state.is_open)

    def line(self) -> list[str]:
        """Ids of the waiting tickets in the order of service."""
        if self._line is None:
            waiting = (
                WaitingTicket(
                    id=ticket.id,
                    arrived_at=ticket.arrived_at,
                    last_seat_id=ticket.last_seat_id,
                    away=ticket.away_since is not None,
                )
                for ticket in self.tickets.values()
                if ticket.state is TicketState.WAITING
            )
            self._line = [ticket.id for ticket in in_order(waiting, self.policy, 0.0)]
        return self._line

    def live_offer_or_call(self, call_id: str) -> TicketOfferRow | None:
        """The ticket offer with this id while it rings or its call lives, else None."""
        offer = self.offers.get(call_id)
        if offer is None or offer.outcome is None:
            return offer
        call = self.calls.get(call_id)
        return offer if call is not None and call.state is not CallState.ENDED else None

    def tally(self, now: float) -> DayTally:
        """The counts of today."""
        zone = next(iter(self.locations.values())).time_zone if self.locations else "UTC"
        return self._tallies.setdefault(local_day(now, zone), DayTally())

    def next_deadline(self) -> float:
        """When the sweep has work next; infinity when never."""
        return min(self._deadlines(), default=float("inf"))

    def _deadlines(self) -> Iterator[float]:
        policy = self.policy
        staffed = closing.is_staffed(self.seats.values())
        for offer in self.offers.values():
            if offer.outcome is None:
                yield offer.expires_at
        for ticket in self.tickets.values():
            yield from self._ticket_deadlines(ticket, staffed=staffed)
        for seat in self.seats.values():
            if seat.wrap_up_until is not None:
                yield seat.wrap_up_until
            if seat.shift_ends_at is not None:
                yield seat.shift_ends_at
            if seat.agent_id is not None and seat.away_since is not None:
                yield seat.away_since + min(policy.idle_seat_grace_s, policy.call_away_grace_s)
        for call in self.calls.values():
            if call.state is CallState.CONNECTING:
                yield call.state_since + policy.connect_timeout_s
            elif call.state is CallState.RECONNECTING:
                yield call.state_since + policy.stalled_timeout_s

    def _ticket_deadlines(self, ticket: TicketRow, *, staffed: bool) -> Iterator[float]:
        policy = self.policy
        if ticket.rating_until is not None:
            yield ticket.rating_until
        if ticket.state is TicketState.PARKED and ticket.parked_until is not None:
            yield ticket.parked_until
        if ticket.state in closing.LEFT and ticket.location_id in self.locations:
            zone = self.locations[ticket.location_id].time_zone
            yield closing.deadline(policy.hours, ticket.day, zone, staffed=staffed)
        called = ticket.state.is_open and ticket.state is not TicketState.PARKED
        if ticket.away_since is not None and called:
            serving = ticket.state is TicketState.SERVING
            grace = policy.call_away_grace_s if serving else policy.waiting_kiosk_grace_s
            yield ticket.away_since + grace

    # --- following -------------------------------------------------------------------------

    def apply(self, changes: Changes) -> None:
        """Follow one commit."""
        self.seq = max(self.seq, changes.seq)
        for ticket in changes.tickets:
            self._put_ticket(ticket)
        for seat in changes.seats:
            self._put_seat(seat)
        for offer in changes.offers:
            self.offers[offer.id] = offer
        for call in changes.calls:
            self._put_call(call)
        for rating in changes.ratings:
            self.tally(rating.rated_at).ratings[rating.score - 1] += 1
        self.notes.update(changes.notes)
        self._drop_what_is_over()

    def _put_ticket(self, ticket: TicketRow) -> None:
        old = self.tickets.get(ticket.id)
        self._tallies.setdefault(ticket.day, DayTally()).count(old, ticket)
        self.tickets[ticket.id] = ticket
        last = self.ticket_of_kiosk(ticket.kiosk_id)
        if last is None or last.arrived_at <= ticket.arrived_at:
            self._by_kiosk[ticket.kiosk_id] = ticket.id
        if old is not None and self._by_seat.get(old.seat_id or "") == ticket.id:
            del self._by_seat[old.seat_id or ""]
        if ticket.seat_id is not None and ticket.state.is_open:
            self._by_seat[ticket.seat_id] = ticket.id
        self._line = None

    def _put_seat(self, seat: SeatRow) -> None:
        old = self.seats.get(seat.id)
        if old is not None and self._by_agent.get(old.agent_id or "") == seat.id:
            del self._by_agent[old.agent_id or ""]
        self.seats[seat.id] = seat
        if seat.agent_id is not None:
            self._by_agent[seat.agent_id] = seat.id

    def _put_call(self, call: CallRow) -> None:
        self.calls[call.id] = call
        if call.id not in self._seen_calls:
            self._seen_calls.add(call.id)
            ticket = self.tickets.get(call.ticket_id)
            if ticket is not None:
                tally = self._tallies.setdefault(ticket.day, DayTally())
                tally.waited(call.started_at - ticket.arrived_at)

    def _drop_what_is_over(self) -> None:
        wrapping = {seat.wrap_up_call_id for seat in self.seats.values()}
        for call_id, call in list(self.calls.items()):
            if call.state is CallState.ENDED and call_id not in wrapping:
                del self.calls[call_id]
                self._seen_calls.discard(call_id)
                self.notes.pop(call_id, None)
        for offer_id, offer in list(self.offers.items()):
            if offer.outcome is not None and offer_id not in self.calls:
                del self.offers[offer_id]
        told = {call.ticket_id for call in self.calls.values()} | set(self._by_kiosk.values())
        for ticket_id, ticket in list(self.tickets.items()):
            if not ticket.state.is_open and ticket_id not in told:
                del self.tickets[ticket_id]

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
        mirror._drop_what_is_over()
        mirror.seq = connection.execute(select(func.max(_journal.c.seq))).scalar() or 0
        return mirror

    def _load_calls(self, connection: Connection, days: set[str], sealer: Sealer) -> None:
        wrapping = [seat.wrap_up_call_id for seat in self.seats.values() if seat.wrap_up_call_id]
        live = (_call.c.state != CallState.ENDED) | _call.c.id.in_(wrapping)
        for row in connection.execute(select(_call).where(live)):
            self.calls[row.id] = record(CallRow, row)
            self._seen_calls.add(row.id)
        wanted = _offer.c.outcome.is_(None) | _offer.c.id.in_(list(self.calls))
        for row in connection.execute(select(_offer).where(wanted)):
            self.offers[row.id] = record(TicketOfferRow, row)
        for row in connection.execute(select(_note).where(_note.c.call_id.in_(list(self.calls)))):
            self.notes[row.call_id] = sealer.open(row.sealed)
        joined = _call.join(_ticket, _ticket.c.id == _call.c.ticket_id)
        started = select(_ticket.c.day, _ticket.c.arrived_at, _call.c.started_at).select_from(
            joined
        )
        for day, arrived_at, started_at in connection.execute(
            started.where(_ticket.c.day.in_(days))
        ):
            self._tallies.setdefault(day, DayTally()).waited(started_at - arrived_at)
        rated = _rating.join(_ticket, _ticket.c.id == _rating.c.ticket_id)
        scores = select(_ticket.c.day, _rating.c.score).select_from(rated)
        for day, score in connection.execute(scores.where(_ticket.c.day.in_(days))):
            self._tallies.setdefault(day, DayTally()).ratings[score - 1] += 1


def read_changes(tx: Transaction) -> Changes:
    """The rows a unit touched, as they stand at its end."""
    touched = tx.touched
    return Changes(
        seq=tx.seq,
        tickets=tuple(_seen(tx, TicketRow, touched.tickets)),
        seats=tuple(_seen(tx, SeatRow, touched.seats)),
        offers=tuple(_seen(tx, TicketOfferRow, touched.offers)),
        calls=tuple(_seen(tx, CallRow, touched.calls)),
        ratings=tuple(tx.need(RatingRow, ticket_id=one) for one in touched.ratings),
        notes=tuple(
            (one, tx.sealer.open(tx.need(CallNoteRow, call_id=one).sealed)) for one in touched.notes
        ),
    )


def _seen(tx: Transaction, model: type[R], ids: set[str]) -> Iterator[R]:
    for each in ids:
        row = tx.rows.get((model, each))
        yield row if isinstance(row, model) else tx.need(model, id=each)


def _rows(connection: Connection, model: type[R]) -> Iterator[R]:
    for row in connection.execute(select(table_of(model))):
        yield record(model, row)
