"""What a poor portrait costs: size, compression, blur and darkness, step by step.

    python benchmarks/portrait_quality.py                  JSON lines (some minutes)
    python benchmarks/portrait_quality.py --people 25      for a look
    python benchmarks/portrait_quality.py --write-table    renews the table in the README

Portraits are cut as a card's chip holds them, 102 to 126, so that the eyes lie 28 pixels apart in a
picture of 102 x 126, then made worse, and compared with another picture of the same person and with
one of somebody else. `lost` is the share of the same people outside `match`; `refused` of them in
`no`, which is the harm; `taken` is of strangers in `match`. `capped` were compared but too poor to
rely on, `unseen` could not be compared. By the engine and the calibration that are shipped.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

HERE: Final = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from benchmarks.table import replace_table  # noqa: E402  # the path above comes first
from id_verify.faces.calibration import Calibration, shipped_calibration  # noqa: E402
from id_verify.faces.engine import (  # noqa: E402
    Embedding,
    FaceEngine,
    FivePoints,
    Picture,
    open_engine,
)
from id_verify.faces.match import band_of, look_at  # noqa: E402
from id_verify.faces.pairs import PairList, read_pairs  # noqa: E402
from id_verify.faces.picture import decode_picture  # noqa: E402
from id_verify.faces.prominence import eye_distance  # noqa: E402
from id_verify.faces.words import Band, FaceOutcome  # noqa: E402

CHIP_WIDTH, CHIP_HEIGHT, CHIP_EYES = 102, 126, 28.0
PEOPLE = 120
Spoil = Callable[[Picture, FivePoints], Picture]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sitter:
    """One person: a portrait to spoil, another picture of them, and one of somebody else."""

    portrait: Picture
    points: FivePoints
    own: Embedding
    other: Embedding
    own_quality: float
    other_quality: float


def cut(picture: Picture, points: FivePoints, eyes: float) -> Picture:
    """Return the part that a card shows, with the eyes so many pixels apart."""
    scale = eyes / eye_distance(points)
    width, height = (round(side * eyes / CHIP_EYES) for side in (CHIP_WIDTH, CHIP_HEIGHT))
    x = (points.right_eye.x + points.left_eye.x) / 2 * scale - width / 2
    y = (points.right_eye.y + points.left_eye.y) / 2 * scale - height * 0.46
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how)
    shift = np.array([[1, 0, -x], [0, 1, -y]])
    part = cv2.warpAffine(small, shift, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(part, np.uint8)


def of_size(eyes: float) -> Spoil:
    """Return the portrait at a size."""
    return lambda picture, points: cut(picture, points, eyes)


def as_jpeg(quality: int) -> Spoil:
    """Return the chip's portrait as JPEG of a quality."""
    return lambda picture, points: _packed(cut(picture, points, CHIP_EYES), ".jpg", quality)[0]


def in_bytes(budget: int, kind: str) -> Spoil:
    """Return the chip's portrait in so many bytes, as good as fits."""

    def spoil(picture: Picture, points: FivePoints) -> Picture:
        chip = cut(picture, points, CHIP_EYES)
        low, high = 1, 100
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (
                (middle, high) if _packed(chip, kind, middle)[1] <= budget else (low, middle)
            )
        return _packed(chip, kind, low)[0]

    return spoil


def blurred(width: float) -> Spoil:
    """Return a large portrait out of focus by so much of 35 pixels between the eyes."""
    return lambda picture, points: np.asarray(
        cv2.GaussianBlur(cut(picture, points, 60), (0, 0), width * 60 / 35), np.uint8
    )


def smeared(length: int) -> Spoil:
    """Return a large portrait that moved sideways, as far as of 35 pixels between the eyes."""
    return lambda picture, points: np.asarray(
        cv2.blur(cut(picture, points, 60), (round(length * 60 / 35), 1)), np.uint8
    )


def darkened(share: float) -> Spoil:
    """Return a large portrait with so much of its light, and a sensor's noise."""

    def spoil(picture: Picture, points: FivePoints) -> Picture:
        noise = np.random.default_rng(1)
        return np.clip(noise.normal(cut(picture, points, 60) * share, 3), 0, 255).astype(np.uint8)

    return spoil


