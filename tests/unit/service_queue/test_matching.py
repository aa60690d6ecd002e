"""Who serves whom: hindrances, rings, the choice among seats, and the pairs of a line."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import FrozenInstanceError, replace
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service_queue.matching import (
    FreeSeat,
    Hindrance,
    Pair,
    choose_seat,
    hindrance,
    includes,
    match,
    match_on,
    opens_after_s,
)
from service_queue.policy import (
    GreenPolicy,
    Policy,
    ReturnPolicy,
    Ring,
    Scope,
    SeatPolicy,
    TransferPolicy,
)
from service_queue.policy import SeatStrategy as Strategy
from service_queue.rank import LineState, WaitingTicket, in_order
from signaling.protocol.words import GreenReason, Lane, Language

pytestmark = pytest.mark.unit

NOW = 1000.0
POLICY = Policy()
RINGS = (
    Ring(after_s=0.0, scope=Scope.HOME),
    Ring(after_s=60.0, scope=Scope.DISTRICT),
    Ring(after_s=120.0, scope=Scope.ANYONE),
)


def ticket(name: str = "t", arrived_at: float = NOW, **values: Any) -> WaitingTicket:
    return WaitingTicket(id=name, arrived_at=arrived_at, **values)


def seat(name: str = "s", **values: Any) -> FreeSeat:
    return FreeSeat(id=name, **({"idle_since": 0.0} | values))


def seats(**values: Any) -> Policy:
    return Policy(seats=SeatPolicy(**values))


# --- hindrances ------------------------------------------------------------------------------

HOME = seat(location_id="L1", district="D1")
NEAR = seat(location_id="L2", district="D1")
FAR = seat(location_id="L3", district="D2")
OURS: Final[dict[str, Any]] = {"location_id": "L1", "district": "D1"}


@pytest.mark.parametrize(
    ("one", "by", "policy", "expected"),
    [
        (ticket(), seat(), POLICY, None),
        (ticket(away=True), seat(), POLICY, Hindrance.AWAY),
        (ticket(excluded_seats=frozenset({"s"})), seat(), POLICY, Hindrance.EXCLUDED),
        (ticket(excluded_seats=frozenset({"other"})), seat(), POLICY, None),
        (ticket(department="a"), seat(departments=frozenset("b")), POLICY, Hindrance.DEPARTMENT),
        (ticket(department="a"), seat(departments=frozenset("ab")), POLICY, None),
        (ticket(department="a"), seat(departments=frozenset("*")), POLICY, None),
        (ticket(department="a"), seat(departments=frozenset()), POLICY, Hindrance.DEPARTMENT),
        (ticket(department=""), seat(departments=frozenset("b")), POLICY, None),
        (
            ticket(department="a"),
            seat(departments=frozenset("b")),
            seats(match_departments=False),
            None,
        ),
        (ticket(language=Language.BO), seat(languages=frozenset({Language.ZH})), POLICY, None),
        (
            ticket(language=Language.BO),
            seat(languages=frozenset({Language.ZH})),
            seats(match_languages=True),
            Hindrance.LANGUAGE,
        ),
        (ticket(**OURS), HOME, seats(rings=RINGS), None),
        (ticket(**OURS), NEAR, seats(rings=RINGS), Hindrance.RING),
        (ticket(arrived_at=NOW - 60.0, **OURS), NEAR, seats(rings=RINGS), None),
        (ticket(arrived_at=NOW - 60.0, **OURS), FAR, seats(rings=RINGS), Hindrance.RING),
        (ticket(arrived_at=NOW - 120.0, **OURS), FAR, seats(rings=RINGS), None),
        (ticket(**OURS), HOME, seats(rings=()), Hindrance.RING),
        (ticket(), seat(level=3), seats(level_after_s=10.0), Hindrance.LEVEL),
        (ticket(arrived_at=NOW - 20.0), seat(level=3), seats(level_after_s=10.0), None),
        (ticket(arrived_at=NOW - 19.9), seat(level=3), seats(level_after_s=10.0), Hindrance.LEVEL),
        (ticket(arrived_at=NOW - 10.0), seat(level=2), seats(level_after_s=10.0), None),
        (ticket(arrived_at=NOW - 9.9), seat(level=2), seats(level_after_s=10.0), Hindrance.LEVEL),
        (ticket(), seat(level=1), seats(level_after_s=10.0), None),
        (ticket(), seat(level=9), POLICY, None),
        (
            ticket(last_seat_id="s", **OURS),
            seat(level=9, district="D2"),
            seats(rings=RINGS, level_after_s=10.0),
            None,
        ),
        (
            ticket(last_seat_id="s", department="a"),
            seat(departments=frozenset("b")),
            POLICY,
            Hindrance.DEPARTMENT,
        ),
    ],
)
def test_why_a_seat_may_not_take_a_ticket(
    one: WaitingTicket, by: FreeSeat, policy: Policy, expected: Hindrance | None
) -> None:
    assert hindrance(one, by, policy, NOW) is expected


@pytest.mark.parametrize(
    ("one", "open_seats", "expected"),
    [
        (ticket(last_seat_id="known"), {"known"}, Hindrance.SAME_SEAT),
        (ticket(last_seat_id="known"), set(), None),
        (ticket(last_seat_id="known", arrived_at=NOW - 29.9), {"known"}, Hindrance.SAME_SEAT),
        (ticket(last_seat_id="known", arrived_at=NOW - 30.0), {"known"}, None),
        (
            ticket(last_seat_id="known", arrived_at=0.0, back_at=NOW - 5.0),
            {"known"},
            Hindrance.SAME_SEAT,
        ),
        (ticket(last_seat_id="known", back_at=NOW - 31.0), {"known"}, None),
        (
            ticket(last_seat_id="known", excluded_seats=frozenset({"known"})),
            {"known"},
            None,
        ),
        (ticket(), {"known"}, None),
        (
            ticket(last_seat_id="known", arrived_at=0.0, place_at=NOW + 50.0),
            {"known"},
            Hindrance.SAME_SEAT,
        ),
    ],
)
def test_a_ticket_waits_a_little_for_the_seat_that_knows_it_while_that_is_open(
    one: WaitingTicket, open_seats: set[str], expected: Hindrance | None
) -> None:
    assert hindrance(one, seat(), seats(same_seat_s=30.0), NOW, open_seats) is expected
    assert hindrance(one, seat(), seats(same_seat_s=0.0), NOW, open_seats) is None


@pytest.mark.parametrize(
    ("back_s", "wanted", "expected"),
    [
        (29.0, True, Hindrance.WANTED_SEAT),
        (29.0, False, None),
        (30.0, True, None),
        (9.0, False, Hindrance.SAME_SEAT),
    ],
)
def test_who_is_handed_on_to_a_window_waits_for_it_by_a_rule_of_its_own(
    back_s: float, wanted: bool, expected: Hindrance | None
) -> None:
    policy = Policy(seats=SeatPolicy(same_seat_s=10.0), transfer=TransferPolicy(wanted_seat_s=30.0))
    one = ticket(arrived_at=0.0, last_seat_id="colleague", back_at=NOW - back_s, wanted=wanted)
    assert hindrance(one, seat(), policy, NOW, {"colleague"}) is expected
    assert hindrance(one, seat("colleague"), policy, NOW, {"colleague"}) is None
    assert hindrance(one, seat(), policy, NOW, ()) is None


@pytest.mark.parametrize(
    ("scope", "by", "expected"),
    [
        (Scope.HOME, HOME, True),
        (Scope.HOME, NEAR, False),
        (Scope.HOME, seat(), False),
        (Scope.DISTRICT, HOME, True),
        (Scope.DISTRICT, NEAR, True),
        (Scope.DISTRICT, FAR, False),
        (Scope.DISTRICT, seat(location_id="L0", district="D0"), False),
        (Scope.HOME, seat(location_id="L0", district="D1"), False),
        (Scope.DISTRICT, seat(district="D1"), True),
        (Scope.ANYONE, FAR, True),
        (Scope.ANYONE, seat(), True),
    ],
)
def test_whom_a_scope_includes(scope: Scope, by: FreeSeat, expected: bool) -> None:
    assert includes(scope, ticket(**OURS), by) is expected


def test_the_first_ring_that_includes_a_seat_counts() -> None:
    doubled = (*RINGS, Ring(after_s=30.0, scope=Scope.ANYONE))
    one = ticket(**OURS)
    assert [opens_after_s(one, by, seats(rings=doubled)) for by in (HOME, NEAR, FAR)] == [0, 30, 30]
    assert opens_after_s(one, FAR, seats(rings=RINGS[:2])) == math.inf


# --- the choice ------------------------------------------------------------------------------

CHOICE = (
    seat("a", position=2, idle_since=50.0, calls_today=3, talk_today_s=10.0),
    seat("b", position=1, idle_since=30.0, calls_today=9, talk_today_s=90.0),
    seat("c", position=3, idle_since=40.0, calls_today=1, talk_today_s=50.0),
)
SPECIALISED = (
    seat("a"),
    seat("b", departments=frozenset("xyz")),
    seat("c", departments=frozenset("xy")),
)


@pytest.mark.parametrize(
    ("strategy", "among", "after", "expected"),
    [
        (Strategy.LONGEST_IDLE, CHOICE, -1, "b"),
        (Strategy.FEWEST_CALLS, CHOICE, -1, "c"),
        (Strategy.LEAST_TALK, CHOICE, -1, "a"),
        (Strategy.ORDERED, CHOICE, -1, "b"),
        (Strategy.ROUND_ROBIN, CHOICE, -1, "b"),
        (Strategy.ROUND_ROBIN, CHOICE, 1, "a"),
        (Strategy.ROUND_ROBIN, CHOICE, 2, "c"),
        (Strategy.ROUND_ROBIN, CHOICE, 3, "b"),
        (Strategy.ROUND_ROBIN, (seat("a", position=0), seat("b", position=2)), 1, "b"),
        (Strategy.LEAST_SKILLED, SPECIALISED, -1, "c"),
        (Strategy.LEAST_SKILLED, SPECIALISED[:2], -1, "b"),
    ],
)
def test_each_strategy_chooses(
    strategy: Strategy, among: tuple[FreeSeat, ...], after: int, expected: str
) -> None:
    policy = seats(strategy=strategy)
    for order in (among, tuple(reversed(among))):
        chosen = choose_seat(ticket(department="x"), order, policy, NOW, after_position=after)
        assert chosen is not None
        assert chosen.id == expected


def test_round_robin_begins_with_the_first_position() -> None:
    policy, among = seats(strategy=Strategy.ROUND_ROBIN), [seat(n, position=int(n)) for n in "012"]
    one = ticket()
    assert choose_seat(one, among, policy, NOW) == among[0]
    assert match([one], among, policy, NOW) == [Pair("t", "0")]
    assert match_on([one], among, policy, NOW) == (
        [Pair("t", "0")],
        LineState(starts_since_green=1_000_001),
        0,
    )


def test_the_weights_of_the_draw_are_one_over_the_level() -> None:
    among = [seat("a", level=1), seat("b", level=2), seat("c", level=4)]
    policy = seats(strategy=Strategy.WEIGHTED_RANDOM)
    drawn: Counter[str] = Counter()
    for n in range(4000):
        chosen = choose_seat(ticket(f"t{n}"), among, policy, NOW)
        assert chosen is not None
        drawn[chosen.id] += 1
    # 4/7, 2/7 and 1/7, each within five standard deviations.
    for name, share in (("a", 4 / 7), ("b", 2 / 7), ("c", 1 / 7)):
        assert abs(drawn[name] / 4000 - share) < 5 * math.sqrt(share * (1 - share) / 4000)


def test_the_draw_for_a_ticket_is_the_same_each_time() -> None:
    among = [seat(name) for name in "abcdef"]
    policy = seats(strategy=Strategy.WEIGHTED_RANDOM)
    first = choose_seat(ticket("t"), among, policy, NOW)
    assert first == choose_seat(ticket("t"), list(reversed(among)), policy, NOW)


KNOWN = seat("known", location_id="L3", district="D2", idle_since=99.0, level=3)
INNER = seat("inner", location_id="L1", district="D1", idle_since=90.0, level=2)
LOWER = seat("lower", location_id="L2", district="D1", idle_since=80.0, level=1)
SPEAKS = seat("speaks", location_id="L2", district="D1", idle_since=70.0, level=2)
IDLE = seat(
    "idle",
    **{"location_id": "L2", "district": "D1", "idle_since": 10.0, "level": 2},
    languages=frozenset({Language.EN}),
)


def test_who_knows_then_rings_then_levels_then_language_then_the_strategy() -> None:
    policy = seats(rings=RINGS, level_after_s=10.0)
    one = ticket(arrived_at=NOW - 500.0, last_seat_id="known", **OURS)
    among = [IDLE, SPEAKS, LOWER, INNER, KNOWN]
    chosen = []
    while among:
        found = choose_seat(one, among, policy, NOW)
        assert found is not None
        chosen.append(found.id)
        among.remove(found)
    assert chosen == ["known", "inner", "lower", "speaks", "idle"]


def test_without_a_seat_that_may_nobody_is_chosen() -> None:
    assert choose_seat(ticket(), [], POLICY, NOW) is None
    assert choose_seat(ticket(away=True), [seat()], POLICY, NOW) is None


def test_a_seat_that_says_nothing_more_is_of_the_first_level_and_did_nothing_yet() -> None:
    plain = FreeSeat(id="s", idle_since=0.0)
    assert (plain.level, plain.position) == (1, 0)
    assert (plain.calls_today, plain.talk_today_s) == (0, 0.0)


def test_seats_and_pairs_never_change() -> None:
    with pytest.raises(FrozenInstanceError):
        seat().level = 2  # type: ignore[misc]  # refused at run time too
    with pytest.raises(FrozenInstanceError):
        Pair("t", "s").seat_id = "other"  # type: ignore[misc]  # refused at run time too


# --- pairs -----------------------------------------------------------------------------------

lines = st.lists(
    st.builds(
        WaitingTicket,
        id=st.integers(0, 10**9).map(str),
        arrived_at=st.integers(0, 4000).map(lambda n: n / 4),
        lane=st.sampled_from([Lane.ORDINARY, *Lane]),
        green=st.none() | st.sampled_from(GreenReason),
        location_id=st.sampled_from(["L1", "L2"]),
        department=st.sampled_from(["", "a", "b"]),
        last_seat_id=st.none() | st.sampled_from(["s1", "s2"]),
        wanted=st.booleans(),
        away=st.booleans(),
        excluded_seats=st.frozensets(st.sampled_from(["s1", "s2", "s3"])),
    ),
    max_size=12,
    unique_by=lambda one: one.id,
)
free = st.lists(
    st.builds(
        FreeSeat,
        id=st.sampled_from(["s1", "s2", "s3", "s4"]),
        idle_since=st.integers(0, 1000).map(float),
        level=st.integers(1, 2),
        location_id=st.none() | st.sampled_from(["L1", "L2"]),
        departments=st.frozensets(st.sampled_from(["*", "a", "b"])),
    ),
    max_size=4,
    unique_by=lambda one: one.id,
)
policies = st.builds(
    Policy,
    ceiling_s=st.sampled_from([500.0, 1e9]),
    green=st.builds(GreenPolicy, head_start_s=st.sampled_from([0.0, 300.0])),
    returns=st.builds(ReturnPolicy, head_start_s=st.sampled_from([0.0, 200.0])),
    seats=st.builds(
        SeatPolicy,
        strategy=st.sampled_from(Strategy),
        rings=st.sampled_from([SeatPolicy().rings, RINGS]),
        level_after_s=st.sampled_from([0.0, 300.0]),
        same_seat_s=st.sampled_from([0.0, 400.0]),
    ),
    transfer=st.builds(TransferPolicy, wanted_seat_s=st.sampled_from([0.0, 600.0])),
)


@given(lines, free, policies)
def test_a_match_is_fair_and_leaves_nothing_that_could_be_matched(
    line: list[WaitingTicket], seats: list[FreeSeat], policy: Policy
) -> None:
    open_seats = {one.id for one in seats}
    pairs = match(line, seats, policy, NOW, open_seats=open_seats)
    by_id, seat_by_id = {one.id: one for one in line}, {one.id: one for one in seats}
    assert len({pair.seat_id for pair in pairs}) == len(pairs)
    assert len({pair.ticket_id for pair in pairs}) == len(pairs)
    for pair in pairs:
        found = hindrance(by_id[pair.ticket_id], seat_by_id[pair.seat_id], policy, NOW, open_seats)
        assert found is None
    taken, matched = {pair.seat_id for pair in pairs}, {pair.ticket_id for pair in pairs}
    left = [one for one in seats if one.id not in taken]
    for one in line:
        if one.id not in matched:
            assert choose_seat(one, left, policy, NOW, open_seats=open_seats) is None


@given(lines, free, policies)
def test_nobody_is_passed_over_whom_the_seat_could_have_served(
    line: list[WaitingTicket], seats: list[FreeSeat], policy: Policy
) -> None:
    """The first pair is that of the first in the line for whom any seat is there."""
    pairs = match(line, seats, policy, NOW)
    for one in in_order(line, policy, NOW):
        chosen = choose_seat(one, seats, policy, NOW)
        if chosen is not None:
            assert pairs[0] == Pair(one.id, chosen.id)
            return
    assert pairs == []


@settings(max_examples=60, deadline=None)
@given(
    arrivals=st.lists(
        st.tuples(
            st.integers(0, 60),
            st.booleans(),
            st.sampled_from([Lane.ORDINARY, Lane.ORDINARY, Lane.RETURNED, Lane.TECHNICAL_DROP]),
        ),
        min_size=5,
        max_size=40,
    ),
    one_in=st.integers(1, 4),
    starts_a_step=st.integers(1, 3),
)
def test_the_green_quota_holds_over_any_sequence_of_starts(
    arrivals: list[tuple[int, bool, Lane]], one_in: int, starts_a_step: int
) -> None:
    """Whether a start overtook is judged by the order of a hall without a green channel."""
    policy = Policy(
        green=GreenPolicy(head_start_s=500.0, one_in=one_in),
        returns=ReturnPolicy(head_start_s=100.0),
    )
    without = replace(policy, green=GreenPolicy(head_start_s=0.0))
    coming = [
        ticket(
            f"t{n}",
            NOW + sum(gap for gap, _, _ in arrivals[: n + 1]),
            lane=lane,
            green=GreenReason.DISABLED if green else None,
        )
        for n, (_, green, lane) in enumerate(arrivals)
    ]
    waiting, state, overtook, now = [*coming[:5]], LineState(), [], coming[4].arrived_at
    later = coming[5:]
    while waiting:
        for _ in range(starts_a_step):
            plain = match(waiting, [seat()], without, now)
            found = match_on(waiting, [seat()], policy, now, state)
            state = found.state
            overtook.append(found.pairs[:1] != plain[:1])
            waiting = [one for one in waiting if one.id != found.pairs[0].ticket_id]
            if not waiting:
                break
        if later:
            now = later[0].arrived_at
            waiting.append(later.pop(0))
    for n in range(len(overtook)):
        assert sum(overtook[n : n + one_in]) <= 1
    assert len(overtook) == len(coming)


def test_the_quota_is_counted_from_pair_to_pair() -> None:
    policy = Policy(green=GreenPolicy(head_start_s=500.0, one_in=3))
    line = [ticket(f"o{n}", NOW + n) for n in range(4)]
    line += [ticket(f"g{n}", NOW + 10 + n, green=GreenReason.ELDERLY) for n in range(3)]
    pairs = match(line, [seat(f"s{n}") for n in range(7)], policy, NOW + 20)
    assert [pair.ticket_id for pair in pairs] == ["g0", "o0", "o1", "g1", "o2", "o3", "g2"]


def test_a_green_ticket_in_its_own_turn_does_not_use_the_quota() -> None:
    line = [ticket("g", NOW, green=GreenReason.ELDERLY), ticket("o", NOW + 1)]
    found = match_on(line, [seat()], POLICY, NOW + 2, LineState(starts_since_green=5))
    assert found.pairs == [Pair("g", "s")]
    assert found.state.starts_since_green == 6


def test_who_cannot_be_served_by_that_window_is_not_overtaken() -> None:
    line = [ticket("o", NOW, department="b"), ticket("g", NOW + 1, green=GreenReason.ELDERLY)]
    specialist = seat(departments=frozenset("a"))
    found = match_on(line, [specialist], POLICY, NOW + 2, LineState(starts_since_green=5))
    assert found.pairs == [Pair("g", "s")]
    assert found.state.starts_since_green == 6
