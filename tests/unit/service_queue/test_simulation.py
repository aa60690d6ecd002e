"""What happens to residents and windows on the virtual clock."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from service_queue.matching import FreeSeat, Pair, match_on
from service_queue.policy import (
    CapPolicy,
    FairnessPolicy,
    HoursPolicy,
    ParkPolicy,
    Policy,
    Ring,
    Scope,
    SeatPolicy,
    SeatStrategy,
)
from service_queue.rank import CALM, LineState, WaitingTicket
from service_queue.service_times import LogNormal
from service_queue.simulation import (
    Hall,
    History,
    ItemPlan,
    LocationPlan,
    Manners,
    Resident,
    Scenario,
    SeatPlan,
    Span,
    draw_residents,
    joined,
    simulate,
    simulate_day,
    summarise,
)
from service_queue.simulation.engine import LOOKS_S
from service_queue.simulation.story import Story
from signaling.protocol.words import GreenReason, Lane, TicketEndReason

pytestmark = pytest.mark.unit

MIDNIGHT = 1_780_243_200.0
"""2026-06-01 00:00 in Shanghai, a Monday."""
HOUR = 3600.0


def somebody(name: str, at: float, **how: Any) -> Resident:
    return Resident(
        **{"id": name, "at": at, "location_id": "a", "item_code": "x", "service_s": 100.0, **how}
    )


def seat(name: str = "one", **how: Any) -> SeatPlan:
    return SeatPlan(id=name, **how)


def lived(
    residents: list[Resident], seats: list[SeatPlan] | None = None, policy: Policy | None = None
) -> dict[str, Story]:
    history = Hall(seats or [seat()], policy or Policy()).run(residents)
    return {story.resident.id: story for story in history.stories}


def called(stories: Mapping[str, Story]) -> dict[str, float | None]:
    return {name: story.called_at for name, story in stories.items()}


def test_one_window_serves_in_the_order_of_arrival() -> None:
    stories = lived([somebody("a", 0.0), somebody("b", 1.0), somebody("c", 2.0)])
    assert called(stories) == {"a": 0.0, "b": 100.0, "c": 200.0}


def test_answering_and_after_call_work_take_the_windows_time() -> None:
    stories = lived([somebody("a", 0.0, answer_s=4.0, wrap_up_s=10.0), somebody("b", 1.0)])
    assert called(stories) == {"a": 4.0, "b": 114.0}


def test_after_call_work_ends_with_its_last_extension() -> None:
    policy = Policy(wrap_up_s=30.0, wrap_up_extension_s=60.0, max_wrap_up_extensions=1)
    stories = lived([somebody("a", 0.0, wrap_up_s=1000.0), somebody("b", 1.0)], policy=policy)
    assert stories["b"].called_at == 190.0


def test_who_loses_patience_leaves_and_is_served_no_more() -> None:
    stories = lived([somebody("a", 0.0), somebody("b", 1.0, patience_s=50.0), somebody("c", 2.0)])
    assert stories["b"].ended is TicketEndReason.RESIDENT_LEFT
    assert stories["c"].called_at == 100.0


def test_a_dropped_call_comes_first_and_only_the_rest_is_left_to_do() -> None:
    stories = lived([somebody("a", 0.0, drop_after_s=40.0), somebody("b", 1.0)])
    # Dropped at 40, taken at once again by the window that knows them: done at 100.
    assert stories["a"].lane is Lane.TECHNICAL_DROP
    assert stories["b"].called_at == 100.0
    assert stories["a"].ended is TicketEndReason.SERVED


def test_who_is_not_there_is_called_again_behind_their_place() -> None:
    policy = Policy(park=ParkPolicy(recall_after_s=60.0, setback_s=180.0, max_recalls=2))
    stories = lived([somebody("a", 0.0, misses=1), somebody("b", 10.0)], policy=policy)
    assert stories["b"].called_at == LOOKS_S
    assert stories["a"].called_at == LOOKS_S + 100.0
    assert stories["a"].recalls == 1


def test_after_the_last_recall_in_vain_the_ticket_is_over() -> None:
    policy = Policy(park=ParkPolicy(recall_after_s=60.0, max_recalls=1))
    stories = lived([somebody("a", 0.0, misses=9)], policy=policy)
    assert stories["a"].ended is TicketEndReason.NOT_PRESENT
    assert stories["a"].recalls == 1


def test_a_declined_ticket_goes_to_another_window_for_a_while() -> None:
    policy = Policy(decline_exclusion_s=120.0)
    alone = lived([somebody("a", 0.0, declines=1)], policy=policy)
    assert alone["a"].called_at == 120.0
    two = lived([somebody("a", 0.0, declines=1)], [seat("one"), seat("two")], policy)
    assert two["a"].called_at == 0.0


def test_a_window_that_does_not_answer_is_paused() -> None:
    policy = Policy(offer_timeout_s=20.0)
    stories = lived([somebody("a", 0.0, unanswered=1)], [seat("one"), seat("two")], policy)
    assert stories["a"].called_at == 20.0
    assert stories["a"].seat_id == "two"


def test_the_green_channel_overtakes_within_its_head_start() -> None:
    waiting = [somebody("a", 0.0), somebody("b", 1.0), somebody("c", 2.0)]
    green = somebody("old", 3.0, green=GreenReason.ELDERLY)
    assert lived([*waiting, green])["old"].called_at == 100.0


def test_who_comes_back_with_a_code_meets_the_window_that_knows_them() -> None:
    history = Hall([seat("one"), seat("two")], Policy()).run(
        [somebody("a", 0.0, back_after_s=50.0, back_service_s=30.0)]
    )
    first, again = history.stories
    assert again.resident.id == "ar"
    assert again.lane is Lane.RETURNED
    assert again.called_at == 150.0
    assert again.seat_id == first.seat_id


def test_another_ring_opens_at_its_moment_though_nothing_happens() -> None:
    rings = (Ring(after_s=0.0, scope=Scope.HOME), Ring(after_s=300.0, scope=Scope.ANYONE))
    policy = Policy(seats=SeatPolicy(rings=rings))
    stories = lived([somebody("a", 10.0)], [seat(location_id="b")], policy)
    assert stories["a"].called_at == pytest.approx(310.0)


def test_a_shift_that_ends_finishes_who_is_there_and_those_who_wait() -> None:
    at = MIDNIGHT + 9 * HOUR
    until_ten = seat(spans=(Span(9 * HOUR, 10 * HOUR),))
    residents = [somebody(name, at + n, service_s=3000.0) for n, name in enumerate("abc")]
    finishing = Hall([until_ten], Policy(), origin=MIDNIGHT).run(residents)
    assert [story.ended for story in finishing.stories] == [TicketEndReason.SERVED] * 3
    (window,) = finishing.windows
    assert window.open_s == pytest.approx(9000.0)
    strict = Policy(hours=HoursPolicy(finish_waiting=False))
    sent = Hall([until_ten], strict, origin=MIDNIGHT).run(residents)
    # The second call begins before ten; the third would not.
    assert [story.ended for story in sent.stories] == [
        TicketEndReason.SERVED,
        TicketEndReason.SERVED,
        TicketEndReason.SERVICE_CLOSED,
    ]


def test_a_window_at_its_meal_takes_nobody() -> None:
    spans = (Span(9 * HOUR, 12 * HOUR), Span(13 * HOUR, 17 * HOUR))
    history = Hall([seat(spans=spans)], Policy(), origin=MIDNIGHT).run(
        [somebody("a", MIDNIGHT + 12.5 * HOUR)]
    )
    assert history.stories[0].called_at == MIDNIGHT + 13 * HOUR


def test_who_comes_outside_the_hours_or_over_the_cap_gets_no_ticket() -> None:
    hours = HoursPolicy(opens="09:00", closes="17:00", last_ticket="16:30")
    noon = MIDNIGHT + 12 * HOUR
    residents = [
        somebody("early", MIDNIGHT + 8 * HOUR),
        *(somebody(f"noon {n}", noon + n) for n in range(3)),
        somebody("elsewhere", noon + 9, location_id="b"),
        somebody("late", MIDNIGHT + 16.6 * HOUR),
    ]
    policy = Policy(hours=hours, caps=CapPolicy(per_location=2))
    history = Hall([seat()], policy, origin=MIDNIGHT).run(residents)
    assert [story.resident.id for story in history.stories] == ["noon 0", "noon 1", "elsewhere"]
    assert history.turned_away == 3


def test_at_closing_time_those_who_wait_are_sent_home_if_the_policy_says_so() -> None:
    hours = HoursPolicy(opens="09:00", closes="12:00", finish_waiting=False)
    at = MIDNIGHT + 11 * HOUR
    residents = [somebody(name, at, service_s=2 * HOUR) for name in "ab"]
    history = Hall([seat()], Policy(hours=hours), origin=MIDNIGHT).run(residents)
    ends = {story.resident.id: story.ended for story in history.stories}
    assert ends == {"a": TicketEndReason.SERVED, "b": TicketEndReason.SERVICE_CLOSED}


# --- the whole ---------------------------------------------------------------------------------

DISTRICT = Scenario(
    origin=MIDNIGHT,
    days=2,
    locations=tuple(
        LocationPlan(
            id=name,
            district="north" if n < 2 else "south",
            tickets_a_day=60.0 + 20.0 * n,
            profile=(0.0,) * 9 + (1.5, 1.5, 1.0, 0.5, 0.7, 1.0, 1.0, 0.6) + (0.0,) * 7,
        )
        for n, name in enumerate(("a", "b", "c"))
    ),
    items=tuple(
        ItemPlan(
            code=code,
            department=department,
            weight=weight,
            talk=LogNormal.around(400.0, 0.6),
            wrap_up=LogNormal.around(20.0, 0.5),
        )
        for code, department, weight in (("p", "social", 3.0), ("t", "tax", 1.0), ("?", "", 0.3))
    ),
    seats=tuple(
        SeatPlan(
            id=f"seat-{n}",
            position=n,
            location_id="abc"[n % 3],
            district="north" if n % 3 < 2 else "south",
            level=1 + n % 2,
            departments=frozenset({"*"} if n % 2 else {"social", "tax"}),
            spans=(Span(9 * HOUR, 12 * HOUR), Span((12.5 + n % 2) * HOUR, 17 * HOUR)),
        )
        for n in range(6)
    ),
    manners=Manners(green=0.2, misses=0.05, drops=0.05, backs=0.1, declines=0.1, unanswered=0.05),
)

POLICIES = {
    "pooled": Policy(),
    "rings": Policy(
        seats=SeatPolicy(
            rings=(
                Ring(after_s=0.0, scope=Scope.HOME),
                Ring(after_s=60.0, scope=Scope.DISTRICT),
                Ring(after_s=240.0, scope=Scope.ANYONE),
            ),
            same_seat_s=120.0,
            level_after_s=30.0,
        )
    ),
    "fair, by turns": Policy(
        seats=SeatPolicy(strategy=SeatStrategy.ROUND_ROBIN),
        fairness=FairnessPolicy(max_behind_s=20.0),
        ceiling_s=900.0,
    ),
}


class Definition:
    """In the index's place: `matching` itself, over everybody, each time."""

    def __init__(self) -> None:
        self.state: LineState = CALM
        self.after_position = -1
        self._tickets: dict[str, tuple[WaitingTicket, Mapping[str, float]]] = {}
        self._free: dict[str, FreeSeat] = {}
        self._open: set[str] = set()
        self._policy = Policy()
        self._now = 0.0

    def put_ticket(self, ticket: WaitingTicket, excluded_until: Mapping[str, float]) -> None:
        self._tickets[ticket.id] = (ticket, dict(excluded_until))

    def drop_ticket(self, ticket_id: str) -> None:
        self._tickets.pop(ticket_id, None)

    def put_seat(self, free: FreeSeat) -> None:
        self._free[free.id] = free

    def drop_seat(self, seat_id: str) -> None:
        self._free.pop(seat_id, None)

    def set_open(self, seat_id: str, is_open: bool) -> None:
        (self._open.add if is_open else self._open.discard)(seat_id)

    def pairs(self, policy: Policy, now: float, state: LineState) -> list[Pair]:
        self._policy, self._now, self.state = policy, now, state
        tickets = [
            replace(
                ticket,
                excluded_seats=frozenset(one for one, until in excluded.items() if until > now),
            )
            for ticket, excluded in self._tickets.values()
        ]
        found, self.state, self.after_position = match_on(
            tickets,
            list(self._free.values()),
            policy,
            now,
            state,
            open_seats=self._open,
            after_position=self.after_position,
        )
        for pair in found:
            self._free.pop(pair.seat_id)
            self._tickets.pop(pair.ticket_id)
        return found

    def next_at(self) -> float:
        rules = self._policy.seats
        spans = [ring.after_s for ring in rules.rings] + [rules.level_after_s]
        moments = [
            _reaches(ticket.arrived_at, span)
            for ticket, _ in self._tickets.values()
            for span in spans
        ]
        for ticket, excluded in self._tickets.values():
            moments += excluded.values()
            since = ticket.place if ticket.back_at is None else ticket.back_at
            moments.append(_reaches(max(since, ticket.arrived_at), rules.same_seat_s))
            if ticket.back_at is not None:
                moments.append(_reaches(ticket.back_at, rules.same_seat_s))
        return min((moment for moment in moments if moment > self._now), default=math.inf)


