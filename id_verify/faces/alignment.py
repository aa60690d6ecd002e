"""A face turned upright and brought to one size, by five points."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.faces.engine import FivePoints, Picture

CROP_SIDE: Final = 112
TEMPLATE: Final = np.array(
    [
        (38.2946, 51.6963),
        (73.5318, 51.5014),
        (56.0252, 71.7366),
        (41.5493, 92.3655),
        (70.7299, 92.2041),
    ]
)
"""Where the points lie in a crop, as the recogniser was trained: the places ArcFace made usual."""

TEMPLATE_EYE_DISTANCE: Final = float(np.hypot(*(TEMPLATE[0] - TEMPLATE[1])))
_CENTRE: Final = np.array([CROP_SIDE / 2, 72.0])
_FIRST_SHRINK_BELOW: Final = 0.5
_ROOM: Final = 2.6
"""Half the side of what a crop may need, in distances between the outermost points."""


def align(picture: Picture, points: FivePoints, *, zoom: float = 1.0) -> Picture:
    """Return the face in a square crop; what lies outside the picture is black."""
    source = np.asarray(points, np.float64)
    target = (TEMPLATE - _CENTRE) * zoom + _CENTRE
    step = similarity_transform(source, target)
    scale = float(np.hypot(step[0, 0], step[1, 0]))
    if scale < _FIRST_SHRINK_BELOW:
        # Warping looks at four pixels around each place: a large face must be shrunk first.
        picture, source = _shrunk(picture, source, scale)
        step = similarity_transform(source, target)
    crop = cv2.warpAffine(picture, step, (CROP_SIDE, CROP_SIDE), flags=cv2.INTER_LINEAR)
    return np.asarray(crop, np.uint8)


def similarity_transform(
    source: NDArray[np.float64], target: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the 2×3 turn, scale and shift that brings `source` nearest to `target` (Umeyama)."""
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    from_mean, to_mean = source - source_mean, target - target_mean
    left, spread, right = np.linalg.svd(to_mean.T @ from_mean / len(source))
    signs = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right)) or 1.0])
    turn = left @ np.diag(signs) @ right
    variance = float((from_mean**2).sum()) / len(source)
    scale = float((spread * signs).sum()) / variance if variance else 1.0
    shift = target_mean - scale * turn @ source_mean
    return np.hstack([scale * turn, shift[:, np.newaxis]])


def _shrunk(
    picture: Picture, source: NDArray[np.float64], scale: float
) -> tuple[Picture, NDArray[np.float64]]:
    """Return the part around the points, made smaller by averaging, and the points in it."""
    height, width = picture.shape[:2]
    low, high = source.min(axis=0), source.max(axis=0)
    reach = _ROOM * float((high - low).max())
    middle = (low + high) / 2
    left, top = (max(0, int(place - reach)) for place in middle)
    right, bottom = (
        min(limit, int(place + reach) + 1)
        for limit, place in zip((width, height), middle, strict=True)
    )
    if left >= right or top >= bottom:
        return picture, source
    part = picture[top:bottom, left:right]
    size = tuple(max(1, round(side * scale)) for side in (part.shape[1], part.shape[0]))
    small = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    factor = np.array([small.shape[1] / part.shape[1], small.shape[0] / part.shape[0]])
    return small, (source - (left, top)) * factor
