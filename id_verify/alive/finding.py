"""What the witness found: figures and words, no pictures. Pure, so that evidence can carry it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from id_verify.alive.words import CueKind, CueOutcome, LivenessOutcome, PassiveSign


@dataclass(frozen=True, kw_only=True, slots=True)
class CueFinding:
    """What became of one cue; times in seconds of the track."""

    kind: CueKind
    outcome: CueOutcome
    opened_at_s: float | None = None
    seen_at_s: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Continuity:
    """Was it one face, in one piece, from the first frame to the last."""

    frames: int
    """Frames looked at."""
    with_face: float
    """Share of them with a face."""
    longest_gap_s: float
    several_s: float
    """How long a second face was beside it."""
    jumps: int
    """How often it was suddenly somewhere else, with no second face in sight."""
    least_likeness: float | None
    """The least similarity between the faces of first, middle and last frames."""
    same_face: bool
    """Nothing took its place: it did not jump, and the kept frames are of one person."""
    unbroken: bool
    """It was in sight from the first to the last frame."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LivenessFinding:
    """Everything that was found, and the word for it."""

    outcome: LivenessOutcome
    cues: tuple[CueFinding, ...] = ()
    continuity: Continuity | None = None
    passive: float = 0.0
    """0 speaks for a living face, 1 for a picture."""
    signs: Mapping[PassiveSign, float] = field(default_factory=dict)
    """What the passive score is made of, each 0 to 1; what could not be measured is absent."""
    lasted_s: float = 0.0

    @property
    def followed(self) -> int:
        """How many cues were seen."""
        return sum(cue.outcome is CueOutcome.SEEN for cue in self.cues)
