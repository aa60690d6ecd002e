"""What is noted of one frame: figures, and some points of the face; no picture."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from id_verify.alive.pose import Pose
from id_verify.alive.texture import Texture


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """One frame. Without a face only `t_s` and `faces` say anything."""

    t_s: float
    faces: int
    """How many were found when it was last counted."""
    face: ObservedFace | None = None
    anew: bool = False
    """It was not followed here from the frame before, but found: it may be another one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservedFace:
    """The face that is watched, in one frame."""

    centre: tuple[float, float]
    """Pixels of the frame."""
    eye_distance: float
    """Pixels, through the depth: it does not shrink when the head turns."""
    pose: Pose
    nose: float | None
    """How far the nose stands beside the middle (`pose.nose_offset`); None: not looked at."""
    open_right: float | None
    open_left: float | None
    """How far the eyes are open; None: not looked at."""
    mouth: float
    presence: float
    points: NDArray[np.float32] = field(repr=False)
    """Some points of the face in pixels, to tell a plane from a head. Personal data; wiped."""
    texture: Texture | None = None
    """What the surface looks like; measured on some frames only."""

    @property
    def eyes(self) -> float | None:
        """How far the eyes are open: the one that is turned to the camera, or both."""
        if self.open_right is None or self.open_left is None:
            return self.open_left if self.open_right is None else self.open_right
        if self.pose.yaw > ONE_EYE_DEG:
            return self.open_right
        if self.pose.yaw < -ONE_EYE_DEG:
            return self.open_left
        return (self.open_right + self.open_left) / 2


ONE_EYE_DEG = 15.0
"""From here on the far eye is too narrow to be measured."""
