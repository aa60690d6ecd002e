"""`python -m benchmarks.papers`: corners of sheets, and fields of cards, against simple baselines.

Corners: the labelled photographs of the data folder and made-up pages on made-up tables, against
the usual way (edges, largest contour, four corners). Fields: made-up cards photographed plainly,
under glare and under a finger; against a text reader that takes the whole picture as it is.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.table import replace_table
from id_verify.card.reading import CardPictureReader
from id_verify.card.words import CardField
from id_verify.documents.outline import trace
from id_verify.documents.quads import find_quads
from id_verify.documents.text import TextReader
from tests.support.card_pictures import (
    Conditions,
    MadeUpCard,
    Picture,
    draw_conditions,
    draw_front,
    make_up,
    photograph,
)
from tests.support.paper_pictures import draw_page

Floats = NDArray[np.float64]
Finder = Callable[[Picture], Floats | None]

DATA: Final = Path(__file__).parents[2] / "shared" / "data"
TOLERANCE: Final = 0.015
"""Of the picture's longer side, for made-up pages: as the labels have it."""

PAPERS: Final = ((250, 250, 247), (238, 226, 200), (205, 190, 160), (120, 150, 190), (60, 90, 80))
"""White, cream, brown, blue, and a dark cover."""

FIELDS: Final = (
    CardField.NAME,
    CardField.SEX,
    CardField.NATIONALITY,
    CardField.BIRTH,
    CardField.ADDRESS,
    CardField.NUMBER,
)


def ours(picture: Picture) -> Floats | None:
    """Find a sheet as the document camera does."""
    quad = next(iter(find_quads(picture, count=1)), None)
    return trace(picture, quad).corners if quad else None


def largest_contour(picture: Picture) -> Floats | None:
    """Find a sheet the usual way: edges, contours, the largest with four corners."""
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (5, 5), 0)
    edges = cv2.dilate(cv2.Canny(grey, 75, 200), np.ones((3, 3), np.uint8))
    contours = cv2.findContours(edges, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0]
    for contour in sorted(contours, key=cv2.contourArea, reverse=True)[:5]:
        corners = cv2.approxPolyDP(contour, 0.02 * cv2.arcLength(contour, True), True)
        if len(corners) == 4:
            return np.asarray(corners, np.float64).reshape(4, 2)
    return None


def farthest(found: Floats | None, true: Floats) -> float:
    """Return how far the worst corner lies off, in whatever order they are named."""
    if found is None:
        return float("inf")
    return min(
        float(np.hypot(*(np.roll(way, turn, axis=0) - true).T).max())
        for way in (found, found[::-1])
        for turn in range(4)
    )


def labelled() -> Iterator[tuple[Picture, Floats, float]]:
    """Yield the labelled photographs: picture, corners, tolerance in pixels."""
    with (DATA / "labels" / "doc_corners.csv").open(encoding="utf-8") as labels:
        for row in csv.DictReader(labels):
            corners = [
                [float(row[f"{c}_x"]), float(row[f"{c}_y"])] for c in ("tl", "tr", "br", "bl")
            ]
            picture = cv2.imread(str(DATA / row["file"]))
            if picture is not None:
                yield np.asarray(picture, np.uint8), np.array(corners), float(row["tolerance_px"])


def made_up(count: int) -> Iterator[tuple[Picture, Floats, float]]:
    """Yield made-up pages on made-up tables."""
    for seed in range(count):
        rng = random.Random(9_000 + seed)
        conditions = replace(
            draw_conditions(rng), fill=rng.uniform(0.4, 0.7), finger=rng.random() < 0.4
        )
        paper = rng.choice(PAPERS)
        picture, corners = photograph(draw_page(rng, paper=paper), conditions, rng, round_px=1)
        yield _in_shadow(picture, rng), corners, TOLERANCE * max(picture.shape)


