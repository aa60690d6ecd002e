"""A policy that could starve somebody is refused; one that is accepted keeps its promise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_queue.matching import FreeSeat, hindrance, skill_gap
from service_queue.policy import (
    AppointmentPolicy,
    GreenPolicy,
    HoursPolicy,
    ParkPolicy,
    Policy,
    ReturnPolicy,
    Ring,
    Scope,
    SeatPolicy,
    TransferPolicy,
)
from service_queue.policy_check import Known, KnownItem, KnownSeat, check_options
from service_queue.rank import CEILING, WaitingTicket, in_order, rank
from service_queue.starvation import (
    check_fairness,
    latest_place_s,
    longest_wait_s,
    warnings,
)
from signaling.protocol.words import GreenReason, Lane, Language
from tests.support.policies import policies

pytestmark = pytest.mark.unit

LEVELS = 2
OPEN = frozenset({"s1", "s2", "s3"})
PLACES = ("L1", "L2", "")
DEPARTMENTS = ("人社局", "医保局", "")

waiting = st.builds(
    WaitingTicket,
    id=st.uuids().map(str),
    arrived_at=st.floats(0, 100_000),
    lane=st.sampled_from(Lane),
    green=st.none() | st.sampled_from(GreenReason),
    location_id=st.sampled_from(PLACES),
    district=st.sampled_from(PLACES),
    department=st.sampled_from(DEPARTMENTS),
    language=st.sampled_from(Language),
    last_seat_id=st.none() | st.sampled_from(["s1", "s2"]),
    wanted=st.booleans(),
)
windows = st.builds(
    FreeSeat,
    id=st.sampled_from(["s1", "s2", "s3"]),
    idle_since=st.just(0.0),
    level=st.integers(1, LEVELS),
    location_id=st.none() | st.sampled_from(PLACES),
    district=st.sampled_from(PLACES),
    departments=st.frozensets(st.sampled_from(["*", *DEPARTMENTS])),
    languages=st.frozensets(st.sampled_from(Language)),
)


@given(policies())
def test_the_policies_drawn_are_accepted(policy: Policy) -> None:
    assert [*check_options(policy), *check_fairness(policy)] == []


@given(policies(), waiting, windows, st.floats(0, 1), st.floats(0, 10_000))
def test_after_the_bound_a_ticket_is_overtaken_by_nobody_and_free_for_every_skilled_window(
    policy: Policy, ticket: WaitingTicket, seat: FreeSeat, late: float, more: float
) -> None:
    ticket = replace(ticket, place_at=ticket.arrived_at + late * latest_place_s(policy))
    # A little later: the sums above and those of the rules round differently.
    now = ticket.arrived_at + longest_wait_s(policy) + 0.001 + more
    assert rank(ticket, policy, now).group == CEILING
    if skill_gap(ticket, seat, policy) is None:
        assert hindrance(ticket, seat, policy, now, open_seats=OPEN) is None


@given(policies(), waiting, windows, st.floats(0, 100_000))
def test_who_comes_back_from_a_window_waits_for_it_less_than_the_ceiling(
    policy: Policy, ticket: WaitingTicket, seat: FreeSeat, served_after_s: float
) -> None:
    back_at = ticket.arrived_at + longest_wait_s(policy) + served_after_s
    ticket = replace(ticket, back_at=back_at)
    now = back_at + policy.ceiling_s + 0.001
    assert rank(ticket, policy, now).group == CEILING
    if skill_gap(ticket, seat, policy) is None:
        assert hindrance(ticket, seat, policy, now, open_seats=OPEN) is None


@given(policies(), waiting, st.lists(waiting, max_size=8), st.floats(0, 10_000))
def test_after_the_ceiling_only_who_came_earlier_stands_before_a_ticket(
    policy: Policy, ticket: WaitingTicket, others: list[WaitingTicket], more: float
) -> None:
    now = ticket.arrived_at + policy.ceiling_s + 0.001 + more
    arrived = [other for other in others if other.arrived_at <= now and other.id != ticket.id]
    order = in_order([ticket, *arrived], policy, now)
    before = order[: order.index(ticket)]
    assert all(other.arrived_at <= ticket.arrived_at for other in before)


def with_seats(**options: Any) -> Policy:
    return Policy(seats=replace(SeatPolicy(), **options))


HOME_ONLY = (Ring(after_s=0.0, scope=Scope.HOME),)


@pytest.mark.parametrize(
    ("policy", "option", "said"),
    [
        (with_seats(rings=HOME_ONLY), "seats.rings", "those of 白石镇 could wait for ever"),
        (with_seats(rings=()), "seats.rings", "everybody could wait for ever"),
        (
            with_seats(rings=(Ring(after_s=0.0, scope=Scope.DISTRICT),)),
            "seats.rings",
            "tickets whose item no window of their own place serves could wait for ever",
        ),
        (
            with_seats(rings=(*HOME_ONLY, Ring(after_s=3601.0, scope=Scope.ANYONE))),
            "seats.rings.after_s",
            "opens after the ceiling",
        ),
        (
            with_seats(rings=(Ring(after_s=9.0, scope=Scope.ANYONE), *HOME_ONLY)),
            "seats.rings",
            "rings widen with the wait",
        ),
        (with_seats(same_seat_s=3601.0), "seats.same_seat_s", "would wait for one window"),
        (
            Policy(transfer=TransferPolicy(wanted_seat_s=3601.0)),
            "transfer.wanted_seat_s",
            "handed on would wait for one window",
        ),
        (with_seats(level_after_s=1801.0), "seats.level_after_s", "windows of level 3"),
        (Policy(green=GreenPolicy(head_start_s=3601.0)), "green.head_start_s", "overtaken"),
        (Policy(returns=ReturnPolicy(head_start_s=3601.0)), "returns.head_start_s", "overtaken"),
        (
            Policy(appointments=AppointmentPolicy(head_start_s=3601.0)),
            "appointments.head_start_s",
            "overtaken",
        ),
        (Policy(park=ParkPolicy(setback_s=3601.0)), "park.setback_s", "overtaken by everybody"),
        (
            Policy(ceiling_s=900.0, decline_exclusion_s=901.0),
            "decline_exclusion_s",
            "the only window with the skill",
        ),
        (
            Policy(hours=HoursPolicy(opens="08:30", closes="17:00", finish_waiting=False)),
            "hours.finish_waiting",
            "whoever takes a ticket after 16:00 could be overtaken until the hall closes",
        ),
        (
            Policy(
                hours=HoursPolicy(
                    opens="08:30", closes="17:00", last_ticket="16:01", finish_waiting=False
                )
            ),
            "hours.finish_waiting",
            "16:00 or earlier",
        ),
    ],
)
def test_who_could_starve_is_said(policy: Policy, option: str, said: str) -> None:
    known = Known(
        seats=(KnownSeat(level=1, location_id="L1"), KnownSeat(level=3, location_id="L1")),
        locations={"L1": "青河镇", "L2": "白石镇"},
    )
    faults = [*check_fairness(policy, known)]
    assert any(fault.option == option and said in fault.reason for fault in faults), faults


def test_the_standard_policy_starves_nobody() -> None:
    assert [*check_options(Policy()), *check_fairness(Policy())] == []


@pytest.mark.parametrize("last_ticket", ["16:00", "12:00"])
def test_a_hall_may_send_people_home_who_had_their_chance(last_ticket: str) -> None:
    hours = HoursPolicy(
        opens="08:30", closes="17:00", last_ticket=last_ticket, finish_waiting=False
    )
    assert [*check_fairness(Policy(hours=hours))] == []


def test_items_nobody_serves_are_named_and_not_refused() -> None:
    known = Known(
        items={
            "a": KnownItem(department="人社局", languages=frozenset({Language.ZH, Language.EN})),
            "b": KnownItem(department="医保局", languages=frozenset({Language.ZH})),
        },
        seats=(KnownSeat(departments=frozenset({"人社局"}), languages=frozenset({Language.ZH})),),
    )
    policy = with_seats(match_languages=True, rings=(Ring(after_s=9.0, scope=Scope.ANYONE),))
    assert [*check_fairness(policy, known)] == []
    said = [fault.reason for fault in warnings(policy, known)]
    assert ["9 s" in said[0], "医保局" in said[1], "en" in said[2]] == [True, True, True]


def test_a_window_for_everything_leaves_nothing_to_warn_of() -> None:
    known = Known(
        items={"a": KnownItem(department="人社局")},
        seats=(KnownSeat(departments=frozenset({"*"})),),
    )
    assert [*warnings(Policy(), known)] == []
