"""The text in a picture: where lines are, and what they say. Needs the extra `card`.

PP-OCR through rapidocr and onnxruntime, models in the wheel: nothing is fetched, nothing leaves.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.documents.errors import TextReaderMissing

Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]

THREADS: Final = 1
"""A second one halves nothing: it doubles the work and shares it."""

DETECTION_SIDE: Final = 960
"""Pixels of the longer side on which lines are found; they are read from the full picture."""

UPRIGHT: Final = 1.5
"""A crop so much taller than wide is a line that runs up or down."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line as it was read."""

    text: str = field(repr=False)
    score: float
    """The mean certainty of its characters."""
    weakest: float
    """The certainty of the least certain one."""
    box: Floats
    """4×2: from the text's upper left, clockwise."""

    @property
    def middle(self) -> tuple[float, float]:
        """Return the middle of the line."""
        x, y = self.box.mean(axis=0)
        return float(x), float(y)

    @property
    def height(self) -> float:
        """Return how tall the line is."""
        return (
            float(np.hypot(*(self.box[3] - self.box[0])) + np.hypot(*(self.box[2] - self.box[1])))
            / 2
        )


class TextReader:
    """Finds and reads lines. Loading takes a second; not safe for threads."""

    def __init__(self) -> None:
        """Load the models.

        Raises:
            TextReaderMissing: the packages of the extra `card` are not installed.
        """
        try:
            rapidocr: Any = importlib.import_module("rapidocr")
            recognition: Any = importlib.import_module("rapidocr.ch_ppocr_rec")
        except ImportError as missing:
            raise TextReaderMissing(str(missing)) from missing
        self._engine = rapidocr.RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.max_side_len": 4000,
                "Det.limit_type": "max",
                "Det.limit_side_len": DETECTION_SIDE,
                "EngineConfig.onnxruntime.intra_op_num_threads": THREADS,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )
        self._input: Any = recognition.TextRecInput
        self._engine(np.full((48, 160, 3), 255, np.uint8), use_det=False, use_cls=False)
        self._recognizer: Any = self._engine.text_rec

    def boxes(self, picture: Picture) -> list[Floats]:
        """Return where lines of text are (4×2 each), without reading them."""
        found = self._engine(picture, use_det=True, use_cls=False, use_rec=False)
        boxes = getattr(found, "boxes", None)
        return [] if boxes is None else [np.asarray(box, np.float64) for box in boxes]

    def read(self, crops: Sequence[Picture]) -> list[tuple[str, float, float]]:
        """Return text, mean and weakest certainty of each crop, which holds one upright line."""
        if not crops:
            return []
        result = self._recognizer(self._input(img=list(crops), return_word_box=True))
        read: list[tuple[str, float, float]] = []
        for text, score, words in zip(
            result.txts or (), result.scores, result.word_results, strict=True
        ):
            certainties = list(getattr(words, "confs", None) or [])
            weakest = min((float(value) for value in certainties), default=float(score))
            mean = 0.0 if math.isnan(float(score)) else float(score)
            read.append((str(text), mean, weakest))
        return read

    def lines(self, picture: Picture) -> list[TextLine]:
        """Return every line that can be read, as if the picture stood upright."""
        boxes = self.boxes(picture)
        read = self.read([cut_line(picture, box) for box in boxes])
        return [
            TextLine(text, score, weakest, box)
            for box, (text, score, weakest) in zip(boxes, read, strict=True)
            if text.strip()
        ]


def cut_line(picture: Picture, box: Floats) -> Picture:
    """Return the part of a picture in a box, straightened."""
    width = max(float(np.hypot(*(box[1] - box[0]))), float(np.hypot(*(box[2] - box[3]))), 4.0)
    height = max(float(np.hypot(*(box[3] - box[0]))), float(np.hypot(*(box[2] - box[1]))), 4.0)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    warp = cv2.getPerspectiveTransform(box.astype(np.float32), corners)
    size = (math.ceil(width), math.ceil(height))
    cut = cv2.warpPerspective(
        picture, warp, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(cut, np.uint8)
