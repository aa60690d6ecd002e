"""A database connection whose machine can lose power between any two statements."""

from __future__ import annotations

import sqlite3
from typing import Any


class PowerCut(sqlite3.OperationalError):
    """The machine went dark: nothing after this reaches the disk."""


class Power:
    """The power of one machine: counts its writes and goes off when told."""

    def __init__(self) -> None:
        self.off = False
        self._left: int | None = None
        self._after_commit = False

    def plan(self, statements: int | None, *, after_commit: bool = False) -> None:
        """Go off before the statement that follows so many more; or right after the next commit.

        None: stay on.
        """
        self._left = None if after_commit else statements
        self._after_commit = after_commit

    def draw(self) -> None:
        """A statement is about to run.

        Raises:
            PowerCut: it does not run.
        """
        if self._left is not None:
            self._left -= 1
            self.off = self.off or self._left < 0
        self.require()

    def require(self) -> None:
        """Raise PowerCut when the power is off."""
        if self.off:
            raise PowerCut("the power is off")

    def committed(self) -> None:
        """A commit reached the disk."""
        if self._after_commit:
            self.off = True
        self.require()


def connection_on(power: Power) -> type[sqlite3.Connection]:
    """The class of the connections of a machine on this power."""

    def drawing(row: Any) -> Any:
        power.draw()
        return row

    class MachineCursor(sqlite3.Cursor):
        def execute(self, sql: str, parameters: Any = (), /) -> MachineCursor:
            power.draw()
            super().execute(sql, parameters)
            return self

        def executemany(self, sql: str, rows: Any, /) -> MachineCursor:
            super().executemany(sql, map(drawing, rows))
            return self

    class MachineConnection(sqlite3.Connection):
        def cursor(self, *_args: Any) -> sqlite3.Cursor:  # type: ignore[override]  # one kind
            return super().cursor(MachineCursor)

        def commit(self) -> None:
            power.draw()
            super().commit()
            power.committed()

    return MachineConnection
