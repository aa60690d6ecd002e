"""An engine that is told what it sees: the picture's first pixels are its script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from id_verify.faces.engine import (
    Box,
    Embedding,
    FaceQuality,
    FivePoints,
    FoundFace,
    Picture,
    Point,
)
from id_verify.faces.words import FaceOutcome

VERSION = "drawn-1+000000000000"


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnFace:
    """What one picture is to show."""

    direction: tuple[float, ...] = (1.0, 0.0)
    outcome: FaceOutcome = FaceOutcome.OK
    score: float = 0.9
    faces: int = 1


def face_at(x: float, y: float, size: float, score: float = 0.95) -> FoundFace:
    """Return a face whose box is a square with this corner and side."""
    places = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8))
    points = [Point(x + size * across, y + size * down) for across, down in places]
    return FoundFace(box=Box(x, y, size, size), points=FivePoints(*points), score=score)


@dataclass(slots=True)
class DrawnEngine:
    """Keeps its pictures' numbers in their first pixel."""

    script: Mapping[int, DrawnFace]
    name: str = "drawn"
    version: str = VERSION
    made: list[Embedding] = field(default_factory=list)

    def picture(self, number: int) -> Picture:
        """Return the picture that shows this entry of the script."""
        return np.full((100, 100, 3), number, np.uint8)

    def detect(self, picture: Picture) -> Sequence[FoundFace]:
        """Return as many faces as the script says, side by side."""
        drawn = self._drawn(picture)
        return [face_at(2 + 48 * place, 30, 46) for place in range(drawn.faces)]

    def quality(self, picture: Picture, face: FoundFace) -> FaceQuality:
        """Return what the script says."""
        drawn = self._drawn(picture)
        score = drawn.score if drawn.outcome is FaceOutcome.OK else 0.0
        return FaceQuality(outcome=drawn.outcome, score=score, weakness=drawn.outcome)

    def embed(self, picture: Picture, face: FoundFace) -> Embedding:
        """Return the script's direction."""
        direction = np.array(self._drawn(picture).direction, np.float32)
        vector = np.asarray(direction / np.linalg.norm(direction), np.float32)
        self.made.append(Embedding(vector=vector, engine_version=VERSION))
        return self.made[-1]

    def compare(self, a: Embedding, b: Embedding) -> float:
        """Return the cosine."""
        return float(a.vector @ b.vector)

    def _drawn(self, picture: Picture) -> DrawnFace:
        return self.script[int(picture[0, 0, 0])]
