"""Sheets of paper that never were: pages of text, forms and covers, to be laid on tables."""

from __future__ import annotations

import random
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tests.support.card_pictures import FONTS, SIMPLIFIED

Picture = NDArray[np.uint8]

A4: Final = (1240, 1754)
WORDS: Final = (
    "申请人姓名住址联系电话办理事项材料清单居民身份证户口簿"
    "养老保险登记表窗口受理日期签字盖章说明根据有关规定"
)


def draw_page(rng: random.Random, *, paper: tuple[int, int, int] = (250, 250, 247)) -> Picture:
    """Draw a page: a heading, paragraphs, perhaps a table and a stamp."""
    image = Image.new("RGB", A4, paper)
    pen = ImageDraw.Draw(image)
    face = str(next(font for font in FONTS if font.exists()))
    small = ImageFont.truetype(face, 34, index=SIMPLIFIED)
    large = ImageFont.truetype(face, 64, index=SIMPLIFIED)
    pen.text((A4[0] / 2, 150), _words(rng, 9), font=large, fill=(20, 20, 20), anchor="mm")
    y = 260
    for _ in range(rng.randrange(9, 16)):
        pen.text((120, y), _words(rng, rng.randrange(18, 30)), font=small, fill=(30, 30, 30))
        y += 56
    if rng.random() < 0.5:
        for row in range(5):
            pen.rectangle(
                (120, y + 20 + row * 70, 1120, y + 90 + row * 70), outline=(60, 60, 60), width=2
            )
            pen.text((140, y + 34 + row * 70), _words(rng, 8), font=small, fill=(30, 30, 30))
    if rng.random() < 0.5:
        pen.ellipse((820, 1380, 1080, 1640), outline=(200, 40, 40), width=8)
    return np.ascontiguousarray(np.asarray(image)[..., ::-1])


def _words(rng: random.Random, count: int) -> str:
    return "".join(rng.choices(WORDS, k=count))
