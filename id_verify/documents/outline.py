"""A sheet's outline to the pixel: each side followed along its edge, corners where sides meet.

A line through a side is a guess; paper curls and pages bend. So every side is followed by the
cheapest path along the edge near the guessed line, a parabola is laid through it, and the corners
are where neighbouring parabolas cross. How far a side bows tells whether the sheet is flat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.documents.lines import Floats
from id_verify.documents.quads import Picture, Quad, side_lengths

WORKING_SIDE: Final = 1000
PLACES: Final = 64
"""At so many places along a side its edge is looked for."""

SEARCH: Final = 0.022
"""Of the picture's longer side, to either side of the guessed line."""

NEAR: Final = 3.0
"""Pixels from the guessed line, where the side is certainly what it is."""

PARALLEL: Final = 1e-6

STEEPNESS: Final = 1.2
"""What one pixel of wandering from place to place costs, in steps of colour."""

MAX_BOW: Final = 0.06
"""Of the side's length; what bows more was no side."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A sheet's corners as they are, and its sides as they run."""

    corners: Floats
    """4×2, clockwise on screen, in pixels of the picture."""
    bows: tuple[float, float, float, float]
    """How far the middle of each side lies outside the straight line, by its length."""
    sides: tuple[Floats, Floats, Floats, Floats]
    """Points (n×2) along each side, from its corner to the next."""


def trace(picture: Picture, quad: Quad) -> Outline:
    """Follow the four sides of a quad."""
    scale = min(1.0, WORKING_SIDE / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    lab = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2LAB), (0, 0), 1.5)
    colours = lab.astype(np.float32)
    colours[..., 0] *= 100 / 255
    corners = quad.corners * scale
    reach = SEARCH * max(small.shape[:2])
    bends = [
        np.zeros(3)
        if quad.cut[side]
        else _bend(colours, corners[side], corners[(side + 1) % 4], reach)
        for side in range(4)
    ]
    exact = np.stack([_corner(corners, bends, index) for index in range(4)])
    moved = np.hypot(*(exact - corners).T)
    exact = np.where((moved < 2.0 * reach)[:, None], exact, corners)
    lengths = side_lengths(corners)
    points = [
        _course(corners, bends, side, exact[side], exact[(side + 1) % 4]) / scale
        for side in range(4)
    ]
    bows = [float(-bends[side][0] / 4 / lengths[side]) for side in range(4)]
    return Outline(
        exact / scale,
        (bows[0], bows[1], bows[2], bows[3]),
        (points[0], points[1], points[2], points[3]),
    )


def _frame(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Return the way along a side and the way outside, both of length 1."""
    along = (b - a) / max(float(np.hypot(*(b - a))), 1e-6)
    return along, np.array([along[1], -along[0]])


def _bend(colours: NDArray[np.float32], a: Floats, b: Floats, reach: float) -> Floats:
    """Return the parabola (p, q, r): the edge lies p·t² + q·t + r outside the line, t in 0 … 1."""
    places = np.linspace(0.02, 0.98, PLACES)
    offsets = np.arange(-reach, reach + 1.0)
    along, outward = _frame(a, b)
    base = a + np.outer(places, b - a)
    points = base[:, None, :] + offsets[None, :, None] * outward
    steps = _look(colours, points + 2.5 * outward) - _look(colours, points - 2.5 * outward)
    kind = _kind(steps, offsets)
    strength = np.clip(steps @ kind, 0.0, 30.0)
    strength -= 0.04 * np.abs(offsets)  # in doubt, where the line is
    path = _cheapest(-strength)
    found = offsets[path]
    weight = np.sqrt(np.maximum(strength[np.arange(PLACES), path], 0.0) + 0.1)
    bend = np.polyfit(places, found, 2, w=weight)
    for _ in range(3):  # letters and fingers lie off the curve: let them not pull
        off = np.abs(np.polyval(bend, places) - found)
        bend = np.polyfit(places, found, 2, w=weight / (1.0 + (off / 2.0) ** 2))
    length = float((b - a) @ along)
    if abs(bend[0]) / 4 > MAX_BOW * length:
        return np.zeros(3)
    return np.asarray(bend, np.float64)


def _kind(steps: NDArray[np.float32], offsets: Floats) -> Floats:
    """Return the direction of colour in which this side steps, seen near the guessed line."""
    near = steps[:, np.abs(offsets) <= NEAR]
    strongest = np.argmax((near**2).sum(-1), axis=1)
    typical = np.median(near[np.arange(len(near)), strongest], axis=0)
    return np.asarray(typical / max(float(np.linalg.norm(typical)), 1e-6), np.float64)


def _look(colours: NDArray[np.float32], points: Floats) -> NDArray[np.float32]:
    maps = points.astype(np.float32)
    return np.asarray(
        cv2.remap(
            colours, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    )


def _cheapest(costs: Floats) -> NDArray[np.int64]:
    """Return the path of least cost through a table (places × offsets), steps of up to two."""
    rows, columns = costs.shape
    total = costs[0].copy()
    came = np.zeros((rows, columns), np.int64)
    moves = np.arange(-2, 3)
    padded = np.empty(columns + 4)
    for row in range(1, rows):
        padded[:] = np.inf
        padded[2:-2] = total
        options = np.stack([padded[2 + m : 2 + m + columns] + STEEPNESS * abs(m) for m in moves])
        choice = np.argmin(options, axis=0)
        came[row] = np.arange(columns) + moves[choice]
        total = options[choice, np.arange(columns)] + costs[row]
    path = np.empty(rows, np.int64)
    path[-1] = int(np.argmin(total))
    for row in range(rows - 1, 0, -1):
        path[row - 1] = came[row, path[row]]
    return path


def _corner(corners: Floats, bends: list[Floats], index: int) -> Floats:
    """Return where the side that ends at a corner crosses the one that begins there."""
    before, after = (index - 1) % 4, index
    a0, a1 = corners[before], corners[index]
    b0, b1 = corners[index], corners[(index + 1) % 4]
    point = corners[index]
    for _ in range(4):  # tangents at the last guess, crossed: settles in two or three rounds
        p, way = _tangent(a0, a1, bends[before], point)
        q, other = _tangent(b0, b1, bends[after], point)
        system = np.stack([way, -other], axis=1)
        if abs(float(np.linalg.det(system))) < PARALLEL:
            break
        step = np.linalg.solve(system, q - p)
        point = p + step[0] * way
    return np.asarray(point, np.float64)


def _tangent(a: Floats, b: Floats, bend: Floats, near: Floats) -> tuple[Floats, Floats]:
    along, outward = _frame(a, b)
    length = float((b - a) @ along)
    t = float(np.clip((near - a) @ along / length, -0.1, 1.1))
    point = a + (b - a) * t + outward * float(np.polyval(bend, t))
    way = along + outward * (2 * bend[0] * t + bend[1]) / length
    return point, way / float(np.hypot(*way))


def _course(corners: Floats, bends: list[Floats], side: int, start: Floats, end: Floats) -> Floats:
    a, b = corners[side], corners[(side + 1) % 4]
    along, outward = _frame(a, b)
    length = float((b - a) @ along)
    first, last = float((start - a) @ along) / length, float((end - a) @ along) / length
    t = np.linspace(first, last, 33)
    points: Floats = a + np.outer(t, b - a) + np.outer(np.polyval(bends[side], t), outward)
    return points
