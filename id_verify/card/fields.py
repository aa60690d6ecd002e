"""From rows of text to the fields of a card's front, each with how sure it is.

Where a label was read, what stands behind it is the value; where it was not (glare, a finger),
the card's fixed order helps: name, sex and nationality, birth, address, number from above to below.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Final

from id_verify.card.errors import NumberRefused
from id_verify.card.kind import label_end
from id_verify.card.number import LENGTH, IdNumber
from id_verify.card.region import PROVINCES
from id_verify.card.rows import Row
from id_verify.card.variants import PEOPLES, is_hanzi, likeness, mainland
from id_verify.card.words import CardField, Sex
from id_verify.documents.text import TextLine

NUMBER_LABEL: Final = "公民身份号码"
MIN_DIGITS: Final = 15
"""So many digits in one row are the number, even if some were not read."""

MAX_NAME: Final = 20
HOLED: Final = 0.6
"""The most an address is worth of which part was not seen."""

RAGGED: Final = 2.6
GAP: Final = 1.5
"""In heights of a line: how early a row may end, and how far apart its parts may stand."""

STRETCHABLE: Final = 4
STRETCHED: Final = 1.5

BEHEADED: Final = 0.7
"""The most an address is worth that does not begin with a province, as all do but very old ones."""

UNSURE: Final = 0.5
"""The most that a value is worth which contradicts what can be checked."""

_BEGINNINGS: Final = tuple(name[:2] for name, _ in PROVINCES.values())
_LOOKALIKES: Final = str.maketrans("OoQDlI|iZzSsB", "0000111122558")
_DIGITS: Final = re.compile(r"[0-9OoQDlI|iZzSsBXx×]{15,22}")
_BIRTH: Final = re.compile(
    r"((?:18|19|20)\d{2})\D{0,2}?年?\D{0,2}?(\d{1,2})\D{0,2}?月?\D{0,2}?(\d{1,2})"
)
_PART_OF_BIRTH: Final = re.compile(
    r"出生|\d{4}年|年\D{0,2}\d{1,2}\D{0,2}月|月\D{0,2}\d{1,2}\D{0,2}日"
)
_PART_OF_NUMBER: Final = re.compile(r"\d{9}")
_ADDRESS_LABEL: Final = re.compile(r"^(住址|住|址)")


@dataclass(frozen=True, slots=True)
class Found:
    """One field as read."""

    value: str = field(repr=False)
    score: float
    rows: tuple[Row, ...] = field(default=(), repr=False)


Fields = dict[CardField, Found]


def fields_of(rows: Sequence[Row]) -> Fields:
    """Return the fields found in rows that run from above to below."""
    found: Fields = {}
    number_at = _number(rows, found)
    above = rows[:number_at]
    birth_at = _birth(above, found)
    sex_at = _sex_and_people(above[: birth_at if birth_at is not None else None], found)
    _name(above[: _first(sex_at, birth_at, len(above))], found)
    below = _first(birth_at, sex_at, -1)
    if birth_at is None and sex_at is not None:
        below = sex_at
    _address(above[max(below, birth_at or 0, sex_at or 0) + 1 :] if below >= 0 else above, found)
    return found


def birth_of(found: Fields) -> date | None:
    """Return the printed day of birth."""
    birth = found.get(CardField.BIRTH)
    return date.fromisoformat(birth.value) if birth else None


def sex_of(found: Fields) -> Sex | None:
    """Return the printed sex."""
    sex = found.get(CardField.SEX)
    return Sex(sex.value) if sex else None


def _first(*places: int | None) -> int:
    return next(place for place in places if place is not None)


def _number(rows: Sequence[Row], found: Fields) -> int:
    """Find the number; return the row it stands in, or where the last row ends."""
    for at in range(len(rows) - 1, -1, -1):
        for run in sorted(_DIGITS.findall(rows[at].text), key=len, reverse=True):
            digits = number_from(run)
            if sum(character.isdigit() for character in digits) >= MIN_DIGITS:
                whole = len(digits) == LENGTH
                score = rows[at].score if whole else min(rows[at].score, UNSURE)
                found[CardField.NUMBER] = Found(digits, score, (rows[at],))
                return at
    for at, row in enumerate(rows):
        if label_end(row.text, NUMBER_LABEL) is not None:
            return at
    return len(rows)


def number_from(run: str) -> str:
    """Return a run of characters as a number: letters that look like digits become digits."""
    last = "X" if run[-1] in "Xx×" else run[-1].translate(_LOOKALIKES)
    return run[:-1].translate(_LOOKALIKES).replace("x", "X").replace("×", "X") + last


def is_valid(number: str) -> bool:
    """Tell whether a number is one that may be given to somebody."""
    try:
        IdNumber.parse(number)
    except NumberRefused:
        return False
    return True


def _birth(rows: Sequence[Row], found: Fields) -> int | None:
    """Find the day of birth; return its row, even if only part of it can be read."""
    for at, row in enumerate(rows):
        if not _PART_OF_BIRTH.search(row.text):
            continue
        match = _BIRTH.search(row.text)
        if match is not None:
            try:
                day = date(int(match[1]), int(match[2]), int(match[3]))
            except ValueError:
                return at
            found[CardField.BIRTH] = Found(day.isoformat(), row.score, (row,))
        return at
    return None


def _sex_and_people(rows: Sequence[Row], found: Fields) -> int | None:
    for at, row in enumerate(rows):
        text = row.text
        people_from = label_end(text, "民族")
        sex_from = label_end(text, "性别")
        labelled = people_from is not None or sex_from is not None
        if not labelled and (at == 0 or not re.search(r"[男女].?[民族]", text)):
            continue
        sex = re.search(r"[男女]", text[sex_from or 0 :])
        if sex:
            word = Sex.MALE if sex[0] == "男" else Sex.FEMALE
            found[CardField.SEX] = Found(word.value, row.score, (row,))
        _people(row, people_from, found)
        return at
    return None


def _people(row: Row, begins: int | None, found: Fields) -> None:
    if begins is None:
        split = re.search(r"[民族]", row.text)
        if split is None:
            return
        begins = split.end()
    printed = "".join(filter(is_hanzi, row.text[begins:]))
    if not printed:
        return
    best = max(PEOPLES, key=lambda people: (likeness(printed, people), people))
    alike = likeness(printed, best)
    if alike == 1.0:
        found[CardField.NATIONALITY] = Found(best, row.score, (row,))
    elif alike >= UNSURE:
        found[CardField.NATIONALITY] = Found(best, min(row.score * alike, 0.75), (row,))
    else:
        found[CardField.NATIONALITY] = Found(printed, min(row.score, UNSURE) * 0.5, (row,))


def _name(rows: Sequence[Row], found: Fields) -> None:
    for row in rows:
        ends = label_end(row.text, "姓名")
        if ends is not None:
            name = _only_name(row.text[ends:])
            if name:
                score = row.score if len(name) > 1 else min(row.score, UNSURE)
                found[CardField.NAME] = Found(name, score, (row,))
            return
    for row in reversed(rows):
        name = _only_name(row.text.lstrip("姓名"))
        if name:
            half_read = row.text[0] in "姓名"
            score = row.score * (0.9 if half_read else UNSURE)
            found[CardField.NAME] = Found(name, score, (row,))
            return


def _only_name(text: str) -> str:
    name = "".join("·" if c in "·•・.．" else c for c in text if is_hanzi(c) or c in "·•・.．")
    return name.strip("·")[:MAX_NAME]


def _address(rows: Sequence[Row], found: Fields) -> None:
    parts: list[str] = []
    used: list[Row] = []
    for row in rows:
        if label_end(row.text, NUMBER_LABEL) is not None or _PART_OF_NUMBER.search(row.text):
            break
        text = row.text if parts else _ADDRESS_LABEL.sub("", row.text)
        text = "".join(
            c for c in text if is_hanzi(c) or (c.isascii() and (c.isalnum() or c in "-()#/,.&"))
        )
        if not any(is_hanzi(c) or c.isdigit() for c in text):
            continue
        parts.append(text)
        used.append(row)
    if parts:
        score = min(row.score for row in used)
        if not any("住" in row.text or "址" in row.text for row in used):
            score *= 0.9
        if _has_holes(used):
            score = min(score, HOLED)
        if not "".join(parts).startswith(_BEGINNINGS):
            score = min(score, BEHEADED)
        found[CardField.ADDRESS] = Found("".join(parts), score, tuple(used))


def _has_holes(rows: Sequence[Row]) -> bool:
    """Tell whether part of an address was not seen: only its last row may end early."""
    height = sum(row.height for row in rows) / len(rows)
    right = max(row.right for row in rows)
    if any(row.right < right - RAGGED * height for row in rows[:-1]):
        return True
    left = min((row.left for row in rows[1:]), default=0.0)
    if any(row.left > left + height for row in rows[1:]):
        return True
    if any(_is_stretched(line) for row in rows for line in row.lines):
        return True
    return any(_has_gap(row, height) for row in rows)


def _is_stretched(line: TextLine) -> bool:
    """Tell whether a line is longer than what was read of it: something in it was not seen."""
    text = mainland(line.text)
    wide = sum(1.0 if is_hanzi(character) else 0.6 for character in text)
    length = float(line.box[:, 0].max() - line.box[:, 0].min())
    return len(text) >= STRETCHABLE and length > STRETCHED * wide * line.height


def _has_gap(row: Row, height: float) -> bool:
    values = [line for line in row.lines if not _ADDRESS_LABEL.fullmatch(mainland(line.text))]
    return any(
        float(after.box[:, 0].min() - before.box[:, 0].max()) > GAP * height
        for before, after in pairwise(values)
    )
