"""What a picture says of itself before it is decoded: kind, size, and whether it is all there.

Only JPEG, PNG and BMP (what card readers give) are opened: each further decoder is one more way in.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from id_verify.faces.errors import PictureRefused
from id_verify.faces.words import PictureFault


class PictureKind(StrEnum):
    """The kinds of files that are opened."""

    JPEG = "jpeg"
    PNG = "png"
    BMP = "bmp"


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureHeader:
    """The kind and the size in pixels, as stored."""

    kind: PictureKind
    width: int
    height: int


PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MOST_SCANS: Final = 32
"""A progressive JPEG has about ten; thousands of them are a way to keep a decoder busy."""

_START_OF_FRAME: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_WITHOUT_LENGTH: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_MARK: Final = 0xFF
"""Begins every marker; inside compressed pixels a 0 follows where it is none."""
_SCAN: Final = 0xDA
_END: Final = 0xD9
_LENGTH_BYTES: Final = 2
_PNG_HEADER_BYTES: Final = 25
_PIXEL_CHUNKS: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"eXIf", b"IEND"})
_BMP_DEPTHS: Final = frozenset({8, 24, 32})


def read_header(data: bytes) -> PictureHeader:
    """Return what the file says of itself.

    Raises:
        PictureRefused: it is none of the kinds, contradicts itself, or ends too early.
    """
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data.startswith(PNG_SIGNATURE):
            return _png(data)
        if data.startswith(b"BM"):
            return _bmp(data)
    except (struct.error, IndexError):
        raise PictureRefused(PictureFault.TRUNCATED) from None
    raise PictureRefused(PictureFault.NOT_A_PICTURE)


def only_pixels(data: bytes) -> bytes:
    """Return a PNG without what is no pixel, where compressed text and profiles may be bombs."""
    return PNG_SIGNATURE + b"".join(
        data[start:end] for name, start, end in _png_chunks(data) if name in _PIXEL_CHUNKS
    )


def _jpeg(data: bytes) -> PictureHeader:
    at, scans = 2, 0
    size: tuple[int, int] | None = None
    while True:
        while data[at] == _MARK and data[at + 1] == _MARK:  # padding before a marker
            at += 1
        if data[at] != _MARK:
            raise PictureRefused(PictureFault.UNREADABLE)
        marker = data[at + 1]
        at += 2
        if marker == _END:
            if size is None or scans == 0:
                raise PictureRefused(PictureFault.UNREADABLE)
            return PictureHeader(kind=PictureKind.JPEG, width=size[0], height=size[1])
        if marker in _WITHOUT_LENGTH:
            continue
        (length,) = struct.unpack_from(">H", data, at)
        if length < _LENGTH_BYTES or at + length > len(data):
            raise PictureRefused(PictureFault.TRUNCATED)
        if marker in _START_OF_FRAME:
            height, width = struct.unpack_from(">HH", data, at + 3)
            if size is not None or not width or not height:
                raise PictureRefused(PictureFault.UNREADABLE)
            size = (width, height)
        at += length
        if marker == _SCAN:
            scans += 1
            if scans > MOST_SCANS:
                raise PictureRefused(PictureFault.UNREADABLE)
            at = _after_scan(data, at)


def _after_scan(data: bytes, at: int) -> int:
    """Return where the marker stands that ends the compressed pixels."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise PictureRefused(PictureFault.TRUNCATED)
        follows = data[at + 1]
        if follows == _MARK:
            at += 1
        elif follows == 0x00 or follows in _WITHOUT_LENGTH:
            at += 2
        else:
            return at


def _png_chunks(data: bytes) -> list[tuple[bytes, int, int]]:
    """Return name, start and end of each chunk up to the last."""
    chunks: list[tuple[bytes, int, int]] = []
    at = len(PNG_SIGNATURE)
    while not chunks or chunks[-1][0] != b"IEND":
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            raise PictureRefused(PictureFault.TRUNCATED)
        chunks.append((name, at, end))
        at = end
    return chunks


def _png(data: bytes) -> PictureHeader:
    chunks = _png_chunks(data)
    name, start, end = chunks[0]
    if name != b"IHDR" or end - start != _PNG_HEADER_BYTES:
        raise PictureRefused(PictureFault.UNREADABLE)
    width, height = struct.unpack_from(">II", data, start + 8)
    if not width or not height or all(name != b"IDAT" for name, _, _ in chunks):
        raise PictureRefused(PictureFault.UNREADABLE)
    return PictureHeader(kind=PictureKind.PNG, width=width, height=height)


def _bmp(data: bytes) -> PictureHeader:
    (pixels_at,) = struct.unpack_from("<I", data, 10)
    (width, height, planes, depth, compression) = struct.unpack_from("<iiHHI", data, 18)
    if width <= 0 or not height or planes != 1 or depth not in _BMP_DEPTHS or compression:
        raise PictureRefused(PictureFault.UNREADABLE)
    row = (width * depth + 31) // 32 * 4
    if len(data) < pixels_at + row * abs(height):
        raise PictureRefused(PictureFault.TRUNCATED)
    return PictureHeader(kind=PictureKind.BMP, width=width, height=abs(height))
