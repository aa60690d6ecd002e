"""SQL texts for the few statements that run many times a second.

SQLAlchemy describes the tables; building a statement with it anew costs more than running it. The
shapes that repeat (find by keys, insert, change by id) are therefore written once per table and
set of columns, and run on the driver's cursor, in the transaction that SQLAlchemy began.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Boolean, Connection, Dialect, Select
from sqlalchemy.engine.interfaces import Compiled
from sqlalchemy.orm import configure_mappers
from sqlmodel import SQLModel

from service_queue.tables import Word, table_of

R = TypeVar("R", bound=SQLModel)

Prepared = tuple[str, tuple[Any, ...]]
"""A text and its parameters, as a driver's cursor takes them."""

_MARKS: Final = {"qmark": "?", "format": "%s"}


class Statements:
    """The statements of one kind of database, each text made once."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._quote = dialect.identifier_preparer.quote
        self._mark = _MARKS[dialect.paramstyle]
        self._made: dict[tuple[object, ...], str] = {}
        self._compiled: dict[int, Compiled] = {}
        self._constants: list[Select[Any]] = []
        """Keeps each constant alive, so that its id stays its own."""

    def find(self, model: type[SQLModel], keys: Sequence[str], nulls: Sequence[str]) -> str:
        """All columns of the rows whose `keys` equal the parameters and whose `nulls` are NULL."""
        shape = ("find", model, *keys, None, *nulls)
        return self._made.get(shape) or self._keep(shape, self._find(model, keys, nulls))

    def insert(self, model: type[SQLModel], columns: Sequence[str]) -> str:
        """One new row."""
        shape = ("insert", model, *columns)
        return self._made.get(shape) or self._keep(shape, self._insert(model, columns))

    def count_up(self, model: type[SQLModel], keys: Sequence[str], counter: str) -> str:
        """One more in the `counter` of the row with these `keys`, which is made if it is not there.

        The same text on SQLite and PostgreSQL; gives the new count back.
        """
        shape = ("count_up", model, *keys, None, counter)
        return self._made.get(shape) or self._keep(shape, self._count_up(model, keys, counter))

    def insert_many(self, model: type[SQLModel], columns: Sequence[str], rows: int) -> str:
        """So many new rows."""
        shape = ("insert_many", model, rows, *columns)
        return self._made.get(shape) or self._keep(shape, self._insert(model, columns, rows))

    def count(self, model: type[SQLModel], keys: Sequence[str]) -> str:
        """The `n` of the row with these `keys`."""
        shape = ("count", model, *keys)
        return self._made.get(shape) or self._keep(shape, self._count(model, keys))

    def put_count(self, model: type[SQLModel], keys: Sequence[str]) -> str:
        """Set the `n` of the row with these `keys`, which is made if it is not there."""
        shape = ("put_count", model, *keys)
        return self._made.get(shape) or self._keep(shape, self._put_count(model, keys))

    def change(self, model: type[SQLModel], columns: Sequence[str], tests: Sequence[str]) -> str:
        """New values for `columns`, where `tests` equal the parameters that follow them."""
        shape = ("change", model, *columns, None, *tests)
        return self._made.get(shape) or self._keep(shape, self._change(model, columns, tests))

    def fixed(self, statement: Select[Any], parameters: Mapping[str, Any]) -> Prepared:
        """A statement that is a constant of its module, compiled once, with its parameters."""
        compiled = self._compiled.get(id(statement))
        if compiled is None:
            compiled = statement.compile(
                dialect=self._dialect, compile_kwargs={"render_postcompile": True}
            )
            self._compiled[id(statement)] = compiled
            self._constants.append(statement)
        values = compiled.params | parameters
        names: Sequence[str] = getattr(compiled, "positiontup", None) or ()
        return compiled.string, tuple(plain(values[name]) for name in names)

    def _keep(self, shape: tuple[object, ...], text: str) -> str:
        self._made[shape] = text
        return text

    def _find(self, model: type[SQLModel], keys: Sequence[str], nulls: Sequence[str]) -> str:
        table = table_of(model)
        columns = ", ".join(self._quote(column.name) for column in table.columns)
        tests = [f"{self._quote(key)} = {self._mark}" for key in keys]
        tests += [f"{self._quote(key)} IS NULL" for key in nulls]
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        return f"SELECT {columns} FROM {self._quote(table.name)}{where}"

    def _insert(self, model: type[SQLModel], columns: Sequence[str], rows: int = 1) -> str:
        names = ", ".join(self._quote(column) for column in columns)
        marks = f"({', '.join([self._mark] * len(columns))})"
        into = f"{self._quote(table_of(model).name)} ({names})"
        return f"INSERT INTO {into} VALUES {', '.join([marks] * rows)}"

    def _count(self, model: type[SQLModel], keys: Sequence[str]) -> str:
        where = " AND ".join(f"{self._quote(key)} = {self._mark}" for key in keys)
        return f"SELECT n FROM {self._quote(table_of(model).name)} WHERE {where}"

    def _put_count(self, model: type[SQLModel], keys: Sequence[str]) -> str:
        names = ", ".join(self._quote(key) for key in keys)
        update = f"ON CONFLICT ({names}) DO UPDATE SET n = excluded.n"
        return f"{self._insert(model, (*keys, 'n'))} {update}"

    def _count_up(self, model: type[SQLModel], keys: Sequence[str], counter: str) -> str:
        table, count = self._quote(table_of(model).name), self._quote(counter)
        names = ", ".join(self._quote(key) for key in keys)
        marks = ", ".join([self._mark] * len(keys))
        return (
            f"INSERT INTO {table} ({names}, {count}) VALUES ({marks}, 1) "
            f"ON CONFLICT ({names}) DO UPDATE SET {count} = {table}.{count} + 1 RETURNING {count}"
        )

    def _change(self, model: type[SQLModel], columns: Sequence[str], tests: Sequence[str]) -> str:
        news = ", ".join(f"{self._quote(column)} = {self._mark}" for column in columns)
        olds = " AND ".join(f"{self._quote(test)} = {self._mark}" for test in tests)
        return f"UPDATE {self._quote(table_of(model).name)} SET {news} WHERE {olds}"


def count_up(connection: Connection, model: type[SQLModel], counter: str = "n", **keys: str) -> int:
    """Raise the counter of a row by one, from 0 if there is none yet; returns it."""
    text = statements_of(connection).count_up(model, tuple(keys), counter)
    cursor: Any = connection.connection.cursor()
    number: int = cursor.execute(text, tuple(keys.values())).fetchone()[0]
    cursor.close()
    return number


def statements_of(connection: Connection) -> Statements:
    """The statements for a connection's kind of database."""
    return _statements(connection.dialect)


