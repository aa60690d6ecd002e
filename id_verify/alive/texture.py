"""What the surface of a face looks like: the traces that a screen leaves in it, and the light."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Texture:
    """Figures of one frame; what they mean is `passive`'s business."""

    moire: float
    """Decibels by which the strongest regular pattern stands out of its surroundings."""
    brightness: float
    """Mean of the face, 0 to 255."""
