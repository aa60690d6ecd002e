"""Observations of a face that never was: a head of points, held and moved as a test says."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from id_verify.alive.observation import Observation, ObservedFace
from id_verify.alive.pose import Pose
from id_verify.alive.texture import Texture

FPS = 15.0
SIZE_PX = 100.0
"""Between the eyes."""
_RNG = np.random.default_rng(5)
HEAD: NDArray[np.float64] = np.column_stack(
    [_RNG.uniform(-0.6, 0.6, 28), _RNG.uniform(-0.7, 0.7, 28), np.zeros(28)]
)
HEAD[:, 2] = -0.8 * np.sqrt(np.clip(1 - HEAD[:, 0] ** 2 - HEAD[:, 1] ** 2, 0, 1))
"""Points on the front of a ball, nearest in the middle; distances between the eyes."""


def posed(points: NDArray[np.float64], yaw: float, pitch: float) -> NDArray[np.float64]:
    """Points after the head was turned to its left and up."""
    y, p = np.radians(yaw), np.radians(pitch)
    turn = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    tilt = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    return np.asarray(points @ (turn @ tilt).T)


def observed(
    t_s: float,
    *,
    yaw: float = 0.0,
    pitch: float = 0.0,
    nose: float | None = None,
    eyes: float | None = 0.3,
    mouth: float = 0.04,
    faces: int = 1,
    centre: tuple[float, float] = (320.0, 240.0),
    size: float = SIZE_PX,
    flat: bool = False,
    moire: float = 11.0,
    brightness: float = 120.0,
) -> Observation:
    """One frame. The nose comes out to the side by as much as a nose does, unless told."""
    wobble = 0.7 * np.sin(2.3 * t_s)
    points = posed(HEAD * [1, 1, 0] if flat else HEAD, yaw + wobble, pitch)
    return Observation(
        t_s=t_s,
        faces=faces,
        face=ObservedFace(
            centre=centre,
            eye_distance=size,
            pose=Pose(yaw=yaw + wobble, pitch=pitch, roll=0.0),
            nose=float(0.5 * np.sin(np.radians(yaw))) if nose is None else nose,
            open_right=eyes,
            open_left=eyes,
            mouth=mouth,
            presence=1.0,
            points=(points[:, :2] * size + np.array(centre)).astype(np.float32),
            texture=Texture(moire=moire, brightness=brightness),
        ),
    )


def nobody(t_s: float) -> Observation:
    """A frame without a face."""
    return Observation(t_s=t_s, faces=0)


def frames(seconds: float, begin_s: float = 0.0) -> Iterable[float]:
    """The times of so many seconds of frames."""
    return (begin_s + n / FPS for n in range(round(seconds * FPS)))
