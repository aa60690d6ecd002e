"""What goes over the pipe between the witness and its process."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from id_verify.alive.finding import LivenessFinding
from id_verify.alive.steps import Step
from id_verify.alive.words import CueKind
from id_verify.faces.engine import Picture
from id_verify.faces.face_match import FaceMatch


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerSettings:
    """What the process is started with."""

    engine: str
    calibration: Path | None
    memory: str
    """Name of the shared memory the frames lie in; the name is gone once both have it open."""
    slots: int
    slot_bytes: int
    settle_s: float


@dataclass(frozen=True, slots=True)
class Begin:
    """Look at frames from now on; cues are drawn from this when a face has settled."""

    seed: int = field(repr=False)
    slow: bool
    kinds: tuple[CueKind, ...] = tuple(CueKind)


@dataclass(frozen=True, slots=True)
class Frame:
    """There is a frame in this slot."""

    slot: int
    t_s: float
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class Finish:
    """Judge, compare, overwrite everything, end."""

    portrait: Picture | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Stop:
    """Nobody wants a result any more: overwrite everything, end."""


Order = Begin | Frame | Finish | Stop


@dataclass(frozen=True, slots=True)
class Started:
    """The models are loaded and the memory is open."""

    engine: str
    engine_version: str


@dataclass(frozen=True, slots=True)
class Looked:
    """The frame in this slot was looked at; what follows from it."""

    slot: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The process cannot go on; the word says why, and nothing about anybody."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wiped:
    """What was overwritten in the witness's memory, for the deletion receipt."""

    frames: int
    vectors: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """What the process found. Everything it held was overwritten before this was sent."""

    liveness: LivenessFinding
    match: FaceMatch | None
    wiped: Wiped
    cpu_s: float


Report = Started | Looked | Failed | Judged
