"""How this face looks at rest, for this camera: what all its acts are measured from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Final

from id_verify.alive.observation import Observation, ObservedFace

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


def _open(faces: Sequence[ObservedFace]) -> float | None:
    seen = sorted(face.eyes for face in faces if face.eyes is not None)
    # Closed eyes are part of what was seen: the middle of the upper three quarters is "open".
    return median(seen[len(seen) // 4 :]) if seen else None


def _lower(values: Sequence[float]) -> float:
    """The lower quartile: who talks has the mouth shut less than half of the time."""
    return quantiles(values, n=4)[0]
