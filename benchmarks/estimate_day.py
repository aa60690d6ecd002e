"""A hall's day on a virtual clock, with the rules the server runs by, to judge estimates against.

Small on purpose: `matching.match` itself decides who serves whom. What the estimates do not know
beforehand happens all the same: agents take breaks, residents give up, each agent has a pace.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count, pairwise
from typing import Final

from service_queue.estimate import flat_s, waits
from service_queue.matching import FreeSeat, Pair, match_on
from service_queue.policy import Policy
from service_queue.prospect import (
    OVERTAKERS_OVER_S,
    Doing,
    OpenSeat,
    Outlook,
    Standing,
    Wait,
)
from service_queue.rank import LineState, WaitingTicket, in_order
from service_queue.service_times import ServiceTimes
from signaling.protocol.words import GreenReason

HOUR: Final = 3600.0
OPENS: Final = 9 * HOUR
CLOSES: Final = 17 * HOUR

PROFILE: Final = (0.7, 1.3, 1.25, 0.75, 0.5, 1.0, 1.15, 0.85)
"""Arrivals by hour from nine on: the morning's rush, lunch, the afternoon's."""

DEPARTMENTS: Final = ("social", "civil", "medical", "housing", "tax")


@dataclass(frozen=True)
class Item:
    """What a resident asks for, and what it truly takes."""

    code: str
    department: str
    share: float
    talk_s: float
    """Median."""
    sigma: float
    wrap_up_s: float


ITEMS: Final = (
    Item("pension", "social", 0.16, 330, 0.5, 25),
    Item("certificate", "social", 0.10, 150, 0.4, 15),
    Item("transfer", "social", 0.05, 780, 0.6, 60),
    Item("household", "civil", 0.12, 420, 0.6, 30),
    Item("marriage", "civil", 0.06, 600, 0.4, 40),
    Item("allowance", "civil", 0.06, 900, 0.7, 60),
    Item("insurance", "medical", 0.14, 240, 0.5, 20),
    Item("refund", "medical", 0.08, 660, 0.8, 45),
    Item("rent", "housing", 0.07, 540, 0.6, 40),
    Item("permit", "housing", 0.05, 1080, 0.5, 90),
    Item("invoice", "tax", 0.08, 180, 0.5, 15),
    Item("company", "tax", 0.03, 1200, 0.6, 90),
)


@dataclass(frozen=True, kw_only=True)
class DayPlan:
    """What kind of day."""

    seats: int = 20
    locations: int = 10
    load: float = 0.92
    """Mean utilisation from opening to closing; the rush is above 1."""
    green_share: float = 0.12
    patience_s: float = 5400.0
    """Mean; infinity: nobody gives up."""
    breaks: bool = True
    skills: bool = True
    policy: Policy = field(default_factory=Policy)


@dataclass(slots=True)
class _Seat:
    free: FreeSeat
    pace: float
    """How slow its agent is: 1 is the mean."""
    agent: str
    """Somebody else every day."""
    available: bool = True
    doing: Doing = Doing.NOTHING
    since: float = 0.0
    item: Item | None = None
    status_since: float = OPENS


@dataclass(slots=True)
class Quote:
    """What was told when a ticket was taken, and what then happened."""

    at: float
    wait: Wait
    flat: float
    ahead: int
    waited_s: float | None = None


class Day:
    """One day. `times` is what the hall knew before, and learns from it."""

    def __init__(self, plan: DayPlan, rng: random.Random, times: ServiceTimes) -> None:
        self.plan, self.times = plan, times
        self.quotes: dict[str, Quote] = {}
        self.taken = 0
        self._rng = rng
        self._state = LineState()
        self._waiting: dict[str, WaitingTicket] = {}
        self._items: dict[str, Item] = {}
        self._green: list[Standing] = []
        self._events: list[tuple[float, int, str, str]] = []
        self._order = count()
        self._seats = {seat.free.id: seat for seat in self._make_seats()}

    def run(self) -> None:
        """From opening until the last is served."""
        for at in self._arrivals():
            self._at(at, "arrive", "")
        for seat in self._seats.values():
            for at in self._breaks():
                self._at(at, "pause", seat.free.id)
        while self._events:
            now, _, what, name = heapq.heappop(self._events)
            getattr(self, f"_{what}")(now, name)
            self._match(now)
        for seat in self._seats.values():
            if seat.available:
                self.times.was_open(CLOSES - seat.status_since, then_paused=False)

    # --- events ----------------------------------------------------------------------------

    def _arrive(self, now: float, _: str) -> None:
        rng, plan = self._rng, self.plan
        item = rng.choices(ITEMS, [each.share for each in ITEMS])[0]
        ticket = WaitingTicket(
            id=f"t{self.taken}-{rng.getrandbits(32):08x}",
            arrived_at=now,
            green=GreenReason.ELDERLY if rng.random() < plan.green_share else None,
            location_id=f"L{rng.randrange(plan.locations)}",
            department=item.department if plan.skills else "",
        )
        self.taken += 1
        self._waiting[ticket.id] = ticket
        self._items[ticket.id] = item
        if plan.patience_s < float("inf"):
            self._at(now + rng.expovariate(1.0 / plan.patience_s), "leave", ticket.id)
        self._match(now)
        if ticket.id in self._waiting:
            self._quote(now, ticket)
        if ticket.green is not None:
            self._green.append(self._standing(ticket))

    def _leave(self, now: float, ticket_id: str) -> None:
        ticket = self._waiting.pop(ticket_id, None)
        if ticket is not None:
            self.times.waited(now - ticket.arrived_at, left=True)

    def _accept(self, now: float, seat_id: str) -> None:
        seat = self._seats[seat_id]
        assert seat.item is not None
        self.times.answered(now - seat.since)
        seat.doing, seat.since = Doing.TALKING, now
        talk = self._rng.lognormvariate(0.0, seat.item.sigma) * seat.item.talk_s * seat.pace
        self._at(now + talk, "hang_up", seat_id)

    def _hang_up(self, now: float, seat_id: str) -> None:
        seat = self._seats[seat_id]
        assert seat.item is not None
        took = now - seat.since
        self.times.talked(seat.item.code, seat.item.department, took, seat.agent)
        seat.doing, seat.since = Doing.WRAPPING_UP, now
        wrap_up = self._rng.lognormvariate(0.0, 0.6) * seat.item.wrap_up_s * seat.pace
        self._at(now + wrap_up, "finish", seat_id)

    def _finish(self, now: float, seat_id: str) -> None:
        seat = self._seats[seat_id]
        assert seat.item is not None
        self.times.wrapped_up(seat.item.code, seat.item.department, now - seat.since)
        seat.doing, seat.since, seat.item = Doing.NOTHING, now, None
        self._become_idle(seat, now)

    def _pause(self, now: float, seat_id: str) -> None:
        seat = self._seats[seat_id]
        self.times.was_open(now - seat.status_since, then_paused=True)
        seat.available, seat.status_since = False, now
        self._at(now + self._rng.uniform(300.0, 1200.0), "resume", seat_id)

    def _resume(self, now: float, seat_id: str) -> None:
        seat = self._seats[seat_id]
        self.times.was_on_break("rest", now - seat.status_since)
        seat.available, seat.status_since = True, now
        if seat.doing is Doing.NOTHING:
            self._become_idle(seat, now)

    # --- the rules at work -----------------------------------------------------------------

    def _match(self, now: float) -> None:
        free = [
            seat.free
            for seat in self._seats.values()
            if seat.available and seat.doing is Doing.NOTHING
        ]
        if not free or not self._waiting:
            return
        policy = self.plan.policy
        tickets = list(self._waiting.values())
        matched = match_on(tickets, free, policy, now, self._state)
        self._state = matched.state
        for pair in matched.pairs:
            self._start(pair, now)
        rings = [ring.after_s for ring in policy.seats.rings if ring.after_s > 0.0]
        for ticket in self._waiting.values():
            if rings and ticket.arrived_at == now:
                for after in rings:
                    self._at(now + after, "look", "")

    def _look(self, now: float, _: str) -> None:
        """A ring opened."""

    def _start(self, pair: Pair, now: float) -> None:
        ticket = self._waiting.pop(pair.ticket_id)
        seat = self._seats[pair.seat_id]
        seat.doing, seat.since, seat.item = Doing.RINGING, now, self._items[ticket.id]
        answer = self._rng.lognormvariate(1.3, 0.5)
        self.times.waited(now - ticket.arrived_at, left=False)
        quote = self.quotes.get(ticket.id)
        if quote is not None:
            quote.waited_s = now + answer - quote.at
        self._at(now + answer, "accept", seat.free.id)

    def _quote(self, now: float, ticket: WaitingTicket) -> None:
        outlook = self.outlook(now)
        wait = waits(outlook).get(ticket.id)
        line = in_order(self._waiting.values(), self.plan.policy, now, self._state)
        ahead = line.index(ticket)
        windows = sum(seat.available for seat in self._seats.values())
        flat = flat_s(ahead, windows, self.times.mean_visit_s)
        if wait is not None and flat is not None:
            self.quotes[ticket.id] = Quote(at=now, wait=wait, flat=flat, ahead=ahead)

    def outlook(self, now: float) -> Outlook:
        """What an estimate may know."""
        self._green = [
            one for one in self._green if now - one.ticket.arrived_at < OVERTAKERS_OVER_S
        ]
        return Outlook(
            now=now,
            policy=self.plan.policy,
            state=self._state,
            line=[self._standing(ticket) for ticket in self._waiting.values()],
            seats=[self._open_seat(seat) for seat in self._seats.values()],
            answer=self.times.answer,
            leaving_rate=self.times.leaving_rate,
            pausing_rate=self.times.pausing_rate,
            pause=self.times.break_for("rest"),
            overtakers=self._green,
        )

    def _standing(self, ticket: WaitingTicket) -> Standing:
        item = self._items[ticket.id]
        return Standing(ticket=ticket, visit=self.times.visit(item.code, item.department))

    def _open_seat(self, seat: _Seat) -> OpenSeat:
        visit = None
        if seat.item is not None:
            visit = self.times.visit(seat.item.code, seat.item.department)
        resting = not seat.available and seat.doing is Doing.NOTHING
        return OpenSeat(
            seat=seat.free,
            doing=Doing.PAUSED if resting else seat.doing,
            since=seat.status_since if resting else seat.since,
            visit=visit,
            pause=None if seat.available else self.times.break_for("rest"),
            pace=self.times.paces.of(seat.agent),
        )

    # --- the day's plan --------------------------------------------------------------------

    def _at(self, at: float, what: str, name: str) -> None:
        heapq.heappush(self._events, (at, next(self._order), what, name))

    def _arrivals(self) -> Iterator[float]:
        mean = sum(
            each.share * (each.talk_s * 2.718281828 ** (each.sigma**2 / 2) + each.wrap_up_s * 1.2)
            for each in ITEMS
        )
        per_s = self.plan.load * self.plan.seats / mean
        at = OPENS
        while True:
            at += self._rng.expovariate(per_s * max(PROFILE))
            if at >= CLOSES:
                return
            if self._rng.random() < PROFILE[int((at - OPENS) // HOUR)] / max(PROFILE):
                yield at

    def _breaks(self) -> Iterator[float]:
        if self.plan.breaks:
            yield OPENS + self._rng.uniform(1.0, 3.0) * HOUR
            yield OPENS + self._rng.uniform(4.5, 7.0) * HOUR

    def _become_idle(self, seat: _Seat, now: float) -> None:
        seat.free = replace(seat.free, idle_since=now)

    def _make_seats(self) -> Iterator[_Seat]:
        ring = [*pairwise(DEPARTMENTS), (DEPARTMENTS[-1], DEPARTMENTS[0])]
        for n in range(self.plan.seats):
            generalist = not self.plan.skills or n % 4 == 0
            departments = frozenset({"*"}) if generalist else frozenset(ring[n % len(ring)])
            home = f"L{n % self.plan.locations}"
            free = FreeSeat(
                id=f"s{n:02d}", idle_since=OPENS, location_id=home, departments=departments
            )
            agent = f"{self._rng.getrandbits(32):08x}"
            yield _Seat(free, self._rng.lognormvariate(-0.02, 0.2), agent)
