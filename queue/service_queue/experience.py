"""What the hall learns from what happens: how long things take, and how often people go away.

Learnt from the rows as they change; after a restart, from the last days in the database.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from sqlalchemy import Connection, func, select

from service_queue.fairness import LateWaits
from service_queue.placement import waiting_ticket
from service_queue.policy import FairnessPolicy, Policy
from service_queue.prospect import OVERTAKERS_OVER_S
from service_queue.rank import LineState, claim_s
from service_queue.service_times import ServiceTimes
from service_queue.statements import record
from service_queue.tables import (
    CallRow,
    JournalRow,
    LocationRow,
    SeatRow,
    TicketOfferRow,
    TicketRow,
    table_of,
)
from signaling.protocol.words import (
    BreakReason,
    CallEndReason,
    OfferOutcome,
    SeatState,
    SeatStatus,
    TicketEndReason,
    TicketState,
)

CALLS_REMEMBERED: Final = 2_000
"""So many of the last calls are looked at after a restart."""

CALLED_REMEMBERED: Final = 50_000
"""Tickets known to have been called once, so that a call after a drop is no wait of its own."""

JOURNAL_REMEMBERED: Final = 40_000
"""So many of the last rows of the journal."""

BY_SERVER: Final = frozenset({BreakReason.NO_ANSWER, BreakReason.DECLINED_OFTEN})
"""Breaks nobody asked for: how long they take says nothing about breaks."""

_call = table_of(CallRow)
_journal = table_of(JournalRow)
_location = table_of(LocationRow)
_offer = table_of(TicketOfferRow)
_ticket = table_of(TicketRow)

_SERVED: Final = frozenset(
    reason
    for reason in CallEndReason
    if reason.is_intentional or reason is CallEndReason.TRANSFERRED
)
"""Calls that lasted as long as they had to."""


class Experience:
    """What was learnt so far. Follows the mirror's changes."""

    def __init__(self, policy: Policy) -> None:
        self.times = ServiceTimes(usual_wrap_up_s=policy.wrap_up_s * 0.7)
        self.late = LateWaits(policy.fairness)
        """How far locations are behind, beyond what the policy allows."""
        self.compared = LateWaits(FairnessPolicy(max_behind_s=0.0, over_s=policy.fairness.over_s))
        """The same with nothing allowed: for people to look at."""
        self.last_begun_at: dict[str, float] = {}
        """By location: when its last call began."""
        self.arrivals: deque[tuple[float, TicketRow]] = deque()
        """Tickets of late with a right to overtake, by arrival."""
        self._policy = policy
        self._called: dict[str, None] = {}
        self._seat_since: dict[str, float] = {}

    # --- following -------------------------------------------------------------------------

    def ticket(self, old: TicketRow | None, new: TicketRow) -> None:
        """A ticket was taken, or changed."""
        if old is None:
            if self._may_overtake(new):
                self.arrivals.append((new.arrived_at, new))
            return
        left = new.end_reason is TicketEndReason.RESIDENT_LEFT and old.end_reason is None
        if left and old.state is TicketState.WAITING and new.ended_at is not None:
            self.times.waited(new.ended_at - new.arrived_at, left=True)

    def call(self, old: CallRow | None, new: CallRow, ticket: TicketRow, district: str) -> None:
        """A call began, or changed."""
        if old is None:
            self._began(new.started_at, ticket, district)
        was_live = old is not None and old.ended_at is None
        if was_live and new.end_reason in _SERVED and new.ended_at is not None:
            self._talked(ticket, new.started_at, new.ended_at, new.agent_id)

    def offer(self, old: TicketOfferRow | None, new: TicketOfferRow) -> None:
        """A ticket offer was made, or ended."""
        ended = new.outcome is OfferOutcome.ACCEPTED and new.ended_at is not None
        if ended and (old is None or old.outcome is None):
            self.times.answered((new.ended_at or 0.0) - new.offered_at)

    def seat(self, old: SeatRow | None, new: SeatRow, served: TicketRow | None, at: float) -> None:
        """A seat changed. `served`: the ticket of its after-call work."""
        if old is None:
            self._seat_since[new.id] = max(at, new.state_since)
            return
        over = old.state is SeatState.WRAP_UP and new.state is not SeatState.WRAP_UP
        if over and served is not None and new.agent_id is not None:
            took = new.state_since - old.state_since
            self.times.wrapped_up(served.item_code, served.department, took)
        if old.status is not new.status or old.agent_id != new.agent_id:
            self._status_changed(old, new, max(at, new.state_since))

    def _status_changed(self, old: SeatRow, new: SeatRow, at: float) -> None:
        since = self._seat_since.get(new.id, at)
        self._seat_since[new.id] = at
        paused = new.status is SeatStatus.ON_BREAK and new.break_reason not in BY_SERVER
        if old.status is SeatStatus.AVAILABLE:
            self.times.was_open(at - since, then_paused=paused)
        elif new.status is SeatStatus.AVAILABLE and old.break_reason not in (None, *BY_SERVER):
            self.times.was_on_break(old.break_reason or "", at - since)

    def on_break_since(self, seat: SeatRow) -> float:
        """Since when a seat has had its status."""
        return self._seat_since.get(seat.id, seat.state_since)

    def overtakers(self, now: float) -> list[TicketRow]:
        """Tickets of late with a right to overtake."""
        while self.arrivals and self.arrivals[0][0] < now - OVERTAKERS_OVER_S:
            self.arrivals.popleft()
        return [ticket for _, ticket in self.arrivals]

    def _began(self, at: float, ticket: TicketRow, district: str) -> None:
        if ticket.id in self._called:
            return
        if len(self._called) >= CALLED_REMEMBERED:
            self._called = dict(list(self._called.items())[CALLED_REMEMBERED // 2 :])
        self._called[ticket.id] = None
        waited = at - ticket.arrived_at
        self.times.waited(waited, left=False)
        if self._policy.fairness.max_behind_s is not None:
            self.late.add(at, ticket.location_id, district, waited)
        self.compared.add(at, ticket.location_id, district, waited)
        self.last_begun_at[ticket.location_id] = at

    def _talked(self, ticket: TicketRow, began: float, ended: float, agent_id: str) -> None:
        self.times.talked(ticket.item_code, ticket.department, ended - began, agent_id)

    def _may_overtake(self, ticket: TicketRow) -> bool:
        room = LineState(starts_since_green=self._policy.green.one_in)
        return claim_s(waiting_ticket(ticket), self._policy, room) > 0.0

    # --- loading ---------------------------------------------------------------------------

    @classmethod
    def load(cls, connection: Connection, policy: Policy, now: float) -> Experience:
        """What the last days in the database teach."""
        learnt = cls(policy)
        learnt._load_calls(connection)
        learnt._load_offers(connection)
        last = connection.execute(select(func.max(_journal.c.seq))).scalar() or 0
        learnt._load_wrap_ups(connection, last - JOURNAL_REMEMBERED)
        learnt._load_breaks(connection, last - JOURNAL_REMEMBERED)
        learnt._load_arrivals(connection, now)
        return learnt

    def _load_calls(self, connection: Connection) -> None:
        joined = _call.join(_ticket, _ticket.c.id == _call.c.ticket_id).join(
            _location, _location.c.id == _ticket.c.location_id
        )
        columns = (
            *(_call.c.started_at, _call.c.ended_at, _call.c.end_reason, _call.c.agent_id),
            _location.c.district,
        )
        last = (
            select(*columns, *_ticket.c)
            .select_from(joined)
            .order_by(_call.c.started_at.desc())
            .limit(CALLS_REMEMBERED)
        )
        for row in reversed(connection.execute(last).all()):
            began, ended, reason, agent_id, district = row[: len(columns)]
            ticket = record(TicketRow, row[len(columns) :])
            self._began(began, ticket, district)
            if ended is not None and reason in _SERVED:
                self._talked(ticket, began, ended, agent_id)

    def _load_offers(self, connection: Connection) -> None:
        last = (
            select(_offer.c.offered_at, _offer.c.ended_at)
            .where(_offer.c.outcome == OfferOutcome.ACCEPTED)
            .order_by(_offer.c.offered_at.desc())
            .limit(CALLS_REMEMBERED)
        )
        for offered_at, ended_at in reversed(connection.execute(last).all()):
            self.times.answered(ended_at - offered_at)

    def _load_wrap_ups(self, connection: Connection, after: int) -> None:
        joined = _journal.join(_call, _call.c.id == _journal.c.call_id).join(
            _ticket, _ticket.c.id == _call.c.ticket_id
        )
        ended = (
            select(_journal.c.at, _call.c.ended_at, _ticket.c.item_code, _ticket.c.department)
            .select_from(joined)
            .where(_journal.c.seq > after, _journal.c.kind == "wrap_up.ended")
            .order_by(_journal.c.seq)
        )
        for at, call_ended_at, item, department in connection.execute(ended):
            if call_ended_at is not None:
                self.times.wrapped_up(item, department, at - call_ended_at)

    def _load_breaks(self, connection: Connection, after: int) -> None:
        kinds = ("seat.signed_in", "seat.opened", "seat.paused", "seat.signed_out")
        rows = (
            select(_journal.c.at, _journal.c.kind, _journal.c.seat_id, _journal.c.reason)
            .where(_journal.c.seq > after, _journal.c.kind.in_(kinds))
            .order_by(_journal.c.seq)
        )
        before: dict[str, tuple[str, str | None]] = {}
        for at, kind, seat_id, told in connection.execute(rows):
            reason = BreakReason.PREPARING if kind == "seat.signed_in" else told
            was, why = before.get(seat_id, ("", None))
            since = self._seat_since.get(seat_id, at)
            asked_for = reason is not None and reason not in BY_SERVER
            if was == "seat.opened":
                self.times.was_open(at - since, then_paused=kind == "seat.paused" and asked_for)
            elif kind == "seat.opened" and why is not None and why not in BY_SERVER:
                self.times.was_on_break(why, at - since)
            before[seat_id] = (kind, reason)
            self._seat_since[seat_id] = at

    def _load_arrivals(self, connection: Connection, now: float) -> None:
        since = now - OVERTAKERS_OVER_S
        recent = select(_ticket).where(_ticket.c.arrived_at >= since).order_by(_ticket.c.arrived_at)
        for row in connection.execute(recent):
            ticket = record(TicketRow, row)
            if self._may_overtake(ticket):
                self.arrivals.append((ticket.arrived_at, ticket))
