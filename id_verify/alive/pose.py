"""How a head is held, from the points of its face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from id_verify.alive.mesh import (
    FOREHEAD,
    LEFT_EYE_OUTER,
    LIP_LOWER,
    LIP_UPPER,
    MOUTH_LEFT,
    MOUTH_RIGHT,
    NOSE_BASE,
    RIGHT_EYE_OUTER,
    Mesh,
)
from id_verify.faces.engine import FivePoints


@dataclass(frozen=True, slots=True)
class Pose:
    """Angles in degrees, as the camera sees them."""

    yaw: float
    """To the resident's left is positive."""
    pitch: float
    """Up is positive."""
    roll: float
    """Towards the resident's left shoulder is positive."""


def pose_of(mesh: Mesh) -> Pose:
    """Read the angles off the line between the eyes and the line down the nose.

    Neither moves with the jaw, so that an open mouth is no nod.
    """
    across = mesh.points[LEFT_EYE_OUTER] - mesh.points[RIGHT_EYE_OUTER]
    down = mesh.points[NOSE_BASE] - mesh.points[FOREHEAD]
    return Pose(
        yaw=_degrees(across[2], np.hypot(across[0], across[1])),
        pitch=-_degrees(down[2], np.hypot(down[0], down[1])),
        roll=_degrees(across[1], across[0]),
    )


def nose_offset(points: FivePoints) -> float:
    """How far the nose stands beside the middle of the face, in distances between the eyes.

    To the resident's left is positive. Measured along the eyes' own line and in their own unit, so
    that turning, tilting, stretching or shearing a flat picture does not change it: only a nose
    that stands out of a face does.
    """
    right, left = np.array(points.right_eye), np.array(points.left_eye)
    mouth = (np.array(points.right_mouth) + np.array(points.left_mouth)) / 2
    middle = (right + left) / 2
    across, down, nose = left - right, mouth - middle, np.array(points.nose) - middle
    area = across[0] * down[1] - across[1] * down[0]
    if not area:
        return 0.0
    return float((nose[0] * down[1] - nose[1] * down[0]) / area)


def mouth_opening(mesh: Mesh) -> float:
    """The gap between the lips, in widths of the mouth."""
    gap = np.linalg.norm(mesh.points[LIP_LOWER] - mesh.points[LIP_UPPER])
    width = np.linalg.norm(mesh.points[MOUTH_LEFT] - mesh.points[MOUTH_RIGHT])
    return float(gap / max(float(width), 1e-6))


def _degrees(rise: float, run: float) -> float:
    return float(np.degrees(np.arctan2(rise, run)))
