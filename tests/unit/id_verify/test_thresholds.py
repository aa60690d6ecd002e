"""Thresholds hold their target for the strictest group; from too little they say nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from id_verify.faces.errors import PairsInvalid
from id_verify.faces.rates import Trials
from id_verify.faces.scoring import NOT_COMPARED, Scores
from id_verify.faces.thresholds import (
    Thresholds,
    band_rates,
    equal_error_rate,
    find_thresholds,
    held_out_rates,
    threshold_for,
)

pytestmark = pytest.mark.unit

TARGET = 0.001
AT = Thresholds(match_at=0.4, no_below=0.3)


def genuine_of(similarity: NDArray[np.float64], reliable: bool = True) -> Scores:
    people = np.arange(len(similarity), dtype=np.intp)
    return Scores(
        trials=Trials(similarity=similarity, first=people, second=people),
        reliable=np.full(len(similarity), reliable),
        member={},
    )


def strangers_of(
    similarity: NDArray[np.float64], member: NDArray[np.bool_] | None = None
) -> Scores:
    count = len(similarity)
    people = np.arange(count, dtype=np.intp)
    return Scores(
        trials=Trials(similarity=similarity, first=people, second=(people + 1) % max(count, 2)),
        reliable=np.ones(count, np.bool_),
        member={} if member is None else {("set", "one"): member},
    )


def bell(mean: float, count: int, seed: int = 1) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(mean, 0.1, count)


def test_thresholds_hold_the_target_on_people_they_have_not_seen() -> None:
    at = find_thresholds(genuine_of(bell(0.65, 500)), strangers_of(bell(0.05, 20_000)), TARGET)
    others = band_rates(genuine_of(bell(0.65, 500, 2)), strangers_of(bell(0.05, 50_000, 3)), at)
    assert others.false_match.rate is not None
    assert others.false_match.rate <= TARGET
    assert others.false_non_match.rate is not None
    assert others.false_non_match.rate < 0.02


def test_the_strictest_group_decides() -> None:
    alike = np.concatenate([bell(0.05, 20_000), bell(0.2, 5_000)])
    member = np.arange(len(alike)) >= 20_000
    genuine = genuine_of(bell(0.7, 100))
    everybody = find_thresholds(genuine, strangers_of(alike), TARGET)
    with_group = find_thresholds(genuine, strangers_of(alike, member), TARGET)
    assert with_group.match_at > everybody.match_at
    assert float((alike[member] >= with_group.match_at).mean()) <= TARGET


def test_a_group_too_small_to_show_the_target_has_no_say() -> None:
    alike = np.concatenate([bell(0.05, 20_000), np.full(50, 0.35)])
    member = np.arange(len(alike)) >= 20_000
    genuine = genuine_of(bell(0.7, 100))
    at = find_thresholds(genuine, strangers_of(alike, member), TARGET)
    assert at == find_thresholds(genuine, strangers_of(alike), TARGET)


@settings(max_examples=50, deadline=None)
@given(st.integers(3000, 8000), st.integers(0, 1000))
def test_no_more_strangers_reach_a_threshold_than_the_target_allows(count: int, seed: int) -> None:
    alike = bell(0.1, count, seed)
    assert int((alike >= threshold_for(alike, TARGET)).sum()) <= TARGET * count


def test_with_few_strangers_the_highest_of_them_is_not_trusted() -> None:
    few = np.linspace(-0.1, 0.2, 40)
    assert threshold_for(few, TARGET) > 0.25


def test_nobody_to_compare_is_no_calibration() -> None:
    nothing = strangers_of(np.full(10, NOT_COMPARED))
    with pytest.raises(PairsInvalid):
        find_thresholds(genuine_of(bell(0.6, 10)), nothing, TARGET)
    assert held_out_rates(genuine_of(bell(0.6, 10)), nothing, TARGET) is None


def test_whoever_could_not_be_compared_was_not_matched_and_not_refused() -> None:
    similarity = np.array([0.9] * 30 + [NOT_COMPARED] * 10)
    rates = band_rates(genuine_of(similarity), strangers_of(bell(0.0, 100)), AT)
    assert rates.false_non_match.events == 10
    assert rates.false_no.events == 0
    assert rates.unsure.events == 0


def test_strangers_that_could_not_be_compared_do_not_flatter_the_rate() -> None:
    similarity = np.array([0.9] + [0.0] * 49 + [NOT_COMPARED] * 950)
    rates = band_rates(genuine_of(bell(0.6, 50)), strangers_of(similarity), AT)
    assert (rates.false_match.events, rates.false_match.trials) == (1, 50)


def test_poor_pictures_are_unsure_whatever_their_similarity() -> None:
    genuine = genuine_of(np.array([0.9] * 20 + [0.0] * 20), reliable=False)
    rates = band_rates(genuine, strangers_of(bell(0.0, 60)), AT)
    assert rates.unsure.events == 40
    assert rates.false_no.events == 0


def test_from_few_pairs_no_rate_is_given() -> None:
    rates = band_rates(genuine_of(bell(0.6, 8)), strangers_of(bell(0.0, 15)), AT)
    assert rates.false_match.rate is None
    assert rates.false_non_match.rate is None
    assert rates.false_match.high > 0.1


def test_the_halves_of_the_people_are_measured_by_each_others_thresholds() -> None:
    people = 60
    couples = [(a, b) for a in range(people) for b in range(a + 1, people)]
    strangers = Scores(
        trials=Trials(
            similarity=bell(0.05, len(couples)),
            first=np.array([a for a, _ in couples], np.intp),
            second=np.array([b for _, b in couples], np.intp),
        ),
        reliable=np.ones(len(couples), np.bool_),
        member={},
    )
    held_out = held_out_rates(genuine_of(bell(0.7, people)), strangers, 0.01)
    assert held_out is not None
    assert held_out.false_non_match.trials == people
    assert held_out.false_match.trials == 2 * (30 * 29 // 2)


@pytest.mark.parametrize(("apart", "error"), [(2.0, 0.0), (0.0, 0.5)])
def test_the_equal_error_is_none_for_those_apart_and_half_for_those_alike(
    apart: float, error: float
) -> None:
    found = equal_error_rate(genuine_of(bell(apart, 2000)), strangers_of(bell(0.0, 2000, 9)))
    assert found == pytest.approx(error, abs=0.02)
    assert equal_error_rate(genuine_of(bell(0.0, 0)), strangers_of(bell(0.0, 5))) is None
