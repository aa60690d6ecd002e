"""Where the picture of a card comes from: files for cameras, and cameras that are gone."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from id_verify.card.cameras import Camera, StillFile, VideoCamera, open_camera
from id_verify.card.errors import CardAbsent, CardUnreadable, ReaderMissing

pytestmark = pytest.mark.unit

SHADES = (40, 90, 140, 190, 240)


def film(file: Path) -> Path:
    """A film of five grey pictures."""
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 5.0, (64, 48))
    for shade in SHADES:
        writer.write(np.full((48, 64, 3), shade, np.uint8))
    writer.release()
    return file


def play_to_the_end(camera: Camera) -> None:
    for _ in SHADES:
        camera.picture()


def test_a_picture_file_is_looked_at_anew_every_time(tmp_path: Path) -> None:
    file = tmp_path / "desk.PNG"
    camera = open_camera(file)
    assert isinstance(camera, StillFile)
    with pytest.raises(CardAbsent):
        camera.picture()
    for shade in (10, 200):
        file.write_bytes(cv2.imencode(".png", np.full((60, 80, 3), shade, np.uint8))[1].tobytes())
        assert camera.picture().mean() == shade
    file.write_bytes(b"half a pict")
    with pytest.raises(CardUnreadable):
        camera.picture()


def test_a_film_is_played_over_and_over(tmp_path: Path) -> None:
    camera = open_camera(film(tmp_path / "desk.avi"))
    assert isinstance(camera, VideoCamera)
    shades = [round(float(camera.picture().mean())) for _ in range(4)]
    assert all(min(abs(shade - each) for each in SHADES) <= 2 for shade in shades)
    camera.close()
    camera.close()


@pytest.mark.parametrize("device", [63, Path("/dev/v4l/by-id/no-such-camera.png")])
def test_a_camera_that_is_not_there_is_missing_every_time(device: int | Path) -> None:
    camera = open_camera(device)
    for _ in range(2):
        with pytest.raises(ReaderMissing):
            camera.picture()


def test_a_camera_that_was_unplugged_is_opened_when_it_is_back(tmp_path: Path) -> None:
    file = film(tmp_path / "desk.avi")
    camera = open_camera(file)
    camera.picture()
    kept = file.rename(tmp_path / "kept.avi")
    with pytest.raises(ReaderMissing):
        play_to_the_end(camera)
    kept.rename(file)
    assert camera.picture().shape == (48, 64, 3)
