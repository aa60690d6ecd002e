"""Skills as a graph, and the training that helps most."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_queue.service_times import LogNormal
from service_queue.simulation import ItemPlan
from service_queue.simulation.planner import (
    draw_exponential,
    draw_mix,
    mix_of,
    plan_trainings,
    work_of,
)
from service_queue.simulation.skills import SkillGraph

pytestmark = pytest.mark.unit

D = 5
WORK = {str(n): 1 / D for n in range(D)}
RING = {f"agent{n:02d}": frozenset({str(n % D), str((n + 1) % D)}) for n in range(20)}
_PAIRS = ("01", "01", "23", "23", "34")
PAIRS = {f"agent{n:02d}": frozenset(_PAIRS[n % D]) for n in range(20)}


def test_two_skills_a_window_in_a_ring_are_one_closed_whole() -> None:
    graph = SkillGraph(RING, WORK)
    assert graph.is_closed
    assert graph.parts == [frozenset(WORK)]
    assert graph.tightest.reach == pytest.approx(1.0)


def test_without_the_ring_the_hall_is_in_parts() -> None:
    graph = SkillGraph(PAIRS, WORK)
    assert not graph.is_closed
    assert graph.parts == [frozenset("234"), frozenset("01")]


def test_an_agent_who_alone_joins_two_parts_is_a_weak_joint() -> None:
    agents = {"a": frozenset("01"), "b": frozenset("01"), "c": frozenset("12"), "d": frozenset("2")}
    graph = SkillGraph(agents, {"0": 0.4, "1": 0.3, "2": 0.3})
    assert graph.weak_joints == [("c", [frozenset("01"), frozenset("2")])]
    assert not graph.is_closed
    twice = SkillGraph({**agents, "e": frozenset("12")}, graph.work)
    assert twice.weak_joints == []
    assert twice.is_closed


def test_a_generalist_joins_everything() -> None:
    graph = SkillGraph({"a": frozenset("0"), "b": frozenset("1"), "all": frozenset("*")}, WORK)
    assert graph.parts == [frozenset(WORK)]
    assert [agent for agent, _ in graph.weak_joints] == ["all"]


def test_what_nobody_serves_is_named() -> None:
    assert SkillGraph({"a": frozenset("01")}, WORK).unserved == frozenset("234")


def test_the_tightest_place_is_found() -> None:
    agents = {"a": frozenset("0"), **{f"b{n}": frozenset("12") for n in range(3)}}
    tightest = SkillGraph(agents, {"0": 0.5, "1": 0.3, "2": 0.2}).tightest
    assert tightest.departments == frozenset("0")
    assert tightest.windows == 1
    # Half of the work for a quarter of the windows: full when the hall is half busy.
    assert tightest.reach == pytest.approx(0.5)


@given(
    st.lists(st.frozensets(st.sampled_from("0123"), min_size=1), min_size=1, max_size=7),
    st.lists(st.integers(1, 9), min_size=4, max_size=4),
)
def test_no_set_of_departments_is_tighter_than_the_tightest(
    skills: list[frozenset[str]], weights: list[int]
) -> None:
    work = {str(n): weight / sum(weights) for n, weight in enumerate(weights)}
    graph = SkillGraph({f"a{n}": one for n, one in enumerate(skills)}, work)
    reaches = [
        sum(bool(one & set(some)) for one in skills) / sum(work[d] for d in some) / len(skills)
        for count in range(1, 5)
        for some in combinations(work, count)
    ]
    assert graph.tightest.reach == pytest.approx(min(reaches))


def test_the_ring_costs_little_and_its_absence_much() -> None:
    residents = draw_exponential(WORK, windows=20, load=0.8, service_s=480.0, tickets=5000, seed=1)
    ring = plan_trainings(SkillGraph(RING, WORK), residents, load=0.8, candidates=1)
    pairs = plan_trainings(SkillGraph(PAIRS, WORK), residents, load=0.8, candidates=4)
    assert 1.3 <= ring.price <= 2.6
    assert pairs.price > 2 * ring.price
    best = pairs.trainings[0]
    assert best.saved_s > best.doubt_s > 0.0
    assert best.saved_s == max(training.saved_s for training in pairs.trainings)
    assert best.waits.mean_s == pytest.approx(pairs.now.mean_s - best.saved_s)


def test_where_everybody_serves_everything_no_training_is_offered() -> None:
    agents = dict.fromkeys(RING, frozenset("*"))
    residents = draw_exponential(WORK, windows=20, load=0.8, service_s=480.0, tickets=2000, seed=1)
    plan = plan_trainings(SkillGraph(agents, WORK), residents, load=0.8)
    assert plan.trainings == []
    assert plan.price == 1.0


def test_the_mix_of_a_day_is_found_again_in_its_residents() -> None:
    items = [
        ItemPlan(code="p", department="0", weight=3.0, talk=LogNormal.around(300.0, 0.5)),
        ItemPlan(code="t", department="1", weight=1.0, talk=LogNormal.around(600.0, 0.8)),
    ]
    residents = draw_mix(items, windows=5, load=0.5, tickets=20_000, seed=2)
    found = mix_of([*residents, replace(residents[0], service_s=0.0)])
    assert [item.department for item in found] == ["0", "1"]
    assert found[0].weight / found[1].weight == pytest.approx(3.0, rel=0.05)
    assert found[1].talk.sigma == pytest.approx(0.8, rel=0.05)
    assert work_of(found) == pytest.approx(work_of(items), rel=0.05)
    busy = sum(one.service_s for one in residents) / residents[-1].at / 5
    assert busy == pytest.approx(0.5, rel=0.05)
