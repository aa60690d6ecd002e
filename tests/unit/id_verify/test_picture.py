"""Hostile bytes are refused before they are decoded; honest ones come out upright."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from id_verify.faces.errors import PictureRefused
from id_verify.faces.picture import PictureLimits, decode_picture
from id_verify.faces.picture_header import PNG_SIGNATURE, read_header
from id_verify.faces.words import PictureFault

pytestmark = pytest.mark.unit

WIDTH, HEIGHT = 60, 40
ORIENTATION = 0x112


def drawn() -> Image.Image:
    """Return a picture whose upper left corner is red."""
    pixels = np.random.default_rng(7).integers(0, 90, (HEIGHT, WIDTH, 3), np.uint8)
    pixels[:12, :12] = (255, 0, 0)
    return Image.fromarray(pixels)


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    return PNG_SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def png_header(width: int, height: int) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)


def fault_of(data: bytes, limits: PictureLimits | None = None) -> PictureFault:
    with pytest.raises(PictureRefused) as refused:
        decode_picture(data, limits=limits or PictureLimits())
    return refused.value.fault


JPEG = saved(drawn(), "JPEG", quality=95)
PNG = saved(drawn(), "PNG")
BMP = saved(drawn(), "BMP")


def jpeg_of_size(width: int, height: int) -> bytes:
    """Return a JPEG whose frame header lies about its size."""
    at = JPEG.index(b"\xff\xc0")
    return JPEG[: at + 5] + struct.pack(">HH", height, width) + JPEG[at + 9 :]


def jpeg_of_many_scans() -> bytes:
    at = JPEG.index(b"\xff\xda")
    return JPEG[:at] + JPEG[at:-2] * 100 + JPEG[-2:]


REFUSED: dict[str, tuple[Callable[[], bytes], PictureFault]] = {
    "0 bytes": (lambda: b"", PictureFault.EMPTY),
    "text": (lambda: b"not a picture at all", PictureFault.NOT_A_PICTURE),
    "gif": (lambda: saved(drawn(), "GIF"), PictureFault.NOT_A_PICTURE),
    "webp": (lambda: saved(drawn(), "WEBP"), PictureFault.NOT_A_PICTURE),
    "svg": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", PictureFault.NOT_A_PICTURE),
    "half a JPEG": (lambda: JPEG[: len(JPEG) // 2], PictureFault.TRUNCATED),
    "a JPEG without its last byte": (lambda: JPEG[:-1], PictureFault.TRUNCATED),
    "the first bytes of a JPEG": (lambda: JPEG[:4], PictureFault.TRUNCATED),
    "half a PNG": (lambda: PNG[: len(PNG) // 2], PictureFault.TRUNCATED),
    "half a BMP": (lambda: BMP[: len(BMP) // 2], PictureFault.TRUNCATED),
    "the first bytes of a BMP": (lambda: BMP[:20], PictureFault.TRUNCATED),
    "a PNG that is all signature": (lambda: PNG_SIGNATURE, PictureFault.TRUNCATED),
    "a JPEG of 100 megapixels": (
        lambda: jpeg_of_size(10_000, 10_000),
        PictureFault.TOO_MANY_PIXELS,
    ),
    "a JPEG of no height": (lambda: jpeg_of_size(100, 0), PictureFault.UNREADABLE),
    "a JPEG of a hundred scans": (jpeg_of_many_scans, PictureFault.UNREADABLE),
    "a PNG of 4 gigapixels": (
        lambda: png(png_header(65_535, 65_535), (b"IDAT", b"x"), (b"IEND", b"")),
        PictureFault.TOO_MANY_PIXELS,
    ),
    "a PNG without pixels": (
        lambda: png(png_header(60, 40), (b"IEND", b"")),
        PictureFault.UNREADABLE,
    ),
    "a PNG with too few pixels": (
        lambda: png(png_header(60, 40), (b"IDAT", zlib.compress(b"\0" * 99)), (b"IEND", b"")),
        PictureFault.UNREADABLE,
    ),
    "a tiny picture": (lambda: saved(drawn().resize((8, 8)), "PNG"), PictureFault.TOO_SMALL),
    "a compressed BMP": (lambda: BMP[:30] + b"\x01" + BMP[31:], PictureFault.UNREADABLE),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_whole_picture_is_refused_with_its_fault(name: str) -> None:
    make, fault = REFUSED[name]
    assert fault_of(make()) is fault


def test_too_many_bytes_are_refused_unread() -> None:
    assert fault_of(JPEG, PictureLimits(max_bytes=100)) is PictureFault.TOO_MANY_BYTES


def test_a_bomb_is_refused_without_a_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(cv2, "imdecode", decode)
    assert fault_of(jpeg_of_size(10_000, 10_000)) is PictureFault.TOO_MANY_PIXELS


def test_compressed_text_in_a_png_never_reaches_the_decoder() -> None:
    bomb = b"note\0\0" + zlib.compress(b"\0" * 10_000_000)
    at = PNG.index(b"IDAT") - 4
    chunk = png((b"zTXt", bomb))[len(PNG_SIGNATURE) :]
    assert decode_picture(PNG[:at] + chunk + PNG[at:]).shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_each_kind_opens_as_three_channels(kind: str, mode: str) -> None:
    picture = decode_picture(saved(drawn().convert(mode), kind))
    assert picture.shape == (HEIGHT, WIDTH, 3)
    assert picture.dtype == np.uint8


@pytest.mark.parametrize("options", [{"progressive": True}, {"quality": 5}], ids=str)
def test_unusual_jpegs_open(options: dict[str, object]) -> None:
    assert decode_picture(saved(drawn(), "JPEG", **options)).shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, (0, 0)), (3, (-1, -1)), (6, (0, -1)), (8, (-1, 0))],
    ids=["upright", "upside down", "on its right side", "on its left side"],
)
def test_a_turned_camera_gives_an_upright_picture(
    kind: str, orientation: int, corner: tuple[int, int]
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    picture = decode_picture(saved(drawn(), kind, exif=exif))
    blue, _, red = (int(channel) for channel in picture[corner])
    assert red > 200
    assert blue < 100


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([JPEG, PNG, BMP]), st.data())
def test_damaged_bytes_are_a_picture_or_refused_and_nothing_else(
    whole: bytes, data: st.DataObject
) -> None:
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=4)):
        if place < len(damaged):
            damaged[place] = data.draw(st.integers(0, 255))
    try:
        picture = decode_picture(bytes(damaged))
    except PictureRefused:
        return
    assert picture.ndim == 3


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([b"\xff\xd8\xff", PNG_SIGNATURE, b"BM"]), st.binary(max_size=400))
def test_any_bytes_have_a_header_or_are_refused(start: bytes, rest: bytes) -> None:
    try:
        header = read_header(start + rest)
    except PictureRefused:
        return
    assert header.width > 0
    assert header.height > 0
