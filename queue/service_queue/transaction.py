"""One unit of work of the hall: typed reads, moves that obey the tables, and the journal.

Every change goes through here, so every change is in the journal, and whoever watches learns
which rows to look at.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Select, insert, select, update
from sqlmodel import SQLModel

from service_queue.actor import SYSTEM
from service_queue.call import CALL, CallEvent
from service_queue.errors import TransitionRefused
from service_queue.policy import Policy
from service_queue.seat import SEAT, SeatEvent
from service_queue.tables import (
    CallRow,
    JournalRow,
    SeatRow,
    TicketOfferRow,
    TicketRow,
    table_of,
)
from service_queue.ticket import TICKET, TicketEvent

R = TypeVar("R", bound=SQLModel)


class Sealer(Protocol):
    """Seals text that may name people, with a key that is not in the database."""

    def seal(self, text: str) -> bytes:
        """Encrypt."""
        ...

    def open(self, sealed: bytes) -> str:
        """Decrypt; raises an error of its own when the key is not the one."""
        ...


@dataclass
class Touched:
    """Ids of the rows a unit wrote."""

    tickets: set[str] = field(default_factory=set)
    seats: set[str] = field(default_factory=set)
    offers: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    notes: set[str] = field(default_factory=set)
    ratings: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        """True when anything was written."""
        return any((self.tickets, self.seats, self.offers, self.calls, self.notes, self.ratings))


class Transaction:
    """What a command's handler works with."""

    def __init__(
        self,
        connection: Connection,
        *,
        now: float,
        policy: Policy,
        sealer: Sealer,
        actor: str = SYSTEM,
    ) -> None:
        self.connection = connection
        self.now = now
        self.policy = policy
        self.sealer = sealer
        self.actor = actor
        self.touched = Touched()

    # --- reading ---------------------------------------------------------------------------

    def one(self, model: type[R], statement: Select[Any]) -> R | None:
        """The first row of `statement` as a `model`, or None."""
        row = self.connection.execute(statement).first()
        return None if row is None else model(**row._mapping)

    def every(self, model: type[R], statement: Select[Any]) -> list[R]:
        """All rows of `statement` as `model`s."""
        rows = self.connection.execute(statement)
        return [model(**row._mapping) for row in rows]

    def find(self, model: type[R], **keys: object) -> R | None:
        """The row of `model` whose columns equal `keys`, or None."""
        table = table_of(model)
        statement = select(table).where(*(table.c[name] == value for name, value in keys.items()))
        return self.one(model, statement)

    def need(self, model: type[R], **keys: object) -> R:
        """As `find`, for a row that a foreign key promises."""
        row = self.find(model, **keys)
        assert row is not None, f"{model.__name__} {keys} is missing"
        return row

    # --- writing ---------------------------------------------------------------------------

    def new_id(self) -> str:
        """An id nobody can guess."""
        return secrets.token_urlsafe(12).replace("-", ".")

    def add(self, row: SQLModel) -> None:
        """Insert a row."""
        self.connection.execute(insert(table_of(type(row))).values(**row.model_dump()))

    def note(
        self,
        kind: str,
        *,
        kiosk_id: str | None = None,
        seat_id: str | None = None,
        ticket_id: str | None = None,
        call_id: str | None = None,
        reason: str | None = None,
        **detail: Any,
    ) -> None:
        """Append to the journal. Never personal data."""
        values = {
            "at": self.now,
            "kind": kind,
            "actor": self.actor,
            "kiosk_id": kiosk_id,
            "seat_id": seat_id,
            "ticket_id": ticket_id,
            "call_id": call_id,
            "reason": reason,
            "detail": json.dumps(detail, sort_keys=True, separators=(",", ":")),
        }
        self.connection.execute(insert(table_of(JournalRow)).values(**values))

    def move_ticket(self, ticket: TicketRow, event: TicketEvent, **values: Any) -> None:
        """Move a ticket along its table, with other columns, if it still stands where we read it.

        Raises:
            TransitionRefused: the table does not allow it, or somebody else moved it first.
        """
        target = TICKET.after(ticket.state, event)
        values |= {"state": target, "state_since": self.now}
        self._move(ticket, ticket.state, values)
        self.touched.tickets.add(ticket.id)

    def move_seat(self, seat: SeatRow, event: SeatEvent, **values: Any) -> None:
        """As `move_ticket`, for a seat's state."""
        target = SEAT.after(seat.state, event)
        values |= {"state": target, "state_since": self.now}
        self._move(seat, seat.state, values)
        self.touched.seats.add(seat.id)

    def move_call(self, call: CallRow, event: CallEvent, **values: Any) -> None:
        """As `move_ticket`, for a call."""
        target = CALL.after(call.state, event)
        values |= {"state": target, "state_since": self.now}
        self._move(call, call.state, values)
        self.touched.calls.add(call.id)

    def set_ticket(self, ticket: TicketRow, **values: Any) -> None:
        """Change columns of a ticket other than its state."""
        self._set(ticket, values)
        self.touched.tickets.add(ticket.id)

    def set_seat(self, seat: SeatRow, **values: Any) -> None:
        """Change columns of a seat other than its state."""
        self._set(seat, values)
        self.touched.seats.add(seat.id)

    def set_call(self, call: CallRow, **values: Any) -> None:
        """Change columns of a call other than its state."""
        self._set(call, values)
        self.touched.calls.add(call.id)

    def set_offer(self, offer: TicketOfferRow, **values: Any) -> None:
        """Change columns of a ticket offer."""
        self._set(offer, values)
        self.touched.offers.add(offer.id)

    def _move(
        self, row: TicketRow | SeatRow | CallRow, was: str, values: Mapping[str, Any]
    ) -> None:
        table = table_of(type(row))
        moved = self.connection.execute(
            update(table).where(table.c.id == row.id, table.c.state == was).values(**values)
        )
        if moved.rowcount != 1:
            raise TransitionRefused(f"{table.name} is no longer {was}")
        _copy(row, values)

    def _set(
        self, row: TicketRow | SeatRow | CallRow | TicketOfferRow, values: Mapping[str, Any]
    ) -> None:
        table = table_of(type(row))
        self.connection.execute(update(table).where(table.c.id == row.id).values(**values))
        _copy(row, values)


def _copy(row: SQLModel, values: Mapping[str, Any]) -> None:
    """Let the object in hand say what its row says now."""
    for name, value in values.items():
        setattr(row, name, value)
