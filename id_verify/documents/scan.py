"""A photograph of a paper, made into a scan, and what is to be said against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.documents.clean import clean
from id_verify.documents.flatten import Bend, flatten, measure
from id_verify.documents.lines import Floats
from id_verify.documents.outline import Outline, trace
from id_verify.documents.quads import Quad, find_quads, signed_area
from id_verify.documents.quality import SheetQuality, judge
from id_verify.documents.straighten import straighten
from id_verify.documents.text import TextReader
from id_verify.documents.upright import Upright, set_upright
from id_verify.documents.words import ADVICE, ScanAdvice, ScanFault

Picture = NDArray[np.uint8]

LEAST_SCORE: Final = 0.17
"""A quad that scores less is no sheet."""

SURE_SCORE: Final = 0.45
"""A quad that scores more is a sheet whatever lies beside it."""

MOST_WRITING: Final = 0.7
LITTLE_CUT: Final = 0.08
"""Of all lines in the photograph: so many lie inside of a doubtful sheet, so few are cut by it."""

CERTAIN: Final = 0.1
"""From this on it is known which way up a sheet is."""

BOWED: Final = 0.012
"""Of its length: a side that bows more belongs to a page that is not flat."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scan:
    """The sheet, straight, clean and upright, and how it was come by."""

    picture: Picture = field(repr=False)
    corners: Floats | None
    """4×2 in the photograph, from the sheet's own upper left, clockwise; None without a sheet."""
    score: float
    """How much like a sheet the outline is, 0 to 1."""
    quarter_turns: int
    """Clockwise, that set it upright."""
    upright_certainty: float
    """0 if nothing tells which way up it is, or no text reader is there."""
    quality: SheetQuality
    bend: Bend
    """How its lines of text ran before anything was bent back."""
    bow: float
    """How far the most bowed side strays from straight, by its length."""
    flattened: bool
    """It was not flat, and was bent back until it is."""
    faults: tuple[ScanFault, ...]

    @property
    def is_complete(self) -> bool:
        """Tell whether the whole sheet is in the photograph."""
        return not {ScanFault.NO_SHEET, ScanFault.CUT_OFF} & set(self.faults)

    @property
    def is_curved(self) -> bool:
        """Tell whether the sheet was not flat when it was photographed."""
        return self.bend.is_bent or self.bow > BOWED

    @property
    def advice(self) -> ScanAdvice | None:
        """Return what would help most; None if nothing is amiss, or nothing helps."""
        return next((ADVICE[fault] for fault in self.faults if ADVICE[fault]), None)


def scan(photograph: Picture, text: TextReader | None) -> Scan:
    """Find the sheet in a photograph and make a scan of it.

    Args:
        photograph: height × width × 3, blue green red.
        text: tells which way up it is; without it the sheet is left as it lies.
    """
    quad = _sheet(photograph, text)
    outline = trace(photograph, quad) if quad else None
    sheet = straighten(photograph, outline) if outline else photograph
    up = set_upright(sheet, text) if text else Upright(sheet, 0, 0.0, ())
    quality = judge(up.picture, up.boxes)
    page, bend, after = _flat(up.picture)
    bow = max((abs(each) for each in outline.bows), default=0.0) if outline else 0.0
    still_bent = after.is_bent or (bow > BOWED and after.typical is None)
    return Scan(
        picture=clean(page),
        corners=np.roll(outline.corners, up.quarter_turns, axis=0) if outline else None,
        score=quad.score if quad else 0.0,
        quarter_turns=up.quarter_turns,
        upright_certainty=up.certainty,
        quality=quality,
        bend=bend,
        bow=bow,
        flattened=(bend.is_bent or bow > BOWED) and not still_bent,
        faults=_faults(quad, outline, photograph, quality, up, still_bent=still_bent),
    )


def _sheet(photograph: Picture, text: TextReader | None) -> Quad | None:
    """Return the likeliest sheet; where edges say little, one that encloses what is written."""
    quads = [quad for quad in find_quads(photograph, count=4) if quad.score >= LEAST_SCORE]
    if not quads or quads[0].score >= SURE_SCORE or text is None:
        return quads[0] if quads else None
    boxes = text.boxes(photograph)
    return next((quad for quad in quads if _encloses(quad, boxes)), None)


def _encloses(quad: Quad, boxes: list[Floats]) -> bool:
    """Tell whether the writing lies inside, and no line of it is cut through."""
    outline = np.rint(quad.corners).astype(np.int32)
    within = cut = 0
    for box in boxes:
        inner = box.mean(axis=0) + 0.8 * (box - box.mean(axis=0))
        corners = [
            cv2.pointPolygonTest(outline, (float(x), float(y)), False) >= 0 for x, y in inner
        ]
        within += all(corners)
        cut += any(corners) and not all(corners)
    return within >= MOST_WRITING * len(boxes) and cut <= LITTLE_CUT * len(boxes)


def _flat(sheet: Picture) -> tuple[Picture, Bend, Bend]:
    """Return the sheet bent back if it was bent, and its bend before and after."""
    before = measure(sheet)
    if not before.is_bent:
        return sheet, before, before
    page = flatten(sheet)
    after = measure(page)
    if after.typical is None or before.typical is None or after.typical >= before.typical:
        return sheet, before, before
    return page, before, after


def _faults(
    quad: Quad | None,
    outline: Outline | None,
    photograph: Picture,
    quality: SheetQuality,
    up: Upright,
    *,
    still_bent: bool,
) -> tuple[ScanFault, ...]:
    found: list[ScanFault] = []
    if outline is None:
        found.append(ScanFault.NO_SHEET)
    elif quad and (any(quad.cut) or _reaches_out(outline.corners, photograph)):
        found.append(ScanFault.CUT_OFF)
    checks = (
        (quality.is_dark, ScanFault.DARK),
        (quality.is_blurred, ScanFault.BLURRED),
        (quality.has_glare, ScanFault.GLARE),
        (quality.is_coarse, ScanFault.COARSE),
        (still_bent, ScanFault.CURVED),
        (up.certainty < CERTAIN, ScanFault.SIDE_UNKNOWN),
    )
    found.extend(fault for holds, fault in checks if holds)
    return tuple(found)


def _reaches_out(corners: Floats, photograph: Picture) -> bool:
    height, width = photograph.shape[:2]
    slack = 0.003 * float(np.sqrt(abs(signed_area(corners[None])[0])))
    out = (corners < -slack) | (corners > np.array([width - 1, height - 1]) + slack)
    return bool(out.any())
