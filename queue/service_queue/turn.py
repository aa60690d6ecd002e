"""One transaction of the writer: units one after the other, their writes together at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import Any, Final

from sqlalchemy import Connection
from sqlmodel import SQLModel

from service_queue.backend import Backend
from service_queue.direct_rows import DirectRows
from service_queue.journal_head import JournalHead
from service_queue.known_rows import KnownRows
from service_queue.pending import Answer, OperationKey, OutOfStep, Pending, is_looked_for
from service_queue.tables import TicketRow
from service_queue.turn_rows import TurnRows

_KEY: Final = "turn"


class Reach(Enum):
    """What a unit of work may touch."""

    ROWS = auto()
    """Rows of the line, all of them through one `Transaction`."""
    ASIDE = auto()
    """By statements of its own, only what the line does not decide by."""
    ANYTHING = auto()
    """By statements of its own, whatever it likes."""


class Turn:
    """A transaction that has begun, on the writer's connection."""

    def __init__(
        self,
        connection: Connection,
        backend: Backend,
        head: JournalHead,
        known: KnownRows,
        lineage: object,
        *,
        waits: bool,
    ) -> None:
        """`waits`: writes wait for the end of the turn; otherwise each is done at once."""
        self.connection = connection
        self.head = head
        self.known = known
        self.lineage = lineage
        self.answers: dict[OperationKey, Answer | None] = {}
        """What was answered to the operations that this turn was asked for; None: nothing yet."""
        self._backend = backend
        self._waits = waits
        self._pending = Pending()
        self._reach = Reach.ANYTHING
        self._rows: TurnRows | None = None
        self._saved = False
        self._seq: int | None = None
        self.cursor: Any = connection.connection.cursor()
        """For one statement at a time."""
        connection.info[_KEY] = self

    # --- units -----------------------------------------------------------------------------

    def begin_unit(self, reach: Reach) -> None:
        """A unit begins, whose failure must undo only itself."""
        self._reach, self._rows, self._saved = reach, None, False
        self._seq = self.head.known
        if reach is not Reach.ROWS or not self._waits:
            self.save()

    def rows(self) -> DirectRows:
        """The rows of the unit that runs."""
        if self._reach is not Reach.ROWS or not self._waits:
            return DirectRows(self.connection, self.cursor)
        assert self._rows is None, "a unit that says so works through one transaction"
        self._rows = TurnRows(self)
        return self._rows

    def end_unit(self) -> None:
        """It succeeded: what it did is done, for those that follow."""
        if self._rows is not None:
            rows = self._rows
            for row in rows.changed.values():
                self.known.put(row)
            self.known.counts |= rows.pending.counts
            self.answers |= rows.remembered
            self._pending.take_over(rows.pending)
            if self._saved:
                self.known.forget_over(rows.changed.values())
        elif self._reach is Reach.ANYTHING:
            self.known.clear()
        if self._saved:
            self._run("RELEASE SAVEPOINT unit")

    def undo_unit(self) -> None:
        """It failed: nothing of it happened."""
        if self._saved:
            self._run("ROLLBACK TO SAVEPOINT unit")
            self._run("RELEASE SAVEPOINT unit")
        self.head.rewind(self._seq)

    # --- writing ---------------------------------------------------------------------------

    def save(self) -> None:
        """From here on the unit that runs can be undone in the database, too."""
        self.flush()
        self._run("SAVEPOINT unit")
        self._saved = True

    def flush(self, *, last: bool = False) -> None:
        """Write what waits; `last`: nothing follows but the commit.

        Raises:
            OutOfStep: the database does not take it; the turn has to be done over.
        """
        if self._pending:
            pending, self._pending = self._pending, Pending()
            self.put(pending, last=last)
            self.known.forget_over([change.row for change in pending.changes.values()])

    def tickets_waiting(self, kiosk_id: str) -> set[str]:
        """Tickets of a kiosk that wait to be written and that somebody will ask for."""
        rows = (change.row for change in self._pending.changes.values())
        return {
            row.id
            for row in rows
            if isinstance(row, TicketRow) and row.kiosk_id == kiosk_id and is_looked_for(row)
        }

    def has(self, model: type[SQLModel]) -> bool:
        """Rows of a kind that does not move wait."""
        return self._pending.has(model)

    def put(self, pending: Pending, *, last: bool = False) -> None:
        """Write this now."""
        with in_step(self._backend):
            self._backend.put(self.connection, pending, last=last)

    def forget_counts(self) -> None:
        """A counter is changed by a statement."""
        self.known.counts.clear()

    def _run(self, text: str) -> None:
        self.cursor.execute(text)


@contextmanager
def in_step(backend: Backend) -> Iterator[None]:
    """What is done here for many commands at once, and fails, is done over one by one.

    Raises:
        OutOfStep: the database does not take it.
    """
    try:
        yield
    except Exception as failure:
        if isinstance(failure, OutOfStep) or backend.outage(failure) is not None:
            raise
        raise OutOfStep(type(failure).__name__) from failure


def between_turns(connection: Connection) -> None:
    """No turn goes on: units that run now are on their own."""
    connection.info.pop(_KEY, None)


def rows_on(connection: Connection) -> DirectRows:
    """The rows of a unit of work on a connection: the writer's in its turn, or any other."""
    turn: Turn | None = connection.info.get(_KEY)
    if turn is None:
        return DirectRows(connection, connection.connection.cursor())
    return turn.rows()
