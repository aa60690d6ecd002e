"""From scored comparisons to thresholds, and what those thresholds do to other people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from id_verify.faces.calibration import BandRates, MeasuredRate
from id_verify.faces.errors import PairsInvalid
from id_verify.faces.rates import Rate, Trials, measure, shown_below
from id_verify.faces.scoring import Scores

TARGET_FALSE_MATCH: Final = 0.001
TARGET_NO: Final = 0.02
"""Strangers this often above `no_below`: what lies between the two thresholds is left to people."""
STEP: Final = 1000
"""Thresholds are rounded up to a thousandth."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Thresholds:
    """Where `match` begins and `no` ends."""

    match_at: float
    no_below: float


def find_thresholds(
    genuine: Scores, strangers: Scores, target: float = TARGET_FALSE_MATCH
) -> Thresholds:
    """Return thresholds that hold the target for all strangers and for each group of them.

    They hold it with 95 % confidence, were the comparisons independent. The strictest group
    decides, so that nobody is taken for another more often because of the set they belong to; a
    group with too few strangers to show the target has no say.

    Raises:
        PairsInvalid: nobody could be compared.
    """
    usable = strangers.compared & strangers.reliable
    alike = strangers.trials.similarity
    if not usable.any() or not (genuine.compared & genuine.reliable).any():
        raise PairsInvalid("calibration needs pairs of one person and of two that can be compared")
    groups = [alike[usable & inside] for inside in strangers.member.values()]
    able = [group for group in groups if _most_allowed(len(group), target) is not None]
    deciding = [alike[usable], *able]
    match_at = max(threshold_for(group, target) for group in deciding)
    no_below = max(_share_above(group, TARGET_NO) for group in deciding)
    return Thresholds(match_at=match_at, no_below=min(no_below, match_at))


def threshold_for(similarities: NDArray[np.float64], target: float) -> float:
    """Return the threshold that so few strangers reach that the target's bound holds.

    With too few strangers for any bound, the highest of them says nothing of the next: then a bell
    curve through them is asked too, and the higher answer holds.
    """
    allowed = _most_allowed(len(similarities), target)
    if allowed is not None:
        return _share_above(similarities, allowed / len(similarities))
    tail = NormalDist().inv_cdf(1 - target)
    curve = float(similarities.mean() + tail * similarities.std())
    return max(_share_above(similarities, 0.0), _rounded_up(curve))


def _most_allowed(strangers: int, target: float) -> int | None:
    """Return how many of the strangers may match for the target to hold; None: too few to tell."""
    if shown_below(0, strangers) > target:
        return None
    low, high = 0, math.ceil(target * strangers) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if shown_below(middle, strangers) <= target:
            low = middle
        else:
            high = middle
    return low


def _share_above(similarities: NDArray[np.float64], share: float) -> float:
    """Return the threshold that at most this share reaches."""
    ordered = np.sort(similarities)[::-1]
    first_below = min(math.floor(share * len(ordered) + 1e-9), len(ordered) - 1)
    return _rounded_up(float(ordered[first_below]))


def _rounded_up(similarity: float) -> float:
    return (math.floor(similarity * STEP) + 1) / STEP


def band_rates(genuine: Scores, strangers: Scores, thresholds: Thresholds) -> BandRates:
    """Return what the thresholds do: to strangers that were compared, and to everybody genuine.

    A genuine pair that could not be compared counts as not matched; a pair of strangers that could
    not be compared is left out, since it would flatter the rate.
    """
    return _rates([(genuine, strangers, thresholds)])


def held_out_rates(genuine: Scores, strangers: Scores, target: float) -> BandRates | None:
    """Return what thresholds made from one half of the people do to the other half, both ways.

    Comparisons between the halves are left out. None where a half cannot be calibrated.
    """
    people = np.unique(np.concatenate([genuine.trials.first, strangers.trials.first]))
    mixed = np.random.default_rng(1).permutation(people)
    halves = (mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :])
    measured = []
    for made_from, tried_on in (halves, halves[::-1]):
        try:
            thresholds = find_thresholds(
                _among(genuine, made_from), _among(strangers, made_from), target
            )
        except PairsInvalid:
            return None
        measured.append((_among(genuine, tried_on), _among(strangers, tried_on), thresholds))
    return _rates(measured)


def equal_error_rate(genuine: Scores, strangers: Scores) -> float | None:
    """Return where both errors are equal, of what could be compared."""
    own = np.sort(genuine.trials.similarity[genuine.compared])
    other = np.sort(strangers.trials.similarity[strangers.compared])
    if not len(own) or not len(other):
        return None
    places = np.unique(np.concatenate([own, other]))
    missed = np.searchsorted(own, places) / len(own)
    taken = 1 - np.searchsorted(other, places) / len(other)
    nearest = int(np.argmin(np.abs(missed - taken)))
    return float((missed[nearest] + taken[nearest]) / 2)


def shown(rate: Rate) -> MeasuredRate:
    """Return a rate as files and reports say it."""
    return MeasuredRate(
        events=rate.events,
        trials=rate.trials,
        rate=rate.rate,
        low=rate.bounds.low,
        high=rate.bounds.high,
    )


def _among(scores: Scores, people: NDArray[np.intp]) -> Scores:
    trials = scores.trials
    return scores.chosen(np.isin(trials.first, people) & np.isin(trials.second, people))


def _rates(folds: Sequence[tuple[Scores, Scores, Thresholds]]) -> BandRates:
    own = [_Banded.of(genuine, at) for genuine, _, at in folds]
    other = [_Banded.of(strangers.chosen(strangers.compared), at) for _, strangers, at in folds]
    same, strange = _Banded.joined(own), _Banded.joined(other)
    everybody = _Banded.joined([*own, *other])
    return BandRates(
        false_match=shown(measure(strange.trials, strange.match)),
        false_non_match=shown(measure(same.trials, ~same.match)),
        unsure=shown(measure(everybody.trials, everybody.unsure)),
        false_no=shown(measure(same.trials, same.no)),
    )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Banded:
    """Comparisons with the band of each; what could not be compared has none."""

    trials: Trials
    match: NDArray[np.bool_]
    unsure: NDArray[np.bool_]
    no: NDArray[np.bool_]

    @classmethod
    def of(cls, scores: Scores, at: Thresholds) -> _Banded:
        alike, reliable = scores.trials.similarity, scores.reliable
        match, no = reliable & (alike >= at.match_at), reliable & (alike < at.no_below)
        return cls(
            trials=scores.trials,
            match=match,
            unsure=scores.compared & ~match & ~no,
            no=scores.compared & no,
        )

    @classmethod
    def joined(cls, parts: Sequence[_Banded]) -> _Banded:
        return cls(
            trials=Trials(
                similarity=np.concatenate([part.trials.similarity for part in parts]),
                first=np.concatenate([part.trials.first for part in parts]),
                second=np.concatenate([part.trials.second for part in parts]),
            ),
            match=np.concatenate([part.match for part in parts]),
            unsure=np.concatenate([part.unsure for part in parts]),
            no=np.concatenate([part.no for part in parts]),
        )
