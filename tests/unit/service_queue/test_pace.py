"""What is learnt of how quick agents are."""

import math
import random

import pytest

from service_queue.pace import LEAST_SPREAD, USUAL_SPREAD, Pace, Paces

pytestmark = pytest.mark.unit

NOISE = 0.5


def calls(paces: Paces, agent: str, truth: float, count: int) -> None:
    rng = random.Random(f"{agent}/{count}")
    for _ in range(count):
        paces.add(agent, rng.gauss(truth, NOISE), NOISE**2)


def test_of_somebody_new_only_how_much_agents_differ_is_known() -> None:
    assert Paces().of("a") == Paces().of(None) == Pace(0.0, USUAL_SPREAD)


def test_one_call_says_little_and_many_say_it_all() -> None:
    paces = Paces()
    paces.add("once", 1.0, NOISE**2)
    calls(paces, "often", 0.3, 60)
    assert 0.0 < paces.of("once").mu < 0.3
    assert paces.of("often").mu == pytest.approx(0.3, abs=0.12)
    assert paces.of("often").sigma < paces.of("once").sigma < USUAL_SPREAD * 1.5


def test_where_agents_differ_much_and_little_is_told_apart() -> None:
    alike, unlike = Paces(), Paces()
    for n in range(40):
        calls(alike, f"a{n}", 0.0, 60)
        calls(unlike, f"a{n}", 0.4 if n % 2 else -0.4, 60)
    assert LEAST_SPREAD <= alike.spread < 0.1
    assert unlike.spread == pytest.approx(0.4, abs=0.05)


def test_who_learns_is_soon_known_as_quicker() -> None:
    paces = Paces()
    calls(paces, "a", 0.4, 200)
    calls(paces, "a", -0.2, 150)
    assert paces.of("a").mu < 0.0


def test_the_spread_follows_what_is_learnt() -> None:
    paces = Paces()
    assert paces.spread == USUAL_SPREAD
    calls(paces, "a", 1.0, 40)
    assert paces.spread > USUAL_SPREAD
    assert math.isfinite(paces.of("a").mu)
