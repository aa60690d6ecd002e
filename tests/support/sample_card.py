"""Cards of nobody, with whatever portrait a test needs, on a simulated reader."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import cv2

from id_verify.card.number import check_character
from id_verify.faces.engine import Picture

NAME = "示例卡"


def number_born(birth: date) -> str:
    """A valid number of nobody born on this day."""
    digits = f"110101{birth:%Y%m%d}991"
    return digits + check_character(digits)


def put_card(folder: Path, portrait: Picture, *, birth: date = date(1956, 3, 8)) -> Path:
    """Put a card with this portrait on the reader in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(folder / "portrait.jpg"), portrait)
    card = {
        "name": NAME,
        "sex": "male",
        "nationality": "汉",
        "birth": birth.isoformat(),
        "address": "示例省示例市示例路1号",
        "number": number_born(birth),
        "valid_since": "2016-01-05",
        "valid_until": None,
        "portrait": "portrait.jpg",
    }
    fresh = folder / "card.new"
    fresh.write_text(json.dumps(card, ensure_ascii=False), "utf-8")
    return fresh.replace(folder / "card.json")
