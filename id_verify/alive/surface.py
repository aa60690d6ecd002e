"""Measures the surface of a face: see `texture`."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.alive.mesh import Mesh, Square, square_after
from id_verify.alive.texture import Texture
from id_verify.faces.engine import Picture

SIDE: Final = 128
"""Of the square that is measured, at the picture's own size: shrinking would blur a grid away."""
FACE: Final = 0.62
"""How much of a mesh's square is skin in every direction."""
FINE: Final = (0.12, 0.48)
"""Cycles a pixel between which a grid shows; below lie the features of the face."""


def texture_of(picture: Picture, mesh: Mesh) -> Texture:
    """Measure the face in one frame. About 1 ms."""
    wide = square_after(mesh)
    side = int(np.clip(round(wide.side * FACE), 32, SIDE))
    square = Square(wide.x, wide.y, side, wide.angle)
    skin = cv2.warpAffine(picture, square.transform(side), (side, side))
    grey = cv2.cvtColor(skin, cv2.COLOR_BGR2GRAY).astype(np.float32)
    return Texture(moire=_moire(grey), brightness=float(grey.mean()))


def _moire(grey: NDArray[np.float32]) -> float:
    """Decibels by which the highest peak stands above the spectrum around it.

    Skin, hair and noise have spectra that fall smoothly; a grid of pixels or of printed dots, or
    its beat with the camera's own grid, is a pair of sharp peaks.
    """
    side = grey.shape[0]
    window, where = _window(side)
    spectrum = np.fft.fftshift(np.abs(np.fft.fft2((grey - grey.mean()) * window)) ** 2)
    level = np.log10(spectrum + 1e-3).astype(np.float32)
    smooth = cv2.blur(cv2.medianBlur(level, 5), (9, 9))
    return float(10 * (level - smooth)[where].max())


@lru_cache(maxsize=8)
def _window(side: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """What fades the edges out, and where in the spectrum a grid is looked for."""
    fade = np.hanning(side).astype(np.float32)
    axis = np.abs(np.fft.fftshift(np.fft.fftfreq(side)))
    radius = np.hypot(axis[:, None], axis[None, :])
    # Codecs write their blocks along the axes; those are not a screen's.
    off_axis = (axis[:, None] > 2.5 / side) & (axis[None, :] > 2.5 / side)
    low, high = FINE
    return fade[:, None] * fade[None, :], (radius > low) & (radius < high) & off_axis
