"""468 points on one face, with depth: where everything in it is, and how it is held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.alive.models import MESH, LandmarkModel
from id_verify.faces.engine import FoundFace, Picture

Points = NDArray[np.float32]

SIDE: Final = 192
"""Of the square the model looks at, in pixels."""
MARGIN: Final = 1.5
"""How much larger than the face that square is; what the model was trained with."""

# Numbers of points in the mesh. Right and left are the resident's own.
RIGHT_EYE_OUTER: Final = 33
RIGHT_EYE_INNER: Final = 133
LEFT_EYE_INNER: Final = 362
LEFT_EYE_OUTER: Final = 263
EYE_CORNERS: Final = (RIGHT_EYE_OUTER, RIGHT_EYE_INNER, LEFT_EYE_INNER, LEFT_EYE_OUTER)
FOREHEAD: Final = 10
NOSE_TIP: Final = 4
NOSE_BASE: Final = 2
LIP_UPPER: Final = 13
LIP_LOWER: Final = 14
MOUTH_RIGHT: Final = 78
MOUTH_LEFT: Final = 308


@dataclass(frozen=True, slots=True)
class Mesh:
    """The points of one face in one picture."""

    points: Points
    """468 × 3: x and y in pixels of the picture, depth in the same unit, away from the camera."""
    presence: float
    """How sure the model is that this is a face, 0 to 1."""

    @property
    def flat(self) -> Points:
        """The points as they lie in the picture."""
        return self.points[:, :2]

    @property
    def eye_distance(self) -> float:
        """Between the outer corners of the eyes, in pixels and through the depth."""
        return float(np.linalg.norm(self.points[LEFT_EYE_OUTER] - self.points[RIGHT_EYE_OUTER]))


@dataclass(frozen=True, slots=True)
class Square:
    """A square part of a picture, upright as the face is."""

    x: float
    y: float
    side: float
    angle: float
    """Radians; how far the face is tilted towards its left shoulder."""

    def transform(self, side: int) -> NDArray[np.float64]:
        """From the picture to a picture of `side` pixels."""
        scale = side / self.side
        cos, sin = np.cos(self.angle) * scale, np.sin(self.angle) * scale
        half = side / 2
        return np.array(
            [
                [cos, sin, half - cos * self.x - sin * self.y],
                [-sin, cos, half + sin * self.x - cos * self.y],
            ]
        )


class FaceMesh:
    """The model, ready to run. About 1.5 ms a face."""

    def __init__(self) -> None:
        self._model = LandmarkModel(MESH)

    def measure(self, picture: Picture, square: Square) -> Mesh:
        """Find the points of the face in a square of the picture."""
        forth = square.transform(SIDE)
        crop = np.asarray(cv2.warpAffine(picture, forth, (SIDE, SIDE)), np.uint8)
        said = self._model.run(crop)
        points, flag = said["conv2d_20"].reshape(-1, 3), float(said["conv2d_30"][0])
        back = cv2.invertAffineTransform(forth).astype(np.float32)
        points[:, :2] = points[:, :2] @ back[:, :2].T + back[:, 2]
        points[:, 2] *= square.side / SIDE
        return Mesh(points, float(1 / (1 + np.exp(-flag))))


def square_of(face: FoundFace) -> Square:
    """Where to look for the points of a face that was just detected."""
    right, left = face.points.right_eye, face.points.left_eye
    return Square(
        face.box.x + face.box.width / 2,
        face.box.y + face.box.height / 2,
        MARGIN * max(face.box.width, face.box.height),
        float(np.arctan2(left.y - right.y, left.x - right.x)),
    )


def square_after(mesh: Mesh) -> Square:
    """Where to look for the points in the next picture."""
    flat = mesh.flat
    right, left = flat[RIGHT_EYE_OUTER], flat[LEFT_EYE_OUTER]
    angle = float(np.arctan2(left[1] - right[1], left[0] - right[0]))
    along = np.array([np.cos(angle), np.sin(angle)], np.float32)
    across = np.array([-along[1], along[0]], np.float32)
    u, v = flat @ along, flat @ across
    middle = along * (u.min() + u.max()) / 2 + across * (v.min() + v.max()) / 2
    side = MARGIN * float(max(u.max() - u.min(), v.max() - v.min()))
    return Square(float(middle[0]), float(middle[1]), side, angle)
