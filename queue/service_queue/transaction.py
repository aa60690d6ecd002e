"""One unit of work of the hall: typed reads, moves that obey the tables, and the journal.

Every change goes through here, so every change is in the journal, and whoever watches learns
which rows to look at.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from sqlalchemy import Connection, Select
from sqlmodel import SQLModel

from service_queue.actor import SYSTEM
from service_queue.call import CALL, CallEvent
from service_queue.errors import TransitionRefused
from service_queue.journal_head import journal_head
from service_queue.policy import Policy
from service_queue.seat import SEAT, SeatEvent
from service_queue.statements import count_up, plain, record, statements_of
from service_queue.tables import (
    CallRow,
    JournalRow,
    SeatRow,
    TicketOfferRow,
    TicketRow,
)
from service_queue.ticket import TICKET, TicketEvent

if TYPE_CHECKING:
    from service_queue.matcher import Matcher

R = TypeVar("R", bound=SQLModel)

Moving = TicketRow | SeatRow | CallRow
"""Rows with a state."""

_SHARED = (TicketRow, SeatRow, CallRow, TicketOfferRow)

_in_words = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


class Sealer(Protocol):
    """Seals text that may name people, with a key that is not in the database."""

    def seal(self, text: str, about: str = "") -> bytes:
        """Encrypt. `about` names what it belongs to: it opens for nothing else.

        Called in the writer's turn only, so that keys can be changed between two turns.
        """
        ...

    def open(self, sealed: bytes, about: str = "") -> str:
        """Decrypt; raises an error of its own when the key or the owner is not the one."""
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
    codes: set[str] = field(default_factory=set)
    """Of tickets: a return code was given in their call."""
    identities: set[str] = field(default_factory=set)
    """Of tickets: where their resident's check stands has changed."""
    consults: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        """True when anything was written."""
        return any((self.tickets, self.seats, self.offers, self.calls, self.notes, self.ratings))


def unguessable_id() -> str:
    """An id nobody can guess."""
    return secrets.token_urlsafe(12).replace("-", ".")


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
        new_id: Callable[[], str] = unguessable_id,
        matcher: Matcher | None = None,
    ) -> None:
        """`new_id`: where ids come from; a seeded source makes the same history again.

        `matcher`: what knows the line already; None: it is read when it is needed.
        """
        self.matcher = matcher
        self.connection = connection
        self.now = now
        self.policy = policy
        self.sealer = sealer
        self.actor = actor
        self.new_id = new_id
        self.touched = Touched()
        self.seq = 0
        """The last row of the journal this unit wrote; 0 while it wrote none."""
        self.rows: dict[tuple[type[SQLModel], str], Moving | TicketOfferRow] = {}
        """The seats, tickets, offers and calls this unit has seen, by class and id."""
        self._statements = statements_of(connection)
        self._cursor: Any = connection.connection.cursor()

    # --- reading ---------------------------------------------------------------------------

    def one(self, model: type[R], statement: Select[Any]) -> R | None:
        """The first row of `statement` (all columns of `model`'s table), or None."""
        row = self.connection.execute(statement).first()
        return None if row is None else self._known(record(model, row))

    def every(self, model: type[R], statement: Select[Any]) -> list[R]:
        """All rows of `statement` (all columns of `model`'s table)."""
        rows = self.connection.execute(statement).all()
        return [self._known(record(model, row)) for row in rows]

    def fixed(self, model: type[R], statement: Select[Any], **parameters: object) -> list[R]:
        """As `every`, for a statement that is a constant of its module, with its parameters."""
        return [self._known(record(model, row)) for row in self.rows_of(statement, **parameters)]

    def rows_of(self, statement: Select[Any], **parameters: object) -> list[tuple[Any, ...]]:
        """The bare rows of a statement that is a constant of its module."""
        text, values = self._statements.fixed(statement, parameters)
        rows: list[tuple[Any, ...]] = self._cursor.execute(text, values).fetchall()
        return rows

    def find(self, model: type[R], **keys: object) -> R | None:
        """The row of `model` whose columns equal `keys`, or None.

        Within a unit a seat, a ticket, an offer and a call are each one object, which follows what
        is done to its row.
        """
        wanted = {name: plain(value) for name, value in keys.items() if value is not None}
        nulls = [name for name, value in keys.items() if value is None]
        text = self._statements.find(model, tuple(wanted), nulls)
        row = self._cursor.execute(text, tuple(wanted.values())).fetchone()
        return None if row is None else self._known(record(model, row))

    def need(self, model: type[R], **keys: object) -> R:
        """As `find`, for a row that a foreign key promises."""
        row = self.find(model, **keys)
        assert row is not None, f"{model.__name__} {keys} is missing"
        return row

    # --- writing ---------------------------------------------------------------------------

    def add(self, row: SQLModel) -> None:
        """Insert a row."""
        values = {name: value for name, value in row.__dict__.items() if name[0] != "_"}
        self.insert(type(row), **values)
        self._known(row)

    def insert(self, model: type[SQLModel], **values: Any) -> None:
        """Insert a row of which nobody needs the object: making one of a table costs more."""
        text = self._statements.insert(model, tuple(values))
        self._cursor.execute(text, tuple(map(plain, values.values())))

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
        seq = journal_head(self.connection).following()
        self.insert(
            JournalRow,
            seq=seq,
            at=self.now,
            kind=kind,
            actor=self.actor,
            kiosk_id=kiosk_id,
            seat_id=seat_id,
            ticket_id=ticket_id,
            call_id=call_id,
            reason=reason,
            detail=_in_words(detail) if detail else "{}",
        )
        self.seq = seq

    def count_up(self, model: type[SQLModel], counter: str = "n", **keys: str) -> int:
        """Raise the counter of a row by one, from 0 if there is none yet; returns it."""
        return count_up(self.connection, model, counter, **keys)

    def set_count(self, model: type[SQLModel], n: int, **keys: str) -> None:
        """Set the `n` of a row with these `keys`, which is made if it is not there."""
        text = self._statements.change(model, ("n",), tuple(keys))
        if not self._cursor.execute(text, (n, *keys.values())).rowcount:
            self.add(model(n=n, **keys))

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

    def _move(self, row: Moving, was: str, values: Mapping[str, Any]) -> None:
        if self._change(row, values, ("id", "state"), (row.id, was)) != 1:
            raise TransitionRefused(f"{row.__tablename__} is no longer {was}")

    def _set(self, row: Moving | TicketOfferRow, values: Mapping[str, Any]) -> None:
        self._change(row, values, ("id",), (row.id,))

    def _change(
        self,
        row: Moving | TicketOfferRow,
        values: Mapping[str, Any],
        tests: tuple[str, ...],
        olds: tuple[str, ...],
    ) -> int:
        text = self._statements.change(type(row), tuple(values), tests)
        parameters = (*map(plain, values.values()), *map(plain, olds))
        changed: int = self._cursor.execute(text, parameters).rowcount
        if changed:
            row.__dict__.update(values)  # what SQLModel's own setting of an attribute comes to
        return changed

    def _known(self, row: R) -> R:
        """The object this unit already has for the row, which is as new as the row itself."""
        if not isinstance(row, _SHARED):
            return row
        return cast(R, self.rows.setdefault((type(row), row.id), row))
