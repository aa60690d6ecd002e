from __future__ import annotations

from itertools import product

import pytest

from id_verify.alive.words import CaptureSuspicion, LivenessOutcome
from id_verify.evidence.grade import grade_of, marks_of, proven_age
from id_verify.faces.words import Band, FaceOutcome
from signaling.protocol.identity import (
    CaptureEvidence,
    CardEvidence,
    CardSource,
    IdentityEvidence,
    IdentityGrade,
    IdentityPart,
    IdentityWay,
    Mark,
)
from tests.support.evidence import alive, card, evidence, face

pytestmark = pytest.mark.unit

G, U, B, M = Mark.GOOD, Mark.UNCLEAR, Mark.BAD, Mark.MISSING
CLEAR, UNSURE = IdentityGrade.CLEAR, IdentityGrade.UNSURE
REFUSED, MANUAL = IdentityGrade.REFUSED, IdentityGrade.MANUAL

GRADES = [
    # card, face, alive, capture → grade with a face
    ((G, G, G, G), CLEAR),
    ((G, G, G, M), CLEAR),  # the system tells nothing of its camera
    ((U, G, G, G), UNSURE),
    ((G, U, G, G), UNSURE),
    ((G, G, U, G), UNSURE),
    ((G, G, G, U), UNSURE),
    ((M, G, G, G), MANUAL),
    ((G, M, G, G), MANUAL),
    ((G, G, M, G), MANUAL),
    ((M, M, M, M), MANUAL),
    ((U, M, U, G), MANUAL),
    ((B, G, G, G), REFUSED),
    ((G, B, G, G), REFUSED),
    ((G, G, B, G), REFUSED),
    ((G, G, G, B), REFUSED),
    ((M, B, U, M), REFUSED),
]


@pytest.mark.parametrize(("marks", "grade"), GRADES, ids=str)
def test_the_grade_is_what_the_table_says(
    marks: tuple[Mark, Mark, Mark, Mark], grade: IdentityGrade
) -> None:
    named = dict(zip(IdentityPart, marks, strict=True))
    assert grade_of(IdentityWay.FACE, named) is grade


@pytest.mark.parametrize("marks", list(product(Mark, repeat=4)), ids=str)
def test_only_good_components_clear_and_a_bad_one_always_refuses(
    marks: tuple[Mark, ...],
) -> None:
    named = dict(zip(IdentityPart, marks, strict=True))
    for way in IdentityWay:
        grade = grade_of(way, named)
        assert (grade is REFUSED) == (B in marks)
        if grade is CLEAR:
            assert way is IdentityWay.FACE
            assert set(marks[:3]) == {G}
            assert marks[3] in (G, M)


@pytest.mark.parametrize(
    ("shown", "mark"),
    [
        (None, M),
        (card(), G),
        (card(source=CardSource.CAMERA), G),
        (card(outcome="glare"), U),
        (card(number_valid=False), B),
        (card(number_valid=False, source=CardSource.CAMERA), U),
        (card(contradictions=("birth",)), B),
        (card(contradictions=("birth",), source=CardSource.CAMERA), U),
        (card(expired=True), B),
        (card(expired=None), G),
    ],
    ids=str,
)
def test_a_card_is_judged_by_how_it_was_read(shown: CardEvidence | None, mark: Mark) -> None:
    assert marks_of(evidence(card=shown))[IdentityPart.CARD] is mark


@pytest.mark.parametrize(("outcome", "band"), list(product(FaceOutcome, (None, *Band))), ids=str)
def test_only_a_face_that_was_compared_and_matches_is_good(
    outcome: FaceOutcome, band: Band | None
) -> None:
    mark = marks_of(evidence(face=face(band, outcome)))[IdentityPart.FACE]
    if outcome is not FaceOutcome.OK or band is None:
        assert mark is U
    else:
        assert mark is {Band.MATCH: G, Band.UNSURE: U, Band.NO: B}[band]


@pytest.mark.parametrize("outcome", list(LivenessOutcome), ids=str)
def test_only_live_is_good(outcome: LivenessOutcome) -> None:
    mark = marks_of(evidence(alive=alive(outcome)))[IdentityPart.ALIVE]
    special = {
        LivenessOutcome.LIVE: G,
        LivenessOutcome.ATTACK: B,
        LivenessOutcome.ANOTHER_FACE: B,
        LivenessOutcome.LOST: M,
    }
    assert mark is special.get(outcome, U)


@pytest.mark.parametrize(
    ("suspicion", "mark"),
    [
        (CaptureSuspicion.NONE, G),
        (CaptureSuspicion.UNKNOWN, M),
        (CaptureSuspicion.VIRTUAL, B),
        ("seen_in_a_later_version", U),
    ],
)
def test_a_virtual_camera_refuses_and_a_silent_system_does_not(suspicion: str, mark: Mark) -> None:
    found = evidence(capture=CaptureEvidence(suspicion=suspicion))
    assert marks_of(found)[IdentityPart.CAPTURE] is mark


def test_words_of_a_later_version_never_pass() -> None:
    for found in (
        evidence(face=face("certain")),
        evidence(face=face("match", "splendid")),
        evidence(alive=alive("very_much")),
        evidence(card=card(outcome="fine")),
    ):
        assert grade_of(IdentityWay.FACE, marks_of(found)) is UNSURE


def test_without_a_face_the_agent_looks() -> None:
    found = IdentityEvidence(card=card())
    assert grade_of(IdentityWay.NO_FACE, marks_of(found)) is MANUAL


@pytest.mark.parametrize(
    ("way", "found", "age"),
    [
        (IdentityWay.FACE, evidence(), 76),
        (IdentityWay.NO_FACE, IdentityEvidence(card=card()), 76),
        (IdentityWay.FACE, evidence(face=face("unsure")), 76),
        (IdentityWay.FACE, evidence(face=face("no")), None),
        (IdentityWay.FACE, evidence(alive=alive("attack")), None),
        (IdentityWay.NO_FACE, IdentityEvidence(card=card(outcome="glare")), None),
        (IdentityWay.NO_FACE, IdentityEvidence(card=card(number_valid=False)), None),
        (IdentityWay.NO_FACE, IdentityEvidence(), None),
    ],
    ids=str,
)
def test_a_good_card_proves_an_age_unless_something_speaks_against_it(
    way: IdentityWay, found: IdentityEvidence, age: int | None
) -> None:
    assert proven_age(way, found) == age