def _reaches(since: float, span: float) -> float:
    at = since + span
    while at - since < span:
        at = math.nextafter(at, math.inf)
    return at


def told(history: History) -> list[tuple[str, float | None, str | None, str | None]]:
    return [
        (story.resident.id, story.called_at, story.seat_id, story.ended)
        for story in history.stories
    ]


@pytest.mark.parametrize("name", POLICIES)
def test_the_index_and_the_definition_of_matching_live_the_same_days(name: str) -> None:
    scenario = replace(DISTRICT, days=1)
    residents = draw_residents(scenario, seed=3)
    plain = Hall(scenario.seats, POLICIES[name], origin=MIDNIGHT)
    defined = Hall(scenario.seats, POLICIES[name], origin=MIDNIGHT)
    # The definition has the index's methods, but is none.
    defined.index = Definition()  # type: ignore[assignment]
    first, second = plain.run(residents), defined.run(residents)
    assert told(first) == told(second)
    assert sum(story.called_at is not None for story in first.stories) > 150


@pytest.mark.parametrize("name", POLICIES)
def test_nobody_is_lost_and_everybody_ends_for_a_reason(name: str) -> None:
    residents = draw_residents(DISTRICT, seed=5)
    history = Hall(DISTRICT.seats, POLICIES[name], origin=MIDNIGHT, days=2).run(residents)
    first_time = [story for story in history.stories if not story.resident.id.endswith("r")]
    assert [story.resident for story in first_time] == residents
    assert all(story.ended is not None for story in history.stories)
    for story in history.stories:
        if story.ended is TicketEndReason.SERVED:
            assert story.waited_s is not None
            assert story.waited_s >= 0.0


