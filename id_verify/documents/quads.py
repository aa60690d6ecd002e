"""Which four lines enclose a sheet: every combination that could be one, judged by its own edges.

A sheet's side is an edge along its whole length, of one kind (paper inside, table outside), ends at
the corners, and has paper just inside of it as everywhere inside: a shadow's outer side has not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.documents.lines import Floats, crossing, long_lines, turn_between

Picture = NDArray[np.uint8]

WORKING_SIDE: Final = 560
"""Pixels of the longer side on which lines are searched: letters vanish, edges stay."""

LINES: Final = 36
SHORTLIST: Final = 1200
"""Quads that pass a coarse look and get a close one."""

FINALISTS: Final = 80
"""Quads of which it is asked, too, how much of what is printed or written they enclose."""

CONTENT: Final = 0.4
"""What a quad loses that leaves everything outside: it is a box on the sheet."""

MAX_OPPOSITE_TURN: Final = np.deg2rad(38.0)
MIN_NEIGHBOUR_TURN: Final = np.deg2rad(50.0)
MIN_CORNER: Final = np.sin(np.deg2rad(45.0))
MAX_SHORTENING: Final = 2.2
"""How much longer the nearer of two opposite sides may look."""

MIN_AREA: Final = 0.04
"""Of the picture."""

REACH: Final = 3.0
"""Pixels to either side of an edge at which the two colours are compared."""

DEEP: Final = 11.0
"""Pixels inside of it at which the paper begins for certain."""

CONTRAST_HALF: Final = 6.0
"""Difference of colour (CIE Lab) at which an edge speaks with half its voice."""


@dataclass(frozen=True, slots=True)
class Quad:
    """Four corners, clockwise on screen, in pixels of the picture they were found in."""

    corners: Floats
    score: float
    """How much like a sheet, 0 to 1."""
    sides: tuple[float, float, float, float]
    """The same of each side: corner 0 to 1, 1 to 2, 2 to 3, 3 to 0."""
    cut: tuple[bool, bool, bool, bool]
    """Whether a side is the picture's own border: the sheet goes on outside."""


def find_quads(picture: Picture, *, aspect: float | None = None, count: int = 5) -> list[Quad]:
    """Return the quads most like a sheet, best first; none overlaps a better one by nearly all.

    Args:
        picture: height × width × 3, blue green red.
        aspect: longer side by shorter, if it is known; others are not excluded but come later.
        count: how many at most.
    """
    scale = WORKING_SIDE / max(picture.shape[:2])
    small = np.asarray(
        cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
    )
    height, width = small.shape[:2]
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2LAB), np.uint8)
    lines = long_lines(_layers(lab), LINES)
    borders = np.array([[1, 0, 0], [1, 0, width - 1], [0, 1, 0], [0, 1, height - 1]], np.float64)
    lines = np.concatenate([lines, borders])
    quads = _clockwise(_combined(lines, width, height))
    quads = quads[_possible(quads, width, height)]
    if len(quads) == 0:
        return []
    colours = _Colours(lab)
    quads = quads[np.argsort(-_coarse(colours, quads))[:SHORTLIST]]
    sides, beyond = _evidence(colours, quads)
    areas = np.abs(signed_area(quads)) / (height * width)
    ordered = np.sort(sides, axis=1)
    score = ordered @ np.array([0.45, 0.25, 0.17, 0.13])
    score = (score - 0.35 * beyond) * areas**0.2
    if aspect is not None:
        off = np.abs(np.log(looking_aspect(quads) / aspect))
        score *= np.exp(-2.0 * np.maximum(off - 0.1, 0.0))
    best = np.argsort(-score)[:FINALISTS]
    quads, score, sides = quads[best], score[best], sides[best]
    score *= 1.0 - CONTENT * (1.0 - _content_within(small, quads))
    found: list[Quad] = []
    for index in np.argsort(-score):
        corners = quads[index] / scale
        if any(_nearly_same(corners, other.corners) for other in found):
            continue
        cut = _on_border(quads[index], width, height)
        found.append(Quad(corners, float(max(score[index], 0.0)), _four(sides[index]), cut))
        if len(found) == count:
            break
    return found


def signed_area(quads: Floats) -> Floats:
    """Return the areas of quads (N×4×2); positive for those clockwise on screen."""
    x, y = quads[..., 0], quads[..., 1]
    area: Floats = 0.5 * (x * np.roll(y, -1, -1) - np.roll(x, -1, -1) * y).sum(-1)
    return area


def side_lengths(quads: Floats) -> Floats:
    """Return the four lengths of each quad (…×4×2)."""
    edges = np.roll(quads, -1, -2) - quads
    lengths: Floats = np.hypot(edges[..., 0], edges[..., 1])
    return lengths


