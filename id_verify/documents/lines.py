"""Straight edges in a picture: many short segments, put together to a few long lines."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TINY: Final = 1e-9
"""Instead of zero, below a line."""

MIN_LENGTH: Final = 0.03
"""Of the picture's diagonal; shorter segments are letters."""

MAX_TURN: Final = np.deg2rad(3.0)
MAX_GAP: Final = 0.006
"""Segments this near one line, in diagonals, and this little turned against it, are one edge."""


def long_lines(layers: list[NDArray[np.uint8]], count: int) -> Floats:
    """Return the lines with most edge on them: rows (nx, ny, d) with nx·x + ny·y = d.

    Args:
        layers: grey pictures of one size; an edge may show in some of them only.
        count: how many lines at most.
    """
    height, width = layers[0].shape
    diagonal = float(np.hypot(height, width))
    segments = np.concatenate([_segments(layer, MIN_LENGTH * diagonal) for layer in layers])
    return _merged(segments, MAX_GAP * diagonal)[:count]


def through(a: Floats, b: Floats) -> Floats:
    """Return the line through two points, as (nx, ny, d)."""
    along = b - a
    normal = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), TINY)
    return np.array([*normal, float(normal @ a)])


def crossing(first: Floats, second: Floats) -> Floats:
    """Return where lines meet, for arrays of lines; far away where they are parallel."""
    determinant = first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]
    safe = np.where(np.abs(determinant) < TINY, TINY, determinant)
    x = (first[..., 2] * second[..., 1] - second[..., 2] * first[..., 1]) / safe
    y = (first[..., 0] * second[..., 2] - second[..., 0] * first[..., 2]) / safe
    return np.stack([x, y], axis=-1)


def turn_between(first: Floats, second: Floats) -> Floats:
    """Return the angle between lines, 0 to π/2, for arrays of lines."""
    cosine = np.abs(first[..., 0] * second[..., 0] + first[..., 1] * second[..., 1])
    turn: Floats = np.arccos(np.clip(cosine, 0.0, 1.0))
    return turn


def _segments(layer: NDArray[np.uint8], shortest: float) -> Floats:
    found = cv2.createLineSegmentDetector().detect(layer)[0]
    if found is None:
        return np.empty((0, 4))
    segments = np.asarray(found, np.float64).reshape(-1, 4)
    lengths = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])
    kept: Floats = segments[lengths >= shortest]
    return kept


def _merged(segments: Floats, gap: float) -> Floats:
    """Return lines by falling length of edge; each takes the segments that lie on it."""
    lengths = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])
    order = np.argsort(-lengths)
    segments, lengths = segments[order], lengths[order]
    free = np.ones(len(segments), bool)
    lines: list[tuple[float, Floats]] = []
    for index in range(len(segments)):
        if not free[index]:
            continue
        line = through(segments[index, :2], segments[index, 2:])
        for _ in range(2):  # the second time with the line that the first round found
            mine = free & _lies_on(line, segments, gap)
            mine[index] = True
            line = _fitted(segments[mine], lengths[mine])
        free[mine] = False
        lines.append((_covered(line, segments[mine]), line))
    lines.sort(key=lambda entry: -entry[0])
    return np.array([line for _, line in lines]).reshape(-1, 3)


def _lies_on(line: Floats, segments: Floats, gap: float) -> NDArray[np.bool_]:
    off_start = np.abs(segments[:, :2] @ line[:2] - line[2])
    off_end = np.abs(segments[:, 2:] @ line[:2] - line[2])
    along = segments[:, 2:] - segments[:, :2]
    slope = np.abs(along @ line[:2]) / np.maximum(np.hypot(along[:, 0], along[:, 1]), TINY)
    on: NDArray[np.bool_] = (off_start < gap) & (off_end < gap) & (slope < np.sin(MAX_TURN))
    return on


def _fitted(segments: Floats, lengths: Floats) -> Floats:
    points = segments.reshape(-1, 2)
    weights = np.repeat(lengths, 2)
    centre = np.average(points, axis=0, weights=weights)
    spread = (points - centre) * np.sqrt(weights)[:, None]
    normal = np.linalg.svd(spread, full_matrices=False)[2][1]
    return np.array([*normal, float(normal @ centre)])


def _covered(line: Floats, segments: Floats) -> float:
    """Return how much of the line has edge on it, counting each stretch once."""
    along = np.array([-line[1], line[0]])
    spans = np.sort(np.stack([segments[:, :2] @ along, segments[:, 2:] @ along], axis=1), axis=1)
    spans = spans[np.argsort(spans[:, 0])]
    total, reached = 0.0, -np.inf
    for start, end in spans:
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return float(total)
