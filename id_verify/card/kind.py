"""What lies there: the front of an identity card, its back, or something else. Pure.

A driving licence has a name, a sex, an address and the same eighteen digits: that a card's words
are there is not enough, the words of other papers must be absent.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from id_verify.card.variants import likeness


class CardKind(StrEnum):
    """What the words on it say it is."""

    FRONT = "front"
    BACK = "back"
    OTHER = "other"
    """It has words, and they are another paper's."""
    NONE = "none"
    """There are no words that tell."""


FRONT_LABELS: Final = ("姓名", "性别", "民族", "出生", "住址", "公民身份号码")
OWN_LABELS: Final = ("民族", "住址", "公民身份号码")
BACK_LABELS: Final = ("中华人民共和国", "居民身份证", "签发机关", "有效期限")
OTHER_PAPERS: Final = (
    "驾驶证",
    "行驶证",
    "准驾车型",
    "初次领证",
    "社会保障",
    "医疗保障",
    "信用卡",
    "储蓄卡",
    "借记卡",
    "银联",
    "护照",
    "营业执照",
    "结婚证",
    "离婚证",
    "户主",
    "籍贯",
    "国籍",
    "学生证",
    "工作证",
    "残疾人证",
    "永久居留",
    "文化程度",
    "LICENSE",
    "LICENCE",
    "PASSPORT",
    "UNIONPAY",
)
"""Words that stand on no side of an identity card, and in no address."""

ENOUGH_LABELS: Final = 3
ALIKE: Final = 0.74
"""A label counts as read with one of four characters, or one of six or two of eight, wrong."""

SHORT: Final = 2
"""Labels so short must be read whole."""


def kind_of(texts: Iterable[str]) -> CardKind:
    """Judge a picture by its rows of text, in mainland forms."""
    rows = [text.upper() for text in texts if text]
    if any(word in row for row in rows for word in OTHER_PAPERS):
        return CardKind.OTHER
    front = [label for label in FRONT_LABELS if bears(rows, label)]
    if len(front) >= ENOUGH_LABELS and any(label in OWN_LABELS for label in front):
        return CardKind.FRONT
    back = [label for label in BACK_LABELS if bears(rows, label)]
    if len(back) >= len(BACK_LABELS) - 1 or "居民身份证" in back:
        return CardKind.BACK
    return CardKind.OTHER if rows else CardKind.NONE


def bears(rows: Iterable[str], label: str) -> bool:
    """Tell whether some row holds a label, misread a little or not."""
    return any(label_end(row, label) is not None for row in rows)


def label_end(row: str, label: str) -> int | None:
    """Return where in a row a label ends; None if it is not in it."""
    exact = row.find(label)
    if exact >= 0:
        return exact + len(label)
    if len(label) <= SHORT:
        return None
    windows = range(max(1, len(row) - len(label) + 2))
    found = [(likeness(row[at : at + len(label)], label), at) for at in windows]
    best, at = max(found, key=lambda each: (each[0], -each[1]))
    return min(at + len(label), len(row)) if best >= ALIKE else None
