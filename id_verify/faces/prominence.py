"""Which of the faces in a picture it is of: the large one, near the middle, that is all there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from id_verify.faces.engine import Box, FivePoints, FoundFace
from id_verify.faces.words import FaceOutcome

RIVAL: Final = 0.7
"""Another face this prominent beside the first: the picture is of two people."""
LEAST_SCORE_OF_RIVAL: Final = 0.75
"""Below, a detector sees faces in shirts and curtains."""
LEAST_SCORE: Final = 0.8
"""Below, the detector sees something like a face, and where its features are is a guess."""
LEAST_ROOM: Final = 0.3
"""Between each eye, mouth corner or nose and the picture's edge, in distances between the eyes."""


def main_face(
    faces: Sequence[FoundFace], width: int, height: int
) -> tuple[FaceOutcome, FoundFace | None]:
    """Return the face a picture is of, and OK, or why there is none to speak of."""
    if not faces:
        return FaceOutcome.NO_FACE, None
    ranked = sorted(faces, key=lambda face: prominence(face, width, height), reverse=True)
    first, rivals = ranked[0], ranked[1:]
    if first.score < LEAST_SCORE:
        return FaceOutcome.NO_FACE, None
    share = prominence(first, width, height) * RIVAL
    if any(
        face.score >= LEAST_SCORE_OF_RIVAL and prominence(face, width, height) >= share
        for face in rivals
    ):
        return FaceOutcome.SEVERAL_FACES, first
    if room_to_edge(first.points, width, height) < LEAST_ROOM:
        return FaceOutcome.CUT_OFF, first
    return FaceOutcome.OK, first


def prominence(face: FoundFace, width: int, height: int) -> float:
    """Return how much a picture is of this face: its size, less for lying aside or cut off."""
    box = face.box
    aside = math.hypot(
        (box.x + box.width / 2) / width - 0.5, (box.y + box.height / 2) / height - 0.5
    )
    size = math.sqrt(max(box.width * box.height, 0.0))
    return size * visible_share(box, width, height) * max(1 - aside, 0.1) * face.score


def room_to_edge(points: FivePoints, width: int, height: int) -> float:
    """Return the least way from a feature to the picture's edge, in distances between the eyes."""
    ways = [way for x, y in points for way in (x, width - x, y, height - y)]
    return min(ways) / max(eye_distance(points), 1.0)


def eye_distance(points: FivePoints) -> float:
    """Return how far apart the eyes are, in pixels."""
    return math.dist(points.right_eye, points.left_eye)


def visible_share(box: Box, width: int, height: int) -> float:
    """Return how much of a box lies inside the picture."""
    across = min(box.x + box.width, width) - max(box.x, 0.0)
    down = min(box.y + box.height, height) - max(box.y, 0.0)
    area = box.width * box.height
    return max(across, 0.0) * max(down, 0.0) / area if area > 0 else 0.0
