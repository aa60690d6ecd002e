"""Measures the surface of a face: see `texture`."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.alive.mesh import Mesh, Square, square_after
from id_verify.alive.texture import Texture
from id_verify.faces.engine import Picture

SIDE: Final = 256
"""Of the square that is measured; larger faces are cut to it at their own size, not shrunk."""
FACE: Final = 0.62
"""How much of a mesh's square is skin in every direction."""


def texture_of(picture: Picture, mesh: Mesh) -> Texture:
    """Measure the face in one frame. About 3 ms."""
    wide = square_after(mesh)
    side = max(8, round(wide.side * FACE))
    kept = min(side, SIDE)
    skin = cv2.warpAffine(
        picture, Square(wide.x, wide.y, kept, wide.angle).transform(kept), (kept, kept)
    )
    grey = cv2.cvtColor(skin, cv2.COLOR_BGR2GRAY).astype(np.float32)
    spectrum = _spectrum(grey)
    lab = cv2.cvtColor(skin, cv2.COLOR_BGR2LAB).astype(np.float32)
    return Texture(
        moire=_moire(spectrum),
        detail=_detail(spectrum),
        chroma=float(np.sqrt(lab[..., 1].var() + lab[..., 2].var())),
        glare=float((skin.min(axis=2) >= 250).mean()),
        brightness=float(grey.mean()),
    )


def _spectrum(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """The power of every frequency, zero in the middle; windowed, so that edges do not count."""
    side = grey.shape[0]
    window = np.hanning(side).astype(np.float32)
    seen = (grey - grey.mean()) * window[:, None] * window[None, :]
    return np.asarray(np.fft.fftshift(np.abs(np.fft.fft2(seen)) ** 2), np.float32)


def _radius(side: int) -> NDArray[np.float32]:
    """The frequency at each place of a spectrum, in cycles a pixel."""
    axis = np.fft.fftshift(np.fft.fftfreq(side)).astype(np.float32)
    return np.asarray(np.hypot(axis[:, None], axis[None, :]), np.float32)


def _moire(spectrum: NDArray[np.float32]) -> float:
    """Decibels by which the highest peak stands above the median around it.

    Skin, hair and noise have spectra that fall smoothly; a grid of pixels or of printed dots, or
    its beat with the camera's own grid, is a pair of sharp peaks.
    """
    side = spectrum.shape[0]
    radius = _radius(side)
    level = np.log10(spectrum + 1e-3).astype(np.float32)
    around = cv2.medianBlur(level, 5)
    smooth = cv2.blur(around, (9, 9))
    axis = np.abs(np.fft.fftshift(np.fft.fftfreq(side)))
    # Codecs write lines along the axes and at multiples of an eighth; those are not a screen's.
    off_axis = (axis[:, None] > 2.5 / side) & (axis[None, :] > 2.5 / side)
    where = (radius > 0.12) & (radius < 0.48) & off_axis
    if not where.any():
        return 0.0
    return float(10 * (level - smooth)[where].max())


def _detail(spectrum: NDArray[np.float32]) -> float:
    """Power from 0.2 to 0.45 cycles a pixel as a share of that from 0.03 to 0.1."""
    radius = _radius(spectrum.shape[0])
    fine = float(spectrum[(radius > 0.2) & (radius < 0.45)].sum())
    coarse = float(spectrum[(radius > 0.03) & (radius < 0.1)].sum())
    return fine / max(coarse, 1e-6)
