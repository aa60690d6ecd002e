"""How what waited is written to SQLite: each row by its own change, many rows by one text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection
from sqlmodel import SQLModel

from service_queue.pending import (
    JOURNAL_COLUMNS,
    OPERATION_COLUMNS,
    Change,
    OutOfStep,
    Pending,
    Puts,
)
from service_queue.statements import Statements, plain, statements_of
from service_queue.tables import JournalRow, OperationRow, table_of

AT_ONCE: Final = (64, 16, 4, 1)
"""Rows in one text: a few sizes, so that there are few texts."""


def put(connection: Connection, pending: Pending) -> None:
    """Write it in the transaction that runs.

    Raises:
        OutOfStep: a row is not in the state it was thought to be in.
    """
    statements = statements_of(connection)
    cursor: Any = connection.connection.cursor()
    for puts in pending.puts():
        if puts.columns:
            _change(cursor, statements, puts)
        else:
            columns = tuple(column.name for column in table_of(puts.model).columns)
            rows = [_values(change, columns) for change in puts.changes]
            _insert(cursor, statements, puts.model, columns, rows)
    for (model, keys, values), n in pending.counts.items():
        cursor.execute(statements.put_count(model, keys), (*values, n))
    for _, (text, parameters) in pending.others:
        cursor.execute(text, parameters)
    _insert(cursor, statements, OperationRow, OPERATION_COLUMNS, [*pending.operations.values()])
    _insert(cursor, statements, JournalRow, JOURNAL_COLUMNS, pending.journal)
    cursor.close()


def _change(cursor: Any, statements: Statements, puts: Puts) -> None:
    has_state = puts.changes[0].was is not None
    text = statements.change(puts.model, puts.columns, ("id", "state") if has_state else ("id",))
    rows = [
        (*_values(change, puts.columns), change.row.id, *((change.was,) if has_state else ()))
        for change in puts.changes
    ]
    if cursor.executemany(text, rows).rowcount != len(rows):
        raise OutOfStep(puts.model.__name__)


def _insert(
    cursor: Any,
    statements: Statements,
    model: type[SQLModel],
    columns: Sequence[str],
    rows: list[tuple[Any, ...]],
) -> None:
    begun = 0
    for size in AT_ONCE:
        while len(rows) - begun >= size:
            text = statements.insert_many(model, columns, size)
            some = rows[begun : begun + size]
            cursor.execute(text, [value for row in some for value in row])
            begun += size


def _values(change: Change, columns: Sequence[str]) -> tuple[Any, ...]:
    values = change.row.__dict__
    return tuple([plain(values[name]) for name in columns])
