"""What the database holds of a hall, read by a connection of our own beside the server's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, Engine, select
from sqlmodel import SQLModel

from service_queue.audit import Audit
from service_queue.backend import READ_ONLY, open_engine
from service_queue.hours import local_day
from service_queue.journal_entry import JournalEntry
from service_queue.journal_reader import audit_journal, read_entries
from service_queue.tables import (
    CallRow,
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
    with _one_moment(engine) as connection:
        return HallRecord(
            journal=tuple(read_entries(connection)),
            locations=_rows(connection, LocationRow),
            tickets=_rows(connection, TicketRow),
            seats=_rows(connection, SeatRow),
            calls=_rows(connection, CallRow),
            ratings=_rows(connection, RatingRow, "ticket_id"),
        )


def read_audit(engine: Engine) -> Audit:
    """Whether the journal is as it was sealed."""
    with _one_moment(engine) as connection:
        return audit_journal(connection)


@contextmanager
def _one_moment(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        connection.info[READ_ONLY] = True
        try:
            yield connection
        finally:
            connection.rollback()
            connection.info.pop(READ_ONLY, None)


def _rows(connection: Connection, model: type[R], key: str = "id") -> tuple[R, ...]:
    table = table_of(model)
    found = connection.execute(select(table).order_by(table.c[key]))
    return tuple(model(**row._mapping) for row in found)
