"""The holder's portrait, cut out of a card laid flat: where the face is, or where it must be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from id_verify.card.frame import Picture, zone
from id_verify.card.words import CardField
from id_verify.faces.engine import Box, FaceEngine

FACE_TO_PICTURE: Final = 1.9
"""A portrait is so many times as wide as the face in it: shoulders and hair belong to it."""

TALL: Final = 32 / 26
"""Height by width of the portrait, as the standard of the photograph says."""

ABOVE: Final = 0.42
"""How far down the portrait the middle of the face stands."""

JPEG_QUALITY: Final = 92
NO_FACE: Final = 0.3
"""What a portrait is worth in which no face was found: it is where it must be, no more."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A picture of the holder."""

    jpeg: bytes = field(repr=False)
    confidence: float


def cut_portrait(frame: Picture, faces: FaceEngine | None, *, laid_flat: bool) -> Portrait | None:
    """Return the portrait on a card that stands upright; None if there is nowhere to cut it.

    Args:
        frame: the card, or a picture with the card in it.
        faces: finds the face; without it the portrait is cut where the layout says.
        laid_flat: the frame is the card itself, so that the layout counts.
    """
    found = [] if faces is None else list(faces.detect(frame))
    right_half = [face for face in found if face.box.x + face.box.width / 2 > frame.shape[1] * 0.45]
    if right_half:
        face = right_half[0]
        return Portrait(_jpeg(_around(frame, face.box)), min(1.0, face.score))
    if not laid_flat:
        return None
    left, top, right, bottom = zone(CardField.PORTRAIT)
    return Portrait(_jpeg(frame[top:bottom, left:right]), NO_FACE)


def _around(frame: Picture, box: Box) -> Picture:
    height, width = frame.shape[:2]
    wide = box.width * FACE_TO_PICTURE
    tall = wide * TALL
    left = box.x + box.width / 2 - wide / 2
    top = box.y + box.height / 2 - tall * ABOVE
    return frame[
        max(round(top), 0) : min(round(top + tall), height),
        max(round(left), 0) : min(round(left + wide), width),
    ]


def _jpeg(picture: Picture) -> bytes:
    encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    return np.asarray(encoded).tobytes()
