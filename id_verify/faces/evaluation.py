"""How well an engine tells people apart, as a report that a machine and a person can read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final, Literal

import numpy as np

from id_verify.faces.calibration import (
    BandRates,
    Calibration,
    MeasuredRate,
    Origin,
    Shape,
)
from id_verify.faces.engine import FaceEngine
from id_verify.faces.pairs import PairList
from id_verify.faces.rates import ENOUGH, trials_needed
from id_verify.faces.scoring import Scores, SeenFile
from id_verify.faces.thresholds import (
    Thresholds,
    band_rates,
    equal_error_rate,
    find_thresholds,
    held_out_rates,
)

REFUSED: Final = "refused"
CURVE_POINTS: Final = 120


class CurvePoint(Shape):
    """What one threshold would do."""

    threshold: float
    false_match: float
    false_non_match: float


class GroupRates(Shape):
    """The rates of one group of pairs."""

    column: str
    value: str
    genuine: int
    strangers: int
    equal_error: float | None
    rates: BandRates


class Evaluation(Shape):
    """One engine with one calibration, on one list of pairs."""

    engine: str
    engine_version: str
    calibration_version: str
    match_at: float
    no_below: float
    pairs: int
    files: int
    people: int
    people_from: Literal["list", "pairs"]
    genuine: int
    strangers: int
    outcomes: dict[str, int]
    """Of the pictures: how many could be compared, and what was wrong with the others."""
    not_compared: int
    """Pairs with such a picture."""
    capped: int
    """Compared, but a picture was too poor for an answer other than `unsure`."""
    equal_error: float | None
    rates: BandRates
    groups: tuple[GroupRates, ...]
    curve: tuple[CurvePoint, ...]
    remarks: tuple[str, ...]


def evaluate(
    calibration: Calibration, listed: PairList, seen: Mapping[Path, SeenFile], scores: Scores
) -> Evaluation:
    """Return what the calibration does on these pairs."""
    at = Thresholds(match_at=calibration.match_at, no_below=calibration.no_below)
    genuine, strangers = scores.chosen(scores.same), scores.chosen(~scores.same)
    rates = band_rates(genuine, strangers, at)
    outcomes = Counter(one.outcome.value if one.outcome else REFUSED for one in seen.values())
    return Evaluation(
        engine=calibration.engine,
        engine_version=calibration.engine_version,
        calibration_version=calibration.version,
        match_at=calibration.match_at,
        no_below=calibration.no_below,
        pairs=len(listed.pairs),
        files=len(seen),
        people=len(set(listed.people.values())),
        people_from="list" if listed.people_known else "pairs",
        genuine=len(genuine.trials),
        strangers=len(strangers.trials),
        outcomes=dict(outcomes.most_common()),
        not_compared=int((~scores.compared).sum()),
        capped=int((scores.compared & ~scores.reliable).sum()),
        equal_error=equal_error_rate(genuine, strangers),
        rates=rates,
        groups=tuple(_group(column, value, scores, at) for column, value in scores.member),
        curve=curve(genuine, strangers),
        remarks=_remarks(rates, calibration.target_false_match),
    )


def calibrate(
    engine: FaceEngine,
    listed: PairList,
    scores: Scores,
    all_strangers: Scores | None,
    *,
    target: float,
    made_on: date,
) -> Calibration:
    """Return the calibration that these comparisons call for.

    Raises:
        PairsInvalid: too little could be compared.
    """
    genuine = scores.chosen(scores.same)
    strangers = all_strangers or scores.chosen(~scores.same)
    at = find_thresholds(genuine, strangers, target)
    rates = band_rates(genuine, strangers, at)
    sets = sorted({pair.groups["set"] for pair in listed.pairs if "set" in pair.groups})
    return Calibration(
        engine=engine.name,
        engine_version=engine.version,
        match_at=at.match_at,
        no_below=at.no_below,
        target_false_match=target,
        made_on=made_on.isoformat(),
        origin=Origin(
            sets=tuple(sets),
            files=len(listed.files()),
            people=len(set(listed.people.values())),
            genuine=len(genuine.trials),
            strangers=len(strangers.trials),
            all_strangers=all_strangers is not None,
            digest=listed.digest,
        ),
        on_itself=rates,
        held_out=held_out_rates(genuine, strangers, target),
        remarks=_remarks(rates, target),
    )


def curve(genuine: Scores, strangers: Scores) -> tuple[CurvePoint, ...]:
    """Return both errors over the thresholds at which either changes, thinned out."""
    own = np.sort(genuine.trials.similarity)
    other = np.sort(strangers.trials.similarity[strangers.compared])
    finite = np.concatenate([own[np.isfinite(own)], other])
    if not len(own) or not len(other):
        return ()
    places = np.unique(finite)
    missed = np.searchsorted(own, places) / len(own)
    taken = 1 - np.searchsorted(other, places) / len(other)
    # Where few are taken for another, each of them is a step; elsewhere the curve is smooth.
    rank = np.log10(np.maximum(taken, 0.5 / len(other)))
    wanted = np.linspace(rank.max(), rank.min(), CURVE_POINTS)
    chosen = sorted({int(np.argmin(np.abs(rank - value))) for value in wanted})
    return tuple(
        CurvePoint(
            threshold=float(places[place]),
            false_match=float(taken[place]),
            false_non_match=float(missed[place]),
        )
        for place in chosen
    )


def _group(column: str, value: str, scores: Scores, at: Thresholds) -> GroupRates:
    inside = scores.member[column, value]
    genuine = scores.chosen(inside & scores.same)
    strangers = scores.chosen(inside & ~scores.same)
    sufficient = min(len(genuine.trials), len(strangers.trials)) >= ENOUGH
    return GroupRates(
        column=column,
        value=value,
        genuine=len(genuine.trials),
        strangers=len(strangers.trials),
        equal_error=equal_error_rate(genuine, strangers) if sufficient else None,
        rates=band_rates(genuine, strangers, at),
    )


def _remarks(rates: BandRates, target: float) -> tuple[str, ...]:
    remarks = []
    needed = trials_needed(target)
    if rates.false_match.trials < needed:
        remarks.append(
            f"insufficient data: a false match rate of {target:g} is shown by {needed} pairs of "
            f"strangers or more, here are {rates.false_match.trials}"
        )
    elif rates.false_match.high > target:
        remarks.append(
            f"the false match rate may be up to {rates.false_match.high:.3%}, "
            f"the target is {target:.3%}"
        )
    if not _sufficient(rates.false_non_match):
        remarks.append(
            f"insufficient data: {rates.false_non_match.trials} pairs of one person, "
            f"{ENOUGH} are the least for a rate"
        )
    return tuple(remarks)


def _sufficient(rate: MeasuredRate) -> bool:
    return rate.rate is not None
