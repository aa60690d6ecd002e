"""The journal, to be read and taken away; it is never written from here."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy import select

from seat_server.api.endpoint import OVERSEERS, Call, endpoint
from seat_server.ledger import Ledger
from service_queue.tables import JournalRow, table_of
from service_queue.transaction import Transaction
from signaling.protocol.message import Id, Message, Moment

_journal = table_of(JournalRow)


class JournalQuery(BaseModel):
    """Which entries."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: Annotated[int, Field(ge=0, le=2**53 - 1)] = 0
    """Entries with a greater `seq`."""
    ticket: Id | None = None
    """About one ticket only."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 500


class JournalEntry(Message):
    """One thing that happened."""

    seq: int
    at: Moment
    kind: str
    actor: str
    kiosk_id: str | None
    seat_id: str | None
    ticket_id: str | None
    call_id: str | None
    reason: str | None
    detail: dict[str, JsonValue]


class JournalPage(Message):
    """Some entries, the oldest first."""

    entries: tuple[JournalEntry, ...]
    next: int | None
    """Ask for more with `after`; null when there are none now."""


class JournalApi:
    """Journal."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @endpoint("GET", "/api/journal", roles=OVERSEERS)
    async def read_journal(self, call: Call, query: JournalQuery) -> JournalPage:
        """Read the journal on from an entry."""
        return await self._ledger.read(lambda tx: _page(tx, query))


def _page(tx: Transaction, query: JournalQuery) -> JournalPage:
    statement = (
        select(_journal)
        .where(_journal.c.seq > query.after)
        .order_by(_journal.c.seq)
        .limit(query.limit + 1)
    )
    if query.ticket is not None:
        statement = statement.where(_journal.c.ticket_id == query.ticket)
    rows = tx.every(JournalRow, statement)
    entries = tuple(
        JournalEntry(**row.model_dump(exclude={"detail"}), detail=json.loads(row.detail))
        for row in rows[: query.limit]
    )
    return JournalPage(entries=entries, next=entries[-1].seq if len(rows) > query.limit else None)