def looking_aspect(quads: Floats) -> Floats:
    """Return longer by shorter side as it looks, which a slanting view distorts."""
    lengths = side_lengths(quads)
    first, second = lengths[..., 0] + lengths[..., 2], lengths[..., 1] + lengths[..., 3]
    ratio: Floats = np.maximum(first, second) / np.maximum(np.minimum(first, second), 1e-6)
    return ratio


def _layers(lab: Picture) -> list[NDArray[np.uint8]]:
    """Return what edges are looked for in: brightness, and with letters wiped out also colour."""
    wiped = cv2.medianBlur(lab, 7)
    layers: list[NDArray[np.uint8]] = [lab[..., 0].copy(), np.array(wiped[..., 0], np.uint8)]
    for channel in (1, 2):
        low, high = np.percentile(wiped[..., channel], (1, 99))
        spread = (wiped[..., channel].astype(np.float32) - low) * (255 / max(high - low, 24.0))
        layers.append(np.clip(spread, 0, 255).astype(np.uint8))
    return layers


def _combined(lines: Floats, width: int, height: int) -> Floats:
    diagonal = float(np.hypot(width, height))
    first, second = np.triu_indices(len(lines), 1)
    centre = np.array([width / 2, height / 2])
    off = lines[:, :2] @ centre - lines[:, 2]
    same_way = np.where((lines[first, :2] * lines[second, :2]).sum(1) < 0, -1.0, 1.0)
    opposite = turn_between(lines[first], lines[second]) < MAX_OPPOSITE_TURN
    opposite &= np.abs(off[first] - same_way * off[second]) > 0.08 * diagonal
    first, second = first[opposite], second[opposite]
    one, other = np.triu_indices(len(first), 1)
    across = turn_between(lines[first[one]], lines[first[other]]) > MIN_NEIGHBOUR_TURN
    across &= turn_between(lines[second[one]], lines[second[other]]) > MIN_NEIGHBOUR_TURN
    one, other = one[across], other[across]
    a, b, c, d = lines[first[one]], lines[second[one]], lines[first[other]], lines[second[other]]
    quads = np.stack([crossing(a, c), crossing(a, d), crossing(b, d), crossing(b, c)], axis=1)
    edge = 0.02 * diagonal
    inside = (quads > -edge).all((1, 2)) & (quads < np.array([width, height]) + edge).all((1, 2))
    kept: Floats = quads[inside]
    return kept


def _clockwise(quads: Floats) -> Floats:
    turned: Floats = np.where((signed_area(quads) < 0)[:, None, None], quads[:, ::-1], quads)
    return turned


def _possible(quads: Floats, width: int, height: int) -> NDArray[np.bool_]:
    edges = np.roll(quads, -1, 1) - quads
    following = np.roll(edges, -1, 1)
    lengths = np.maximum(side_lengths(quads), 1e-6)
    corner = edges[..., 0] * following[..., 1] - edges[..., 1] * following[..., 0]
    corner /= lengths * np.roll(lengths, -1, 1)
    opposite = np.roll(lengths, -2, 1)
    possible: NDArray[np.bool_] = (
        (corner > MIN_CORNER).all(1)
        & (signed_area(quads) > MIN_AREA * width * height)
        & (lengths.min(1) > 0.12 * min(width, height))
        & (np.maximum(lengths, opposite) < MAX_SHORTENING * np.minimum(lengths, opposite)).all(1)
    )
    return possible


class _Colours:
    """The picture's colours, to be looked up at many places at once."""

    def __init__(self, lab: Picture) -> None:
        blurred = cv2.GaussianBlur(lab, (0, 0), 1.2).astype(np.float32)
        blurred[..., 0] *= 100 / 255
        self.height, self.width = lab.shape[:2]
        self.flat = blurred.reshape(-1, 3)

    def at(self, points: Floats) -> NDArray[np.float32]:
        x = np.clip(np.rint(points[..., 0]).astype(np.int32), 0, self.width - 1)
        y = np.clip(np.rint(points[..., 1]).astype(np.int32), 0, self.height - 1)
        found: NDArray[np.float32] = self.flat[y * self.width + x]
        return found

    def within(self, points: Floats) -> NDArray[np.bool_]:
        return np.asarray(
            (points[..., 0] >= 1)
            & (points[..., 0] <= self.width - 2)
            & (points[..., 1] >= 1)
            & (points[..., 1] <= self.height - 2)
        )


def _steps(colours: _Colours, quads: Floats, places: Floats, offset: float) -> Floats:
    """Return outside minus inside colour (N×4×places×3) at places along each side, 0 to 1."""
    points, outward = _along(quads, places, offset)
    outer = points + outward * REACH
    step = colours.at(outer) - colours.at(points - outward * REACH)
    return np.where(colours.within(outer)[..., None], step, 0.0)


