"""What the database holds of a hall, read by a connection of our own beside the server's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, Engine, select
from sqlmodel import SQLModel

from service_queue.backend import open_engine
from service_queue.journal_entry import JournalEntry
from service_queue.hours import local_day
from service_queue.tables import (
    CallRow,
    JournalRow,
    LocationRow,
    RatingRow,
    SeatRow,
    TicketRow,
    table_of,
)

R = TypeVar("R", bound=SQLModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class HallRecord:
    """The hall's rows at one moment."""

    journal: tuple[JournalEntry, ...]
    locations: tuple[LocationRow, ...]
    tickets: tuple[TicketRow, ...]
    seats: tuple[SeatRow, ...]
    calls: tuple[CallRow, ...]
    ratings: tuple[RatingRow, ...]

    def day_of(self, location_id: str, at: float) -> str:
        """The calendar day at a location; UTC's where there is no such location."""
        zones = {location.id: location.time_zone for location in self.locations}
        return local_day(at, zones.get(location_id, "UTC"))


@contextmanager
def hall_database(url: str) -> Iterator[Engine]:
    """The database at `url`, to read from."""
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def read_record(engine: Engine) -> HallRecord:
    """Everything the invariants look at, of one moment."""
    with engine.connect() as connection:
        connection.info["read_only"] = True
        try:
            return HallRecord(
                journal=tuple(_entry(row) for row in _rows(connection, JournalRow, "seq")),
                locations=_rows(connection, LocationRow),
                tickets=_rows(connection, TicketRow),
                seats=_rows(connection, SeatRow),
                calls=_rows(connection, CallRow),
                ratings=_rows(connection, RatingRow, "ticket_id"),
            )
        finally:
            connection.rollback()
            connection.info.pop("read_only", None)


def _rows(connection: Connection, model: type[R], key: str = "id") -> tuple[R, ...]:
    table = table_of(model)
    found = connection.execute(select(table).order_by(table.c[key]))
    return tuple(model(**row._mapping) for row in found)


def _entry(row: JournalRow) -> JournalEntry:
    assert row.seq is not None, "a row that was read has its number"
    return JournalEntry(
        seq=row.seq,
        at=row.at,
        kind=row.kind,
        actor=row.actor,
        kiosk_id=row.kiosk_id,
        seat_id=row.seat_id,
        ticket_id=row.ticket_id,
        call_id=row.call_id,
        reason=row.reason,
        detail=json.loads(row.detail),
    )
