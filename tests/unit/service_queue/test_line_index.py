"""The index finds what the definition finds, whatever happened before."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from service_queue.line_index import LineIndex
from service_queue.matching import FreeSeat, Matched, match, match_on
from service_queue.policy import (
    AppointmentPolicy,
    GreenPolicy,
    Policy,
    ReturnPolicy,
    Ring,
    Scope,
    SeatPolicy,
    SeatStrategy,
)
from service_queue.rank import LineState, WaitingTicket
from signaling.protocol.words import GreenReason, Lane, Language

pytestmark = pytest.mark.unit

LOCATIONS = ("L1", "L2", "L3")
DISTRICTS = {"L1": "D1", "L2": "D1", "L3": "D2"}
SEATS = tuple(f"s{n}" for n in range(6))
TICKETS = tuple(f"t{n}" for n in range(12))


def quarters(low: int, high: int) -> st.SearchStrategy[float]:
    """Times that sums of policy seconds keep exact."""
    return st.integers(low * 4, high * 4).map(lambda n: n / 4)


rings = st.lists(
    st.builds(Ring, after_s=quarters(0, 120), scope=st.sampled_from(Scope)), max_size=4
).map(tuple)

policies = st.builds(
    Policy,
    ceiling_s=quarters(100, 400) | st.just(math.inf),
    green=st.builds(GreenPolicy, head_start_s=quarters(0, 200), one_in=st.integers(1, 4)),
    returns=st.builds(ReturnPolicy, head_start_s=quarters(0, 100)),
    appointments=st.builds(AppointmentPolicy, head_start_s=quarters(0, 100)),
    seats=st.builds(
        SeatPolicy,
        strategy=st.sampled_from(SeatStrategy),
        rings=rings | st.just(SeatPolicy().rings),
        level_after_s=st.just(0.0) | quarters(0, 60),
        same_seat_s=st.just(0.0) | quarters(0, 60),
        match_departments=st.booleans(),
        match_languages=st.booleans(),
    ),
)

languages = st.frozensets(st.sampled_from(Language))
departments = st.just(frozenset({"*"})) | st.frozensets(st.sampled_from(["a", "b", "c"]))


class Histories(RuleBasedStateMachine):
    """Tickets and seats come, change and go, time passes, policies change; the two must agree."""

    def __init__(self) -> None:
        super().__init__()
        self.index = LineIndex()
        self.tickets: dict[str, tuple[WaitingTicket, dict[str, float]]] = {}
        self.free: dict[str, FreeSeat] = {}
        self.open: set[str] = set()
        self.now = 1000.0
        self.policy = Policy()
        self.state = LineState()
        self.after_position = -1

    @initialize(policy=policies)
    def begin(self, policy: Policy) -> None:
        self.policy = policy

    @rule(
        ticket_id=st.sampled_from(TICKETS),
        before_s=quarters(-5, 500),
        place_s=st.none() | quarters(-100, 100),
        lane=st.sampled_from(Lane),
        green=st.none() | st.just(GreenReason.ELDERLY),
        location=st.sampled_from(LOCATIONS),
        department=st.sampled_from(["", "a", "b", "c"]),
        language=st.sampled_from(Language),
        last_seat=st.none() | st.sampled_from(SEATS),
        back_s=st.none() | quarters(0, 60),
        away=st.integers(0, 5).map(lambda n: n == 0),
        for_good=st.frozensets(st.sampled_from(SEATS), max_size=1),
        for_now=st.dictionaries(st.sampled_from(SEATS), quarters(-5, 60), max_size=2),
    )
    def put_ticket(
        self,
        ticket_id: str,
        before_s: float,
        place_s: float | None,
        lane: Lane,
        green: GreenReason | None,
        location: str,
        department: str,
        language: Language,
        last_seat: str | None,
        back_s: float | None,
        away: bool,
        for_good: frozenset[str],
        for_now: dict[str, float],
    ) -> None:
        arrived_at = self.now - before_s
        ticket = WaitingTicket(
            id=ticket_id,
            arrived_at=arrived_at,
            place_at=None if place_s is None else arrived_at + place_s,
            lane=lane,
            green=green,
            location_id=location,
            district=DISTRICTS[location],
            department=department,
            language=language,
            last_seat_id=last_seat,
            back_at=None if back_s is None else self.now - back_s,
            away=away,
            excluded_seats=for_good,
        )
        until = {seat: self.now + left_s for seat, left_s in for_now.items()}
        self.tickets[ticket_id] = (ticket, until)
        self.index.put_ticket(ticket, until)

    @precondition(lambda self: self.tickets)
    @rule(data=st.data(), away=st.booleans())
    def ticket_comes_or_goes_away(self, data: st.DataObject, away: bool) -> None:
        ticket_id = data.draw(st.sampled_from(sorted(self.tickets)))
        ticket, until = self.tickets[ticket_id]
        self.tickets[ticket_id] = (replace(ticket, away=away), until)
        self.index.put_ticket(*self.tickets[ticket_id])

    @rule(ticket_id=st.sampled_from(TICKETS))
    def drop_ticket(self, ticket_id: str) -> None:
        self.tickets.pop(ticket_id, None)
        self.index.drop_ticket(ticket_id)

    @rule(
        seat_id=st.sampled_from(SEATS),
        idle_s=quarters(0, 100),
        level=st.integers(1, 3),
        location=st.none() | st.sampled_from(LOCATIONS),
        departments=departments,
        languages=languages,
        calls=st.integers(0, 3),
        talk_s=quarters(0, 50),
    )
    def put_seat(
        self,
        seat_id: str,
        idle_s: float,
        level: int,
        location: str | None,
        departments: frozenset[str],
        languages: frozenset[Language],
        calls: int,
        talk_s: float,
    ) -> None:
        seat = FreeSeat(
            id=seat_id,
            idle_since=self.now - idle_s,
            position=SEATS.index(seat_id) // 2,
            level=level,
            location_id=location,
            district=DISTRICTS[location or "L1"],
            departments=departments,
            languages=languages,
            calls_today=calls,
            talk_today_s=talk_s,
        )
        self.free[seat_id] = seat
        self.index.put_seat(seat)

    @rule(seat_id=st.sampled_from(SEATS))
    def drop_seat(self, seat_id: str) -> None:
        self.free.pop(seat_id, None)
        self.index.drop_seat(seat_id)

    @rule(seat_id=st.sampled_from(SEATS), is_open=st.booleans())
    def open_or_close(self, seat_id: str, is_open: bool) -> None:
        if is_open:
            self.open.add(seat_id)
        else:
            self.open.discard(seat_id)
        self.index.set_open(seat_id, is_open)

    @rule(seconds=quarters(0, 90))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(seconds=quarters(0, 90))
    def time_goes_back(self, seconds: float) -> None:
        self.now -= seconds

    @rule(behind=st.dictionaries(st.sampled_from(LOCATIONS), quarters(1, 200)))
    def locations_fall_behind(self, behind: dict[str, float]) -> None:
        self.state = replace(self.state, behind=behind)

    @rule(starts=st.integers(0, 5))
    def quota_is_counted_elsewhere(self, starts: int) -> None:
        self.state = replace(self.state, starts_since_green=starts)

    @rule(policy=policies)
    def policy_changes(self, policy: Policy) -> None:
        self.policy = policy

    @rule()
    def match_now(self) -> None:
        expected = self.naive(self.now)
        self.index.after_position = self.after_position
        assert self.index.pairs(self.policy, self.now, self.state) == expected.pairs
        assert self.index.state == expected.state
        assert self.index.after_position == expected.after_position
        self.state, self.after_position = expected.state, expected.after_position
        for pair in expected.pairs:
            del self.tickets[pair.ticket_id], self.free[pair.seat_id]

    @rule()
    def wait_for_what_opens_next(self) -> None:
        """Nothing opens before the moment that the index names, and it does look then."""
        self.match_now()
        at = self.index.next_at()
        assert at > self.now
        until = min(at, self.now + 1000.0)
        for part in (0.25, 0.5, 0.75):
            between = self.now + (until - self.now) * part
            if between < until:
                assert not self.naive(between).pairs
        before = math.nextafter(until, 0.0)
        assert before <= self.now or not self.naive(before).pairs
        if until > self.now and math.isfinite(at):
            self.now = until
            self.match_now()

    @invariant()
    def the_index_holds_who_waits(self) -> None:
        assert len(self.index) == len(self.tickets)
        assert {seat.id for seat in self.index.free} == set(self.free)

    def naive(self, now: float) -> Matched:
        tickets = [
            replace(
                ticket,
                excluded_seats=ticket.excluded_seats
                | {seat for seat, until in excluded.items() if until > now},
            )
            for ticket, excluded in self.tickets.values()
        ]
        return match_on(
            tickets,
            list(self.free.values()),
            self.policy,
            now,
            self.state,
            open_seats=self.open,
            after_position=self.after_position,
        )


Histories.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
test_histories = Histories.TestCase
