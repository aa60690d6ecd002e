"""What reader and witness found, as the components of a verdict. Pure: figures and words only."""

from __future__ import annotations

from datetime import date
from typing import Final

from id_verify.alive.finding import LivenessFinding
from id_verify.alive.witness import WitnessResult
from id_verify.alive.words import CaptureSuspicion, LivenessOutcome
from id_verify.card.card_data import CardData
from id_verify.card.words import CardField, Contradiction
from id_verify.evidence.holder import card_holder, mask_name
from signaling.protocol.identity import (
    AliveEvidence,
    CaptureEvidence,
    CardEvidence,
    CardHolder,
    CardSource,
    CueEvidence,
    FaceEvidence,
    Wiped,
)

SPEAKS: Final = 0.5
"""From this figure on a passive sign is named in the evidence."""


def age_of(card: CardData, today: date) -> int | None:
    """The holder's age in whole years, by number or print; None if neither tells it."""
    number = card.id_number
    birth = number.birth if number is not None else card.birth
    if birth is None or birth > today:
        return None
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))


def card_evidence(card: CardData, today: date) -> CardEvidence:
    """What the card says, without the person."""
    number = card.id_number
    birth = number.birth if number is not None else card.birth
    needed = (CardField.NAME, CardField.NUMBER, CardField.BIRTH)
    doubtful = any(field in needed for field in card.doubtful())
    return CardEvidence(
        source=CardSource(card.source),
        outcome="unreadable" if doubtful else "ok",
        number_valid=number is not None,
        contradictions=tuple(
            found for found in card.contradictions(today) if found is not Contradiction.EXPIRED
        ),
        masked_name=mask_name(card.name or ""),
        masked_number="" if number is None else number.masked,
        birth_year=None if birth is None else birth.year,
        age=age_of(card, today),
        expired=None if card.validity is None else not card.validity.covers(today),
        least_confidence=min((card.confidence.get(field, 0.0) for field in needed), default=None),
    )


def holder_of(card: CardData) -> CardHolder | None:
    """Whom the card names, for the server to seal; None unless name and number are sure."""
    number = card.id_number
    if number is None or not card.name:
        return None
    return card_holder(name=card.name, number=number.text)


def alive_evidence(found: LivenessFinding) -> AliveEvidence:
    """What the cues and the passive check came to."""
    kept = found.continuity
    return AliveEvidence(
        outcome=found.outcome,
        cues=tuple(CueEvidence(kind=cue.kind, outcome=cue.outcome) for cue in found.cues),
        unbroken=None if kept is None else kept.unbroken and kept.same_face,
        passive=min(1.0, max(0.0, found.passive)),
        signs=tuple(sign for sign, figure in found.signs.items() if figure >= SPEAKS),
    )


def lost_evidence() -> AliveEvidence:
    """The witness died or was late, more than once: nothing is known."""
    return AliveEvidence(outcome=LivenessOutcome.LOST)


def face_evidence(result: WitnessResult) -> FaceEvidence | None:
    """How alike the faces are; None when nothing was compared."""
    match = result.match
    if match is None:
        return None
    return FaceEvidence(
        outcome=match.outcome,
        band=match.band,
        similarity=None if match.similarity is None else round(float(match.similarity), 4),
        frames=match.frames_used,
        engine=match.engine,
        engine_version=match.engine_version,
        portrait_outcome=match.portrait_outcome,
        capped=match.capped,
        calibration=match.calibration_version,
    )


def capture_evidence(suspicion: CaptureSuspicion) -> CaptureEvidence:
    """What the system tells of the camera."""
    return CaptureEvidence(suspicion=suspicion)


def wiped_by(result: WitnessResult) -> Wiped:
    """The deletion receipt."""
    return Wiped(frames=result.wiped.frames, vectors=result.wiped.vectors)
