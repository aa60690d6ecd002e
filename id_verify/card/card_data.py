"""What is written on one card, as a reader gives it, how sure it is, and where it disagrees.

Pure. Every value is personal data and kept out of `repr`, so that a log line cannot carry it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from id_verify.card.errors import NumberRefused
from id_verify.card.number import LENGTH, IdNumber, birth_said, mask, sex_said
from id_verify.card.words import CardField, CardSource, Contradiction, NumberFault, Sex

RELIABLE: Final = 0.8
"""From this confidence on a field counts as read."""


@dataclass(frozen=True, slots=True)
class Validity:
    """The days on which a card is valid; `until` is None for a card for life (长期)."""

    since: date
    until: date | None

    def covers(self, day: date) -> bool:
        """Tell whether the card is valid on this day."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, kw_only=True, slots=True)
class CardData:
    """One card. A chip gives everything; of a picture, what could not be read is None."""

    source: CardSource
    name: str | None = field(default=None, repr=False)
    sex: Sex | None = field(default=None, repr=False)
    nationality: str | None = field(default=None, repr=False)
    """One of the 56 peoples as printed, without 族: 汉, 藏, 维吾尔 …"""
    birth: date | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)
    number: str | None = field(default=None, repr=False)
    """The number as read, valid or not: half-width, eighteen characters if all were seen."""
    portrait: bytes | None = field(default=None, repr=False)
    """The holder's picture, JPEG."""
    validity: Validity | None = field(default=None, repr=False)
    """Only a chip tells it: it is printed on the back."""
    confidence: Mapping[CardField, float] = field(default_factory=dict)
    """How sure each field is, 0 to 1; a field that was not found is not in it."""

    @property
    def id_number(self) -> IdNumber | None:
        """Return the number taken apart; None if it was not read or is none."""
        try:
            return IdNumber.parse(self.number) if self.number else None
        except NumberRefused:
            return None

    @property
    def number_fault(self) -> NumberFault | None:
        """Return what is wrong with the number that was read; None if nothing, or nothing was."""
        try:
            if self.number:
                IdNumber.parse(self.number)
        except NumberRefused as refused:
            return refused.fault
        return None

    @property
    def masked_number(self) -> str | None:
        """Return the number as it may be shown."""
        return mask(self.number) if self.number else None

    @property
    def masked_name(self) -> str | None:
        """Return the name as it may be shown: the first character, stars behind."""
        return self.name[0] + "*" * (len(self.name) - 1) if self.name else None

    def doubtful(self, limit: float = RELIABLE) -> tuple[CardField, ...]:
        """Return the fields that were not found, or with less confidence than this."""
        return tuple(word for word in CardField if self.confidence.get(word, 0.0) < limit)

    def contradictions(self, today: date | None = None) -> tuple[Contradiction, ...]:
        """Return where the card disagrees with itself, and with the calendar if today is given."""
        return contradictions(self, today)


def contradictions(card: CardData, today: date | None = None) -> tuple[Contradiction, ...]:
    """Compare the printed fields of a card with its number, and its dates with today."""
    found: list[Contradiction] = []
    number = card.id_number
    if card.number and number is None:
        found.append(Contradiction.NUMBER_INVALID)
    birth, sex = (number.birth, number.sex) if number else _said_by(card.number)
    if card.birth and birth and card.birth != birth:
        found.append(Contradiction.BIRTH_NUMBER)
    if card.sex and sex and card.sex is not sex:
        found.append(Contradiction.SEX_NUMBER)
    if today is not None:
        if any(day is not None and day > today for day in (card.birth, birth)):
            found.append(Contradiction.NOT_YET_BORN)
        found.extend(_out_of_date(card.validity, today))
    return tuple(found)


def _said_by(number: str | None) -> tuple[date | None, Sex | None]:
    """Return birth and sex of a number that is invalid elsewhere: a forger gets one thing wrong."""
    digits = (number or "")[:-1]
    if len(digits) != LENGTH - 1 or not (digits.isascii() and digits.isdigit()):
        return None, None
    return birth_said(digits), sex_said(digits)


def _out_of_date(validity: Validity | None, today: date) -> list[Contradiction]:
    if validity is None or validity.covers(today):
        return []
    return [Contradiction.NOT_YET_VALID if today < validity.since else Contradiction.EXPIRED]
