"""Looks at one frame after the other and notes what it shows. Knows no time but the track's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from id_verify.alive.eyes import EyeLids
from id_verify.alive.mesh import EYE_CORNERS, FaceMesh, Mesh, Square, square_after, square_of
from id_verify.alive.observation import Observation, ObservedFace
from id_verify.alive.pose import mouth_opening, nose_offset, pose_of
from id_verify.alive.surface import texture_of
from id_verify.faces.engine import Box, FaceEngine, FivePoints, FoundFace, Picture, Point

SEARCHED_SIDE: Final = 320
"""Faces are counted in a picture no larger than this: a quarter of the time of 640."""
RECOUNT_S: Final = 0.19
"""Between two counts the face is followed by its points alone."""
TEXTURE_S: Final = 0.45
TURN_CAMERA_S: Final = 0.5
SEEN: Final = 0.5
"""Below this presence the points are not a face's."""
SECOND_FACE: Final = 0.5
"""A second face counts from this share of the first one's width; smaller ones stand behind."""
SURE: Final = 0.75
"""Below, a detector sees faces in shirts and curtains."""
AT_ONE: Final = 0.35
"""Distances between the eyes by which detector and points may differ: they do by 0.2 at most."""
WATCHED_POINTS: Final = (
    *(10, 151, 9, 168, 6, 197, 195, 5, 4, 1, 2, 164),  # down the middle, forehead to lip
    *(33, 133, 362, 263, 70, 300, 105, 334),  # corners of the eyes, brows
    *(50, 280, 205, 425, 98, 327, 129, 358),  # cheeks, wings of the nose
)
"""Points that keep their place on the head whatever it says or however it blinks."""


_SOME_BOX: Final = Box(90.0, 80.0, 140.0, 160.0)
_SOME_POINTS: Final = FivePoints(
    Point(130.0, 140.0),
    Point(190.0, 140.0),
    Point(160.0, 170.0),
    Point(135.0, 200.0),
    Point(185.0, 200.0),
)


@dataclass(slots=True)
class _Followed:
    """The face that is watched, as it was in the last frame."""

    mesh: Mesh
    counted_at_s: float


