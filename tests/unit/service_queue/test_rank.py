"""The order of service: groups, grants, the quota, and its words."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service_queue.policy import AppointmentPolicy, GreenPolicy, Policy, ReturnPolicy
from service_queue.rank import (
    CALM,
    CEILING,
    DROPPED,
    PLACED,
    LineState,
    Rank,
    WaitingTicket,
    claim_s,
    in_order,
    overtakes,
    rank,
    uses_green,
    why_before,
    without_green,
)
from signaling.protocol.words import GreenReason, Lane, Precedence

pytestmark = pytest.mark.unit

POLICY = Policy(
    ceiling_s=3600.0,
    green=GreenPolicy(head_start_s=900.0, one_in=3),
    returns=ReturnPolicy(head_start_s=600.0),
    appointments=AppointmentPolicy(head_start_s=300.0),
)
MOST_GRANTED_S = 900.0
NOW = 10_000.0
USED = without_green(CALM)
OLD = GreenReason.ELDERLY


def ticket(arrived_at: float, name: str = "", **values: Any) -> WaitingTicket:
    return WaitingTicket(id=name or f"t{arrived_at}", arrived_at=arrived_at, **values)


def quarters(low: int, high: int) -> st.SearchStrategy[float]:
    """Times whose sums keep exact."""
    return st.integers(low * 4, high * 4).map(lambda n: n / 4)


some_ticket = st.builds(
    WaitingTicket,
    id=st.uuids().map(str),
    arrived_at=quarters(4000, 10_000),
    place_at=st.none() | quarters(4000, 12_000),
    lane=st.sampled_from(Lane),
    green=st.none() | st.sampled_from(GreenReason),
    location_id=st.sampled_from(["L1", "L2"]),
    away=st.booleans(),
)
states = st.builds(
    LineState,
    starts_since_green=st.integers(0, 4),
    behind=st.dictionaries(st.sampled_from(["L1", "L2"]), quarters(1, 500)),
)


# --- rank ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "state", "expected"),
    [
        (ticket(9000.0), CALM, (PLACED, 9000.0)),
        (ticket(6400.5), CALM, (PLACED, 6400.5)),
        (ticket(6400.0), CALM, (CEILING, 6400.0)),
        (ticket(6000.0, lane=Lane.RECALLED, place_at=6300.0), CALM, (CEILING, 6000.0)),
        (ticket(9000.0, lane=Lane.TECHNICAL_DROP, place_at=9100.0), CALM, (DROPPED, 9000.0)),
        (ticket(6000.0, lane=Lane.TECHNICAL_DROP), CALM, (CEILING, 6000.0)),
        (ticket(9000.0, green=OLD), CALM, (PLACED, 8100.0)),
        (ticket(9000.0, green=OLD), USED, (PLACED, 9000.0)),
        (ticket(9000.0, lane=Lane.RETURNED), CALM, (PLACED, 8400.0)),
        (ticket(9000.0, lane=Lane.RETURNED, green=OLD), CALM, (PLACED, 8100.0)),
        (ticket(9000.0, lane=Lane.RETURNED, green=OLD), USED, (PLACED, 8400.0)),
        (ticket(9000.0, lane=Lane.APPOINTMENT, place_at=9500.0), CALM, (PLACED, 9200.0)),
        (ticket(9000.0, lane=Lane.RECALLED, place_at=9180.0), CALM, (PLACED, 9180.0)),
        (ticket(9000.0, location_id="L1"), LineState(behind={"L1": 50.0}), (PLACED, 8950.0)),
        (ticket(9000.0, location_id="L2"), LineState(behind={"L1": 50.0}), (PLACED, 9000.0)),
        (
            ticket(9000.0, green=OLD, location_id="L1"),
            LineState(behind={"L1": 50.0}),
            (PLACED, 8050.0),
        ),
    ],
)
def test_where_a_ticket_stands(
    one: WaitingTicket, state: LineState, expected: tuple[int, float]
) -> None:
    assert rank(one, POLICY, NOW, state) == Rank(*expected, one.arrived_at, one.id)


@pytest.mark.parametrize(
    ("one_in", "starts", "may"),
    [(1, 0, True), (2, 0, False), (2, 1, True), (3, 1, False), (3, 2, True), (3, 3, True)],
)
def test_the_quota_has_room_after_enough_others(one_in: int, starts: int, may: bool) -> None:
    policy = Policy(green=GreenPolicy(one_in=one_in))
    assert LineState(starts_since_green=starts).green_may_overtake(policy) is may
    assert CALM.green_may_overtake(policy)
    assert not without_green(CALM).green_may_overtake(policy)


@given(st.lists(some_ticket, max_size=15, unique_by=lambda one: one.id), states)
def test_the_line_holds_everybody_once_and_by_rank(
    line: list[WaitingTicket], state: LineState
) -> None:
    ordered = in_order(line, POLICY, NOW, state)
    assert sorted(one.id for one in ordered) == sorted(one.id for one in line)
    ranks = [rank(one, POLICY, NOW, state) for one in ordered]
    assert all(before < after for before, after in pairwise(ranks))


@given(st.lists(some_ticket.map(lambda one: ticket(one.arrived_at, one.id)), max_size=12))
def test_who_came_first_is_first_where_nobody_claims_anything(line: list[WaitingTicket]) -> None:
    arrivals = [one.arrived_at for one in in_order(line, POLICY, NOW)]
    assert arrivals == sorted(arrivals)


@given(some_ticket, some_ticket, st.tuples(quarters(5000, 10_000), states), quarters(0, 5000))
def test_within_a_stream_and_a_location_no_time_and_no_state_changes_the_order(
    one: WaitingTicket,
    other: WaitingTicket,
    then: tuple[float, LineState],
    later_s: float,
) -> None:
    other = replace(other, lane=one.lane, green=one.green, location_id=one.location_id)
    earlier, later = then[0], then[0] + later_s
    groups = {
        rank(each, POLICY, at, CALM).group for each in (one, other) for at in (earlier, later)
    }
    assume(len(groups) == 1)

    def first_is_before(at: float, state: LineState) -> bool:
        return rank(one, POLICY, at, state) < rank(other, POLICY, at, state)

    assert first_is_before(earlier, then[1]) == first_is_before(later, CALM)


@given(some_ticket, some_ticket, quarters(0, 100).filter(bool), states)
def test_nobody_over_the_ceiling_is_overtaken(
    one: WaitingTicket, other: WaitingTicket, later_s: float, state: LineState
) -> None:
    other = replace(other, arrived_at=one.arrived_at + later_s)
    now = one.arrived_at + POLICY.ceiling_s
    assert rank(one, POLICY, now, state) < rank(other, POLICY, now, state)


@given(
    some_ticket,
    some_ticket.filter(lambda one: one.lane is not Lane.TECHNICAL_DROP),
    quarters(0, 5000).filter(bool),
    states,
)
def test_who_came_before_the_longest_head_start_is_not_overtaken(
    one: WaitingTicket, other: WaitingTicket, more_s: float, state: LineState
) -> None:
    """But by a drop, and by who reached the ceiling, which are first by arrival."""
    state = replace(state, behind={})
    other = replace(
        other,
        arrived_at=max(other.arrived_at, NOW - POLICY.ceiling_s + 1.0),
        place_at=one.place + MOST_GRANTED_S + more_s,
    )
    assert rank(one, POLICY, NOW, state) < rank(other, POLICY, NOW, state)


@given(some_ticket, some_ticket, states, quarters(0, 5000))
def test_waiting_never_costs_a_place(
    one: WaitingTicket, other: WaitingTicket, state: LineState, more_s: float
) -> None:
    """Who came earlier and stands before another keeps that, however long both wait."""
    first, second = in_order([one, other], POLICY, NOW, state)
    if first.arrived_at <= second.arrived_at and first.id != second.id:
        later = in_order([one, other], POLICY, NOW + more_s, state)
        same_moment = first.arrived_at == second.arrived_at
        assert later == [first, second] or same_moment


# --- the quota's question --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "rivals", "state", "expected"),
    [
        (ticket(9000.0, green=OLD), [ticket(8500.0)], CALM, True),
        (ticket(9000.0, green=OLD), [], CALM, False),
        (ticket(9000.0, green=OLD), [ticket(9001.0)], CALM, False),
        (ticket(9000.0), [ticket(8500.0)], CALM, False),
        (ticket(9000.0, green=OLD), [ticket(8500.0)], USED, False),
        (ticket(6400.0, green=OLD), [ticket(6500.0)], CALM, False),
        (ticket(9000.0, green=OLD, lane=Lane.TECHNICAL_DROP), [ticket(8500.0)], CALM, False),
        (ticket(9000.0, green=OLD, lane=Lane.RETURNED), [ticket(8500.0)], CALM, False),
        (ticket(9000.0, green=OLD, lane=Lane.RETURNED), [ticket(8300.0)], CALM, True),
        (
            ticket(9000.0, green=OLD),
            [ticket(8500.0, lane=Lane.RECALLED, place_at=9100.0)],
            CALM,
            False,
        ),
        (
            ticket(9000.0, green=OLD),
            [ticket(9100.0, lane=Lane.RETURNED)],
            CALM,
            True,
        ),
    ],
)
def test_the_green_channel_overtakes_only_whom_it_alone_puts_behind(
    first: WaitingTicket, rivals: list[WaitingTicket], state: LineState, expected: bool
) -> None:
    assert overtakes(first, rivals, POLICY, NOW, state) is expected


@given(some_ticket, states)
def test_the_green_channel_is_used_by_who_stands_earlier_by_it(
    one: WaitingTicket, state: LineState
) -> None:
    plain = rank(one, POLICY, NOW, without_green(state))
    assert uses_green(one, POLICY, NOW, state) == (rank(one, POLICY, NOW, state) != plain)
    assert claim_s(one, POLICY, state) <= MOST_GRANTED_S


# --- the words -------------------------------------------------------------------------------

BEHIND = LineState(behind={"L1": 120.0, "L2": 20.0})


@pytest.mark.parametrize(
    ("first", "second", "state", "word"),
    [
        (ticket(9000.0), ticket(9100.0), CALM, Precedence.EARLIER),
        (ticket(9000.0, green=OLD), ticket(9100.0), CALM, Precedence.EARLIER),
        (ticket(9000.0, "a"), ticket(9000.0, "b"), CALM, Precedence.EARLIER),
        (ticket(6400.0, lane=Lane.TECHNICAL_DROP), ticket(6500.0), CALM, Precedence.EARLIER),
        (
            ticket(6400.0),
            ticket(6300.0, lane=Lane.ORDINARY, place_at=6300.0),
            CALM,
            None,
        ),
        (ticket(9000.0, lane=Lane.TECHNICAL_DROP), ticket(8000.0), CALM, Precedence.TECHNICAL_DROP),
        (ticket(9000.0, green=OLD), ticket(8500.0), CALM, Precedence.GREEN),
        (ticket(9000.0, green=OLD, lane=Lane.RETURNED), ticket(8500.0), CALM, Precedence.GREEN),
        (ticket(9000.0, green=OLD, lane=Lane.RETURNED), ticket(8500.0), USED, Precedence.RETURNED),
        (ticket(9000.0, lane=Lane.RETURNED), ticket(8500.0), CALM, Precedence.RETURNED),
        (
            ticket(9000.0, lane=Lane.APPOINTMENT, place_at=9010.0),
            ticket(8800.0),
            CALM,
            Precedence.APPOINTMENT,
        ),
        (
            ticket(9000.0, lane=Lane.APPOINTMENT, place_at=8200.0),
            ticket(8100.0),
            CALM,
            Precedence.APPOINTMENT,
        ),
        (
            ticket(9000.0),
            ticket(8900.0, lane=Lane.APPOINTMENT, place_at=9700.0),
            CALM,
            Precedence.APPOINTMENT,
        ),
        (
            ticket(9000.0),
            ticket(8900.0, lane=Lane.RECALLED, place_at=9080.0),
            CALM,
            Precedence.RECALLED,
        ),
        (
            ticket(9000.0, green=OLD),
            ticket(8900.0, lane=Lane.RECALLED, place_at=9080.0),
            CALM,
            Precedence.GREEN,
        ),
        (
            ticket(9000.0, lane=Lane.RECALLED, place_at=9050.0),
            ticket(8900.0, lane=Lane.RECALLED, place_at=9080.0),
            CALM,
            Precedence.RECALLED,
        ),
        (
            ticket(9000.0, location_id="L1"),
            ticket(8950.0, location_id="L2"),
            BEHIND,
            Precedence.BEHIND,
        ),
        (
            ticket(9000.0, location_id="L1", green=OLD),
            ticket(8950.0, location_id="L2"),
            BEHIND,
            Precedence.GREEN,
        ),
        (
            ticket(9000.0, location_id="L2", lane=Lane.RETURNED),
            ticket(8950.0, location_id="L1"),
            BEHIND,
            Precedence.RETURNED,
        ),
    ],
)
def test_why_one_stands_before_another(
    first: WaitingTicket, second: WaitingTicket, state: LineState, word: Precedence | None
) -> None:
    before = rank(first, POLICY, NOW, state) < rank(second, POLICY, NOW, state)
    assert before is (word is not None)
    if word is not None:
        assert why_before(first, second, POLICY, NOW, state) is word


SMALL_GREEN = replace(POLICY, green=GreenPolicy(head_start_s=300.0, one_in=3))
SAME_GREEN = replace(POLICY, green=GreenPolicy(head_start_s=600.0, one_in=3))


@pytest.mark.parametrize(
    ("first", "second", "policy", "word"),
    [
        # Set back by 180 s, and 10 s more behind.
        (
            ticket(9000.0, location_id="L1"),
            ticket(8900.0, location_id="L3", lane=Lane.RECALLED, place_at=9080.0),
            POLICY,
            Precedence.RECALLED,
        ),
        # A head start of 600 s, against an appointment that stands earlier than it came.
        (
            ticket(9000.0, lane=Lane.RETURNED),
            ticket(8950.0, lane=Lane.APPOINTMENT, place_at=8900.0),
            POLICY,
            Precedence.RETURNED,
        ),
        # 800 s before it came and 300 s on top, against a setback of 500 s.
        (
            ticket(9000.0, lane=Lane.APPOINTMENT, place_at=8200.0),
            ticket(8100.0, lane=Lane.RECALLED, place_at=8600.0),
            POLICY,
            Precedence.APPOINTMENT,
        ),
        # 700 s before it came, and green's 900 s in place of the appointment's 300.
        (
            ticket(9000.0, green=OLD, lane=Lane.APPOINTMENT, place_at=8300.0),
            ticket(8200.0),
            POLICY,
            Precedence.GREEN,
        ),
        # The code's 600 s less the 400 it came back later: green's 300 s do not add to it.
        (
            ticket(9000.0, green=OLD, lane=Lane.RETURNED, place_at=9400.0),
            ticket(8900.0),
            SMALL_GREEN,
            Precedence.RETURNED,
        ),
        # Green is worth no more than the code, so it is not what helps.
        (
            ticket(9000.0, green=OLD, lane=Lane.RETURNED),
            ticket(8900.0),
            SAME_GREEN,
            Precedence.RETURNED,
        ),
    ],
)
def test_of_several_things_that_help_the_one_worth_most_is_named(
    first: WaitingTicket, second: WaitingTicket, policy: Policy, word: Precedence
) -> None:
    state = LineState(behind={"L1": 120.0, "L3": 110.0})
    assert rank(first, policy, NOW, state) < rank(second, policy, NOW, state)
    assert why_before(first, second, policy, NOW, state) is word


SET_BACK = ticket(9000.0, lane=Lane.RECALLED, place_at=9000.5)
RETURNED = ticket(9000.0, location_id="L1", lane=Lane.RETURNED)
BOOKED = ticket(9000.0, green=OLD, lane=Lane.APPOINTMENT, place_at=8100.5)


@pytest.mark.parametrize(
    ("first", "second", "behind_s", "word"),
    [
        (ticket(9000.25), SET_BACK, 0.0, Precedence.RECALLED),
        (ticket(9001.0, location_id="L1"), SET_BACK, 0.75, Precedence.BEHIND),
        (
            ticket(9001.0, location_id="L1"),
            replace(SET_BACK, place_at=9000.75),
            0.5,
            Precedence.RECALLED,
        ),
        (RETURNED, ticket(8500.0), 600.5, Precedence.BEHIND),
        (RETURNED, ticket(8500.0), 599.5, Precedence.RETURNED),
        (BOOKED, ticket(8500.0), 0.0, Precedence.GREEN),
        (replace(BOOKED, place_at=8099.5), ticket(8500.0), 0.0, Precedence.APPOINTMENT),
    ],
)
def test_half_a_second_more_is_more(
    first: WaitingTicket, second: WaitingTicket, behind_s: float, word: Precedence
) -> None:
    state = LineState(behind={"L1": behind_s})
    assert rank(first, POLICY, NOW, state) < rank(second, POLICY, NOW, state)
    assert why_before(first, second, POLICY, NOW, state) is word


def test_a_ticket_that_says_nothing_of_it_is_here_and_nobodys() -> None:
    plain = ticket(9000.0)
    assert not plain.away
    assert not plain.wanted
    assert plain.place == plain.arrived_at


def test_a_ticket_and_a_state_of_the_line_never_change() -> None:
    with pytest.raises(FrozenInstanceError):
        ticket(9000.0).lane = Lane.ORDINARY  # type: ignore[misc]  # refused at run time too
    with pytest.raises(FrozenInstanceError):
        CALM.starts_since_green = 0  # type: ignore[misc]  # refused at run time too


@given(some_ticket, some_ticket, states)
def test_who_reached_the_ceiling_is_before_as_the_earlier_one(
    one: WaitingTicket, other: WaitingTicket, state: LineState
) -> None:
    first, second = in_order([one, other], POLICY, NOW, state)
    if rank(first, POLICY, NOW, state).group == CEILING:
        assert why_before(first, second, POLICY, NOW, state) is Precedence.EARLIER


@given(some_ticket, some_ticket, states)
def test_every_order_has_a_word_that_is_true(
    one: WaitingTicket, other: WaitingTicket, state: LineState
) -> None:
    assume(one.id != other.id)
    first, second = in_order([one, other], POLICY, NOW, state)
    word = why_before(first, second, POLICY, NOW, state)
    behind = state.behind
    odd_place = first.place < first.arrived_at
    truths = {
        Precedence.EARLIER: first.arrived_at <= second.arrived_at or odd_place,
        Precedence.CEILING: NOW - first.arrived_at >= POLICY.ceiling_s,
        Precedence.TECHNICAL_DROP: first.lane is Lane.TECHNICAL_DROP,
        Precedence.GREEN: first.green is not None and state.green_may_overtake(POLICY),
        Precedence.RETURNED: first.lane is Lane.RETURNED,
        Precedence.APPOINTMENT: Lane.APPOINTMENT in (first.lane, second.lane),
        Precedence.RECALLED: second.place > second.arrived_at,
        Precedence.BEHIND: behind.get(first.location_id, 0.0) > behind.get(second.location_id, 0.0),
    }
    assert truths[word]
