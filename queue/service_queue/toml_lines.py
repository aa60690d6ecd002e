"""On which line of a TOML text each key stands; `tomllib` does not tell.

Only for texts that `tomllib` has read: what is not TOML is not noticed here.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from typing import Final

Place = tuple[str | int, ...]
"""The way to a value: names of tables and keys, numbers of elements."""

_BLANK: Final = " \t"
_GAP: Final = " \t\r\n"
_END_OF_KEY: Final = " \t.=]"
_END_OF_VALUE: Final = ",]}\r\n#"
_LONG: Final = 3
"""So many quotes around a string that may hold line ends."""


def lines_of(text: str) -> dict[Place, int]:
    """The line (from 1) of every table, key and element."""
    return _Scan(text).document()


def line_of(lines: dict[Place, int], place: Place) -> int:
    """The line of `place`, or of the nearest thing around it that is written down; else 1."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


class _Scan:
    """One walk through a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._lines: dict[Place, int] = {}
        self._elements: Counter[Place] = Counter()
        """How many elements each array of tables has so far."""

    def document(self) -> dict[Place, int]:
        table: Place = ()
        while self._skip_gap():
            if self._now == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    @property
    def _now(self) -> str:
        return self._text[self._at : self._at + 1]

    def _step(self, count: int = 1) -> None:
        passed = self._text[self._at : self._at + count]
        self._line += passed.count("\n")
        self._at += count

    def _skip(self, characters: str) -> None:
        while self._now and self._now in characters:
            self._step()

    def _skip_gap(self) -> bool:
        """Pass blanks, line ends and comments; False at the end of the text."""
        self._skip(_GAP)
        while self._now == "#":
            while self._now and self._now != "\n":
                self._step()
            self._skip(_GAP)
        return self._now != ""

    def _header(self) -> Place:
        brackets = 2 if self._text.startswith("[[", self._at) else 1
        line = self._line
        self._step(brackets)
        place: Place = ()
        for name in self._key():
            place = self._newest((*place, name))
        self._step(brackets)
        if brackets == 2:  # noqa: PLR2004 - [[an array of tables]]
            number = self._elements[place]
            self._elements[place] += 1
            self._lines.setdefault(place, line)
            place = (*place, number)
        self._lines[place] = line
        return place

    def _newest(self, place: Place) -> Place:
        """Within an array of tables, a name leads into its last element."""
        parent, name = place[:-1], place[-1]
        count = self._elements[parent]
        return (*parent, count - 1, name) if count else place

    def _pair(self, table: Place) -> None:
        line = self._line
        place = (*table, *self._key())
        for depth in range(len(table) + 1, len(place) + 1):
            self._lines.setdefault(place[:depth], line)
        self._step()  # =
        self._skip(_BLANK)
        self._value(place)

    def _key(self) -> list[str]:
        names = []
        while True:
            self._skip(_BLANK)
            names.append(self._name())
            self._skip(_BLANK)
            if self._now != ".":
                return names
            self._step()

    def _name(self) -> str:
        start = self._at
        if self._now in {'"', "'"}:
            self._string()
            quoted = self._text[start : self._at]
            (name,) = tomllib.loads(f"{quoted} = 0")
            return name
        while self._now and self._now not in _END_OF_KEY:
            self._step()
        return self._text[start : self._at]

    def _value(self, place: Place) -> None:
        match self._now:
            case "{":
                self._list_of("}", place)
            case "[":
                self._list_of("]", place)
            case '"' | "'":
                self._string()
            case _:
                while self._now and self._now not in _END_OF_VALUE:
                    self._step()

    def _list_of(self, closing: str, place: Place) -> None:
        """The pairs of an inline table, or the elements of an array."""
        self._step()
        number = 0
        while self._skip_gap() and self._now != closing:
            if self._now == ",":
                self._step()
            elif closing == "}":
                self._pair(place)
            else:
                element = (*place, number)
                self._lines[element] = self._line
                self._value(element)
                number += 1
        self._step()

    def _string(self) -> None:
        quote = self._now
        fence = quote * _LONG if self._text.startswith(quote * _LONG, self._at) else quote
        self._step(len(fence))
        while self._now and not self._text.startswith(fence, self._at):
            self._step(2 if quote == '"' and self._now == "\\" else 1)
        self._step(len(fence))
        if len(fence) == _LONG:
            # Up to two quotes may stand before the three that end it.
            self._skip(quote)