@cache
def _statements(dialect: Dialect) -> Statements:
    return Statements(dialect)


def record(model: type[R], values: Sequence[Any]) -> R:
    """A row of all of a table's columns, as the driver gave it, as a `model`."""
    made = {
        name: value if read is None or value is None else read(value)
        for (name, read), value in zip(_readers(model), values, strict=True)
    }
    if model.model_config.get("table", False):
        return cast(R, model.model_construct(None, **made))
    return _of_values(model, made)


def copy_of(row: R) -> R:
    """Another record with the same values. Not for the ORM's own."""
    return _of_values(type(row), row.__dict__.copy())


def _of_values(model: type[R], values: dict[str, Any]) -> R:
    """A record as `model_construct` makes it, in a tenth of the time."""
    made = object.__new__(model)
    set_attribute = object.__setattr__
    set_attribute(made, "__dict__", values)
    set_attribute(made, "__pydantic_fields_set__", set(values))
    set_attribute(made, "__pydantic_extra__", None)
    set_attribute(made, "__pydantic_private__", None)
    return made


@cache
def _readers(model: type[SQLModel]) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
    """Each column in order, with what makes its value from the driver's."""
    configure_mappers()  # making a record goes round the constructor that would see to it
    return tuple((column.name, _reader(column.type)) for column in table_of(model).columns)


def _reader(kind: object) -> Callable[[Any], Any] | None:
    if isinstance(kind, Word):
        return kind.kind
    return bool if isinstance(kind, Boolean) else None


def plain(value: Any) -> Any:
    """A value as a driver takes it: a word as its text."""
    return value.value if isinstance(value, Enum) else value