def _along(quads: Floats, places: Floats, offset: float) -> tuple[Floats, Floats]:
    edges = np.roll(quads, -1, 1) - quads
    along = edges / np.maximum(side_lengths(quads), 1e-6)[..., None]
    outward = np.stack([along[..., 1], -along[..., 0]], axis=-1)[:, :, None, :]
    points = quads[:, :, None, :] + edges[:, :, None, :] * places[None, None, :, None]
    return points + outward * offset, outward


def _strongest(colours: _Colours, quads: Floats, places: Floats) -> Floats:
    """Return the strongest step within two pixels: no sheet's side is perfectly straight."""
    best = _steps(colours, quads, places, 0.0)
    for offset in (-2.0, 2.0):
        other = _steps(colours, quads, places, offset)
        stronger = (other**2).sum(-1) > (best**2).sum(-1)
        best = np.where(stronger[..., None], other, best)
    return best


def _coarse(colours: _Colours, quads: Floats) -> Floats:
    steps = _steps(colours, quads, np.linspace(0.08, 0.92, 10), 0.0)
    strength = np.sqrt((steps**2).sum(-1))
    sides = (strength / (strength + CONTRAST_HALF)).mean(2)
    areas = np.abs(signed_area(quads))
    coarse: Floats = (sides.min(1) + sides.mean(1)) * areas**0.2
    return coarse


def _evidence(colours: _Colours, quads: Floats) -> tuple[Floats, Floats]:
    """Return how much each side is one (N×4), and how far sides go on beyond corners (N)."""
    steps = _strongest(colours, quads, np.linspace(0.04, 0.96, 28))
    mean = steps.mean(2)
    kind = mean / np.maximum(np.sqrt((mean**2).sum(-1)), 1e-6)[..., None]
    along = (steps * kind[:, :, None, :]).sum(-1)
    typical = np.maximum(along.mean(2), 0.0)
    strength = np.maximum(along, 0.0)
    voice = (strength / (strength + CONTRAST_HALF)).mean(2)
    whole = (along > np.maximum(2.0, 0.3 * typical)[..., None]).mean(2)
    sides = voice * (0.25 + 0.75 * whole) / _shadow(colours, quads)
    ends = []
    for places in (np.array([-0.09, -0.06, -0.03]), np.array([1.03, 1.06, 1.09])):
        after = (_strongest(colours, quads, places) * kind[:, :, None, :]).sum(-1)
        after = np.maximum(after, 0.0)
        ends.append((after / (after + CONTRAST_HALF)).min(2))
    beyond = np.sort(np.concatenate(ends, axis=1), axis=1)[:, -3:].mean(1)
    return sides, beyond


def _shadow(colours: _Colours, quads: Floats) -> Floats:
    """Return by how much to distrust a side because the strip inside is not like the paper."""
    points, outward = _along(quads, np.linspace(0.06, 0.94, 24), 0.0)
    strip = colours.at(points - outward * (REACH + 1.0))
    paper = colours.at(points - outward * DEEP)
    change = np.sqrt(((np.median(strip, axis=2) - np.median(paper, axis=2)) ** 2).sum(-1))
    distrust: Floats = 1.0 + np.maximum(change - 3.0, 0.0) / 40.0
    return distrust


def _content_within(small: Picture, quads: Floats) -> Floats:
    """Return the part of all fine detail in the picture that lies inside of each quad."""
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32)
    detail = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 3.0))
    detail = np.clip(detail - 6.0, 0.0, 30.0)
    shrink = 0.25
    detail = cv2.resize(detail, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    total = max(float(detail.sum()), 1e-6)
    within = np.empty(len(quads))
    for index, quad in enumerate(quads):
        mask = np.zeros(detail.shape[:2], np.uint8)
        cv2.fillConvexPoly(mask, np.rint(quad * shrink).astype(np.int32), 1)
        within[index] = float(detail[mask > 0].sum()) / total
    return within


def _on_border(quad: Floats, width: int, height: int) -> tuple[bool, bool, bool, bool]:
    near = 2.5
    following = np.roll(quad, -1, 0)
    found = []
    for a, b in zip(quad, following, strict=True):
        left, top = max(a[0], b[0]) < near, max(a[1], b[1]) < near
        right, bottom = min(a[0], b[0]) > width - near, min(a[1], b[1]) > height - near
        found.append(bool(left or top or right or bottom))
    return found[0], found[1], found[2], found[3]


def _four(values: Floats) -> tuple[float, float, float, float]:
    a, b, c, d = (float(value) for value in values)
    return a, b, c, d


def _nearly_same(a: Floats, b: Floats) -> bool:
    size = float(np.sqrt(np.abs(signed_area(b[None]))[0]))
    return any(float(np.abs(np.roll(a, turn, 0) - b).max()) < 0.06 * size for turn in range(4))