class FrameWitness:
    """Watches one face. Not safe for threads; not for two recordings."""

    def __init__(self, engine: FaceEngine) -> None:
        self._engine = engine
        self._mesh = FaceMesh()
        self._lids = EyeLids()
        self._followed: _Followed | None = None
        self._faces = 0
        self._texture_at_s = -np.inf
        self._quarters = 0
        self._turned_at_s = -np.inf
        self.watched_eyes = True
        """Whether the lids are measured: more than half of the work of such a frame."""

    def feed(self, t_s: float, picture: Picture) -> Observation:
        """Note what one frame shows. Times must rise."""
        picture = self.upright(picture)
        found: FoundFace | None = None
        mesh, anew = self._follow(t_s, picture), False
        counted = self._followed.counted_at_s if self._followed is not None else t_s
        if mesh is None:
            found = self._count(picture)
            if found is None or self._lies_on_its_side(found):
                self._followed = None
                self._turn_camera(t_s, picture, 0.0)
                return Observation(t_s=t_s, faces=0)
            mesh, anew = self._measured(picture, found)
            counted = t_s
        doubtful = mesh.presence < SURE and found is not None
        turned = doubtful and self._turn_camera(t_s, picture, found.score if found else 0.0)
        if turned or mesh.presence < SEEN:
            self._followed = None
            return Observation(t_s=t_s, faces=0)
        self._followed = _Followed(mesh, counted)
        face = self._note(t_s, picture, mesh, found)
        return Observation(t_s=t_s, faces=self._faces, face=face, anew=anew)

    def warm(self) -> None:
        """Run every model once: the first time takes several times as long as the others."""
        grey = np.full((SEARCHED_SIDE, SEARCHED_SIDE, 3), 127, np.uint8)
        self._engine.detect(grey)
        self._engine.embed(grey, FoundFace(box=_SOME_BOX, points=_SOME_POINTS, score=1.0))
        mesh = self._mesh.measure(grey, Square(160.0, 160.0, 200.0, 0.0))
        self._lids.left(grey, mesh)
        texture_of(grey, mesh)

    def upright(self, picture: Picture) -> Picture:
        """Return the picture as it is looked at: turned, if the camera hangs on its side."""
        if not self._quarters:
            return picture
        return np.ascontiguousarray(np.rot90(picture, self._quarters))

    def forget(self) -> None:
        """Overwrite the points of the face it follows."""
        if self._followed is not None:
            self._followed.mesh.points.fill(0.0)
            self._followed = None

    def _follow(self, t_s: float, picture: Picture) -> Mesh | None:
        """Measure the face where it was; None: it is time to look for it, or it is not there."""
        followed = self._followed
        if followed is None or t_s - followed.counted_at_s >= RECOUNT_S:
            return None
        mesh = self._mesh.measure(picture, square_after(followed.mesh))
        if mesh.presence < SEEN:
            self._followed = None
            return None
        return mesh

    def _measured(self, picture: Picture, found: FoundFace) -> tuple[Mesh, bool]:
        """Measure a face that was just detected: where its points were, if that is where it is.

        If not, it is found anew.

        The detector's square is larger and lies otherwise than the one round the points, and all
        figures with it: changing between the two shakes mouths and angles five times a second.
        """
        if self._followed is not None and _at_one(self._followed.mesh, found):
            mesh = self._mesh.measure(picture, square_after(self._followed.mesh))
            if mesh.presence >= SURE:
                return mesh, False
        return self._mesh.measure(picture, square_of(found)), True

    def _note(
        self, t_s: float, picture: Picture, mesh: Mesh, found: FoundFace | None
    ) -> ObservedFace:
        textured = t_s - self._texture_at_s >= TEXTURE_S
        if textured:
            self._texture_at_s = t_s
        return ObservedFace(
            centre=(float(mesh.flat[:, 0].mean()), float(mesh.flat[:, 1].mean())),
            eye_distance=mesh.eye_distance,
            pose=pose_of(mesh),
            nose=nose_offset(found.points) if found is not None else None,
            open_right=self._lids.right(picture, mesh) if self.watched_eyes else None,
            open_left=self._lids.left(picture, mesh) if self.watched_eyes else None,
            mouth=mouth_opening(mesh),
            presence=mesh.presence,
            points=mesh.flat[list(WATCHED_POINTS)].copy(),
            texture=texture_of(picture, mesh) if textured else None,
        )

    def _turn_camera(self, t_s: float, picture: Picture, score: float) -> bool:
        """Without a good face: see whether there is a better one when the picture is turned."""
        if t_s - self._turned_at_s < TURN_CAMERA_S:
            return False
        self._turned_at_s = t_s
        best, score = 0, max(SURE, score)
        for quarters in (1, 3, 2):
            face = self._count(np.ascontiguousarray(np.rot90(picture, quarters)))
            if face is not None and face.score > score and not self._lies_on_its_side(face):
                best, score = quarters, face.score
        self._quarters = (self._quarters + best) % 4
        return best != 0

    @staticmethod
    def _lies_on_its_side(face: FoundFace) -> bool:
        """No neck bends that far: it is the camera. The detector finds such faces, but badly."""
        right, left = face.points.right_eye, face.points.left_eye
        return left.x - right.x < abs(left.y - right.y)

    def _count(self, picture: Picture) -> FoundFace | None:
        """Count the faces; return the one that is watched: the largest."""
        scale = min(1.0, SEARCHED_SIDE / max(picture.shape[:2]))
        small = picture
        if scale < 1.0:
            size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
            small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        faces = self._engine.detect(small)
        self._faces = _people(faces)
        return _enlarged(faces[0], 1 / scale) if faces else None


def _at_one(mesh: Mesh, found: FoundFace) -> bool:
    """Whether detector and points speak of the same face, in the same place."""
    seen = np.array([found.points.right_eye, found.points.left_eye]).mean(axis=0)
    followed = mesh.flat[list(EYE_CORNERS)].mean(axis=0)
    return float(np.linalg.norm(seen - followed)) <= AT_ONE * mesh.eye_distance


def _people(faces: Sequence[FoundFace]) -> int:
    """How many faces are near enough to be taken for the resident's."""
    return sum(
        face is faces[0]
        or (face.score >= SURE and face.box.width >= SECOND_FACE * faces[0].box.width)
        for face in faces
    )


def _enlarged(face: FoundFace, by: float) -> FoundFace:
    return FoundFace(
        box=Box(*(by * value for value in face.box)),
        points=FivePoints(*(Point(by * point.x, by * point.y) for point in face.points)),
        score=face.score,
    )
