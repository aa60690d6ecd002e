"""How far an eye is open, from the line of its lids."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from id_verify.alive.mesh import (
    LEFT_EYE_INNER,
    LEFT_EYE_OUTER,
    RIGHT_EYE_INNER,
    RIGHT_EYE_OUTER,
    Mesh,
    Square,
)
from id_verify.alive.models import EYE, LandmarkModel
from id_verify.faces.engine import Picture

SIDE: Final = 64
MARGIN: Final = 2.3
"""How much wider than the eye the model's square is."""

# The first 16 points go round the lids: 0 to 8 along the lower one from corner to corner, 9 to 15
# along the upper one between the same corners.
_LOWER: Final = (2, 3, 4, 5, 6)
_UPPER: Final = (10, 11, 12, 13, 14)
_CORNERS: Final = (0, 8)


class EyeLids:
    """The model, ready to run. About 1.5 ms an eye.

    The lids of the face mesh hardly follow a blink, and dlib's drop with every look up and behind
    every pair of glasses; the contour this model draws does neither (measured on the labelled
    clips).
    """

    def __init__(self) -> None:
        self._model = LandmarkModel(EYE)

    def right(self, picture: Picture, mesh: Mesh) -> float:
        """How far the resident's right eye is open: height of the gap, in widths of the eye."""
        return self._opening(picture, mesh, RIGHT_EYE_OUTER, RIGHT_EYE_INNER, mirrored=True)

    def left(self, picture: Picture, mesh: Mesh) -> float:
        """How far the resident's left eye is open."""
        return self._opening(picture, mesh, LEFT_EYE_INNER, LEFT_EYE_OUTER, mirrored=False)

    def _opening(
        self, picture: Picture, mesh: Mesh, from_corner: int, to_corner: int, *, mirrored: bool
    ) -> float:
        a, b = mesh.flat[from_corner], mesh.flat[to_corner]
        middle, across = (a + b) / 2, b - a
        square = Square(
            float(middle[0]),
            float(middle[1]),
            max(MARGIN * float(np.linalg.norm(across)), 4.0),
            float(np.arctan2(across[1], across[0])),
        )
        crop = np.asarray(cv2.warpAffine(picture, square.transform(SIDE), (SIDE, SIDE)), np.uint8)
        if mirrored:
            crop = np.asarray(cv2.flip(crop, 1), np.uint8)  # the model knows one side only
        lids = self._model.run(crop)["output_eyes_contours_and_brows"]
        outline = lids.reshape(-1, 3)[:16, :2]
        gap = np.linalg.norm(outline[list(_LOWER)] - outline[list(_UPPER)], axis=1).mean()
        width = np.linalg.norm(outline[_CORNERS[0]] - outline[_CORNERS[1]])
        return float(gap / max(float(width), 1e-6))
