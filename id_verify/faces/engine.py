"""What a face engine is, and how one is opened by its name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from id_verify.faces.errors import FaceEngineMissing, FaceEngineUnknown
from id_verify.faces.words import FaceOutcome

Picture = NDArray[np.uint8]
"""Height × width × 3, blue green red."""

DEFAULT_ENGINE: Final = "sface"


class Box(NamedTuple):
    """A rectangle in pixels; it may reach over the picture's edge."""

    x: float
    y: float
    width: float
    height: float


class Point(NamedTuple):
    """A place in pixels."""

    x: float
    y: float


class FivePoints(NamedTuple):
    """Where a face's features are; right and left are the picture's subject's own."""

    right_eye: Point
    left_eye: Point
    nose: Point
    right_mouth: Point
    left_mouth: Point


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundFace:
    """One face in a picture."""

    box: Box
    points: FivePoints
    score: float
    """How sure the detector is, 0 to 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FaceQuality:
    """Whether a face may be compared, and how well it is to be seen."""

    outcome: FaceOutcome
    score: float
    """0 to 1; 0 unless the outcome is OK."""
    weakness: FaceOutcome = FaceOutcome.OK
    """What keeps the score down; the outcome itself, unless that is OK."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """What was measured: eye distance in pixels, brightness, sharpness, turn …"""


@dataclass(slots=True, eq=False)
class Embedding:
    """A face as a direction in space: float32, of length 1. Personal data; wipe it after use."""

    vector: NDArray[np.float32] = field(repr=False)
    engine_version: str

    def wipe(self) -> int:
        """Overwrite the numbers with zeros; return how many bytes that were."""
        self.vector.fill(0.0)
        return int(self.vector.nbytes)


class FaceEngine(Protocol):
    """Finds, judges and compares faces. Not safe for threads: one engine per thread."""

    @property
    def name(self) -> str:
        """Return the name by which it is opened."""

    @property
    def version(self) -> str:
        """Return its name, the revision of the method, and a digest of its models."""

    def detect(self, picture: Picture) -> Sequence[FoundFace]:
        """Return the faces in a picture, largest first."""

    def quality(self, picture: Picture, face: FoundFace) -> FaceQuality:
        """Judge whether this face may be compared."""

    def embed(self, picture: Picture, face: FoundFace) -> Embedding:
        """Return the face as a direction; a face that may not be compared gives a useless one."""

    def compare(self, a: Embedding, b: Embedding) -> float:
        """Return how alike two faces are; larger is more alike."""


ENGINES: Final[Mapping[str, tuple[str, str]]] = {
    "sface": ("id_verify.faces.sface", "SFaceEngine"),
    "dlib": ("id_verify.faces.dlib_engine", "DlibEngine"),
}
"""Name → where it lives. Each is imported when it is opened, and not before."""


def open_engine(name: str = DEFAULT_ENGINE) -> FaceEngine:
    """Load an engine and its models; takes up to a second.

    Raises:
        FaceEngineUnknown: there is none of this name.
        FaceEngineMissing: its packages are not installed.
        ModelTampered: a model file has another digest than the code says.
    """
    try:
        module_name, class_name = ENGINES[name]
    except KeyError:
        known = ", ".join(sorted(ENGINES))
        raise FaceEngineUnknown(f"no face engine {name!r}; there are: {known}") from None
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as missing:
        raise FaceEngineMissing(str(missing)) from missing
    return cast(FaceEngine, getattr(module, class_name)())
