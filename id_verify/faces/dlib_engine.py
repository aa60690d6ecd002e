"""The second engine: dlib's detector, 68 points and network, by way of face_recognition.

A second opinion, and for the landmarks. It holds the interpreter lock and has crashed in threads:
use it in a process of its own. At its library's own threshold it takes strangers for each other;
its calibration here is what it can be used with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.backends import dlib as backend
from id_verify.faces.engine import (
    Box,
    Embedding,
    FaceQuality,
    FivePoints,
    FoundFace,
    Picture,
    Point,
)
from id_verify.faces.quality import judge_face

NAME: Final = "dlib"
REVISION: Final = 1
SEARCH_SIDE: Final = 640
"""Pictures are searched at this size; at twice it when nothing was found."""
_MOST_ENLARGED: Final = 4.0
SCORE_SPREAD: Final = 2.0
"""dlib's scores are distances from a boundary, about 0 to 3."""
_LEAST_SURENESS: Final = 0.89
"""What it finds at all is a face as far as quality is concerned: its score says little of that."""

_RIGHT_EYE, _LEFT_EYE = slice(36, 42), slice(42, 48)
_NOSE, _RIGHT_MOUTH, _LEFT_MOUTH = 30, 48, 54


class DlibEngine:
    """face_recognition behind the protocol. Not safe for threads."""

    name = NAME

    def __init__(self) -> None:
        library = backend.load()
        models = import_module("face_recognition_models")
        # The library is untyped, and dlib's own classes come from a compiled module.
        self._dlib: Any = import_module("dlib")
        self._api: Any = library.api
        digest = hashlib.sha256()
        for file in (
            models.face_recognition_model_location(),
            models.pose_predictor_model_location(),
        ):
            digest.update(Path(file).read_bytes())
        self.version = f"{NAME}-{REVISION}+{digest.hexdigest()[:12]}"

    def detect(self, picture: Picture) -> Sequence[FoundFace]:
        """Return the faces in a picture, largest first."""
        longest = max(picture.shape[:2])
        for side in (SEARCH_SIDE, 2 * SEARCH_SIDE):
            found = self._search(picture, min(side / longest, _MOST_ENLARGED))
            if found:
                return found
        return ()

    def quality(self, picture: Picture, face: FoundFace) -> FaceQuality:
        """Judge whether this face may be compared."""
        return judge_face(picture, face)

    def embed(self, picture: Picture, face: FoundFace) -> Embedding:
        """Return the face as a direction: dlib's numbers brought to length 1."""
        colours = _as_rgb(picture)
        box = face.box
        place = self._dlib.rectangle(
            round(box.x), round(box.y), round(box.x + box.width), round(box.y + box.height)
        )
        points = self._api.pose_predictor_68_point(colours, place)
        numbers = self._api.face_encoder.compute_face_descriptor(colours, points, 1)
        vector = np.array(numbers, np.float32)
        return Embedding(
            vector=np.asarray(vector / np.linalg.norm(vector), np.float32),
            engine_version=self.version,
        )

    def compare(self, a: Embedding, b: Embedding) -> float:
        """Return 1 for the same direction, less the farther apart they are."""
        return 1.0 - float(np.linalg.norm(a.vector - b.vector))

    def _search(self, picture: Picture, scale: float) -> Sequence[FoundFace]:
        colours = _as_rgb(picture)
        if scale != 1:
            how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            colours = np.asarray(
                cv2.resize(colours, None, fx=scale, fy=scale, interpolation=how), np.uint8
            )
        places, scores, _ = self._api.face_detector.run(colours, 0, 0.0)
        faces = [
            self._face(colours, place, score, scale)
            for place, score in zip(places, scores, strict=True)
        ]
        return sorted(faces, key=lambda face: face.box.width * face.box.height, reverse=True)

    def _face(
        self, colours: NDArray[np.uint8], place: Any, score: float, scale: float
    ) -> FoundFace:
        marks = self._api.pose_predictor_68_point(colours, place)
        points = np.array([(mark.x, mark.y) for mark in marks.parts()], np.float64) / scale
        five = (
            points[_RIGHT_EYE].mean(axis=0),
            points[_LEFT_EYE].mean(axis=0),
            points[_NOSE],
            points[_RIGHT_MOUTH],
            points[_LEFT_MOUTH],
        )
        return FoundFace(
            box=Box(
                x=place.left() / scale,
                y=place.top() / scale,
                width=place.width() / scale,
                height=place.height() / scale,
            ),
            points=FivePoints(*(Point(float(x), float(y)) for x, y in five)),
            score=_sureness(score),
        )


def _sureness(score: float) -> float:
    """Bring dlib's score, which knows no upper end, into the range in which YuNet's moves."""
    return _LEAST_SURENESS + 0.06 * min(max(score, 0.0) / SCORE_SPREAD, 1.0)


def _as_rgb(picture: Picture) -> NDArray[np.uint8]:
    return np.ascontiguousarray(picture[..., ::-1])
