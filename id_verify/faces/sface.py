"""The default engine: YuNet finds faces, SFace tells them apart, both run by OpenCV itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.faces.alignment import CROP_SIDE, align
from id_verify.faces.engine import (
    Box,
    Embedding,
    FaceQuality,
    FivePoints,
    FoundFace,
    Picture,
    Point,
)
from id_verify.faces.errors import FaceEngineMissing
from id_verify.faces.models import DETECTOR, RECOGNISER, read_model
from id_verify.faces.quality import judge_face

NAME: Final = "sface"
REVISION: Final = 1
"""Counts what changes a similarity without changing a model: alignment, views, averaging."""

DETECT_SIDES: Final = (320, 640, 1280)
"""Pictures are searched at the first size; at the next only when nothing was found."""
LEAST_SCORE: Final = 0.6
LEAST_OVERLAP: Final = 0.3
MOST_FACES: Final = 50
ZOOM: Final = 0.97
"""A little more of the face's surroundings than the model was trained on: measured, it helps."""

_INPUT: Final = "data"


class SFaceEngine:
    """YuNet and SFace. Not safe for threads: the networks keep their last input."""

    name = NAME

    def __init__(self) -> None:
        detector, recogniser = read_model(*DETECTOR), read_model(*RECOGNISER)
        models = hashlib.sha256(detector + recogniser).hexdigest()
        self.version = f"{NAME}-{REVISION}+{models[:12]}"
        with _quiet():
            try:
                self._detector = cv2.FaceDetectorYN.create(
                    "onnx",
                    np.frombuffer(detector, np.uint8),
                    np.empty(0, np.uint8),
                    (DETECT_SIDES[0], DETECT_SIDES[0]),
                    LEAST_SCORE,
                    LEAST_OVERLAP,
                    MOST_FACES,
                )
                self._recogniser = cv2.dnn.readNetFromONNX(np.frombuffer(recogniser, np.uint8))
            except (AttributeError, cv2.error) as reason:
                raise FaceEngineMissing("this OpenCV cannot run the models of faces") from reason

    def detect(self, picture: Picture) -> Sequence[FoundFace]:
        """Return the faces in a picture, largest first."""
        longest = max(picture.shape[:2])
        for side in DETECT_SIDES:
            found = self._search(picture, side / longest)
            if found or side >= longest:
                return found
        return ()

    def quality(self, picture: Picture, face: FoundFace) -> FaceQuality:
        """Judge whether this face may be compared."""
        return judge_face(picture, face)

    def embed(self, picture: Picture, face: FoundFace) -> Embedding:
        """Return the face as a direction: the mean of the face and its mirror picture."""
        crop = align(picture, face.points, zoom=ZOOM)
        mirrored = np.ascontiguousarray(crop[:, ::-1])
        vector = _unit(self._directed(crop) + self._directed(mirrored))
        return Embedding(vector=vector, engine_version=self.version)

    def compare(self, a: Embedding, b: Embedding) -> float:
        """Return the cosine of the angle between two faces."""
        return float(a.vector @ b.vector)

    def _directed(self, crop: Picture) -> NDArray[np.float32]:
        blob = cv2.dnn.blobFromImage(crop, 1.0, (CROP_SIDE, CROP_SIDE), swapRB=True)
        self._recogniser.setInput(blob, _INPUT)
        return _unit(np.asarray(self._recogniser.forward(), np.float32).reshape(-1))

    def _search(self, picture: Picture, scale: float) -> Sequence[FoundFace]:
        height, width = picture.shape[:2]
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        seen = picture if scale == 1 else cv2.resize(picture, size, interpolation=how)
        self._detector.setInputSize(size)
        _, rows = self._detector.detect(seen)
        if rows is None:
            return ()
        factors = np.tile((width / size[0], height / size[1]), 7)
        faces = [_face(row[:14] * factors, float(row[14])) for row in np.asarray(rows, np.float64)]
        return sorted(faces, key=lambda face: face.box.width * face.box.height, reverse=True)


def _face(numbers: NDArray[np.float64], score: float) -> FoundFace:
    values = [float(number) for number in numbers]
    points = [Point(x, y) for x, y in zip(values[4::2], values[5::2], strict=True)]
    return FoundFace(box=Box(*values[:4]), points=FivePoints(*points), score=score)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep OpenCV from warning that its new graph engine ignores a setting nobody made."""
    before = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(before)
