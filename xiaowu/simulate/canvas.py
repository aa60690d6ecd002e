"""A sheet to draw on, kept as SVG or as PNG, so that a plot needs no plotting library."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Protocol
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    import cv2
    import numpy as np
    from numpy.typing import NDArray

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]

_BEFORE: Final[dict[Anchor, float]] = {"start": 0.0, "middle": 0.5, "end": 1.0}
"""Which part of the words stands before their anchor."""

FONTS: Final = "'Noto Sans SC','Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif"  # noqa: E501 - one list


class Canvas(Protocol):
    """What a plot draws with. Colours are #rrggbb; y grows downwards."""

    def rect(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        """A filled rectangle."""

    def line(self, points: list[Point], stroke: str, width: float, *, dashed: bool = False) -> None:
        """A line through points."""

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float,
        fill: str,
        anchor: Anchor = "start",
        bold: bool = False,
    ) -> None:
        """Words whose baseline is at y."""

    def save(self, file: Path) -> None:
        """Write the sheet."""


class CanvasUnavailable(Exception):
    """This kind of picture cannot be drawn here; the message says what is missing."""


def open_canvas(file: Path, width: int, height: int) -> Canvas:
    """A sheet for a file, by its ending.

    Raises:
        CanvasUnavailable: it ends in neither .svg nor .png, or OpenCV is missing for .png.
    """
    match file.suffix.lower():
        case ".svg":
            return SvgCanvas(width, height)
        case ".png":
            try:
                return PngCanvas(width, height)
            except ModuleNotFoundError as missing:
                raise CanvasUnavailable(
                    f"a .png needs the package {missing.name!r} (pip install 'xiaowu[kiosk]'); "
                    "an .svg needs nothing"
                ) from missing
        case ending:
            raise CanvasUnavailable(f"a plot ends in .svg or .png, not in {ending!r}")


class SvgCanvas:
    """A sheet as SVG, with its words as words."""

    def __init__(self, width: int, height: int) -> None:
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" font-family="{escape(FONTS)}">',
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        ]

    def rect(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        """A filled rectangle."""
        self._parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'fill="{fill}"/>'
        )

    def line(self, points: list[Point], stroke: str, width: float, *, dashed: bool = False) -> None:
        """A line through points."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dash = ' stroke-dasharray="6 5"' if dashed else ""
        self._parts.append(
            f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="{width:g}" '
            f'stroke-linejoin="round" stroke-linecap="round"{dash}/>'
        )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float,
        fill: str,
        anchor: Anchor = "start",
        bold: bool = False,
    ) -> None:
        """Words whose baseline is at y."""
        weight = ' font-weight="600"' if bold else ""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{fill}" '
            f'text-anchor="{anchor}"{weight}>{escape(words)}</text>'
        )

    def save(self, file: Path) -> None:
        """Write the sheet."""
        file.write_text("\n".join([*self._parts, "</svg>\n"]), "utf-8")


class PngCanvas:
    """A sheet as pixels, twice as fine; OpenCV brings a font with Chinese."""

    _FINE: Final = 2
    _SHIFT: Final = 4
    """Coordinates are given to OpenCV in sixteenths, so that lines are smooth."""

    def __init__(self, width: int, height: int) -> None:
        import cv2
        import numpy as np

        self._cv2 = cv2
        self._np = np
        self._pixels: NDArray[np.uint8] = np.full(
            (height * self._FINE, width * self._FINE, 3), 255, np.uint8
        )
        self._font: cv2.FontFace = cv2.FontFace("uni")

    def rect(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        """A filled rectangle."""
        left, top = round(x * self._FINE), round(y * self._FINE)
        right, bottom = round((x + width) * self._FINE), round((y + height) * self._FINE)
        self._pixels[top:bottom, left:right] = _bgr(fill)

    def line(self, points: list[Point], stroke: str, width: float, *, dashed: bool = False) -> None:
        """A line through points."""
        for piece in _dashes(points) if dashed else [points]:
            scale = self._FINE * 2**self._SHIFT
            path = self._np.array(
                [[round(x * scale), round(y * scale)] for x, y in piece], self._np.int32
            )
            self._cv2.polylines(
                self._pixels,
                [path],
                False,
                _bgr(stroke),
                max(1, round(width * self._FINE)),
                self._cv2.LINE_AA,
                self._SHIFT,
            )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float,
        fill: str,
        anchor: Anchor = "start",
        bold: bool = False,
    ) -> None:
        """Words whose baseline is at y."""
        cv2, pixels = self._cv2, round(size * self._FINE * 0.92)
        weight = 600 if bold else 400
        _, _, width, _ = cv2.getTextSize(
            (0, 0), words, (0, 0), self._font, pixels, weight, cv2.PUT_TEXT_ALIGN_LEFT
        )
        left = x * self._FINE - width * _BEFORE[anchor]
        at = (round(left), round(y * self._FINE))
        cv2.putText(self._pixels, words, at, _bgr(fill), self._font, pixels, weight)

    def save(self, file: Path) -> None:
        """Write the sheet."""
        done, content = self._cv2.imencode(".png", self._pixels)
        if not done:
            raise OSError(f"{file} could not be encoded")
        file.write_bytes(content.tobytes())


def _bgr(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return blue, green, red


def _dashes(points: list[Point]) -> list[list[Point]]:
    """A line in pieces of six with gaps of five."""
    drawn, gap = 6.0, 5.0
    pieces: list[list[Point]] = []
    at = 0.0
    for (x0, y0), (x1, y1) in pairwise(points):
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        while at < length:
            end = min(at + drawn, length)
            pieces.append(
                [
                    (x0 + (x1 - x0) * part / length, y0 + (y1 - y0) * part / length)
                    for part in (at, end)
                ]
            )
            at += drawn + gap
        at -= length
    return pieces
