"""Writes that wait for the end of a turn: many commands, few statements.

Under the lock of the writer nobody else changes a row, so what a command does to the rows that move
can be kept in memory and put into the database at once, just before the commit. Nothing is answered
before that, so nothing is lost by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from sqlmodel import SQLModel

from service_queue.statements import Prepared
from service_queue.tables import (
    CallRow,
    JournalRow,
    OperationRow,
    SeatRow,
    TicketOfferRow,
    TicketRow,
    table_of,
)
from signaling.protocol.words import CallState, OfferOutcome, TicketState

Moving = TicketRow | SeatRow | CallRow | TicketOfferRow
"""Rows that move many times a second."""

MOVING: Final = (SeatRow, TicketRow, TicketOfferRow, CallRow)
"""Their kinds, those first that others refer to."""

RowKey = tuple[type[SQLModel], str]
"""A kind of row and its id."""

CountKey = tuple[type[SQLModel], tuple[str, ...], tuple[str, ...]]
"""A counter: its kind, the names of its keys, their values."""

OperationKey = tuple[str, str]
"""Who asked, and the number they gave it."""

Answer = tuple[str, str]
"""The type of a command, and what it was answered."""

JOURNAL_COLUMNS: Final = tuple(column.name for column in table_of(JournalRow).columns)
OPERATION_COLUMNS: Final = tuple(column.name for column in table_of(OperationRow).columns)

_RINGING: Final = (TicketState.OFFERED, TicketState.SERVING)


class OutOfStep(Exception):
    """The database does not take what was decided: rows were not as they were thought to be."""


class Change:
    """What is to become of one row."""

    __slots__ = ("columns", "row", "was")

    def __init__(self, row: Moving, columns: set[str] | None, was: str | None) -> None:
        self.row = row
        """As it will stand."""
        self.columns = columns
        """Those that changed; None: it is new."""
        self.was = was
        """The state that the database still has for it; None where there is none to compare."""


class Puts(NamedTuple):
    """Rows of one kind that one text puts into the database."""

    model: type[SQLModel]
    columns: tuple[str, ...]
    """Those to set; empty: the rows are new."""
    changes: list[Change]


class Pending:
    """What a unit, or a turn, wants written."""

    def __init__(self) -> None:
        self.changes: dict[RowKey, Change] = {}
        self.journal: list[tuple[Any, ...]] = []
        """Rows, with `JOURNAL_COLUMNS`."""
        self.operations: dict[OperationKey, tuple[Any, ...]] = {}
        """Rows, with `OPERATION_COLUMNS`."""
        self.counts: dict[CountKey, int] = {}
        self.others: list[tuple[type[SQLModel], Prepared]] = []
        """New rows of other kinds; they may refer to all the rest."""

    def __bool__(self) -> bool:
        """True when there is anything to write."""
        return bool(self.changes or self.journal or self.operations or self.counts or self.others)

    def has(self, model: type[SQLModel]) -> bool:
        """Rows of another kind wait."""
        return any(each is model for each, _ in self.others)

    def add(self, row: Moving) -> None:
        """A new row."""
        self.changes[type(row), row.id] = Change(row, None, None)

    def change(self, row: Moving, values: dict[str, Any]) -> None:
        """Set columns of a row, here and at the end of the turn."""
        now = row.__dict__
        columns = {name for name, value in values.items() if now[name] != value}
        if not columns:
            return
        known = self.changes.get((type(row), row.id))
        if known is None:
            was = None if isinstance(row, TicketOfferRow) else row.state
            self.changes[type(row), row.id] = Change(row, columns, was)
        elif known.columns is not None:
            known.columns |= columns
        now.update(values)

    def take_over(self, unit: Pending) -> None:
        """What a unit wants as well, after it succeeded."""
        for key, change in unit.changes.items():
            known = self.changes.get(key)
            if known is None:
                self.changes[key] = change
                continue
            known.row = change.row
            if known.columns is not None and change.columns is not None:
                known.columns |= change.columns
        self.journal += unit.journal
        self.operations |= unit.operations
        self.counts |= unit.counts
        self.others += unit.others

    def puts(self, *, every_column: bool = False) -> Iterator[Puts]:
        """The rows that move, in an order that the database's own rules allow.

        First who lets go of a seat, a kiosk or a ticket, then what is new, then who takes hold of
        one. `every_column`: set them all, for fewer texts.
        """
        new: dict[type[SQLModel], list[Change]] = {model: [] for model in MOVING}
        gone: list[Change] = []
        held: list[Change] = []
        for (model, _), change in self.changes.items():
            if change.columns is None:
                new[model].append(change)
            else:
                (gone if lets_go(change.row) else held).append(change)
        yield from _alike(gone, every_column=every_column)
        for model, changes in new.items():
            if changes:
                yield Puts(model, (), changes)
        yield from _alike(held, every_column=every_column)


def lets_go(row: Moving) -> bool:
    """It holds nothing that only one row may hold."""
    if isinstance(row, TicketRow):
        return row.state not in _RINGING
    if isinstance(row, CallRow):
        return row.state is CallState.ENDED
    if isinstance(row, TicketOfferRow):
        return row.outcome is not None
    return row.agent_id is None


def is_looked_for(row: Moving) -> bool:
    """Whoever comes next may ask for it by its id."""
    if isinstance(row, TicketRow):
        return row.state.is_open or row.rating_until is not None
    if isinstance(row, CallRow):
        return row.state is not CallState.ENDED
    if isinstance(row, TicketOfferRow):
        return row.outcome in (None, OfferOutcome.ACCEPTED)
    return True


def _alike(changes: Iterable[Change], *, every_column: bool) -> Iterator[Puts]:
    kinds: dict[tuple[type[SQLModel], tuple[str, ...]], list[Change]] = {}
    for change in changes:
        model: type[SQLModel] = type(change.row)
        columns = other_columns(model) if every_column else tuple(sorted(change.columns or ()))
        kinds.setdefault((model, columns), []).append(change)
    for (model, columns), alike in kinds.items():
        yield Puts(model, columns, alike)


_OTHERS: Final[dict[type[SQLModel], tuple[str, ...]]] = {
    model: tuple(column.name for column in table_of(model).columns if column.name != "id")
    for model in MOVING
}


def other_columns(model: type[SQLModel]) -> tuple[str, ...]:
    """All columns of a kind of row that moves, but its id."""
    return _OTHERS[model]
