"""Live frames against a portrait: outcomes are told, frames pooled, and nothing passes unseen."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from id_verify.faces.calibration import Calibration, shipped_calibration
from id_verify.faces.errors import CalibrationForeign
from id_verify.faces.face_match import FaceMatch
from id_verify.faces.match import MOST_FRAMES, NEARNESS, match_faces
from id_verify.faces.quality import RELIABLE
from id_verify.faces.words import ADVICE, Advice, Band, FaceOutcome
from tests.support.drawn_faces import VERSION, DrawnEngine, DrawnFace

pytestmark = pytest.mark.unit

PORTRAIT = 255
AMISS = [outcome for outcome in FaceOutcome if outcome is not FaceOutcome.OK]


def calibration(**change: Any) -> Calibration:
    facts = shipped_calibration("sface").model_dump(mode="json")
    return Calibration.model_validate({**facts, "engine_version": VERSION, **change})


def at_angle(similarity: float) -> tuple[float, float]:
    """Return a direction whose cosine with the portrait's is this."""
    return similarity, math.sqrt(1 - similarity**2)


def matched(*live: DrawnFace, portrait: DrawnFace | None = None) -> tuple[FaceMatch, DrawnEngine]:
    engine = DrawnEngine({**dict(enumerate(live)), PORTRAIT: portrait or DrawnFace()})
    pictures = [engine.picture(number) for number in range(len(live))]
    return match_faces(engine, calibration(), pictures, engine.picture(PORTRAIT)), engine


def test_the_same_face_matches() -> None:
    found, _ = matched(DrawnFace())
    assert found.band is Band.MATCH
    assert found.outcome is FaceOutcome.OK
    assert found.advice is None
    assert found.frames_used == 1


@pytest.mark.parametrize(
    ("similarity", "band"), [(0.9, Band.MATCH), (0.37, Band.UNSURE), (0.1, Band.NO), (0, Band.NO)]
)
def test_the_band_is_the_calibrations(similarity: float, band: Band) -> None:
    found, _ = matched(DrawnFace(direction=at_angle(similarity)))
    assert found.band is band
    assert found.similarity == pytest.approx(similarity, abs=1e-5)


@pytest.mark.parametrize("outcome", AMISS)
def test_what_is_amiss_with_the_live_face_is_told_with_advice(outcome: FaceOutcome) -> None:
    found, engine = matched(DrawnFace(outcome=outcome))
    assert found.band is None
    assert found.similarity is None
    assert found.outcome is outcome
    assert found.advice is ADVICE[outcome]
    assert found.advice is not None
    assert engine.made == []


@pytest.mark.parametrize("outcome", AMISS)
def test_what_is_amiss_with_the_portrait_sends_to_the_agent(outcome: FaceOutcome) -> None:
    found, engine = matched(DrawnFace(), portrait=DrawnFace(outcome=outcome))
    assert found.band is None
    assert found.outcome is FaceOutcome.OK
    assert found.portrait_outcome is outcome
    assert found.advice is Advice.ASK_AGENT
    assert engine.made == []


def test_no_frames_are_no_face() -> None:
    found, _ = matched()
    assert found.band is None
    assert found.outcome is FaceOutcome.NO_FACE


@pytest.mark.parametrize(
    ("faces", "outcome"), [(0, FaceOutcome.NO_FACE), (2, FaceOutcome.SEVERAL_FACES)]
)
def test_the_number_of_faces_is_counted(faces: int, outcome: FaceOutcome) -> None:
    found, _ = matched(DrawnFace(faces=faces))
    assert found.band is None
    assert found.outcome is outcome


def test_one_good_frame_among_poor_ones_is_enough() -> None:
    found, _ = matched(
        DrawnFace(outcome=FaceOutcome.BLURRED), DrawnFace(), DrawnFace(faces=0), DrawnFace(faces=2)
    )
    assert found.band is Band.MATCH
    assert (found.frames_given, found.frames_used) == (4, 1)


def test_frames_are_pooled_and_the_worse_counts_less() -> None:
    good = DrawnFace(direction=at_angle(0.9), score=1.0)
    poor = DrawnFace(direction=at_angle(0.0), score=0.3)
    pooled, _ = matched(good, poor)
    alone, _ = matched(poor)
    assert pooled.similarity is not None
    assert alone.similarity is not None
    assert alone.similarity < 0.7 < pooled.similarity < 0.9


def test_of_many_frames_the_best_are_used() -> None:
    strangers = [DrawnFace(direction=(0.0, 1.0), score=0.3) for _ in range(20)]
    found, _ = matched(*strangers, *[DrawnFace(score=0.9) for _ in range(MOST_FRAMES)])
    assert found.frames_used == MOST_FRAMES
    assert found.similarity == pytest.approx(1.0)


@pytest.mark.parametrize("similarity", [1.0, 0.0])
def test_a_poor_portrait_is_neither_a_match_nor_a_refusal(similarity: float) -> None:
    found, _ = matched(
        DrawnFace(direction=at_angle(similarity)), portrait=DrawnFace(score=RELIABLE - 0.01)
    )
    assert found.band is Band.UNSURE
    assert found.capped
    assert found.advice is Advice.ASK_AGENT


def test_a_poor_live_face_is_unsure() -> None:
    found, _ = matched(DrawnFace(score=RELIABLE - 0.01))
    assert found.band is Band.UNSURE
    assert found.capped


def test_the_numbers_of_every_face_are_wiped() -> None:
    _, engine = matched(DrawnFace(), DrawnFace(), DrawnFace())
    assert len(engine.made) == 4
    assert all(not embedding.vector.any() for embedding in engine.made)


def test_another_engines_calibration_is_refused_before_anything_is_seen() -> None:
    engine = DrawnEngine({PORTRAIT: DrawnFace()})
    with pytest.raises(CalibrationForeign):
        match_faces(engine, shipped_calibration("sface"), [], engine.picture(PORTRAIT))


def test_every_outcome_has_its_advice_and_its_place() -> None:
    assert set(ADVICE) == set(FaceOutcome) == set(NEARNESS)
    assert all((ADVICE[outcome] is None) == (outcome is FaceOutcome.OK) for outcome in FaceOutcome)


drawn = st.builds(
    DrawnFace,
    direction=st.sampled_from([at_angle(step / 10) for step in range(11)]),
    outcome=st.sampled_from(list(FaceOutcome)),
    score=st.floats(0.01, 1.0),
    faces=st.integers(0, 2),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(drawn, max_size=6), drawn)
def test_there_is_a_band_exactly_when_two_good_faces_were_compared(
    live: list[DrawnFace], portrait: DrawnFace
) -> None:
    found, _ = matched(*live, portrait=portrait)

    def good(face: DrawnFace) -> bool:
        return face.faces == 1 and face.outcome is FaceOutcome.OK

    compared = good(portrait) and any(good(face) for face in live)
    assert (found.band is not None) == compared == (found.similarity is not None)
    assert (found.frames_used > 0) == compared
    if found.band is Band.MATCH:
        assert found.advice is None
        assert min(found.quality, found.portrait_quality) >= RELIABLE
    if not compared:
        assert found.advice is not None
