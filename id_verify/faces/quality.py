"""How well a face is to be seen: what is amiss, and how far the picture can be relied on.

Every figure has a ramp from hopeless to good. A face on the wrong end of one is not compared; the
lowest place on any ramp is its quality. The ends were chosen on pictures made worse step by step,
where the same person ceases to be recognised (`benchmarks/portrait_quality.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.faces.alignment import align
from id_verify.faces.cover import eye_light, mouth_relief
from id_verify.faces.engine import FaceQuality, FivePoints, FoundFace, Picture
from id_verify.faces.prominence import eye_distance
from id_verify.faces.words import FaceOutcome

RELIABLE: Final = 0.25
"""Below this quality of either picture the answer is `unsure`, whatever the similarity."""

ZOOM: Final = 0.97
LARGE_EYE_DISTANCE: Final = 80.0
"""From here on the camera is near enough: what shows no detail is out of focus or moving."""
LEAST_DETAIL_OF_LARGE: Final = 0.2
BLOCK: Final = 8
"""Side of the squares in which JPEG compresses."""
BLOCKS_MATTER_BELOW: Final = 60.0
"""Eye distance; in a larger face the squares are small."""

_FACE: Final = (slice(28, 106), slice(22, 90))
"""Brow to chin, cheek to cheek, in a crop."""
_BURNT: Final = 250


@dataclass(frozen=True, kw_only=True, slots=True)
class Ramp:
    """One figure's way from hopeless (0) to good (1); it may fall as well as rise."""

    figure: str
    hopeless: float
    good: float
    outcome: FaceOutcome

    def place(self, value: float) -> float:
        """Return where a value lies, 0 to 1."""
        return min(1.0, max(0.0, (value - self.hopeless) / (self.good - self.hopeless)))


RAMPS: Final = (
    Ramp(figure="eye_distance", hopeless=8, good=24, outcome=FaceOutcome.TOO_SMALL),
    Ramp(figure="turn", hopeless=0.6, good=0.25, outcome=FaceOutcome.TURNED_AWAY),
    Ramp(figure="tilt", hopeless=50, good=20, outcome=FaceOutcome.TURNED_AWAY),
    Ramp(figure="nod", hopeless=0.24, good=0.12, outcome=FaceOutcome.TURNED_AWAY),
    Ramp(figure="brightness", hopeless=14, good=50, outcome=FaceOutcome.TOO_DARK),
    Ramp(figure="burnt", hopeless=0.65, good=0.35, outcome=FaceOutcome.TOO_BRIGHT),
    Ramp(figure="mouth_relief", hopeless=0.085, good=0.125, outcome=FaceOutcome.COVERED),
    Ramp(figure="eye_light", hopeless=0.36, good=0.46, outcome=FaceOutcome.COVERED),
    Ramp(figure="detail", hopeless=0.105, good=0.285, outcome=FaceOutcome.BLURRED),
    Ramp(figure="blocks", hopeless=2.9, good=1.5, outcome=FaceOutcome.BLURRED),
    Ramp(figure="score", hopeless=0.86, good=0.93, outcome=FaceOutcome.BLURRED),
)
"""In the order in which they are told, should several be hopeless."""


def judge_face(picture: Picture, face: FoundFace) -> FaceQuality:
    """Measure one face and say what is amiss with it, if anything."""
    figures = measure_face(picture, face)
    places = [(ramp.place(figures[ramp.figure]), ramp.outcome) for ramp in RAMPS]
    hopeless = next((outcome for place, outcome in places if place <= 0), None)
    if hopeless is None and _should_be_sharper(figures):
        hopeless = FaceOutcome.BLURRED
    lowest, weakness = min(places, key=lambda found: found[0])
    return FaceQuality(
        outcome=hopeless or FaceOutcome.OK,
        score=0.0 if hopeless else lowest,
        weakness=hopeless or (weakness if lowest < 1 else FaceOutcome.OK),
        figures=figures,
    )


def measure_face(picture: Picture, face: FoundFace) -> dict[str, float]:
    """Return every figure that has a ramp."""
    crop = align(picture, face.points, zoom=ZOOM)
    luma = np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY))[_FACE].astype(np.float32)
    turn, tilt, nod = _pose(face.points)
    eyes = eye_distance(face.points)
    return {
        "eye_distance": eyes,
        "turn": turn,
        "tilt": tilt,
        "nod": nod,
        "brightness": float(np.median(luma)),
        "burnt": float((luma >= _BURNT).mean()),
        "mouth_relief": mouth_relief(crop),
        "eye_light": eye_light(crop),
        "detail": _detail(luma),
        "blocks": _blocks(picture, face) if eyes < BLOCKS_MATTER_BELOW else 1.0,
        "score": face.score,
    }


def _should_be_sharper(figures: dict[str, float]) -> bool:
    return (
        figures["eye_distance"] >= LARGE_EYE_DISTANCE and figures["detail"] < LEAST_DETAIL_OF_LARGE
    )


def _pose(points: FivePoints) -> tuple[float, float, float]:
    """Return how far the nose lies beside the middle, degrees of tilt, and how far up or down."""
    places = np.asarray(points, np.float64)
    between_eyes, mouth = places[:2].mean(axis=0), places[3:].mean(axis=0)
    axis = places[1] - places[0]
    apart = max(float(np.hypot(*axis)), 1.0)
    across = axis / apart
    down = np.array([-across[1], across[0]])
    turn = abs(float((places[2] - between_eyes) @ across)) / apart
    tilt = abs(math.degrees(math.atan2(across[1], across[0])))
    drop = max(float((mouth - between_eyes) @ down), 1.0)
    nod = abs(float((places[2] - between_eyes) @ down) / drop - _LEVEL_NOSE)
    return turn, tilt, nod


_LEVEL_NOSE: Final = 0.57
"""How far down from the eyes to the mouth the nose's tip lies when somebody looks straight."""


def _detail(luma: NDArray[np.float32]) -> float:
    """Return how much fine structure there is, as a share of the coarse, along the poorer axis.

    Contrast and brightness cancel out. Each axis alone, since what moves is smeared along one.
    """
    smooth = np.asarray(cv2.GaussianBlur(luma, (0, 0), 0.5), np.float32)
    return min(_detail_across(smooth), _detail_across(np.ascontiguousarray(smooth.T)))


def _detail_across(luma: NDArray[np.float32]) -> float:
    fine, middle, coarse, coarsest = (
        cv2.GaussianBlur(luma, (int(6 * width) | 1, 1), sigmaX=width, sigmaY=width)
        for width in (0.7, 1.4, 2.8, 5.6)
    )
    return float(np.std(fine - middle)) / max(float(np.std(coarse - coarsest)), 1e-3)


def _blocks(picture: Picture, face: FoundFace) -> float:
    """Return how much steeper the steps at the borders of squares are than elsewhere."""
    box = face.box
    left, top = max(0, int(box.x)), max(0, int(box.y))
    part = picture[top : int(box.y + box.height), left : int(box.x + box.width)]
    if min(part.shape[:2], default=0) < 2 * BLOCK:
        return 1.0
    luma = np.asarray(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)).astype(np.float32)
    return min(_steps(luma), _steps(luma.T))


def _steps(luma: NDArray[np.float32]) -> float:
    steps = np.abs(np.diff(luma, axis=1)).mean(axis=0)
    folded = np.array([steps[phase::BLOCK].mean() for phase in range(BLOCK)])
    return float(folded.max() / max(float(np.median(folded)), 0.5))
