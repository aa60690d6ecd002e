"""Pinyin initials: what a resident types on a few large keys to find an item."""

from __future__ import annotations

from pypinyin import Style, lazy_pinyin


def initials(name: str) -> str:
    """Return the first letter of every character, lower case: 失业登记 → sydj.

    Letters and digits stay as they are; brackets, commas and spaces fall away.
    """
    spelled = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER))
    return "".join(letter for letter in spelled if letter.isascii() and letter.isalnum()).lower()
