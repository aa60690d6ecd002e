"""What a number of comparisons proves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from id_verify.faces.rates import (
    ENOUGH,
    Trials,
    clopper_pearson,
    measure,
    resampled,
    shown_below,
    trials_needed,
)

pytestmark = pytest.mark.unit


def trials_of(first: list[int], second: list[int]) -> Trials:
    return Trials(
        similarity=np.zeros(len(first)),
        first=np.array(first, np.intp),
        second=np.array(second, np.intp),
    )


@pytest.mark.parametrize(
    ("events", "trials", "low", "high"),
    [
        (0, 10, 0.0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (5, 10, 0.1871, 0.8129),
        (10, 10, 0.6915, 1.0),
        (3, 900, 0.0007, 0.0097),
        (0, 0, 0.0, 1.0),
    ],
)
def test_the_exact_interval_is_that_of_the_tables(
    events: int, trials: int, low: float, high: float
) -> None:
    bounds = clopper_pearson(events, trials)
    assert bounds.low == pytest.approx(low, abs=5e-5)
    assert bounds.high == pytest.approx(high, abs=5e-5)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_what_was_seen(seen: tuple[int, int]) -> None:
    events, trials = seen
    bounds = clopper_pearson(events, trials)
    assert 0 <= bounds.low <= events / trials <= bounds.high <= 1
    assert events / trials <= shown_below(events, trials) <= bounds.high + 1e-9


@pytest.mark.parametrize("rate", [0.1, 0.01, 0.001])
def test_so_many_trials_as_are_needed_show_the_rate_and_one_less_does_not(rate: float) -> None:
    needed = trials_needed(rate)
    assert shown_below(0, needed) <= rate < shown_below(0, needed - 1)


def test_from_few_trials_no_rate_is_given() -> None:
    few = trials_of(list(range(ENOUGH - 1)), list(range(ENOUGH - 1)))
    rate = measure(few, np.zeros(len(few), np.bool_))
    assert not rate.is_sufficient
    assert rate.bounds.high > 0.1


def test_one_face_that_is_like_all_others_proves_less_than_as_many_faces() -> None:
    people = 40
    couples = [(a, b) for a in range(people) for b in range(a + 1, people)]
    trials = trials_of([a for a, _ in couples], [b for _, b in couples])
    wolf = np.array([a == 0 for a, _ in couples])
    scattered = np.zeros(len(couples), np.bool_)
    scattered[:: len(couples) // int(wolf.sum())] = True
    assert int(scattered.sum()) == pytest.approx(int(wolf.sum()), abs=2)
    of_wolf, of_many = measure(trials, wolf).bounds, measure(trials, scattered).bounds
    assert of_wolf.high > 1.3 * of_many.high
    assert of_wolf.low < of_many.low


def test_resampling_a_handful_of_people_says_nothing() -> None:
    trials = trials_of([0, 1, 2] * 20, [1, 2, 0] * 20)
    assert resampled(trials, np.ones(60, np.bool_), seed=1) is None


def test_the_same_trials_have_the_same_bounds_each_time() -> None:
    trials = trials_of(list(range(50)), [place + 1 for place in range(50)])
    happened = np.arange(50) % 7 == 0
    assert measure(trials, happened) == measure(trials, happened)
