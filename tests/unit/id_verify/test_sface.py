"""The engine on real faces: who is who, what is amiss, and that the models are the right ones."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from id_verify.faces.calibration import shipped_calibration
from id_verify.faces.cover import eye_light, mouth_relief
from id_verify.faces.engine import FaceEngine, Picture, open_engine
from id_verify.faces.errors import FaceEngineMissing, ModelTampered
from id_verify.faces.match import look_at, match_faces
from id_verify.faces.models import DETECTOR, read_model
from id_verify.faces.picture import decode_picture
from id_verify.faces.words import Band, FaceOutcome

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def engine() -> FaceEngine:
    return open_engine("sface")


@pytest.fixture(scope="module")
def faces(data_folder: Path) -> Path:
    return data_folder / "faces"


def opened(file: Path) -> Picture:
    return decode_picture(file.read_bytes())


def test_a_changed_model_is_not_loaded(tmp_path: Path) -> None:
    name, digest = DETECTOR
    (tmp_path / name).write_bytes(read_model(name, digest)[:-1] + b"\0")
    with pytest.raises(ModelTampered):
        read_model(name, digest, tmp_path)


def test_a_missing_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(FaceEngineMissing):
        read_model(*DETECTOR, tmp_path)


@pytest.mark.parametrize("shape", [(1, 1, 3), (16, 16, 3), (30, 900, 3), (480, 640, 3)])
def test_a_picture_of_nothing_has_no_face(engine: FaceEngine, shape: tuple[int, ...]) -> None:
    noise = np.random.default_rng(1).integers(0, 255, shape, np.uint8)
    for picture in (noise, np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8)):
        assert look_at(engine, picture).quality.outcome is FaceOutcome.NO_FACE


@pytest.mark.parametrize("colour", [0, 255])
def test_a_flat_crop_has_neither_mouth_nor_a_dark_look(colour: int) -> None:
    crop = np.full((112, 112, 3), colour, np.uint8)
    assert mouth_relief(crop) == 0
    assert np.isfinite(eye_light(crop))


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("inspireface_blur.jpg", FaceOutcome.BLURRED),
        ("inspireface_left_face.jpg", FaceOutcome.TURNED_AWAY),
        ("inspireface_mask.jpg", FaceOutcome.COVERED),
        ("inspireface_no_face.png", FaceOutcome.NO_FACE),
        ("inspireface_rot_90.jpg", FaceOutcome.NO_FACE),
        ("obama_and_biden.jpg", FaceOutcome.SEVERAL_FACES),
        ("two_people.jpg", FaceOutcome.SEVERAL_FACES),
        ("obama_partial_face.jpg", FaceOutcome.CUT_OFF),
    ],
)
def test_what_is_amiss_with_a_picture_is_its_outcome_and_never_a_match(
    engine: FaceEngine, faces: Path, name: str, outcome: FaceOutcome
) -> None:
    picture = opened(faces / "negatives" / name)
    assert look_at(engine, picture).quality.outcome is outcome
    found = match_faces(engine, shipped_calibration("sface"), [picture], picture)
    assert found.band is None
    assert found.advice is not None


@pytest.fixture(scope="module")
def portrait(faces: Path) -> Picture:
    return opened(faces / "face_recognition" / "obama_obama.jpg")


def dimmed(picture: Picture) -> Picture:
    return np.asarray(picture // 14, np.uint8)


def glared(picture: Picture) -> Picture:
    return np.asarray(np.clip(picture.astype(np.float64) * 1.3 + 125, 0, 255), np.uint8)


def smeared(picture: Picture) -> Picture:
    return np.asarray(cv2.blur(picture, (1 + picture.shape[1] // 14, 1)), np.uint8)


def distant(picture: Picture) -> Picture:
    """Return the picture as a small part of a wall."""
    small = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA)
    wall = np.full((160, 160, 3), 120, np.uint8)
    wall[60:92, 60:92] = small
    return wall


def masked(engine: FaceEngine, picture: Picture) -> Picture:
    points = engine.detect(picture)[0].points
    left, right = points.right_mouth.x, points.left_mouth.x
    room = (right - left) * 0.6
    covered = picture.copy()
    top, bottom = int(points.nose.y), int(points.left_mouth.y + 1.5 * room)
    covered[top:bottom, int(left - room) : int(right + room)] = (215, 190, 160)
    return covered


def behind_dark_glasses(engine: FaceEngine, picture: Picture) -> Picture:
    points = engine.detect(picture)[0].points
    room = (points.left_eye.x - points.right_eye.x) * 0.4
    covered = picture.copy()
    for eye in (points.right_eye, points.left_eye):
        top, bottom = int(eye.y - room * 0.7), int(eye.y + room * 0.9)
        covered[top:bottom, int(eye.x - room) : int(eye.x + room)] = (18, 16, 20)
    return covered


@pytest.mark.data
@pytest.mark.parametrize(
    ("spoil", "outcome"),
    [
        (dimmed, FaceOutcome.TOO_DARK),
        (glared, FaceOutcome.TOO_BRIGHT),
        (smeared, FaceOutcome.BLURRED),
    ],
)
def test_a_spoilt_picture_is_told_by_its_fault(
    engine: FaceEngine, portrait: Picture, spoil: object, outcome: FaceOutcome
) -> None:
    assert callable(spoil)
    assert look_at(engine, spoil(portrait)).quality.outcome is outcome


@pytest.mark.data
@pytest.mark.parametrize("cover", [masked, behind_dark_glasses])
def test_a_covered_face_is_told(engine: FaceEngine, portrait: Picture, cover: object) -> None:
    assert callable(cover)
    assert look_at(engine, cover(engine, portrait)).quality.outcome is FaceOutcome.COVERED


@pytest.mark.data
def test_a_face_far_away_is_not_relied_on(engine: FaceEngine, portrait: Picture) -> None:
    found = match_faces(engine, shipped_calibration("sface"), [distant(portrait)], portrait)
    assert found.band in {None, Band.UNSURE}
    assert found.advice is not None


@pytest.mark.data
def test_one_person_is_told_from_another(engine: FaceEngine, faces: Path) -> None:
    folder = faces / "face_recognition"
    live = [opened(folder / "obama_obama2.jpg")]
    shipped = shipped_calibration("sface")
    own = match_faces(engine, shipped, live, opened(folder / "obama_obama.jpg"))
    other = match_faces(engine, shipped, live, opened(folder / "biden_biden.jpg"))
    assert own.band is Band.MATCH
    assert other.band is Band.NO


@pytest.mark.data
def test_size_and_a_mirror_hardly_change_a_face(engine: FaceEngine, portrait: Picture) -> None:
    shipped = shipped_calibration("sface")
    half = np.asarray(cv2.resize(portrait, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    for changed in (half, np.ascontiguousarray(portrait[:, ::-1])):
        found = match_faces(engine, shipped, [np.asarray(changed, np.uint8)], portrait)
        assert found.similarity is not None
        assert found.similarity > 0.9


@pytest.mark.data
def test_a_chips_portrait_of_102_by_126_is_recognised(engine: FaceEngine, faces: Path) -> None:
    folder = faces / "face_recognition"
    whole = opened(folder / "obama_obama.jpg")
    face = engine.detect(whole)[0].box
    side = int(face.height * 1.5)
    left = max(0, int(face.x + face.width / 2 - side * 0.4))
    top = max(0, int(face.y - side * 0.2))
    cut = whole[top : top + side, left : left + int(side * 102 / 126)]
    chip = np.asarray(cv2.resize(cut, (102, 126), interpolation=cv2.INTER_AREA), np.uint8)
    ok, packed = cv2.imencode(".jpg", chip, [cv2.IMWRITE_JPEG_QUALITY, 40])
    assert ok
    card = decode_picture(packed.tobytes())
    shipped = shipped_calibration("sface")
    live = [opened(folder / "obama_obama2.jpg")]
    assert match_faces(engine, shipped, live, card).band is Band.MATCH
    assert match_faces(engine, shipped, [opened(folder / "biden_biden.jpg")], card).band is Band.NO
