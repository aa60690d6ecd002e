"""Who is told next of what everybody could see.

One event moves the whole line. To tell thousands of it at once would hold up the calls, so the
front of the line is told each time, and everybody else in turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from signaling.server.connection import Connection

FRONT: Final = 40
"""So many of the line are told of every change at once."""

AT_ONCE: Final = 250
"""So many others, and so many desks, in one go."""

REST: Final = 5.0
"""After a go so many times its own length is left to everything else."""


class Rounds:
    """Goes round the line and the desks, and round again when there was news meanwhile."""

    def __init__(self) -> None:
        self._tickets: list[str] = []
        self._desks: list[Connection] = []
        self._news = False

    @property
    def goes_on(self) -> bool:
        """Somebody has not been told yet."""
        return bool(self._news or self._tickets or self._desks)

    def hear(self) -> None:
        """Something changed that everybody could see."""
        self._news = True

    def take(
        self, line: Sequence[str], desks: Sequence[Connection]
    ) -> tuple[list[str], list[Connection]]:
        """The tickets and desks of this go. `line`: all that wait, in order."""
        if self._news and not self._tickets and not self._desks:
            self._news = False
            self._tickets, self._desks = list(line[FRONT:]), list(desks)
        tickets, self._tickets = self._tickets[:AT_ONCE], self._tickets[AT_ONCE:]
        some, self._desks = self._desks[:AT_ONCE], self._desks[AT_ONCE:]
        return [*line[:FRONT], *tickets], some
