"""Rows as a unit of work sees them, read and written by one statement each, at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Connection
from sqlmodel import SQLModel

from service_queue.errors import TransitionRefused
from service_queue.journal_head import journal_head
from service_queue.pending import (
    JOURNAL_COLUMNS,
    MOVING,
    OPERATION_COLUMNS,
    Answer,
    Moving,
    RowKey,
)
from service_queue.statements import Prepared, count_up, plain, record, statements_of
from service_queue.tables import JournalRow, OperationRow, TicketOfferRow, TicketRow

R = TypeVar("R", bound=SQLModel)

ANSWERED: Final = ("subject", "op_id")


class DirectRows:
    """The rows of one unit of work."""

    def __init__(self, connection: Connection, cursor: Any) -> None:
        """`cursor`: the driver's own, on the same connection."""
        self.rows: dict[RowKey, Moving] = {}
        """The seats, tickets, offers and calls this unit has seen, by class and id."""
        self._connection = connection
        self._statements = statements_of(connection)
        self._cursor = cursor

    @property
    def connection(self) -> Connection:
        """The connection, with everything this unit wrote."""
        return self._connection

    @property
    def lineage(self) -> object:
        """Another one than before: what was followed until then may have been undone."""
        return self._connection

    # --- reading ---------------------------------------------------------------------------

    def find(self, model: type[R], keys: Mapping[str, object]) -> R | None:
        """The row of `model` whose columns equal `keys`, or None."""
        wanted = {name: plain(value) for name, value in keys.items() if value is not None}
        nulls = [name for name, value in keys.items() if value is None]
        text = self._statements.find(model, tuple(wanted), nulls)
        row = self._cursor.execute(text, tuple(wanted.values())).fetchone()
        return None if row is None else self.known(record(model, row))

    def select(self, text: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """The bare rows of a statement."""
        rows: list[tuple[Any, ...]] = self._cursor.execute(text, values).fetchall()
        return rows

    def known(self, row: R) -> R:
        """The object this unit already has for the row, which is as new as the row itself."""
        if not isinstance(row, MOVING):
            return row
        return cast(R, self.rows.setdefault((type(row), row.id), row))

    def at_kiosk(
        self, kiosk_id: str, read: Callable[[str], Iterable[TicketRow]]
    ) -> list[TicketRow]:
        """A kiosk's tickets that are open or may be rated, as `read` finds them."""
        return list(read(kiosk_id))

    def answered(self, subject: str, op_id: str) -> Answer | None:
        """The command and the answer that were given under this number, or None."""
        text = self._statements.find(OperationRow, ANSWERED, ())
        row = self._cursor.execute(text, (subject, op_id)).fetchone()
        if row is None:
            return None
        found = dict(zip(OPERATION_COLUMNS, row, strict=True))
        return found["command"], found["answer"]

    def count(self, model: type[SQLModel], keys: Mapping[str, str]) -> int | None:
        """A counter, or None when it was never raised."""
        text = self._statements.count(model, tuple(keys))
        row = self._cursor.execute(text, tuple(keys.values())).fetchone()
        return None if row is None else int(row[0])

    # --- writing ---------------------------------------------------------------------------

    def insert(self, model: type[SQLModel], values: Mapping[str, Any]) -> None:
        """A new row of any kind."""
        self._run(self.new_row(model, values))

    def new_row(self, model: type[SQLModel], values: Mapping[str, Any]) -> Prepared:
        """How a new row is written."""
        text = self._statements.insert(model, tuple(values))
        return text, tuple(map(plain, values.values()))

    def add(self, row: Moving) -> None:
        """A new row that moves."""
        self.insert(type(row), row.__dict__)
        self.known(row)

    def change(self, row: Moving, values: dict[str, Any]) -> None:
        """New values for columns of a row; one with a state only if it is still in it.

        Raises:
            TransitionRefused: somebody else moved it first.
        """
        olds: dict[str, str] = {"id": row.id}
        if "state" in values and not isinstance(row, TicketOfferRow):
            olds["state"] = row.state.value
        text = self._statements.change(type(row), tuple(values), tuple(olds))
        changed = self._run((text, (*map(plain, values.values()), *olds.values())))
        if changed:
            row.__dict__.update(values)  # what SQLModel's own setting of an attribute comes to
        elif "state" in olds:
            raise TransitionRefused(f"{row.__tablename__} is no longer {olds['state']}")

    def note(self, entry: tuple[Any, ...]) -> int:
        """A row of the journal, without its number; returns that."""
        seq = journal_head(self._connection).following()
        self._run((self._statements.insert(JournalRow, JOURNAL_COLUMNS), (seq, *entry)))
        return seq

    def remember(self, operation: tuple[Any, ...]) -> None:
        """The answer to a command, as a row."""
        self._run((self._statements.insert(OperationRow, OPERATION_COLUMNS), operation))

    def count_up(self, model: type[SQLModel], keys: Mapping[str, str]) -> int:
        """Raise the `n` of a row by one, from 0 if there is none yet; returns it."""
        return count_up(self._connection, model, **keys)

    def set_count(self, model: type[SQLModel], n: int, keys: Mapping[str, str]) -> None:
        """Set the `n` of a row, which is made if it is not there."""
        text = self._statements.put_count(model, tuple(keys))
        self._run((text, (*keys.values(), n)))

    def _run(self, prepared: Prepared) -> int:
        changed: int = self._cursor.execute(*prepared).rowcount
        return changed
