"""What holds for every engine: one conformance suite, on real faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from id_verify.faces.calibration import shipped_calibration
from id_verify.faces.engine import ENGINES, FaceEngine, Picture, open_engine
from id_verify.faces.match import look_at, match_faces
from id_verify.faces.picture import decode_picture
from id_verify.faces.prominence import eye_distance
from id_verify.faces.words import Band, FaceOutcome

pytestmark = [pytest.mark.unit, pytest.mark.data]


@pytest.fixture(scope="module", params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> FaceEngine:
    return open_engine(str(request.param))


@pytest.fixture(scope="module")
def pictures(data_folder: Path) -> dict[str, Picture]:
    folder = data_folder / "faces"
    files = {
        "one": folder / "face_recognition" / "obama_obama.jpg",
        "again": folder / "face_recognition" / "obama_obama2.jpg",
        "other": folder / "face_recognition" / "biden_biden.jpg",
        "two people": folder / "negatives" / "two_people.jpg",
        "nobody": folder / "negatives" / "inspireface_no_face.png",
    }
    return {name: decode_picture(file.read_bytes()) for name, file in files.items()}


def test_faces_come_largest_first_with_features_where_they_belong(
    engine: FaceEngine, pictures: dict[str, Picture]
) -> None:
    found = engine.detect(pictures["two people"])
    sizes = [face.box.width * face.box.height for face in found]
    assert len(found) >= 2
    assert sizes == sorted(sizes, reverse=True)
    for face in found[:2]:
        points = face.points
        assert points.right_eye.x < points.nose.x < points.left_eye.x
        assert points.right_eye.y < points.nose.y < points.right_mouth.y
        assert points.right_mouth.x < points.left_mouth.x
        assert 0.15 < eye_distance(points) / face.box.width < 0.9
        assert 0 < face.score <= 1


def test_an_embedding_has_length_one_and_is_gone_when_wiped(
    engine: FaceEngine, pictures: dict[str, Picture]
) -> None:
    face = engine.detect(pictures["one"])[0]
    embedding = engine.embed(pictures["one"], face)
    again = engine.embed(pictures["one"], face)
    assert embedding.vector.dtype == np.float32
    assert np.linalg.norm(embedding.vector) == pytest.approx(1.0, abs=1e-5)
    assert embedding.engine_version == engine.version
    assert engine.compare(embedding, again) == pytest.approx(1.0, abs=1e-5)
    assert str(float(embedding.vector[0])) not in repr(embedding)
    assert embedding.wipe() == embedding.vector.nbytes
    assert not embedding.vector.any()


def test_one_person_is_more_like_themselves_than_like_another(
    engine: FaceEngine, pictures: dict[str, Picture]
) -> None:
    one, again, other = (
        engine.embed(pictures[name], engine.detect(pictures[name])[0])
        for name in ("one", "again", "other")
    )
    assert engine.compare(one, again) > engine.compare(one, other) + 0.05
    assert engine.compare(one, again) == pytest.approx(engine.compare(again, one))


def test_strangers_do_not_match_by_the_shipped_calibration(
    engine: FaceEngine, pictures: dict[str, Picture]
) -> None:
    shipped = shipped_calibration(engine.name)
    found = match_faces(engine, shipped, [pictures["other"]], pictures["one"])
    assert found.band is Band.NO


@pytest.mark.parametrize(
    ("name", "outcome"),
    [("nobody", FaceOutcome.NO_FACE), ("two people", FaceOutcome.SEVERAL_FACES)],
)
def test_pictures_of_nobody_or_several_are_told(
    engine: FaceEngine, pictures: dict[str, Picture], name: str, outcome: FaceOutcome
) -> None:
    assert look_at(engine, pictures[name]).quality.outcome is outcome
