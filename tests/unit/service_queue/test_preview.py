"""What another policy would change is shown before it is applied."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_queue.line_picture import BegunCall, LinePicture, LineView
from service_queue.matching import FreeSeat, Hindrance
from service_queue.policy import (
    FairnessPolicy,
    GreenPolicy,
    Policy,
    Ring,
    Scope,
    SeatPolicy,
    SeatStrategy,
)
from service_queue.preview import ChangedOption, Move, Offer, Reach, changed_options, preview
from service_queue.rank import WaitingTicket
from signaling.protocol.words import GreenReason, Lane, Precedence
from tests.support.policies import policies

pytestmark = pytest.mark.unit

NOW = 10_000.0


def ticket(
    name: str,
    waited_s: float,
    *,
    green: GreenReason | None = None,
    lane: Lane = Lane.ORDINARY,
    location: str = "L1",
) -> WaitingTicket:
    return WaitingTicket(
        id=f"id-{name}", arrived_at=NOW - waited_s, green=green, lane=lane, location_id=location
    )


def seat(name: str, location: str = "L1") -> FreeSeat:
    return FreeSeat(id=name, idle_since=0.0, location_id=location)


def picture(
    *waiting: WaitingTicket,
    seats: tuple[FreeSeat, ...] = (),
    free: tuple[str, ...] = (),
    calls: tuple[BegunCall, ...] = (),
) -> LinePicture:
    return LinePicture(
        now=NOW,
        waiting=waiting,
        numbers={each.id: each.id.removeprefix("id-") for each in waiting},
        open_seats=seats,
        free=frozenset(free),
        declined_at={},
        starts_since_green=100,
        calls=calls,
    )


NO_GREEN = Policy(green=GreenPolicy(head_start_s=0.0))


def test_who_moves_is_told_with_both_places_and_the_reason() -> None:
    line = picture(
        ticket("A001", 500.0),
        ticket("A002", 400.0),
        ticket("A003", 100.0, green=GreenReason.ELDERLY),
    )
    found = preview(line, NO_GREEN, Policy())
    assert found.moves == (
        Move(ticket_id="id-A003", number="A003", before=3, after=1, why=Precedence.GREEN),
        Move(ticket_id="id-A001", number="A001", before=1, after=2, why=Precedence.GREEN),
        Move(ticket_id="id-A002", number="A002", before=2, after=3, why=Precedence.GREEN),
    )
    back = preview(line, Policy(), NO_GREEN)
    assert {move.number: move.why for move in back.moves} == dict.fromkeys(
        ("A001", "A002", "A003"), Precedence.EARLIER
    )


def test_a_location_that_fell_behind_moves_by_the_bound_of_the_new_policy() -> None:
    calls = tuple(
        BegunCall(at=NOW - 10.0, location_id=place, district="", waited_s=waited)
        for place, waited in (("L1", 1000.0), ("L2", 0.0))
        for _ in range(5)
    )
    line = picture(ticket("A001", 100.0), ticket("B001", 150.0, location="L2"), calls=calls)
    bounded = Policy(fairness=FairnessPolicy(max_behind_s=100.0))
    (first, _) = preview(line, Policy(), bounded).moves
    assert (first.number, first.before, first.after) == ("A001", 2, 1)
    assert first.why is Precedence.BEHIND


def test_windows_that_a_ticket_gains_and_loses_are_named() -> None:
    home_first = Policy(
        seats=SeatPolicy(
            rings=(Ring(after_s=0.0, scope=Scope.HOME), Ring(after_s=300.0, scope=Scope.ANYONE))
        )
    )
    line = picture(ticket("A001", 100.0), seats=(seat("1"), seat("2", "L2")), free=("2",))
    found = preview(line, Policy(), home_first)
    assert found.reaches == (
        Reach(ticket_id="id-A001", number="A001", gains=(), loses=(("2", Hindrance.RING),)),
    )
    assert found.offers == ()
    back = preview(line, home_first, Policy())
    assert back.reaches == (Reach(ticket_id="id-A001", number="A001", gains=("2",), loses=()),)
    assert back.offers == (Offer(ticket_id="id-A001", number="A001", seat_id="2"),)


def test_options_that_differ_are_listed_as_the_file_writes_them() -> None:
    new = Policy(
        name="x",
        seats=replace(SeatPolicy(), strategy=SeatStrategy.ORDERED),
        fairness=FairnessPolicy(max_behind_s=60.0),
    )
    assert [*changed_options(Policy(), new)] == [
        ChangedOption("name", '"standard"', '"x"'),
        ChangedOption("seats.strategy", '"longest_idle"', '"ordered"'),
        ChangedOption("fairness.max_behind_s", "", "60.0"),
    ]


tickets = st.lists(
    st.builds(
        ticket,
        st.integers(0, 10_000).map(str),
        st.floats(0, 8000),
        green=st.none() | st.sampled_from(GreenReason),
        lane=st.sampled_from(Lane),
        location=st.sampled_from(["L1", "L2"]),
    ),
    max_size=10,
    unique_by=lambda each: each.id,
)


@given(tickets, policies(), policies())
def test_the_moves_lead_from_the_old_order_to_the_new(
    waiting: list[WaitingTicket], old: Policy, new: Policy
) -> None:
    line = picture(*waiting, seats=(seat("1"), seat("2", "L2")), free=("1",))
    found = preview(line, old, new)
    after = {each.id: n for n, each in enumerate(LineView(line, old).order, start=1)}
    for move in found.moves:
        assert after[move.ticket_id] == move.before != move.after
        after[move.ticket_id] = move.after
    assert sorted(after, key=lambda each: after[each]) == [
        each.id for each in LineView(line, new).order
    ]


@given(tickets, policies())
def test_the_same_policy_changes_nothing(waiting: list[WaitingTicket], policy: Policy) -> None:
    found = preview(picture(*waiting, seats=(seat("1"),), free=("1",)), policy, policy)
    assert (found.options, found.moves, found.reaches, found.offers) == ((), (), (), ())
