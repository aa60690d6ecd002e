"""Eight digits that a resident types: seven drawn ones and a check digit. Pure."""

from __future__ import annotations

import hashlib
from typing import Final

DRAWN: Final = 7
"""Ten million codes: who tries at random, a few times a minute as the hub allows, finds none."""

_MODULUS: Final = 10


def check_digit(digits: str) -> str:
    """The check digit of some digits (ISO/IEC 7064 MOD 11,10).

    It finds every wrong digit and nearly every swap of neighbours.
    """
    product = _MODULUS
    for digit in digits:
        product = (product + int(digit)) % _MODULUS or _MODULUS
        product = product * 2 % (_MODULUS + 1)
    return str((_MODULUS + 1 - product) % _MODULUS)


def is_well_formed(code: str) -> bool:
    """The code has its form, and its last digit is right."""
    right = len(code) == DRAWN + 1 and code.isascii() and code.isdigit()
    return right and check_digit(code[:-1]) == code[-1]


def code_from(source: str) -> str:
    """The code drawn with `source`, an id that nobody can guess."""
    number = int.from_bytes(hashlib.sha256(source.encode()).digest())
    digits = f"{number % 10**DRAWN:0{DRAWN}d}"
    return digits + check_digit(digits)
