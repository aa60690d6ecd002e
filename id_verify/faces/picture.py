"""Bytes to pixels, strictly: the door every picture from a card, a file or a wire comes through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from id_verify.faces.engine import Picture
from id_verify.faces.errors import PictureRefused
from id_verify.faces.picture_header import (
    PictureHeader,
    PictureKind,
    only_pixels,
    read_header,
)
from id_verify.faces.words import PictureFault


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureLimits:
    """What is opened at all; looked at before anything is decoded."""

    max_bytes: int = 24 * 2**20
    max_pixels: int = 25_000_000
    min_side: int = 16


DEFAULT_LIMITS: Final = PictureLimits()


def decode_picture(data: bytes, *, limits: PictureLimits = DEFAULT_LIMITS) -> Picture:
    """Return the pixels, turned upright where the file says how it was held.

    Raises:
        PictureRefused: the bytes are no whole JPEG, PNG or BMP within the limits.
    """
    if not data:
        raise PictureRefused(PictureFault.EMPTY)
    if len(data) > limits.max_bytes:
        raise PictureRefused(PictureFault.TOO_MANY_BYTES)
    header = read_header(data)
    if header.width * header.height > limits.max_pixels:
        raise PictureRefused(PictureFault.TOO_MANY_PIXELS)
    if min(header.width, header.height) < limits.min_side:
        raise PictureRefused(PictureFault.TOO_SMALL)
    if header.kind is PictureKind.PNG:
        data = only_pixels(data)
    return _decode(data, header)


def _decode(data: bytes, header: PictureHeader) -> Picture:
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as reason:
        raise PictureRefused(PictureFault.UNREADABLE) from reason
    if decoded is None:
        raise PictureRefused(PictureFault.UNREADABLE)
    picture = np.asarray(decoded, np.uint8)
    if sorted(picture.shape[:2]) != sorted((header.height, header.width)):
        raise PictureRefused(PictureFault.UNREADABLE)
    return picture
