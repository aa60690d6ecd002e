"""What the surface of a face looks like: the traces that a screen or a print leaves in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Texture:
    """Figures of one frame; what they mean is `passive`'s business."""

    moire: float
    """How far the strongest regular pattern stands out of what surrounds it in the spectrum."""
    detail: float
    """Fine structure as a share of coarser structure."""
    chroma: float
    """How far the colours of the face are spread."""
    glare: float
    """Share of the face that is burnt out."""
    brightness: float
    """Mean of the face, 0 to 255."""
