"""How this face looks at rest, for this camera: what all its acts are measured from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median, quantiles
from typing import Final

from id_verify.alive.observation import Eyes, Observation, ObservedFace

FRONTAL_DEG: Final = 20.0
"""A face turned further than this is not at rest, wherever the camera hangs."""
FEWEST: Final = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Neutral:
    """One person at rest before one camera, which need not hang straight before them."""

    yaw: float = 0.0
    pitch: float = 0.0
    nose: float = 0.0
    mouth: float = 0.05
    eyes: float | None = None
    """How far open the eyes are; None: never seen well enough."""

    @classmethod
    def of(cls, observations: Sequence[Observation]) -> Neutral | None:
        """Take the middle of what was seen; None when too little of the face was seen straight."""
        faces = [one.face for one in observations if one.face is not None]
        straight = [face for face in faces if abs(face.pose.yaw) < FRONTAL_DEG]
        if len(straight) < FEWEST:
            return None
        noses = [face.nose for face in straight if face.nose is not None]
        return cls(
            yaw=median(face.pose.yaw for face in straight),
            pitch=median(face.pose.pitch for face in straight),
            nose=median(noses) if noses else 0.0,
            mouth=_lower(sorted(face.mouth for face in straight)),
            eyes=_open(straight),
        )


def clearer_eye(faces: Sequence[ObservedFace]) -> tuple[Eyes, float] | None:
    """The eye whose figure wanders less from frame to frame, and how far it is open at rest.

    One tells a blink as well as two, for half of the work; glare on glasses mostly hides one.
    None: they were not measured.
    """
    right = [face.open_right for face in faces if face.open_right is not None]
    left = [face.open_left for face in faces if face.open_left is not None]
    if min(len(right), len(left)) < FEWEST:
        return None
    eye, seen = min(((Eyes.RIGHT, right), (Eyes.LEFT, left)), key=lambda one: _wanders(one[1]))
    return eye, _middle_when_open(seen)


def _wanders(values: Sequence[float]) -> float:
    return median(abs(a - b) for a, b in pairwise(values)) / max(_middle_when_open(values), 1e-6)


def _open(faces: Sequence[ObservedFace]) -> float | None:
    seen = [face.eyes for face in faces if face.eyes is not None]
    return _middle_when_open(seen) if seen else None


def _middle_when_open(values: Sequence[float]) -> float:
    """Closed eyes are part of what was seen: the middle of the upper three quarters is "open"."""
    return median(sorted(values)[len(values) // 4 :])


def _lower(values: Sequence[float]) -> float:
    """The lower quartile: who talks has the mouth shut less than half of the time."""
    return quantiles(values, n=4)[0]
