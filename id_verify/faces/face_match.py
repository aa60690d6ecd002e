"""One comparison of live frames with a portrait, as it leaves the witness: numbers and words."""

from __future__ import annotations

from dataclasses import dataclass

from id_verify.faces.words import Advice, Band, FaceOutcome


@dataclass(frozen=True, kw_only=True, slots=True)
class FaceMatch:
    """What was found. Without a band nothing was compared; that never counts as a match."""

    band: Band | None
    similarity: float | None
    """The engine's own scale, larger is more alike; None when nothing was compared."""
    outcome: FaceOutcome
    """Of the best live frame; OK as soon as one frame could be compared."""
    portrait_outcome: FaceOutcome
    advice: Advice | None
    frames_given: int
    frames_used: int
    quality: float
    """The best live frame's quality, 0 to 1; 0 when no frame could be compared."""
    portrait_quality: float
    engine: str
    engine_version: str
    calibration_version: str
    capped: bool = False
    """The similarity alone would be another band, but a picture is too poor to rely on it."""
