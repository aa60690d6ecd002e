"""One unit of work of the hall: typed reads, moves that obey the tables, and the journal.

Every change goes through here, so every change is in the journal, and whoever watches learns
which rows to look at.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy import Connection, Select
from sqlmodel import SQLModel

from service_queue.actor import SYSTEM
from service_queue.call import CALL, CallEvent
from service_queue.pending import MOVING, Answer
from service_queue.policy import Policy
from service_queue.seat import SEAT, SeatEvent
from service_queue.statements import plain, record, statements_of
from service_queue.tables import CallRow, SeatRow, TicketOfferRow, TicketRow
from service_queue.ticket import TICKET, TicketEvent
from service_queue.turn import rows_on

if TYPE_CHECKING:
    from service_queue.matcher import Matcher

R = TypeVar("R", bound=SQLModel)

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
    number_reads: set[tuple[str, str]] = field(default_factory=set)
    """Agents and tickets: the agent read the resident's whole number."""
    consults: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        """True when anything was written that a screen shows."""
        moved = (self.tickets, self.seats, self.offers, self.calls, self.notes, self.ratings)
        return any(moved) or bool(self.number_reads)


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
        self.now = now
        self.policy = policy
        self.sealer = sealer
        self.actor = actor
        self.new_id = new_id
        self.touched = Touched()
        self.seq = 0
        """The last row of the journal this unit wrote; 0 while it wrote none."""
        self._rows = rows_on(connection)
        self.rows = self._rows.rows
        """The seats, tickets, offers and calls this unit has seen, by class and id."""
        self._statements = statements_of(connection)

    @property
    def connection(self) -> Connection:
        """For statements of one's own: everything that was done before is in the database."""
        return self._rows.connection

    @property
    def lineage(self) -> object:
        """Another one than before: what was followed until then may have been undone."""
        return self._rows.lineage

    # --- reading ---------------------------------------------------------------------------

    def every(self, model: type[R], statement: Select[Any]) -> list[R]:
        """All rows of `statement` (all columns of `model`'s table)."""
        rows = self.connection.execute(statement).all()
        return [self._rows.known(record(model, row)) for row in rows]

    def fixed(self, model: type[R], statement: Select[Any], **parameters: object) -> list[R]:
        """As `every`, for a statement that is a constant of its module, with its parameters."""
        rows = self.rows_of(statement, **parameters)
        return [self._rows.known(record(model, row)) for row in rows]

    def rows_of(self, statement: Select[Any], **parameters: object) -> list[tuple[Any, ...]]:
        """The bare rows of a statement that is a constant of its module."""
        return self._rows.select(*self._statements.fixed(statement, parameters))

    def find(self, model: type[R], **keys: object) -> R | None:
        """The row of `model` whose columns equal `keys`, or None.

        Within a unit a seat, a ticket, an offer and a call are each one object, which follows what
        is done to its row.
        """
        return self._rows.find(model, keys)

    def need(self, model: type[R], **keys: object) -> R:
        """As `find`, for a row that a foreign key promises."""
        row = self._rows.find(model, keys)
        assert row is not None, f"{model.__name__} {keys} is missing"
        return row

    def at_kiosk(
        self, kiosk_id: str, read: Callable[[str], Iterable[TicketRow]]
    ) -> list[TicketRow]:
        """A kiosk's tickets that are open or may be rated; `read` finds them in the database."""
        return self._rows.at_kiosk(kiosk_id, read)

    def answered(self, subject: str, op_id: str) -> Answer | None:
        """The command and the answer that were given under this number, or None."""
        return self._rows.answered(subject, op_id)

    def count(self, model: type[SQLModel], **keys: str) -> int | None:
        """The `n` of a row with these `keys`, or None when there is none."""
        return self._rows.count(model, keys)

    # --- writing ---------------------------------------------------------------------------

    def add(self, row: SQLModel) -> None:
        """Insert a row."""
        if isinstance(row, MOVING):
            self._rows.add(row)
        else:
            values = {name: value for name, value in row.__dict__.items() if name[0] != "_"}
            self._rows.insert(type(row), values)

    def remember(self, subject: str, op_id: str, command: str, answer: str) -> None:
        """Keep the answer to a command, in case it is asked again."""
        self._rows.remember((subject, op_id, command, answer, self.now))

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
        words = _in_words(detail) if detail else "{}"
        entry = (kind, self.actor, kiosk_id, seat_id, ticket_id, call_id, reason, words)
        self.seq = self._rows.note((self.now, *map(plain, entry)))

    def count_up(self, model: type[SQLModel], **keys: str) -> int:
        """Raise the `n` of a row with these `keys` by one, from 0 if there is none yet."""
        return self._rows.count_up(model, keys)

    def set_count(self, model: type[SQLModel], n: int, **keys: str) -> None:
        """Set the `n` of a row with these `keys`, which is made if it is not there."""
        self._rows.set_count(model, n, keys)

    def move_ticket(self, ticket: TicketRow, event: TicketEvent, **values: Any) -> None:
        """Move a ticket along its table, with other columns, if it still stands where we read it.

        Raises:
            TransitionRefused: the table does not allow it, or somebody else moved it first.
        """
        target = TICKET.after(ticket.state, event)
        values |= {"state": target, "state_since": self.now}
        self._rows.change(ticket, values)
        self.touched.tickets.add(ticket.id)

    def move_seat(self, seat: SeatRow, event: SeatEvent, **values: Any) -> None:
        """As `move_ticket`, for a seat's state."""
        target = SEAT.after(seat.state, event)
        values |= {"state": target, "state_since": self.now}
        self._rows.change(seat, values)
        self.touched.seats.add(seat.id)

    def move_call(self, call: CallRow, event: CallEvent, **values: Any) -> None:
        """As `move_ticket`, for a call."""
        target = CALL.after(call.state, event)
        values |= {"state": target, "state_since": self.now}
        self._rows.change(call, values)
        self.touched.calls.add(call.id)

    def set_ticket(self, ticket: TicketRow, **values: Any) -> None:
        """Change columns of a ticket other than its state."""
        self._rows.change(ticket, values)
        self.touched.tickets.add(ticket.id)

    def set_seat(self, seat: SeatRow, **values: Any) -> None:
        """Change columns of a seat other than its state."""
        self._rows.change(seat, values)
        self.touched.seats.add(seat.id)

    def set_call(self, call: CallRow, **values: Any) -> None:
        """Change columns of a call other than its state."""
        self._rows.change(call, values)
        self.touched.calls.add(call.id)

    def set_offer(self, offer: TicketOfferRow, **values: Any) -> None:
        """Change columns of a ticket offer."""
        self._rows.change(offer, values)
        self.touched.offers.add(offer.id)
