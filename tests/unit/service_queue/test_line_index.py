"""The index finds what the definition finds, whatever happened before."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service_queue.line_index import LineIndex
from service_queue.matching import FreeSeat, Pair
from service_queue.policy import Policy, Ring, Scope, SeatPolicy
from service_queue.rank import WaitingTicket
from tests.support.line_histories import LineHistory, some_policy

pytestmark = pytest.mark.unit

POLICY = Policy()


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 200))
def test_after_any_history_it_finds_the_pairs_of_the_definition(seed: int, steps: int) -> None:
    chance = random.Random(seed)
    history = LineHistory(chance, some_policy(chance), tuple(f"s{n}" for n in range(8)))
    for _ in range(steps):
        history.step()
        assert len(history.index) == len(history.tickets)
        assert {seat.id for seat in history.index.free} == set(history.free)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_crowd_before_many_seats_is_paired_as_the_definition_does(seed: int) -> None:
    chance = random.Random(seed)
    history = LineHistory(chance, some_policy(chance), tuple(f"s{n}" for n in range(30)))
    for n in range(chance.randrange(60)):
        history.some_ticket(f"t{n}")
    for seat_id in history.seats:
        history.some_seat(seat_id)
    history.match()
    history.match_until_next()


def test_what_was_paired_is_gone_until_it_is_put_again() -> None:
    index = LineIndex()
    ticket, seat = WaitingTicket(id="t", arrived_at=0.0), FreeSeat(id="s", idle_since=0.0)
    index.put_ticket(ticket)
    index.put_seat(seat)
    assert index.pairs(POLICY, 1.0) == [Pair("t", "s")]
    assert index.pairs(POLICY, 2.0) == []
    index.put_ticket(ticket)
    assert index.pairs(POLICY, 3.0) == []
    index.put_seat(seat)
    assert index.pairs(POLICY, 4.0) == [Pair("t", "s")]


def test_it_names_the_moment_at_which_a_ring_opens_and_not_one_before() -> None:
    index = LineIndex()
    policy = Policy(
        seats=SeatPolicy(rings=(Ring(after_s=0.1 + 0.2, scope=Scope.ANYONE),)),
    )
    arrived_at = 1_750_000_000.1
    index.put_ticket(WaitingTicket(id="t", arrived_at=arrived_at))
    index.put_seat(FreeSeat(id="s", idle_since=0.0))
    assert index.pairs(policy, arrived_at) == []
    at = index.next_at()
    assert index.pairs(policy, math.nextafter(at, 0.0)) == []
    assert index.pairs(policy, at) == [Pair("t", "s")]


def test_without_a_free_seat_there_is_no_moment_to_wait_for() -> None:
    index = LineIndex()
    index.put_ticket(WaitingTicket(id="t", arrived_at=0.0), {"s": 50.0})
    assert index.pairs(POLICY, 1.0) == []
    assert index.next_at() == math.inf
    index.put_seat(FreeSeat(id="s", idle_since=0.0))
    assert index.pairs(POLICY, 2.0) == []
    assert index.next_at() == 50.0
    assert index.pairs(POLICY, 50.0) == [Pair("t", "s")]


def test_telling_it_what_it_knows_changes_nothing() -> None:
    index = LineIndex()
    ticket, seat = (
        WaitingTicket(id="t", arrived_at=0.0, department="a"),
        FreeSeat(id="s", idle_since=0.0, departments=frozenset({"b"})),
    )
    for _ in range(3):
        index.put_ticket(ticket)
        index.put_seat(seat)
        assert index.pairs(POLICY, 1.0) == []
    assert len(index) == len(index.free) == 1
    index.drop_ticket("unknown")
    index.drop_seat("unknown")
    index.set_open("unknown", False)
    assert len(index) == len(index.free) == 1
