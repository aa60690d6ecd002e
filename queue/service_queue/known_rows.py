"""The rows that the writer knows: as the database will have them at the end of the turn.

They are right for as long as nobody else writes, which each turn begins by looking at; then, and
whenever something was written past them, they are forgotten and read again as they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlmodel import SQLModel

from service_queue.pending import CountKey, Moving, RowKey, is_looked_for
from service_queue.tables import SeatRow, TicketRow

ReferenceKey = tuple[type[SQLModel], tuple[tuple[str, Any], ...]]
"""A kind of row that commands only read, and the keys it was asked for by."""


class KnownRows:
    """Belongs to the writer's thread. Who is given a row of it makes a copy before changing it."""

    def __init__(self) -> None:
        self.reference: dict[ReferenceKey, SQLModel] = {}
        """Locations, kiosks, service items."""
        self.counts: dict[CountKey, int | None] = {}
        """None: there is none yet."""
        self._rows: dict[RowKey, Moving] = {}
        self._seats: dict[str, str] = {}
        """By agent."""
        self._kiosks: dict[str, set[str]] = {}
        """By kiosk: its tickets that are open or may be rated, all of them."""

    def clear(self) -> None:
        """Somebody else may have written."""
        self.reference.clear()
        self.counts.clear()
        self._rows.clear()
        self._seats.clear()
        self._kiosks.clear()

    def row(self, key: RowKey) -> Moving | None:
        """The row, or None when it is not known."""
        return self._rows.get(key)

    def seat_of(self, agent_id: str) -> str | None:
        """Where an agent was last seen; None when that is not known."""
        return self._seats.get(agent_id)

    def tickets_of(self, kiosk_id: str) -> set[str] | None:
        """A kiosk's tickets that are open or may be rated; None when they are not known."""
        return self._kiosks.get(kiosk_id)

    def put(self, row: Moving) -> None:
        """A row as it stands."""
        self._rows[type(row), row.id] = row
        if isinstance(row, SeatRow):
            if row.agent_id is not None:
                self._seats[row.agent_id] = row.id
        elif isinstance(row, TicketRow):
            tickets = self._kiosks.get(row.kiosk_id)
            if tickets is not None:
                (tickets.add if is_looked_for(row) else tickets.discard)(row.id)

    def put_kiosk(self, kiosk_id: str, tickets: Iterable[str]) -> None:
        """All tickets of a kiosk that are open or may be rated."""
        self._kiosks[kiosk_id] = set(tickets)

    def forget_over(self, written: Iterable[Moving]) -> None:
        """Let go of what nobody asks for any more, once it is in the database."""
        for row in written:
            if not is_looked_for(row):
                self._rows.pop((type(row), row.id), None)
