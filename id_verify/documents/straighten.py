"""From four corners and four sides to a flat sheet of the right proportions."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.documents.lines import Floats
from id_verify.documents.outline import Outline
from id_verify.documents.quads import side_lengths

Picture = NDArray[np.uint8]

PAPERS: Final = (2**0.5, 85.6 / 54.0)
"""Sheets of the A and B series, and cards: taken exactly when a sheet is near to them."""

NEAR: Final = 0.035
LONGEST: Final = 2600
"""Pixels of a scan's longer side at most."""

STRAIGHT: Final = 0.003
"""Of its length: a side that bows less is straight."""

TINY: Final = 1e-9
_LEAST_SLANT: Final = 0.02


def true_aspect(corners: Floats, width: int, height: int) -> float:
    """Return width by height of a rectangle from how it looks in a picture of this size.

    The lens is taken to look at the picture's middle. How long it is follows from the slant; with
    hardly any slant it cannot be told, and does not matter.
    """
    lengths = side_lengths(corners)
    looks = float((lengths[0] + lengths[2]) / max(lengths[1] + lengths[3], 1e-6))
    slant = max(abs(lengths[0] / lengths[2] - 1), abs(lengths[1] / lengths[3] - 1))
    if slant < _LEAST_SLANT:
        return _as_paper(looks)
    centre = np.array([width / 2, height / 2])
    m1, m2, m3, m4 = (np.append(corners[k] - centre, 1.0) for k in (0, 1, 3, 2))
    k2 = np.cross(m1, m4) @ m3 / (np.cross(m2, m4) @ m3)
    k3 = np.cross(m1, m4) @ m2 / (np.cross(m3, m4) @ m2)
    n2, n3 = k2 * m2 - m1, k3 * m3 - m1
    product = n2[2] * n3[2]
    size = max(width, height)
    squared = -(n2[:2] @ n3[:2]) / product if abs(product) > TINY else np.inf
    # A lens sees between 25 and 110 degrees; what says otherwise is rounding.
    focal2 = (
        float(np.clip(squared, (0.35 * size) ** 2, (2.3 * size) ** 2)) if squared > 0 else size**2
    )
    across = (n2[0] ** 2 + n2[1] ** 2) / focal2 + n2[2] ** 2
    down = (n3[0] ** 2 + n3[1] ** 2) / focal2 + n3[2] ** 2
    aspect = float(np.sqrt(across / max(down, 1e-12)))
    return _as_paper(float(np.clip(aspect, looks / 1.5, looks * 1.5)))


def _as_paper(aspect: float) -> float:
    for paper in PAPERS:
        for exact in (paper, 1 / paper):
            if abs(np.log(aspect / exact)) < NEAR:
                return exact
    return aspect


def straighten(picture: Picture, outline: Outline) -> Picture:
    """Return what lies inside an outline as a flat sheet; sides that bow are stretched straight."""
    height, width = picture.shape[:2]
    aspect = true_aspect(outline.corners, width, height)
    lengths = side_lengths(outline.corners)
    across = max(float(max(lengths[0], lengths[2])), float(max(lengths[1], lengths[3])) * aspect)
    across = min(across, LONGEST, LONGEST * aspect)
    size = (max(round(across), 16), max(round(across / aspect), 16))
    flat = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
    warp = cv2.getPerspectiveTransform(outline.corners.astype(np.float32), flat)
    if max(abs(bow) for bow in outline.bows) < STRAIGHT:
        laid = cv2.warpPerspective(
            picture, warp, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(laid, np.uint8)
    sides = [_through(np.asarray(warp, np.float64), side) for side in outline.sides]
    where = _stretched(sides, size)
    source = _through(np.linalg.inv(np.asarray(warp, np.float64)), where.reshape(-1, 2)).reshape(
        where.shape
    )
    maps = source.astype(np.float32)
    laid = cv2.remap(
        picture, maps[..., 0], maps[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(laid, np.uint8)


def _through(warp: Floats, points: Floats) -> Floats:
    moved = cv2.perspectiveTransform(points.reshape(1, -1, 2).astype(np.float64), warp)
    return np.asarray(moved, np.float64).reshape(-1, 2)


def _stretched(sides: list[Floats], size: tuple[int, int]) -> Floats:
    """Return for each place of the sheet where it lies between four bowed sides (a Coons patch)."""
    u = np.linspace(0.0, 1.0, size[0])
    v = np.linspace(0.0, 1.0, size[1])
    top, right = _even(sides[0], u), _even(sides[1], v)
    bottom, left = _even(sides[2][::-1], u), _even(sides[3][::-1], v)
    u_, v_ = u[None, :, None], v[:, None, None]
    between = (
        (1 - v_) * top[None] + v_ * bottom[None] + (1 - u_) * left[:, None] + u_ * right[:, None]
    )
    corners = (
        (1 - u_) * (1 - v_) * top[0]
        + u_ * (1 - v_) * top[-1]
        + (1 - u_) * v_ * bottom[0]
        + u_ * v_ * bottom[-1]
    )
    patch: Floats = between - corners
    return patch


def _even(points: Floats, places: Floats) -> Floats:
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.append(0.0, np.cumsum(steps))
    along /= max(float(along[-1]), 1e-9)
    return np.stack([np.interp(places, along, points[:, axis]) for axis in (0, 1)], axis=-1)
