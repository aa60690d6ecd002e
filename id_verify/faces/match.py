"""Live frames against a portrait: several frames pooled, the best first, and a band for the answer.

Nothing here raises over a face. What cannot be compared is an outcome with advice, and never a
match.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from id_verify.faces.calibration import Calibration
from id_verify.faces.engine import Embedding, FaceEngine, FaceQuality, FoundFace, Picture
from id_verify.faces.face_match import FaceMatch
from id_verify.faces.prominence import main_face
from id_verify.faces.quality import RELIABLE
from id_verify.faces.words import ADVICE, Advice, Band, FaceOutcome

MOST_FRAMES: Final = 5
"""More frames than this of one visit say nothing new."""

NEARNESS: Final = (
    FaceOutcome.NO_FACE,
    FaceOutcome.SEVERAL_FACES,
    FaceOutcome.CUT_OFF,
    FaceOutcome.TOO_SMALL,
    FaceOutcome.TURNED_AWAY,
    FaceOutcome.COVERED,
    FaceOutcome.TOO_DARK,
    FaceOutcome.TOO_BRIGHT,
    FaceOutcome.BLURRED,
    FaceOutcome.OK,
)
"""From the farthest to the nearest to a face that may be compared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenFace:
    """The one face of a picture that matters, or why there is none."""

    face: FoundFace | None
    quality: FaceQuality


@dataclass(frozen=True, slots=True)
class LiveFace:
    """The face of one frame, and its numbers if it may be compared. Whoever takes it wipes it."""

    seen: SeenFace
    embedding: Embedding | None

    @classmethod
    def taken(cls, engine: FaceEngine, picture: Picture, *, embed: bool = True) -> LiveFace:
        """Find it, judge it, embed it."""
        seen = look_at(engine, picture)
        if not embed or seen.face is None or not _may_be_compared(seen):
            return cls(seen, None)
        return cls(seen, engine.embed(picture, seen.face))

    def wipe(self) -> None:
        """Overwrite its numbers."""
        if self.embedding is not None:
            self.embedding.wipe()


def look_at(engine: FaceEngine, picture: Picture) -> SeenFace:
    """Find and judge the face a picture is of."""
    outcome, face = main_face(engine.detect(picture), picture.shape[1], picture.shape[0])
    if face is None or outcome is not FaceOutcome.OK:
        quality = FaceQuality(outcome=outcome, score=0.0, weakness=outcome)
        return SeenFace(face=face, quality=quality)
    return SeenFace(face=face, quality=engine.quality(picture, face))


def match_faces(
    engine: FaceEngine, calibration: Calibration, live: Sequence[Picture], portrait: Picture
) -> FaceMatch:
    """Compare live frames with a portrait. The faces' numbers are wiped before it returns.

    Raises:
        CalibrationForeign: the calibration was made for another engine.
    """
    calibration.require(engine.version)
    card = look_at(engine, portrait)
    faces = [LiveFace.taken(engine, picture, embed=_may_be_compared(card)) for picture in live]
    try:
        return _compared(engine, calibration, faces, portrait, card)
    finally:
        for face in faces:
            face.wipe()


def match_live(
    engine: FaceEngine, calibration: Calibration, live: Sequence[LiveFace], portrait: Picture
) -> FaceMatch:
    """Compare faces that were taken already. Their owner wipes them; the portrait's is wiped here.

    Raises:
        CalibrationForeign: the calibration was made for another engine.
    """
    calibration.require(engine.version)
    return _compared(engine, calibration, live, portrait, look_at(engine, portrait))


def _compared(
    engine: FaceEngine,
    calibration: Calibration,
    live: Sequence[LiveFace],
    portrait: Picture,
    card: SeenFace,
) -> FaceMatch:
    made = [(one.embedding, one.seen.quality.score) for one in live if one.embedding is not None]
    made.sort(key=lambda one: one[1], reverse=True)
    used = made[:MOST_FRAMES] if _may_be_compared(card) else []
    similarity = None
    if used and card.face is not None:
        pooled = pool(used)
        on_card = engine.embed(portrait, card.face)
        similarity = engine.compare(pooled, on_card)
        pooled.wipe()
        on_card.wipe()
    return _found(
        engine,
        calibration,
        frames=[one.seen for one in live],
        card=card,
        similarity=similarity,
        used=len(used),
    )


def pool(embeddings: Sequence[tuple[Embedding, float]]) -> Embedding:
    """Return the mean direction of one person's embeddings, each with its quality's weight."""
    total = sum(
        (one.vector.astype(np.float64) * max(weight, 1e-3) for one, weight in embeddings),
        start=np.zeros_like(embeddings[0][0].vector, dtype=np.float64),
    )
    length = max(float(np.linalg.norm(total)), 1e-9)
    return Embedding(
        vector=(total / length).astype(np.float32), engine_version=embeddings[0][0].engine_version
    )


def band_of(
    calibration: Calibration, similarity: float, live_quality: float, portrait_quality: float
) -> tuple[Band, bool]:
    """Return the band, and whether poor pictures put it there: below RELIABLE it is `unsure`.

    A poor portrait makes strangers alike and the same person strange, so neither answer counts.
    """
    if min(live_quality, portrait_quality) < RELIABLE:
        return Band.UNSURE, calibration.band(similarity) is not Band.UNSURE
    return calibration.band(similarity), False


def _may_be_compared(seen: SeenFace) -> bool:
    return seen.face is not None and seen.quality.outcome is FaceOutcome.OK


def _nearest(frames: Sequence[SeenFace]) -> SeenFace:
    """Return the frame that was the best, or came nearest to being of use."""
    nobody = SeenFace(face=None, quality=FaceQuality(outcome=FaceOutcome.NO_FACE, score=0.0))
    return max(
        frames,
        key=lambda seen: (NEARNESS.index(seen.quality.outcome), seen.quality.score),
        default=nobody,
    )


def _found(
    engine: FaceEngine,
    calibration: Calibration,
    *,
    frames: Sequence[SeenFace],
    card: SeenFace,
    similarity: float | None,
    used: int,
) -> FaceMatch:
    nearest = _nearest(frames)
    outcome, best = nearest.quality.outcome, nearest.quality.score
    band, capped = None, False
    if similarity is not None:
        band, capped = band_of(calibration, similarity, best, card.quality.score)
    advice = ADVICE[outcome]
    if advice is None and card.quality.score < RELIABLE:
        advice = Advice.ASK_AGENT
    elif advice is None and best < RELIABLE:
        advice = ADVICE[nearest.quality.weakness]
    return FaceMatch(
        band=band,
        similarity=similarity,
        outcome=outcome,
        portrait_outcome=card.quality.outcome,
        advice=advice,
        frames_given=len(frames),
        frames_used=used,
        quality=best,
        portrait_quality=card.quality.score,
        engine=engine.name,
        engine_version=engine.version,
        calibration_version=calibration.version,
        capped=capped,
    )
