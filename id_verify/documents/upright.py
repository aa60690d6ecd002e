"""Which way up: text tells it. Lines run across, and read well only the right way round."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.documents.text import TextLine, TextReader, cut_line

Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]

LONGEST_LINES: Final = 4
"""So many lines are read both ways; long ones tell most."""

TURNS: Final = (None, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)
SAME_BEYOND: Final = 0.02
"""Nearer scores than this say nothing about which way is right."""

LEGIBLE: Final = 0.5
"""What reads worse than this whichever way it is held is no text: a pattern, a portrait."""

A_WORD: Final = 3
"""Characters from which a line counts in full: an ear or a button reads as a fine 6 or 9."""

LEVEL_DEG: Final = 1.5
STEEP_DEG: Final = 44.0
"""Lines less steep than the first are level; steeper than the second, they were misunderstood."""

TALL: Final = 1.5


@dataclass(frozen=True, slots=True)
class Upright:
    """A picture turned so that its text stands upright."""

    picture: Picture = field(repr=False)
    quarter_turns: int
    """Clockwise, 0 to 3, that were needed."""
    certainty: float
    """0 when there was no text to tell, towards 1 the better it reads this way only."""
    boxes: tuple[Floats, ...] = field(repr=False)
    """Where the lines are in the turned picture."""


def turned(picture: Picture, quarter_turns: int) -> Picture:
    """Return the picture turned clockwise."""
    turn = TURNS[quarter_turns % 4]
    return picture if turn is None else np.asarray(cv2.rotate(picture, turn), np.uint8)


def set_upright(picture: Picture, reader: TextReader) -> Upright:
    """Turn a picture so that its text stands upright; without legible text it is left as it is."""
    boxes = reader.boxes(picture)
    if not boxes:
        return Upright(picture, 0, 0.0, ())
    sideways = _runs_down(boxes)
    if sideways:
        picture = turned(picture, 1)
        boxes = reader.boxes(picture)
        if not boxes:
            return Upright(turned(picture, 3), 0, 0.0, ())
    longest = sorted(boxes, key=_length)[-LONGEST_LINES:]
    crops = [cut_line(picture, box) for box in longest]
    weights = np.array([_length(box) for box in longest])
    this_way = _reads(reader, crops, weights)
    that_way = _reads(reader, [turned(crop, 2) for crop in crops], weights)
    turns = 1 if sideways else 0
    if max(this_way, that_way) < LEGIBLE:
        return Upright(turned(picture, 3) if sideways else picture, 0, 0.0, ())
    if that_way > this_way + SAME_BEYOND:
        picture, boxes, turns = _turned_over(picture, boxes, turns)
    certainty = float(np.clip(abs(that_way - this_way) * 2, 0.0, 1.0)) * max(this_way, that_way)
    return Upright(picture, turns, certainty, tuple(boxes))


def set_level(upright: Upright, reader: TextReader) -> Upright:
    """Turn a picture by the few degrees by which its lines are not level; find the lines anew."""
    if not upright.boxes:
        return upright
    edges = np.array([box[1] - box[0] for box in upright.boxes])
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    order = np.argsort(angles := np.degrees(np.arctan2(edges[:, 1], edges[:, 0])))
    middle = np.searchsorted(np.cumsum(lengths[order]), lengths.sum() / 2)
    angle = float(angles[order][min(int(middle), len(order) - 1)])
    if not LEVEL_DEG < abs(angle) < STEEP_DEG:
        return upright
    height, width = upright.picture.shape[:2]
    spin = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0), np.float64)
    cosine, sine = abs(spin[0, 0]), abs(spin[0, 1])
    size = (round(height * sine + width * cosine), round(height * cosine + width * sine))
    spin[:, 2] += np.array([size[0] - width, size[1] - height], np.float64) / 2
    level = cv2.warpAffine(
        upright.picture, spin, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    picture = np.asarray(level, np.uint8)
    boxes = tuple(reader.boxes(picture))
    return Upright(picture, upright.quarter_turns, upright.certainty, boxes)


def read_lines(upright: Upright, reader: TextReader, *, most: int | None = None) -> list[TextLine]:
    """Read the lines of a picture that stands upright; of more than `most`, the longest."""
    boxes = list(upright.boxes)
    if most is not None and len(boxes) > most:
        boxes = sorted(boxes, key=_length)[-most:]
    crops = [cut_line(upright.picture, box) for box in boxes]
    return [
        TextLine(text, score, weakest, box)
        for box, (text, score, weakest) in zip(boxes, reader.read(crops), strict=True)
        if text.strip()
    ]


def _turned_over(
    picture: Picture, boxes: list[Floats], turns: int
) -> tuple[Picture, list[Floats], int]:
    height, width = picture.shape[:2]
    far = np.array([width - 1.0, height - 1.0])
    over = [np.roll(far - box, 2, axis=0) for box in boxes]
    return turned(picture, 2), over, turns + 2


def _length(box: Floats) -> float:
    return float(np.hypot(*(box[1] - box[0])))


def _runs_down(boxes: list[Floats]) -> bool:
    tall = wide = 0.0
    for box in boxes:
        across, down = _length(box), float(np.hypot(*(box[3] - box[0])))
        if down > TALL * across:
            tall += down
        elif across > TALL * down:
            wide += across
    return tall > wide


def _reads(reader: TextReader, crops: list[Picture], weights: Floats) -> float:
    scores = np.array(
        [score * min(1.0, len(text.strip()) / A_WORD) for text, score, _ in reader.read(crops)]
    )
    return float(np.average(scores, weights=weights))
