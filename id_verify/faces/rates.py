"""Error rates with their bounds: what a number of comparisons proves, and what it does not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

CONFIDENCE: Final = 0.95
ENOUGH: Final = 30
"""From fewer comparisons no rate is given: insufficient data."""
ROUNDS: Final = 400
"""Of resampling. Its interval is seen to two digits, which is more than the people allow."""
ENOUGH_PEOPLE: Final = 5
"""Resampling fewer says nothing."""

_HALVINGS: Final = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """An interval that holds the true rate 95 times of a hundred."""

    low: float
    high: float

    def widened(self, other: Bounds | None) -> Bounds:
        """Return the interval that holds both."""
        if other is None:
            return self
        return Bounds(low=min(self.low, other.low), high=max(self.high, other.high))


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """How often something happened, and how well that is known."""

    events: int
    trials: int
    rate: float | None
    """None where there are too few trials to speak of a rate."""
    bounds: Bounds

    @property
    def is_sufficient(self) -> bool:
        """Say whether there are enough trials to speak of a rate."""
        return self.rate is not None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Trials:
    """Comparisons of people, each with its result; the same person in many of them counts once."""

    similarity: NDArray[np.float64]
    """Larger is more alike; minus infinity where nothing could be compared."""
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    """Numbers of the two people compared; equal in genuine trials."""

    def __len__(self) -> int:
        return len(self.similarity)

    def chosen(self, which: NDArray[np.bool_]) -> Trials:
        """Return some of them."""
        return Trials(
            similarity=self.similarity[which], first=self.first[which], second=self.second[which]
        )


def measure(trials: Trials, happened: NDArray[np.bool_], seed: int = 1) -> Rate:
    """Return the rate of what happened.

    The bounds are the wider of two intervals: the exact one of independent trials, and that of
    resampling people, since a face that is like many others errs in all its trials at once.
    """
    events, count = int(happened.sum()), len(trials)
    bounds = clopper_pearson(events, count).widened(resampled(trials, happened, seed))
    return Rate(
        events=events,
        trials=count,
        rate=events / count if count >= ENOUGH else None,
        bounds=bounds,
    )


def resampled(trials: Trials, happened: NDArray[np.bool_], seed: int) -> Bounds | None:
    """Return the interval of the rate when other people of the same kind had come."""
    people, places = np.unique(np.concatenate([trials.first, trials.second]), return_inverse=True)
    if len(people) < ENOUGH_PEOPLE or not happened.any():
        return None
    first, second = places[: len(trials)], places[len(trials) :]
    between = first != second
    random = np.random.default_rng(seed)
    rates = []
    for _ in range(ROUNDS):
        drawn = np.bincount(random.integers(0, len(people), len(people)), minlength=len(people))
        weight = drawn[first] * np.where(between, drawn[second], 1)
        total = int(weight.sum())
        if total:
            rates.append(float(weight[happened].sum()) / total)
    if not rates:
        return None
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(rates, [tail, 100 - tail])
    return Bounds(low=float(low), high=float(high))


def clopper_pearson(events: int, trials: int) -> Bounds:
    """Return the exact interval of a rate seen as `events` of independent `trials`."""
    if trials == 0:
        return Bounds(low=0.0, high=1.0)
    tail = (1 - CONFIDENCE) / 2
    low, high = 0.0, 1.0
    if events > 0:
        low = _where(lambda rate: 1 - _at_most(events - 1, trials, rate) >= tail)
    if events < trials:
        high = _where(lambda rate: _at_most(events, trials, rate) <= tail)
    return Bounds(low=low, high=high)


def shown_below(events: int, trials: int) -> float:
    """Return the rate that the true one is below 95 times of a hundred: a bound on one side."""
    if events >= trials:
        return 1.0
    return _where(lambda rate: _at_most(events, trials, rate) <= 1 - CONFIDENCE)


def trials_needed(rate: float) -> int:
    """Return how many trials without one event show that its rate is below this."""
    return math.ceil(math.log(1 - CONFIDENCE) / math.log1p(-rate))


def _where(holds_from: Callable[[float], bool]) -> float:
    """Return the rate from which on something holds."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if holds_from(middle):
            high = middle
        else:
            low = middle
    return (low + high) / 2


def _at_most(events: int, trials: int, rate: float) -> float:
    """Return how probable it is that at most so many of the trials are events."""
    if not 0 < rate < 1:
        return 1.0 if rate <= 0 or events >= trials else 0.0
    counts = np.arange(events + 1)
    steps = np.log((trials - counts[:-1]) / (counts[:-1] + 1))
    choices = np.concatenate([[0.0], np.cumsum(steps)])
    logs = choices + counts * math.log(rate) + (trials - counts) * math.log1p(-rate)
    top = float(logs.max())
    return min(1.0, math.exp(top) * float(np.exp(logs - top).sum()))