def _in_shadow(picture: Picture, rng: random.Random) -> Picture:
    """Throw the hard shadow of an arm or a lamp's edge across a picture."""
    height, width = picture.shape[:2]
    edge = np.array([rng.uniform(0, width), rng.uniform(0, height)])
    way = np.array([np.cos(turn := rng.uniform(0, 6.28)), np.sin(turn)])
    y, x = np.mgrid[0:height, 0:width]
    side = (x - edge[0]) * way[0] + (y - edge[1]) * way[1]
    light = 1 - 0.35 / (1 + np.exp(np.clip(-side / 5, -50, 50)))
    return np.asarray(picture * light[..., None], np.uint8)


def measure_corners(pages: int) -> list[dict[str, Any]]:
    """Return one row for each set of pictures and way of finding."""
    rows = []
    sets = {f"{pages} made-up pages": list(made_up(pages))}
    if (DATA / "labels").exists():
        sets = {"labelled photographs": list(labelled())} | sets
    finders: dict[str, Finder] = {"ours": ours, "largest contour": largest_contour}
    for name, pictures in sets.items():
        for finder, find in finders.items():
            began = time.process_time()
            found = [(find(picture), corners, limit) for picture, corners, limit in pictures]
            spent = (time.process_time() - began) / len(pictures)
            off = [farthest(corners, true) / limit for corners, true, limit in found]
            rows.append(
                {
                    "pictures": name,
                    "finder": finder,
                    "within tolerance": f"{sum(each <= 1 for each in off)} of {len(off)}",
                    "worst corner, median, of tolerance": round(statistics.median(off), 2),
                    "CPU s": round(spent, 2),
                }
            )
    return rows


def measure_fields(cards: int) -> list[dict[str, Any]]:
    """Return one row for each condition."""
    reader, text = CardPictureReader.open(), TextReader()
    rows = []
    for condition in ("plain", "glare", "finger"):
        right: Counter[str] = Counter()
        sure_and_wrong = naive = 0
        times = []
        for seed in range(cards):
            picture, true = _card(seed, condition)
            began = time.process_time()
            reading = reader.read(picture)
            times.append(time.process_time() - began)
            card, truth = reading.card, _truth(true)
            doubtful = set(card.doubtful()) if card else set(CardField)
            for word in FIELDS:
                same = card is not None and _shown(getattr(card, word.value)) == truth[word]
                right[word] += same
                sure_and_wrong += not same and word not in doubtful
            lines = "".join(line.text for line in text.lines(picture)).replace(" ", "")
            naive += true.number in re.sub(r"\s", "", lines)
        rows.append(
            {"condition": condition}
            | {word.value: f"{right[word]}/{cards}" for word in FIELDS}
            | {
                "wrong but sure": sure_and_wrong,
                "number, baseline": f"{naive}/{cards}",
                "CPU s": round(statistics.mean(times), 2),
            }
        )
    return rows


def _card(seed: int, condition: str) -> tuple[Picture, MadeUpCard]:
    rng = random.Random(70_000 + seed)
    card = make_up(rng)
    conditions: Conditions = draw_conditions(rng)
    if condition != "plain":
        conditions = replace(conditions, **{condition: True})  # type: ignore[arg-type]  # by name
    return photograph(draw_front(card, rng), conditions, rng)[0], card


def _truth(card: MadeUpCard) -> dict[CardField, str]:
    return {
        CardField.NAME: card.name,
        CardField.SEX: "male" if card.sex == "男" else "female",
        CardField.NATIONALITY: card.people,
        CardField.BIRTH: card.birth.isoformat(),
        CardField.ADDRESS: card.address,
        CardField.NUMBER: card.number,
    }


def _shown(value: object) -> str:
    return str(value)


def main() -> int:
    """Measure, print one JSON object a line, and renew the README's tables when asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--cards", type=int, default=40)
    parser.add_argument("--write-table", action="store_true")
    wanted = parser.parse_args()
    cv2.setNumThreads(1)
    tables = {
        "paper_corners": measure_corners(wanted.pages),
        "card_fields": measure_fields(wanted.cards) if wanted.cards else [],
    }
    for name, rows in tables.items():
        for row in rows:
            print(json.dumps({"benchmark": name} | row, ensure_ascii=False), flush=True)
        if wanted.write_table and rows:
            replace_table(Path(__file__).with_name("README.md"), name, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
