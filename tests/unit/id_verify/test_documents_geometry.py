"""Sheets are found by their edges, followed to the pixel, and laid flat in their proportions."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from id_verify.documents.clean import clean
from id_verify.documents.flatten import flatten, measure
from id_verify.documents.lines import crossing, through, turn_between
from id_verify.documents.outline import trace
from id_verify.documents.quads import find_quads, looking_aspect, signed_area
from id_verify.documents.quality import judge
from id_verify.documents.straighten import straighten, true_aspect
from tests.support.card_pictures import Conditions, photograph
from tests.support.paper_pictures import draw_page

pytestmark = pytest.mark.unit

Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]
DATA = Path(__file__).parents[4] / "shared" / "data"


def farthest(found: Floats, true: Floats) -> float:
    """Return how far the worst corner lies off, whichever corner is named first."""
    return min(float(np.hypot(*(np.roll(found, turn, axis=0) - true).T).max()) for turn in range(4))


def photographed(seed: int, **conditions: float) -> tuple[Picture, Floats]:
    rng = random.Random(seed)
    page = draw_page(rng)
    settings = Conditions(fill=0.62, **conditions)  # type: ignore[arg-type]  # floats only
    return photograph(page, settings, rng, round_px=1)


@pytest.mark.parametrize("seed", range(6))
def test_a_page_on_a_table_is_found_to_the_pixel(seed: int) -> None:
    picture, corners = photographed(seed, turn_deg=seed * 31 - 80, slant=0.02 * seed)
    quad = find_quads(picture, count=1)[0]
    assert farthest(quad.corners, corners) < 0.015 * max(picture.shape)
    assert farthest(trace(picture, quad).corners, corners) < 0.006 * max(picture.shape)


def test_corners_run_clockwise() -> None:
    picture, _ = photographed(3, turn_deg=20)
    assert all(signed_area(quad.corners[None])[0] > 0 for quad in find_quads(picture))


def test_an_empty_table_has_nothing_like_a_sheet() -> None:
    noise = np.random.default_rng(5).normal(120, 4, (900, 1200, 3))
    found = find_quads(np.clip(noise, 0, 255).astype(np.uint8))
    assert not found or found[0].score < 0.17


def test_the_proportions_of_a_slanting_sheet_are_its_own() -> None:
    picture, corners = photographed(8, slant=0.25, turn_deg=12)
    assert looking_aspect(corners) != pytest.approx(2**0.5, rel=0.03)
    height, width = picture.shape[:2]
    assert true_aspect(corners, width, height) == pytest.approx(2**-0.5, rel=0.06)


def test_a_bowed_sheet_is_stretched_straight() -> None:
    flat = np.full((900, 1200, 3), 60, np.uint8)
    side = np.linspace(0, 1, 50)
    bow = 60 * side * (1 - side) * 4
    top = np.stack([200 + 800 * side, 200 + bow], axis=-1)
    bottom = np.stack([200 + 800 * side, 700 + bow], axis=-1)[::-1]
    cv2.fillPoly(flat, [np.rint(np.concatenate([top, bottom])).astype(np.int32)], (245, 245, 245))
    line = np.stack([200 + 800 * side, 450 + bow], axis=-1)
    cv2.polylines(flat, [np.rint(line).astype(np.int32)], False, (0, 0, 0), 3)
    outline = trace(flat, find_quads(flat, count=1)[0])
    assert max(abs(each) for each in outline.bows) > 0.03
    laid = straighten(flat, outline)
    third = laid.shape[0] // 3
    band = laid[third:-third]
    rows = [int(np.argmin(band[:, x, 0])) for x in range(40, laid.shape[1] - 40, 40)]
    assert max(rows) - min(rows) < 0.02 * laid.shape[0]


def test_lines_that_bend_are_bent_back() -> None:
    page = draw_page(random.Random(4))
    height, width = page.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    bent = cv2.remap(
        page, x, y - 40 * np.sin(x / width * 3.0), cv2.INTER_LINEAR, borderValue=(255,) * 3
    )
    before = measure(np.asarray(bent, np.uint8))
    after = measure(flatten(np.asarray(bent, np.uint8)))
    assert before.is_bent
    assert before.typical is not None
    assert after.typical is not None
    assert after.typical < before.typical / 4


def test_a_flat_page_is_not_called_bent() -> None:
    assert not measure(draw_page(random.Random(4))).is_bent


def test_a_shadow_is_taken_off_and_ink_stays_dark() -> None:
    page = draw_page(random.Random(6)).astype(np.float32)
    shadow = np.linspace(0.45, 1.0, page.shape[1])[None, :, None]
    cleaned = clean(np.asarray(page * shadow, np.uint8))
    left, right = cleaned[:, 20:100].mean(), cleaned[:, -100:-20].mean()
    assert abs(left - right) < 6
    assert left > 235
    assert np.percentile(cleaned, 1) < 60


def test_a_dark_cover_keeps_its_tones() -> None:
    cover = np.full((800, 600, 3), (70, 40, 20), np.uint8)
    cv2.putText(cover, "COVER", (120, 400), cv2.FONT_HERSHEY_SIMPLEX, 3, (200, 220, 230), 8)
    assert clean(cover)[..., 0].mean() < 150


@pytest.mark.parametrize(("sigma", "blurred"), [(0.0, False), (1.0, False), (6.0, True)])
def test_a_blurred_page_is_told_from_a_sharp_one(sigma: float, blurred: bool) -> None:
    page = draw_page(random.Random(2))
    if sigma:
        page = np.asarray(cv2.GaussianBlur(page, (0, 0), sigma), np.uint8)
    assert judge(page).is_blurred is blurred


def test_a_mirrored_lamp_is_glare_and_an_empty_page_is_not_blurred() -> None:
    page = np.full((1400, 1000, 3), 205, np.uint8)
    assert not judge(page).has_glare
    assert judge(page).edge_px is None
    cv2.circle(page, (500, 600), 120, (255, 255, 255), -1)
    assert judge(page).has_glare


def test_lines_cross_where_they_do() -> None:
    across = through(np.array([0.0, 5.0]), np.array([9.0, 5.0]))
    down = through(np.array([3.0, 0.0]), np.array([3.0, 9.0]))
    assert crossing(across, down) == pytest.approx([3.0, 5.0])
    assert turn_between(across, down) == pytest.approx(np.pi / 2)


@pytest.mark.data
@pytest.mark.skipif(not (DATA / "labels").exists(), reason="no ../shared/data")
def test_the_corners_of_at_least_seven_of_eight_photographs_are_within_tolerance() -> None:
    within = []
    with (DATA / "labels" / "doc_corners.csv").open(encoding="utf-8") as labels:
        for row in csv.DictReader(labels):
            picture = cv2.imread(str(DATA / row["file"]))
            assert picture is not None
            true = np.array(
                [[float(row[f"{c}_x"]), float(row[f"{c}_y"])] for c in ("tl", "tr", "br", "bl")]
            )
            pixels = np.asarray(picture, np.uint8)
            found = trace(pixels, find_quads(pixels, count=1)[0]).corners
            within.append(farthest(found, true) <= float(row["tolerance_px"]))
    assert sum(within) >= 7
