"""The citizen identity number of GB 11643: region, day of birth, sequence, check character.

Pure. A number is personal data: it is never part of an error, and its `repr` shows the last four.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from id_verify.card.errors import NumberRefused
from id_verify.card.region import holder_of, province_of
from id_verify.card.words import NumberFault, NumberHolder, Sex

LENGTH: Final = 18
EARLIEST_BIRTH: Final = date(1870, 1, 1)
"""Nobody with a card was born before; the oldest person ever lived 122 years."""

_CHECK_CHARACTERS: Final = "10X98765432"
_SHOWN: Final = 4


@dataclass(frozen=True, slots=True)
class IdNumber:
    """One valid number, taken apart. Make it with `parse`."""

    text: str = field(repr=False)
    """Eighteen characters, the last a digit or a capital X."""
    region: str
    """The six digits of the place of first registration."""
    birth: date = field(repr=False)
    sex: Sex
    holder: NumberHolder

    @classmethod
    def parse(cls, text: str, *, today: date | None = None) -> IdNumber:
        """Take a number apart; full-width characters, spaces and a small x are understood.

        Args:
            text: what was typed, read or received.
            today: if given, a birth after this day is refused.

        Raises:
            NumberRefused: with the first fault in the order in which a person would look.
        """
        number = normal_form(text)
        if len(number) != LENGTH:
            raise NumberRefused(NumberFault.LENGTH)
        if not _is_digits(number[:-1]) or not (_is_digits(number[-1]) or number[-1] == "X"):
            raise NumberRefused(NumberFault.CHARACTERS)
        holder = holder_of(number[:6])
        if holder is None:
            raise NumberRefused(NumberFault.REGION)
        birth = birth_said(number)
        if birth is None or birth < EARLIEST_BIRTH or (today is not None and birth > today):
            raise NumberRefused(NumberFault.DATE)
        if number[14:17] == "000":
            raise NumberRefused(NumberFault.SEQUENCE)
        if check_character(number[:17]) != number[-1]:
            raise NumberRefused(NumberFault.CHECK_DIGIT)
        return cls(number, number[:6], birth, sex_said(number), holder)

    @property
    def province(self) -> str:
        """Return the name of the province of first registration, in Chinese."""
        return province_of(self.region)

    @property
    def masked(self) -> str:
        """Return the number as it may be shown: the last four, stars before."""
        return mask(self.text)

    def age_on(self, day: date) -> int:
        """Return the age in completed years (born on 29 February: it grows on 1 March).

        Raises:
            ValueError: the day lies before the birth.
        """
        if day < self.birth:
            raise ValueError("not yet born on that day")
        before_birthday = (day.month, day.day) < (self.birth.month, self.birth.day)
        return day.year - self.birth.year - before_birthday

    def __str__(self) -> str:
        return self.masked


def normal_form(text: str) -> str:
    """Return a number as it is stored: half-width, without spaces, with a capital X."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def mask(text: str) -> str:
    """Return any number, valid or not, with all but its last four characters starred."""
    return "*" * (len(text) - _SHOWN) + text[-_SHOWN:] if len(text) > _SHOWN else "*" * len(text)


def check_character(digits: str) -> str:
    """Return the check character of seventeen digits (ISO 7064, MOD 11-2).

    Raises:
        ValueError: these are not seventeen digits.
    """
    if len(digits) != LENGTH - 1 or not _is_digits(digits):
        raise ValueError("seventeen digits are needed")
    remainder = 0
    for digit in digits:
        remainder = (remainder + int(digit)) * 2 % 11
    return _CHECK_CHARACTERS[remainder % 11]


def birth_said(digits: str) -> date | None:
    """Return the day of birth in digits 7 to 14; None if there is no such day."""
    try:
        return date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return None


def sex_said(digits: str) -> Sex:
    """Return what the seventeenth digit says: odd for men."""
    return Sex.MALE if int(digits[16]) % 2 else Sex.FEMALE


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
