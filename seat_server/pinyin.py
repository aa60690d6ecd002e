"""Pinyin initials: what a resident types on a few large keys to find an item."""

from __future__ import annotations

from pypinyin import Style, lazy_pinyin


def initials(name: str) -> str:
    """Return the first letter of every character, lower case: 失业登记 → sydj.

    Letters and digits stay as they are; brackets, commas and spaces fall away.
    """
    spelled = lazy_pinyin(name, style=Style.FIRST_LETTER, errors=list)
    return "".join(part for part in spelled if part.isascii() and part.isalnum()).lower()
