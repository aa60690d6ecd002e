"""What lies on a card that hides it: glare, fingers, other things; and whether it is sharp and lit.

A card's ground is one pale colour with fine print on it. With the print wiped out by a median, what
is far from that colour is not the card: burnt-out white is glare, anything else covers it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.card.frame import CARD_MM, Picture, zone
from id_verify.card.words import CardField

WORKING_PX_PER_MM: Final = 2.5
WIPE: Final = 11
"""Pixels of the median at that size, wider than any stroke of print."""

GLARE_LIGHTNESS: Final = 96.0
GLARE_RISE: Final = 4.0
"""Glare is nearly white, and clearly lighter than the ground (CIE Lab, 0 to 100)."""

COVER_COLOUR: Final = 15.0
COVER_DARKNESS: Final = 38.0
HIDDEN: Final = 0.05
"""Of a field's zone; if less is hidden, the field is not."""

BLURRED: Final = 28.0
DARK: Final = 45.0
_TEXT_FIELDS: Final = tuple(word for word in CardField if word is not CardField.PORTRAIT)


@dataclass(frozen=True, slots=True)
class Surface:
    """How well the face of a card can be seen."""

    glare: Mapping[CardField, float]
    """The part of each field's zone that is burnt out."""
    cover: Mapping[CardField, float]
    """The part of each field's zone under something else."""
    sharpness: float
    """How steep the steepest print is, in grey steps a pixel of the frame."""
    lightness: float
    """Of the ground, 0 to 100."""

    def hides(self, word: CardField) -> bool:
        """Tell whether part of a field cannot be seen."""
        return self.glare[word] > HIDDEN or self.cover[word] > HIDDEN

    @property
    def is_blurred(self) -> bool:
        """Tell whether the print has no sharp edge anywhere."""
        return self.sharpness < BLURRED

    @property
    def is_dark(self) -> bool:
        """Tell whether more light would help."""
        return self.lightness < DARK


def look_at(frame: Picture) -> Surface:
    """Judge a card that was laid flat and turned upright."""
    size = tuple(round(side * WORKING_PX_PER_MM) for side in CARD_MM)
    small = cv2.resize(frame, (size[0], size[1]), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(cv2.medianBlur(small, WIPE), cv2.COLOR_BGR2LAB).astype(np.float32)
    lab[..., 0] *= 100 / 255
    lab[..., 1:] -= 128
    text = np.zeros(lab.shape[:2], bool)
    for word in _TEXT_FIELDS:
        text[_slices(word)] = True
    ground = _ground(lab, text)
    off = lab - ground
    colour = np.hypot(off[..., 1], off[..., 2])
    glare = (lab[..., 0] > GLARE_LIGHTNESS) & (off[..., 0] > GLARE_RISE)
    cover = ((colour > COVER_COLOUR) | (off[..., 0] < -COVER_DARKNESS)) & ~glare
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    left, top, right, bottom = zone(CardField.ADDRESS)
    steps = np.abs(cv2.Sobel(grey[top:bottom, left:right], cv2.CV_32F, 1, 0, ksize=3)) / 4
    return Surface(
        {word: float(glare[_slices(word)].mean()) for word in CardField},
        {
            word: 0.0 if word is CardField.PORTRAIT else float(cover[_slices(word)].mean())
            for word in CardField
        },
        float(np.percentile(steps, 99)),
        float(np.median(ground[..., 0])),
    )


def _slices(word: CardField) -> tuple[slice, slice]:
    left, top, right, bottom = zone(word, WORKING_PX_PER_MM)
    return slice(top, bottom), slice(left, right)


def _ground(lab: NDArray[np.float32], where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the ground's colour everywhere: a plane, for light falls from one side."""
    rows, columns = np.indices(lab.shape[:2], np.float32)
    terms = np.stack([np.ones_like(rows), rows / lab.shape[0], columns / lab.shape[1]], axis=-1)
    used = where.copy()
    ground = np.broadcast_to(np.median(lab[where], axis=0), lab.shape)
    for _ in range(3):
        off = np.abs(lab - ground)
        used = where & (off[..., 0] < COVER_DARKNESS / 2) & (off[..., 1:].max(-1) < COVER_COLOUR)
        if used.sum() < where.sum() / 4:
            break
        plane = np.linalg.lstsq(terms[used], lab[used], rcond=None)[0]
        ground = terms @ plane
    return np.asarray(ground, np.float32)
