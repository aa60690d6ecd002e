"""Until a face stands still in view: what to tell its owner, and how it looks at rest."""

from __future__ import annotations

from collections import deque
from typing import Final

from id_verify.alive.neutral import FRONTAL_DEG, Neutral
from id_verify.alive.observation import Observation, ObservedFace
from id_verify.faces.words import Advice

SETTLED_S: Final = 0.6
FEWEST: Final = 6
SMALLEST_PX: Final = 45.0
"""Between the outer corners of the eyes; below, lids are a handful of pixels."""
STEEP_DEG: Final = 32.0
"""A camera hangs above or below the screen; steeper, and a look up cannot be told."""
SWAYING_DEG: Final = 7.0
SWAYING: Final = 0.35
"""Distances between the eyes."""
DARK: Final = 35.0
BRIGHT: Final = 235.0
GAP_S: Final = 0.4


class Settling:
    """Collects the first frames of a face until they are alike for long enough."""

    def __init__(self) -> None:
        self._frames: deque[tuple[float, Observation, ObservedFace]] = deque()
        self.neutral: Neutral | None = None

    def feed(self, observation: Observation) -> Advice | None:
        """Return what would help; None: hold on, or settled."""
        face = observation.face
        advice = _advice(observation.faces, face)
        if advice is not None or face is None:
            self._frames.clear()
            return advice
        if self._frames and observation.t_s - self._frames[-1][0] > GAP_S:
            self._frames.clear()
        self._frames.append((observation.t_s, observation, face))
        while self._swaying():
            self._frames.popleft()
        lasted_s = observation.t_s - self._frames[0][0]
        if lasted_s >= SETTLED_S and len(self._frames) >= FEWEST:
            self.neutral = Neutral.of([one for _, one, _ in self._frames])
        return None

    def _swaying(self) -> bool:
        faces = [face for *_, face in self._frames]
        if len(faces) < FEWEST:
            return False
        yaws = [face.pose.yaw for face in faces]
        pitches = [face.pose.pitch for face in faces]
        size = SWAYING * faces[-1].eye_distance
        return (
            max(yaws) - min(yaws) > SWAYING_DEG
            or max(pitches) - min(pitches) > SWAYING_DEG
            or any(
                max(face.centre[axis] for face in faces) - min(face.centre[axis] for face in faces)
                > size
                for axis in (0, 1)
            )
        )


def _advice(faces: int, face: ObservedFace | None) -> Advice | None:
    """What keeps this frame from being used."""
    if face is None:
        return Advice.LOOK_HERE
    light = None if face.texture is None else face.texture.brightness
    faults = (
        (faces > 1, Advice.ONE_PERSON),
        (face.eye_distance < SMALLEST_PX, Advice.COME_CLOSER),
        (abs(face.pose.yaw) > FRONTAL_DEG, Advice.LOOK_STRAIGHT),
        (abs(face.pose.pitch) > STEEP_DEG, Advice.LOOK_STRAIGHT),
        (light is not None and light < DARK, Advice.MORE_LIGHT),
        (light is not None and light > BRIGHT, Advice.LESS_LIGHT),
    )
    return next((advice for fault, advice in faults if fault), None)
