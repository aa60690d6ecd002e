"""How well a sheet was photographed: sharp, fine, lit, without glare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]

WIDE_EDGE: Final = 4.0
"""Pixels over which the sharpest edges of a sheet rise, of a picture of 1,600 pixels."""

WORKING_SIDE: Final = 1600
LEAST_LETTER: Final = 11.0
"""Pixels a typical line of text is high; below, letters are guessed."""

GLARE_AREA: Final = 0.004
DARK_PAPER: Final = 70.0
WINDOW: Final = 17
"""Pixels within which an edge rises, however blurred."""

FEW_EDGES: Final = 200
BURNT: Final = 253
WHITE_PAPER: Final = 240.0
"""Paper as white as that cannot be told from glare, and can be read through it."""

MIN_CONTRAST: Final = 25.0
"""Grey steps between ink and paper, below which there is nothing to be sharp."""


@dataclass(frozen=True, slots=True)
class SheetQuality:
    """What was measured on a straightened sheet."""

    edge_px: float | None
    """Over how many pixels the sharpest edges rise; None if there is nothing printed."""
    letter_px: float | None
    """How high typical lines of text are; None if there is none, or it was not looked for."""
    glare: float
    """The part of the sheet that is burnt out."""
    lightness: float
    """Of the paper, 0 to 255."""

    @property
    def is_blurred(self) -> bool:
        """Tell whether even the sharpest edges are wide."""
        return self.edge_px is not None and self.edge_px > WIDE_EDGE

    @property
    def is_coarse(self) -> bool:
        """Tell whether letters have too few pixels."""
        return self.letter_px is not None and self.letter_px < LEAST_LETTER

    @property
    def has_glare(self) -> bool:
        """Tell whether a lamp is mirrored in it."""
        return self.glare > GLARE_AREA

    @property
    def is_dark(self) -> bool:
        """Tell whether more light would help."""
        return self.lightness < DARK_PAPER


def judge(sheet: Picture, boxes: Sequence[Floats] = ()) -> SheetQuality:
    """Measure a straightened sheet; `boxes` are its lines of text, if they were looked for."""
    scale = WORKING_SIDE / max(sheet.shape[:2])
    sized = cv2.resize(sheet, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grey = np.asarray(cv2.cvtColor(sized, cv2.COLOR_BGR2GRAY), np.uint8)
    heights = [float(np.hypot(*(box[3] - box[0]))) for box in boxes]
    return SheetQuality(
        _edge_width(grey),
        float(np.median(heights)) if heights else None,
        _glare(grey),
        float(np.percentile(grey, 80)),
    )


def _edge_width(grey: NDArray[np.uint8]) -> float | None:
    """Return rise by steepness of the sharpest edges: how wide they are."""
    lifted = cv2.dilate(grey, np.ones((WINDOW, WINDOW), np.uint8)).astype(np.float32)
    sunk = cv2.erode(grey, np.ones((WINDOW, WINDOW), np.uint8)).astype(np.float32)
    rise = lifted - sunk
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3) / 8
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3) / 8
    steep = np.hypot(across, down)
    contrast = max(float(np.percentile(rise, 99)), MIN_CONTRAST)
    edges = rise > contrast * 0.5
    if float(np.percentile(rise, 99.5)) < MIN_CONTRAST or edges.sum() < FEW_EDGES:
        return None
    widths = rise[edges] / np.maximum(2 * steep[edges], 0.5)
    return float(np.percentile(widths, 10))


def _glare(grey: NDArray[np.uint8]) -> float:
    """Return the part that is burnt out although the paper around it is not."""
    paper = float(np.percentile(grey, 65))
    burnt = (grey >= BURNT).astype(np.uint8)
    if paper > WHITE_PAPER:
        return 0.0
    blots = cv2.morphologyEx(burnt, cv2.MORPH_OPEN, np.ones((15, 15), np.uint8))
    return float(blots.mean())