CONDITIONS: Final[dict[str, Spoil]] = {
    "as it is": lambda picture, _: picture,
    **{f"eyes {eyes} px apart": of_size(eyes) for eyes in (28, 22, 18, 15, 12, 10, 8)},
    **{f"chip, JPEG quality {quality}": as_jpeg(quality) for quality in (50, 30, 20, 10, 5)},
    **{f"chip, JPEG {size} bytes": in_bytes(size, ".jpg") for size in (2000, 1500, 1000)},
    **{f"chip, WebP {size} bytes": in_bytes(size, ".webp") for size in (1500, 1000, 700)},
    **{f"blurred {width}": blurred(width) for width in (1, 1.5, 2, 3, 4)},
    **{f"smeared {length}": smeared(length) for length in (5, 9, 13)},
    **{f"light {share}": darkened(share) for share in (0.5, 0.25, 0.12, 0.06)},
}


def main() -> int:
    """Print one JSON object a condition."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "data")
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--write-table", action="store_true")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    engine = open_engine()
    listed = read_pairs(asked.data / "pairs.csv", asked.data / "MANIFEST.csv")
    sitters = gather(engine, listed, asked.people)
    rows = []
    for name, spoil in CONDITIONS.items():
        rows.append(measure(engine, shipped_calibration(engine.name), sitters, name, spoil))
        print(json.dumps(rows[-1]), flush=True)
    if asked.write_table:
        replace_table(HERE / "README.md", "portrait_quality", rows)
    return 0


def gather(engine: FaceEngine, listed: PairList, count: int) -> list[Sitter]:
    """Return people with two good pictures each, no person twice."""
    pairs = [pair for pair in listed.pairs if pair.same]
    random.Random(1).shuffle(pairs)
    sitters: list[Sitter] = []
    seen: set[str] = set()
    before: tuple[Embedding, float] | None = None
    for pair in pairs:
        person = listed.people[pair.first]
        if person in seen or len(sitters) == count:
            continue
        seen.add(person)
        pictures = [decode_picture(file.read_bytes()) for file in (pair.first, pair.second)]
        card, live = (look_at(engine, picture) for picture in pictures)
        if (
            card.face is None
            or live.face is None
            or min(card.quality.score, live.quality.score) == 0
        ):
            continue
        own = engine.embed(pictures[1], live.face)
        if before is not None:
            sitters.append(
                Sitter(
                    portrait=pictures[0],
                    points=card.face.points,
                    own=own,
                    other=before[0],
                    own_quality=live.quality.score,
                    other_quality=before[1],
                )
            )
        before = (own, live.quality.score)
    return sitters


def measure(
    engine: FaceEngine,
    calibration: Calibration,
    sitters: Sequence[Sitter],
    name: str,
    spoil: Spoil,
) -> dict[str, Any]:
    """Return what one way of spoiling portraits does to the answers."""
    own: Counter[Band | None] = Counter()
    taken = capped = 0
    qualities, similarities = [], []
    for sitter in sitters:
        picture = spoil(sitter.portrait, sitter.points)
        found = look_at(engine, picture)
        qualities.append(found.quality.score)
        if found.face is None or found.quality.outcome is not FaceOutcome.OK:
            own[None] += 1
            continue
        card = engine.embed(picture, found.face)
        similarities.append(engine.compare(card, sitter.own))
        band, held = band_of(calibration, similarities[-1], sitter.own_quality, found.quality.score)
        own[band] += 1
        capped += held
        other, _ = band_of(
            calibration,
            engine.compare(card, sitter.other),
            sitter.other_quality,
            found.quality.score,
        )
        taken += other is Band.MATCH
    count = len(sitters)
    return {
        "portrait": name,
        "people": count,
        "similarity": round(float(np.mean(similarities)), 3) if similarities else "",
        "quality": round(float(np.median(qualities)), 2),
        "lost": f"{1 - own[Band.MATCH] / count:.1%}",
        "unsure": f"{own[Band.UNSURE] / count:.1%}",
        "capped": f"{capped / count:.1%}",
        "refused": f"{own[Band.NO] / count:.1%}",
        "unseen": f"{own[None] / count:.1%}",
        "taken": f"{taken / count:.1%}",
    }


def _packed(picture: Picture, kind: str, quality: int) -> tuple[Picture, int]:
    which = cv2.IMWRITE_JPEG_QUALITY if kind == ".jpg" else cv2.IMWRITE_WEBP_QUALITY
    _, packed = cv2.imencode(kind, picture, [which, quality])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8), len(packed)


if __name__ == "__main__":
    sys.exit(main())
