"""Which face a picture is of."""

from __future__ import annotations

import pytest

from id_verify.faces.engine import FoundFace
from id_verify.faces.prominence import main_face
from id_verify.faces.words import FaceOutcome
from tests.support.drawn_faces import face_at

pytestmark = pytest.mark.unit

WIDTH, HEIGHT = 640, 480
RESIDENT = face_at(240, 120, 160)

CASES: dict[str, tuple[list[FoundFace], FaceOutcome]] = {
    "nobody": ([], FaceOutcome.NO_FACE),
    "one": ([RESIDENT], FaceOutcome.OK),
    "a pattern in a curtain": ([face_at(240, 120, 160, score=0.7)], FaceOutcome.NO_FACE),
    "somebody far behind": ([RESIDENT, face_at(500, 100, 60)], FaceOutcome.OK),
    "somebody as near": ([RESIDENT, face_at(410, 100, 155)], FaceOutcome.SEVERAL_FACES),
    "two side by side": (
        [face_at(130, 120, 160), face_at(350, 120, 150)],
        FaceOutcome.SEVERAL_FACES,
    ),
    "a face in a shirt's pattern": (
        [RESIDENT, face_at(250, 300, 150, score=0.65)],
        FaceOutcome.OK,
    ),
    "half outside on the left": ([face_at(-60, 120, 160)], FaceOutcome.CUT_OFF),
    "half outside below": ([face_at(240, 380, 160)], FaceOutcome.CUT_OFF),
    "hair outside above": ([face_at(240, -20, 160)], FaceOutcome.OK),
}


@pytest.mark.parametrize("name", CASES)
def test_the_picture_is_of_one_whole_face_or_says_why_not(name: str) -> None:
    faces, outcome = CASES[name]
    assert main_face(faces, WIDTH, HEIGHT)[0] is outcome
    assert main_face(faces[::-1], WIDTH, HEIGHT)[0] is outcome


def test_a_large_face_cut_off_at_the_side_gives_way_to_a_whole_one_in_the_middle() -> None:
    passing = face_at(540, 120, 200)
    assert main_face([passing, RESIDENT], WIDTH, HEIGHT)[1] is RESIDENT
