"""A photographed paper made as even and as clear as a copied one."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

WORKING_SIDE: Final = 400
PAPER_LIGHTNESS: Final = 105
"""Of 255: what is darker on the whole is a cover or a photograph, and keeps its tones."""

EVEN_GROUND: Final = 0.45
"""So much of a sheet must be ground for it to be evened out."""

LIKE_GROUND: Final = 28
"""Grey steps by which paper may differ from the paper around it."""

WHITE: Final = 247.0
BLACK_PERCENT: Final = 1.0


def clean(sheet: Picture) -> Picture:
    """Return the sheet without shadows, its paper white and its ink dark; colours stay."""
    ground = _ground(sheet)
    if ground is None:
        return _spread(sheet)
    even = sheet.astype(np.float32) / np.maximum(ground, 1.0) * WHITE
    dark = float(np.percentile(even.min(axis=2), BLACK_PERCENT))
    dark = min(dark, 110.0)
    even = (even - dark) * (WHITE / max(WHITE - dark, 1.0))
    return np.clip(even, 0, 255).astype(np.uint8)


def _ground(sheet: Picture) -> NDArray[np.float32] | None:
    """Return the paper's own colour and light at every place; None if this is no paper."""
    height, width = sheet.shape[:2]
    scale = min(1.0, WORKING_SIDE / max(height, width))
    small = cv2.resize(sheet, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    lifted = cv2.dilate(small, np.ones((9, 9), np.uint8))
    wide = max(3, round(min(small.shape[:2]) / 14) | 1)
    smooth = cv2.medianBlur(lifted, min(wide, 61))
    lightness = smooth.max(axis=2)
    like_ground = np.abs(small.astype(np.int16) - smooth).max(axis=2) < LIKE_GROUND
    if float(np.median(lightness)) < PAPER_LIGHTNESS or float(like_ground.mean()) < EVEN_GROUND:
        return None
    # Where something dark and large is printed, the paper around it tells the light.
    usual = float(np.percentile(lightness, 75))
    holes = (lightness < 0.45 * usual).astype(np.uint8)
    if holes.any():
        smooth = cv2.inpaint(
            smooth, cv2.dilate(holes, np.ones((5, 5), np.uint8)), 5, cv2.INPAINT_TELEA
        )
    smooth = cv2.GaussianBlur(smooth, (0, 0), 4)
    full = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_CUBIC)
    return full.astype(np.float32)


def _spread(sheet: Picture) -> Picture:
    """Use the whole range of tones, carefully, without touching colours."""
    lab = cv2.cvtColor(sheet, cv2.COLOR_BGR2LAB)
    low, high = np.percentile(lab[..., 0], (0.5, 99.5))
    spread = (lab[..., 0].astype(np.float32) - low) * (255 / max(float(high - low), 64.0))
    lab[..., 0] = np.clip(spread, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2BGR), np.uint8)
