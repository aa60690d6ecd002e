"""A card laid flat: straightened to its true proportions, and where its fields are printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.card.words import CardField
from id_verify.documents.lines import Floats
from id_verify.documents.quads import Quad, side_lengths

Picture = NDArray[np.uint8]

CARD_MM: Final = (85.6, 54.0)
ASPECT: Final = CARD_MM[0] / CARD_MM[1]
PIXELS_PER_MM: Final = 12.0
"""A letter of 2.6 mm gets some thirty pixels: what the text reader was trained on."""

ZONES: Final[Mapping[CardField, tuple[float, float, float, float]]] = MappingProxyType(
    {
        CardField.NAME: (14.0, 5.0, 50.0, 12.5),
        CardField.SEX: (14.0, 13.0, 22.0, 19.5),
        CardField.NATIONALITY: (28.0, 13.0, 50.0, 19.5),
        CardField.BIRTH: (14.0, 19.5, 50.0, 26.5),
        CardField.ADDRESS: (14.0, 26.5, 51.0, 42.5),
        CardField.NUMBER: (28.0, 43.5, 78.0, 50.5),
        CardField.PORTRAIT: (54.0, 6.0, 81.0, 41.0),
    }
)
"""Left, top, right, bottom of each field's value, in millimetres from the card's upper left."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture that shows a card and nothing else, or a whole picture when no card was found."""

    picture: Picture = field(repr=False)
    corners: Floats | None
    """Where the card lies in the picture it was taken from; None for a whole picture."""
    cut: bool
    """Part of the card lies outside the picture."""
    pixels_per_mm: float
    """Of the original picture: how finely the card was seen."""


def lay_flat(picture: Picture, quad: Quad) -> Frame:
    """Straighten what lies inside a quad to a card, long side across."""
    lengths = side_lengths(quad.corners)
    across, down = lengths[0] + lengths[2], lengths[1] + lengths[3]
    corners = quad.corners if across >= down else np.roll(quad.corners, -1, axis=0)
    width, height = (round(side * PIXELS_PER_MM) for side in CARD_MM)
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    warp = cv2.getPerspectiveTransform(corners.astype(np.float32), flat)
    laid = cv2.warpPerspective(picture, warp, (width, height), flags=cv2.INTER_CUBIC)
    seen = float(max(across, down)) / 2 / CARD_MM[0]
    return Frame(np.asarray(laid, np.uint8), corners, any(quad.cut), seen)


def whole(picture: Picture, longest: int) -> Frame:
    """Take the whole picture as it is, not larger than this."""
    scale = min(1.0, longest / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return Frame(np.asarray(small, np.uint8), None, False, picture.shape[1] / CARD_MM[0])


def zone(word: CardField, pixels_per_mm: float = PIXELS_PER_MM) -> tuple[int, int, int, int]:
    """Return where a field's value is printed, in pixels of a frame."""
    left, top, right, bottom = (round(side * pixels_per_mm) for side in ZONES[word])
    return left, top, right, bottom
