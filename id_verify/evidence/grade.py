"""What evidence comes to: one rule, written as tables. Only what is known to be good is good."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from id_verify.alive.words import CaptureSuspicion, LivenessOutcome
from id_verify.faces.words import Band, FaceOutcome
from signaling.protocol.identity import (
    CardEvidence,
    CardSource,
    IdentityEvidence,
    IdentityGrade,
    IdentityPart,
    IdentityWay,
    Mark,
)

RULE: Final = "grade-2"
"""Named in the journal; raised when the same evidence would come to another grade."""

_CARD_READ: Final = "ok"

_FACE: Final[Mapping[str, Mark]] = MappingProxyType(
    {Band.MATCH: Mark.GOOD, Band.UNSURE: Mark.UNCLEAR, Band.NO: Mark.BAD}
)
_ALIVE: Final[Mapping[str, Mark]] = MappingProxyType(
    {
        LivenessOutcome.LIVE: Mark.GOOD,
        LivenessOutcome.ATTACK: Mark.BAD,
        # Who only looked away is unclear; what took a face's place speaks against whoever did it.
        LivenessOutcome.ANOTHER_FACE: Mark.BAD,
        LivenessOutcome.LOST: Mark.MISSING,
    }
)
_CAPTURE: Final[Mapping[str, Mark]] = MappingProxyType(
    {
        CaptureSuspicion.NONE: Mark.GOOD,
        # Most systems tell nothing of their cameras, which is held against nobody.
        CaptureSuspicion.UNKNOWN: Mark.MISSING,
        CaptureSuspicion.VIRTUAL: Mark.BAD,
    }
)

Marks = Mapping[IdentityPart, Mark]


def marks_of(evidence: IdentityEvidence) -> Marks:
    """What each component says; a word this build does not know is unclear, never good."""
    face, alive, capture = evidence.face, evidence.alive, evidence.capture
    marks = {
        IdentityPart.CARD: _card(evidence.card),
        IdentityPart.FACE: Mark.MISSING,
        IdentityPart.ALIVE: Mark.MISSING,
        IdentityPart.CAPTURE: Mark.MISSING,
    }
    if face is not None:
        compared = face.outcome == FaceOutcome.OK and face.band is not None
        marks[IdentityPart.FACE] = (
            _FACE.get(face.band or "", Mark.UNCLEAR) if compared else Mark.UNCLEAR
        )
    if alive is not None:
        marks[IdentityPart.ALIVE] = _ALIVE.get(alive.outcome, Mark.UNCLEAR)
    if capture is not None:
        marks[IdentityPart.CAPTURE] = _CAPTURE.get(capture.suspicion, Mark.UNCLEAR)
    return marks


def grade_of(way: IdentityWay, marks: Marks) -> IdentityGrade:
    """The grade: what is bad outweighs what is missing, and that what is unclear.

    Without a face the machine clears nobody, and holds nobody's choice against them.
    """
    if Mark.BAD in marks.values():
        return IdentityGrade.REFUSED
    needed = {marks[IdentityPart.CARD], marks[IdentityPart.FACE], marks[IdentityPart.ALIVE]}
    if way is IdentityWay.NO_FACE or Mark.MISSING in needed:
        return IdentityGrade.MANUAL
    if Mark.UNCLEAR in marks.values():
        return IdentityGrade.UNSURE
    return IdentityGrade.CLEAR


def proven_age(way: IdentityWay, evidence: IdentityEvidence) -> int | None:
    """The age a good card tells, unless something speaks against the whole; else None.

    It does not ask for a face: who chose the other way is not to lose a place by it.
    """
    marks = marks_of(evidence)
    if evidence.card is None or marks[IdentityPart.CARD] is not Mark.GOOD:
        return None
    return None if grade_of(way, marks) is IdentityGrade.REFUSED else evidence.card.age


def _card(card: CardEvidence | None) -> Mark:
    if card is None:
        return Mark.MISSING
    if card.outcome != _CARD_READ:
        return Mark.UNCLEAR
    if card.expired:
        return Mark.BAD
    if card.number_valid and not card.contradictions:
        return Mark.GOOD
    # A camera may have misread it; a chip says what was written into it.
    return Mark.UNCLEAR if card.source is CardSource.CAMERA else Mark.BAD