def test_the_same_seed_gives_the_same_day_and_another_seed_another() -> None:
    first = simulate_day(DISTRICT, POLICIES["rings"], 7, 0)
    assert simulate_day(DISTRICT, POLICIES["rings"], 7, 0) == first
    assert simulate_day(DISTRICT, POLICIES["rings"], 8, 0) != first


def test_another_window_changes_nothing_about_who_comes() -> None:
    more = replace(DISTRICT, seats=(*DISTRICT.seats, seat("extra")))
    assert draw_residents(DISTRICT, 4) == draw_residents(more, 4)
    fewer = replace(DISTRICT, locations=DISTRICT.locations[:1])
    only_a = [one for one in draw_residents(DISTRICT, 4) if one.location_id == "a"]
    assert draw_residents(fewer, 4) == only_a


def test_as_many_come_as_planned_and_when_they_should() -> None:
    scenario = replace(DISTRICT, days=60)
    residents = draw_residents(scenario, 1)
    planned = 60 * sum(location.tickets_a_day for location in scenario.locations)
    assert len(residents) == pytest.approx(planned, abs=4 * math.sqrt(planned))
    hours = [int((one.at - MIDNIGHT) % 86400 // HOUR) for one in residents]
    assert set(hours) == set(range(9, 17))
    ratio = hours.count(9) / hours.count(12)
    assert ratio == pytest.approx(3.0, rel=0.1)


def test_more_windows_mean_shorter_waits_and_dedicated_ones_longer() -> None:
    residents = draw_residents(DISTRICT, 6)
    dedicated = Policy(seats=SeatPolicy(rings=(Ring(after_s=0.0, scope=Scope.HOME),)))
    means = [
        summarise(
            simulate(residents, seats, policy, origin=MIDNIGHT, days=2), MIDNIGHT
        ).waits.mean_s
        for seats, policy in (
            ([*DISTRICT.seats, seat("extra", spans=(Span(9 * HOUR, 12 * HOUR),))], Policy()),
            (list(DISTRICT.seats), Policy()),
            (list(DISTRICT.seats), dedicated),
        )
    ]
    assert means == sorted(means)
    assert means[2] > 2 * means[1]


def test_days_are_added_up() -> None:
    days = [simulate_day(DISTRICT, Policy(), 1, day) for day in (0, 1)]
    whole = joined(days)
    figures = summarise(whole, MIDNIGHT)
    assert figures.tickets == sum(len(day.passages) for day in days)
    assert sum(figures.ends.values()) == figures.tickets
    assert {use.seat_id for use in whole.uses} == {plan.id for plan in DISTRICT.seats}
    assert sum(use.calls for use in whole.uses) == sum(
        use.calls for day in days for use in day.uses
    )
    assert sum(waits.served for waits in figures.by_hour.values()) == figures.waits.served
    assert sum(waits.served for waits in figures.by_location.values()) == figures.waits.served
