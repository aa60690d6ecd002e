"""What the witness tells while it watches; the kiosk program passes it to the page. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from id_verify.alive.words import CueKind, CueOutcome
from id_verify.faces.words import Advice


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker has its models and takes frames."""


@dataclass(frozen=True, slots=True)
class Advised:
    """Something keeps the check from going on; None: nothing does any more."""

    advice: Advice | None


@dataclass(frozen=True, slots=True)
class CueOpened:
    """Show and speak this cue now; `left` cues come after it."""

    index: int
    kind: CueKind
    window_s: float
    left: int


@dataclass(frozen=True, slots=True)
class CueClosed:
    """The cue is over, with this outcome; after anything but SEEN nothing more is asked."""

    index: int
    kind: CueKind
    outcome: CueOutcome


@dataclass(frozen=True, slots=True)
class Watched:
    """Nothing more is asked: call `finish`."""


Step = Ready | Advised | CueOpened | CueClosed | Watched
