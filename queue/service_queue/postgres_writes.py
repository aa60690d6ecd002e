"""How what waited is written to PostgreSQL: a few statements, all of them in one round trip.

The rows of a statement go as one JSON text: for the driver that is one parameter, and the server
takes it apart faster than a client puts many parameters together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from service_queue.journal_head import LAST_SEQ
from service_queue.pending import (
    JOURNAL_COLUMNS,
    OPERATION_COLUMNS,
    Answer,
    OperationKey,
    Pending,
    other_columns,
)
from service_queue.statements import Prepared, statements_of
from service_queue.tables import JournalRow, OperationRow, table_of

_DIALECT: Final = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own

_ANSWERS: Final = (
    "SELECT o.subject, o.op_id, o.command, o.answer FROM operation o"
    " JOIN json_to_recordset(%s::json) AS asked(subject text, op_id text) USING (subject, op_id)"
)


def look(
    connection: Connection, operations: Sequence[OperationKey]
) -> tuple[int, dict[OperationKey, Answer]]:
    """The journal's last number, and what was answered to those of `operations` that were done."""
    driver: Any = connection.connection.driver_connection
    asked = _rows(("subject", "op_id"), operations)
    with driver.pipeline():
        last = driver.execute(LAST_SEQ)
        found = driver.execute(_ANSWERS, (asked,)) if operations else None
    rows = [] if found is None else found.fetchall()
    answers = {(subject, op_id): (command, answer) for subject, op_id, command, answer in rows}
    return last.fetchone()[0] or 0, answers


def put(connection: Connection, pending: Pending, *, last: bool) -> None:
    """Write it in the transaction that runs; `last`: and commit that.

    A row that is not in the state it was thought to be in fails its statement, so that nothing of
    this is committed.
    """
    driver: Any = connection.connection.driver_connection
    with driver.pipeline():
        for prepared in _texts(connection, pending):
            driver.execute(*prepared)
        if last:
            driver.execute("COMMIT")


def _texts(connection: Connection, pending: Pending) -> Iterator[Prepared]:
    for puts in pending.puts(every_column=True):
        rows = [change.row.__dict__ for change in puts.changes]
        if not puts.columns:
            yield _insert(puts.model), (json.dumps(rows),)
        elif puts.changes[0].was is None:
            yield _change(puts.model, has_state=False), (json.dumps(rows), len(rows))
        else:
            known = [change.row.__dict__ | {"was": change.was} for change in puts.changes]
            yield _change(puts.model, has_state=True), (json.dumps(known), len(rows))
    statements = statements_of(connection)
    for (model, keys, values), n in pending.counts.items():
        yield statements.put_count(model, keys), (*values, n)
    for _, other in pending.others:
        yield other
    if pending.operations:
        operations = _rows(OPERATION_COLUMNS, pending.operations.values())
        yield _insert(OperationRow), (operations,)
    if pending.journal:
        journal = _rows(JOURNAL_COLUMNS, pending.journal)
        yield _insert(JournalRow), (journal,)


def _rows(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    return json.dumps([dict(zip(columns, row, strict=True)) for row in rows])


@cache
def _insert(model: type[SQLModel]) -> str:
    names = ", ".join(_quoted(column.name) for column in table_of(model).columns)
    return f"INSERT INTO {_table(model)} ({names}) SELECT {names} FROM {_source(model)}"


@cache
def _change(model: type[SQLModel], *, has_state: bool) -> str:
    news = ", ".join(f"{_quoted(name)} = v.{_quoted(name)}" for name in other_columns(model))
    table = _table(model)
    where = f"{table}.id = v.id" + (f" AND {table}.state = v.was" if has_state else "")
    extra = ", was text" if has_state else ""
    update = f"UPDATE {table} SET {news} FROM {_source(model, extra)} WHERE {where} RETURNING 1"
    # As many rows as there should be, or a division by zero.
    return f"WITH done AS ({update}) SELECT 1 / (count(*) = %s)::int FROM done"


def _source(model: type[SQLModel], extra: str = "") -> str:
    columns = ", ".join(
        f"{_quoted(column.name)} {column.type.compile(_DIALECT)}"
        for column in table_of(model).columns
    )
    return f"json_to_recordset(%s::json) AS v({columns}{extra})"


def _table(model: type[SQLModel]) -> str:
    return _quoted(table_of(model).name)


def _quoted(name: str) -> str:
    return str(_DIALECT.identifier_preparer.quote(name))
