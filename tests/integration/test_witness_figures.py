"""What the witness measures of a real face must not depend on how it came by the face."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import cv2
import numpy as np
import pytest

from id_verify.alive.frame_witness import FrameWitness
from id_verify.alive.observation import ObservedFace
from id_verify.alive.recording import recordings_in
from id_verify.faces.engine import Picture, open_engine

pytestmark = [pytest.mark.integration, pytest.mark.data]

FPS = 15.0
ASKEW_DEG = 20.0
MOUTH_OPEN_S = (6.5, 7.6)
"""While the person on the recording holds the mouth open."""


def askew(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), ASKEW_DEG, 1.0)
    return np.asarray(cv2.warpAffine(picture, turn, (width, height)), np.uint8)


@pytest.fixture(scope="module")
def open_mouthed(data_folder: Path) -> list[ObservedFace]:
    """Somebody before a camera that hangs askew, followed through a few seconds."""
    witness = FrameWitness(open_engine())
    recording = recordings_in(data_folder / "videos" / "liveportrait_d13.mp4")[0]
    begins_s, ends_s = MOUTH_OPEN_S
    seen = [
        witness.feed(t_s, askew(picture))
        for t_s, picture in recording.frames(at_most_fps=FPS)
        if begins_s - 1.0 <= t_s <= ends_s
    ]
    return [one.face for one in seen if one.face is not None and one.t_s >= begins_s]


def test_a_face_just_detected_has_the_mouth_of_one_that_was_followed(
    open_mouthed: list[ObservedFace],
) -> None:
    detected = [face.mouth for face in open_mouthed if face.nose is not None]
    followed = [face.mouth for face in open_mouthed if face.nose is None]
    assert len(detected) >= 4
    assert len(followed) >= 8
    assert abs(fmean(detected) - fmean(followed)) < 0.05


def test_nor_does_the_head_nod_when_it_is_detected(open_mouthed: list[ObservedFace]) -> None:
    detected = [face.pose.pitch for face in open_mouthed if face.nose is not None]
    followed = [face.pose.pitch for face in open_mouthed if face.nose is None]
    assert abs(fmean(detected) - fmean(followed)) < 1.5
