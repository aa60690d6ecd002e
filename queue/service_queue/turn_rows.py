"""Rows as a command sees them in the writer's turn: from memory, written at the end of the turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from sqlalchemy import Connection
from sqlmodel import SQLModel

from service_queue.direct_rows import DirectRows
from service_queue.known_rows import KnownRows
from service_queue.pending import (
    MOVING,
    Answer,
    Moving,
    OperationKey,
    Pending,
    RowKey,
    is_looked_for,
)
from service_queue.statements import copy_of
from service_queue.tables import KioskRow, LocationRow, SeatRow, ServiceItemRow, TicketRow

if TYPE_CHECKING:
    from service_queue.turn import Turn

R = TypeVar("R", bound=SQLModel)

_REFERENCE: Final = (LocationRow, KioskRow, ServiceItemRow)
"""Kinds of rows that commands read and never change."""


class TurnRows(DirectRows):
    """The rows of one command.

    It changes copies: if it is refused, nothing happened. Once it asks the database for anything
    that its own writes may touch, they are written, and from then on each at once.
    """

    def __init__(self, turn: Turn) -> None:
        super().__init__(turn.connection, turn.cursor)
        self.pending = Pending()
        self.changed: dict[RowKey, Moving] = {}
        self.remembered: dict[OperationKey, Answer] = {}
        """The command and the answer, by who asked and the number they gave it."""
        self._turn = turn
        self._known: KnownRows = turn.known
        self._waits = True
        self._asks_past = False
        """The database is asked although it does not have everything yet."""

    @property
    def connection(self) -> Connection:
        """The connection, with everything that was done before, and that this unit wrote."""
        self._stop_waiting()
        return self._connection

    @property
    def lineage(self) -> object:
        """Another one after a lost connection, and when a turn is done over."""
        return self._turn.lineage

    # --- reading ---------------------------------------------------------------------------

    def find(self, model: type[R], keys: Mapping[str, object]) -> R | None:
        """As `DirectRows.find`, from memory where it is there."""
        if issubclass(model, MOVING):
            if keys.keys() == {"id"}:
                return cast("R | None", self._moving((model, cast(str, keys["id"]))))
            if keys.keys() == {"agent_id"} and keys["agent_id"] is not None:
                return cast("R | None", self._seat_of(cast(str, keys["agent_id"])))
        elif model in _REFERENCE:
            return self._reference(model, keys)
        if issubclass(model, MOVING) or self.pending.has(model) or self._turn.has(model):
            self._settle()
        return super().find(model, keys)

    def select(self, text: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """As `DirectRows.select`, after what waits was written."""
        if not self._asks_past:
            self._settle()
        return super().select(text, values)

    def known(self, row: R) -> R:
        """As `DirectRows.known`."""
        if not isinstance(row, MOVING):
            return row
        key = (type(row), row.id)
        return cast(R, self.rows.get(key) or self._own(key) or super().known(row))

    def at_kiosk(
        self, kiosk_id: str, read: Callable[[str], Iterable[TicketRow]]
    ) -> list[TicketRow]:
        """As `DirectRows.at_kiosk`, from memory where they are there."""
        ids = self._known.tickets_of(kiosk_id)
        if ids is None:
            ids = self._ids_at_kiosk(kiosk_id, read)
            if not self.changed:
                self._known.put_kiosk(kiosk_id, ids)
        seen = [row for (model, _), row in self.changed.items() if model is TicketRow]
        rows = [*seen, *(self._moving((TicketRow, one)) for one in sorted(ids))]
        found = {
            row.id: row
            for row in rows
            if isinstance(row, TicketRow) and row.kiosk_id == kiosk_id and is_looked_for(row)
        }
        return list(found.values())

    def answered(self, subject: str, op_id: str) -> Answer | None:
        """As `DirectRows.answered`; the turn began by asking for those that were announced."""
        key = (subject, op_id)
        if key in self._turn.answers:
            return self._turn.answers[key]
        self._settle()
        return super().answered(subject, op_id)

    def count(self, model: type[SQLModel], keys: Mapping[str, str]) -> int | None:
        """As `DirectRows.count`, from memory where it is there."""
        key = (model, tuple(keys), tuple(keys.values()))
        for counts in (self.pending.counts, self._known.counts):
            if key in counts:
                return counts[key]
        n = super().count(model, keys)  # as for rows: what waits is known
        if self._waits:
            self._known.counts[key] = n
        return n

    # --- writing ---------------------------------------------------------------------------

    def insert(self, model: type[SQLModel], values: Mapping[str, Any]) -> None:
        """As `DirectRows.insert`, at the end of the turn."""
        if self._waits:
            self.pending.others.append((model, self.new_row(model, values)))
        else:
            super().insert(model, values)

    def add(self, row: Moving) -> None:
        """As `DirectRows.add`, at the end of the turn."""
        key = (type(row), row.id)
        self.rows[key] = self.changed[key] = row
        if self._waits:
            self.pending.add(row)
        else:
            super().add(row)

    def change(self, row: Moving, values: dict[str, Any]) -> None:
        """As `DirectRows.change`, at the end of the turn."""
        self.changed[type(row), row.id] = row
        if self._waits:
            self.pending.change(row, values)
        else:
            super().change(row, values)

    def note(self, entry: tuple[Any, ...]) -> int:
        """As `DirectRows.note`, at the end of the turn."""
        if not self._waits:
            return super().note(entry)
        seq = self._turn.head.following()
        self.pending.journal.append((seq, *entry))
        return seq

    def remember(self, operation: tuple[Any, ...]) -> None:
        """As `DirectRows.remember`, at the end of the turn."""
        subject, op_id, command, answer, _ = operation
        self.remembered[subject, op_id] = (command, answer)
        if self._waits:
            self.pending.operations[subject, op_id] = operation
        else:
            super().remember(operation)

    def count_up(self, model: type[SQLModel], keys: Mapping[str, str]) -> int:
        """As `DirectRows.count_up`, at the end of the turn."""
        if not self._waits:
            self._turn.forget_counts()
            return super().count_up(model, keys)
        n = (self.count(model, keys) or 0) + 1
        self.set_count(model, n, keys)
        return n

    def set_count(self, model: type[SQLModel], n: int, keys: Mapping[str, str]) -> None:
        """As `DirectRows.set_count`, at the end of the turn."""
        if not self._waits:
            self._turn.forget_counts()
            super().set_count(model, n, keys)
            return
        self.pending.counts[model, tuple(keys), tuple(keys.values())] = n

    # --- where rows are --------------------------------------------------------------------

    def _moving(self, key: RowKey) -> Moving | None:
        """A row by its id: this unit's, else a copy of the turn's, else the database's."""
        row = self.rows.get(key) or self._own(key)
        if row is None:
            # Nothing that waits can be a row that is not known.
            found = super().find(key[0], {"id": key[1]})
            if isinstance(found, MOVING):
                row = found
                if is_looked_for(row):
                    self._known.put(copy_of(row))
        return row

    def _own(self, key: RowKey) -> Moving | None:
        """This unit's copy of a row that the turn knows."""
        row = self._known.row(key)
        if row is None:
            return None
        own = self.rows[key] = copy_of(row)
        return own

    def _seat_of(self, agent_id: str) -> SeatRow | None:
        """The agent's seat: where it was last seen, else as the database has it."""
        for (model, _), row in self.changed.items():
            if model is SeatRow and cast(SeatRow, row).agent_id == agent_id:
                return cast(SeatRow, row)
        seat_id = self._known.seat_of(agent_id)
        seat = None if seat_id is None else self._moving((SeatRow, seat_id))
        if isinstance(seat, SeatRow) and seat.agent_id == agent_id:
            return seat
        # A seat that waits to be written is known, so the database knows better only of others.
        found = super().find(SeatRow, {"agent_id": agent_id})
        if found is None or found.agent_id != agent_id:
            return None
        self._known.put(copy_of(found))
        return found

    def _ids_at_kiosk(self, kiosk_id: str, read: Callable[[str], Iterable[TicketRow]]) -> set[str]:
        """The database's, and those that wait to be written."""
        self._asks_past = True
        try:
            found = {ticket.id for ticket in read(kiosk_id) if is_looked_for(ticket)}
        finally:
            self._asks_past = False
        return found | self._turn.tickets_waiting(kiosk_id)

    def _reference(self, model: type[R], keys: Mapping[str, object]) -> R | None:
        key = (model, tuple(keys.items()))
        row = cast("R | None", self._known.reference.get(key))
        if row is None:
            row = super().find(model, keys)
            if row is not None:
                self._known.reference[key] = row
        return row

    # --- ending the wait -------------------------------------------------------------------

    def _settle(self) -> None:
        """Before the database is asked: it must have all that was done before."""
        if self.pending:
            self._stop_waiting()
        elif self._waits:
            self._turn.flush()

    def _stop_waiting(self) -> None:
        """Write what this unit wrote so far; it can be undone alone."""
        if self._waits:
            self._waits = False
            self._turn.save()
            if self.pending.counts:
                self._turn.forget_counts()
            self._turn.put(self.pending)
            self.pending = Pending()
