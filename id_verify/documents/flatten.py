"""A page that bends: its lines of text should run straight, and are bent back until they do.

The outline cannot tell how the middle of an open book lies. Its lines can: each is followed, and
one smooth displacement is sought that makes all of them straight and level at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.documents.lines import Floats

Picture = NDArray[np.uint8]

WORKING_WIDTH: Final = 900
MIN_LINES: Final = 5
"""With fewer lines nothing can be said about a page."""

MIN_LENGTH: Final = 0.35
"""Of the page's width; shorter lines tell little about how it bends."""

MIN_PX: Final = 2
MAX_HEIGHT: Final = 0.06
BENT: Final = 0.006
"""Of the page's width: if lines typically rise or fall by more, the page is not flat."""

PLACES: Final = 24
NET: Final = 64
RIDGE: Final = 0.05
_STRETCH: Final = 0.08
"""No displacement is larger than this part of the width: it would be invented."""


@dataclass(frozen=True, slots=True)
class Bend:
    """How lines of text run on a page."""

    lines: int
    typical: float | None
    """The median over lines of how far each strays from level, by the width; None if untold."""

    @property
    def is_bent(self) -> bool:
        """Tell whether the page is visibly not flat."""
        return self.typical is not None and self.typical > BENT


def measure(page: Picture) -> Bend:
    """Measure how far the lines of an upright page stray from straight and level."""
    lines = _midlines(page)
    if len(lines) < MIN_LINES:
        return Bend(len(lines), None)
    strays = [float(np.ptp(np.polyval(np.polyfit(x, y, 3), x))) for x, y in lines]
    return Bend(len(lines), float(np.median(strays)) / WORKING_WIDTH)


def flatten(page: Picture) -> Picture:
    """Return the page with its lines bent straight; unchanged where too few lines tell."""
    lines = _midlines(page)
    if len(lines) < MIN_LINES:
        return page
    height, width = page.shape[:2]
    scale = width / WORKING_WIDTH
    weights = _fit(lines, height / scale)
    if weights is None:
        return page
    # The displacement is smooth: a coarse net of places is enough, and the rest lies in between.
    across, down = np.linspace(0, width - 1.0, NET), np.linspace(0, height - 1.0, NET)
    x, level = np.meshgrid(across / scale, down / scale)
    y = level.copy()
    for _ in range(4):  # level = y + d(x, y): settles, for d is small and smooth
        y = level - _displacement(weights, x, y, height / scale)
    moved = ((y - level) * scale).astype(np.float32)
    rows, columns = np.indices((height, width), np.float32)
    u, v = columns * ((NET - 1) / (width - 1)), rows * ((NET - 1) / (height - 1))
    maps = rows + cv2.remap(moved, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    flat = cv2.remap(page, columns, maps, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(flat, np.uint8)


def _midlines(page: Picture) -> list[tuple[Floats, Floats]]:
    """Return the course (x, y) of each long line of text, at the working width."""
    scale = WORKING_WIDTH / page.shape[1]
    grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = cv2.adaptiveThreshold(
        grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 25, 12
    )
    ink = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((2, 1), np.uint8))
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, 25), np.uint8))
    joined = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((3, 9), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    lines: list[tuple[Floats, Floats]] = []
    for label in range(1, count):
        left, top, width, height = (int(value) for value in stats[label, :4])
        if width < MIN_LENGTH * WORKING_WIDTH:
            continue
        piece = labels[top : top + height, left : left + width] == label
        thickness = float(np.median(piece.sum(axis=0)))
        if not MIN_PX < thickness < MAX_HEIGHT * WORKING_WIDTH or height > 0.2 * WORKING_WIDTH:
            continue
        lines.append(_course(piece, left, top))
    return lines


def _course(piece: NDArray[np.bool_], left: int, top: int) -> tuple[Floats, Floats]:
    edges = np.linspace(0, piece.shape[1], PLACES + 1).astype(int)
    xs, ys = [], []
    for start, end in pairwise(edges):
        rows = np.nonzero(piece[:, start:end])[0]
        if len(rows):
            xs.append(left + (start + end) / 2)
            ys.append(top + float(np.median(rows)))
    return np.array(xs), np.array(ys)


def _terms(x: Floats, y: Floats, height: float) -> Floats:
    u, v = x / WORKING_WIDTH - 0.5, y / height - 0.5
    return np.stack([u**i * v**j for i in (1, 2, 3, 4) for j in (0, 1, 2)], axis=-1)


def _displacement(weights: Floats, x: Floats, y: Floats, height: float) -> Floats:
    moved: Floats = _terms(x, y, height) @ weights
    return moved


def _fit(lines: list[tuple[Floats, Floats]], height: float) -> Floats | None:
    """Find the displacement that makes y + d(x, y) the same all along every line."""
    size = sum(len(x) for x, _ in lines)
    terms = np.concatenate([_terms(x, y, height) for x, y in lines])
    which = np.repeat(np.arange(len(lines)), [len(x) for x, _ in lines])
    levels = np.zeros((size, len(lines)))
    levels[np.arange(size), which] = -1.0
    system = np.concatenate([terms, levels], axis=1)
    wanted = -np.concatenate([y for _, y in lines])
    trust = np.ones(size)
    ridge = np.zeros((terms.shape[1], system.shape[1]))
    ridge[:, : terms.shape[1]] = np.eye(terms.shape[1]) * RIDGE
    solution = np.zeros(system.shape[1])
    for _ in range(4):
        full = np.concatenate([system * trust[:, None], ridge])
        solution = np.linalg.lstsq(
            full, np.append(wanted * trust, np.zeros(len(ridge))), rcond=None
        )[0]
        trust = 1.0 / (1.0 + ((system @ solution - wanted) / 3.0) ** 2)
    weights = solution[: terms.shape[1]]
    if float(np.abs(terms @ weights).max()) > _STRETCH * WORKING_WIDTH:
        return None
    return np.asarray(weights, np.float64)
