"""Yesterday's journal to replay: out of an export, or out of a hall's database."""

from __future__ import annotations

import asyncio
import datetime
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from seat_server.database import Database, DatabaseRefused
from service_queue.journal_entry import JournalEntry
from service_queue.journal_reader import read_entries
from service_queue.line_tables import PolicyVersionRow
from service_queue.simulation.recorded import (
    Known,
    NothingRecorded,
    Place,
    RecordedDay,
    Recorder,
)
from service_queue.store import Store
from service_queue.tables import LocationRow, SeatRow, ServiceItemRow, table_of
from signaling.protocol.errors import Refusal
from xiaowu.simulate.windows import at_homes

TIME_ZONE: Final = "Asia/Shanghai"
"""Of an export, which does not say it."""

_version = table_of(PolicyVersionRow)


class JournalUnreadable(Exception):
    """This is no journal; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSource:
    """A journal that was read, and what its hall is called."""

    recorder: Recorder
    time_zone: str = TIME_ZONE
    places: dict[str, str] = field(default_factory=dict)
    """Names of the locations; empty for an export."""
    knows_windows: bool = False
    """It says which window belongs to which location."""
    policy_text: str | None = None
    """The policy in force, if one was ever applied."""


def read_journal(name: str) -> JournalSource:
    """Read a journal by the name of an export, or by the address of a database.

    Raises:
        JournalUnreadable: it is neither, or cannot be read.
    """
    if "://" in name:
        return read_database(name)
    try:
        return read_export(Path(name))
    except OSError as failed:
        raise JournalUnreadable(f"{name}: {failed.strerror or failed}") from failed


def read_last_day(source: JournalSource, day: datetime.date | None = None) -> RecordedDay:
    """One day of a journal; the last with a ticket if none is named.

    Raises:
        JournalUnreadable: nobody came that day, or no window was open.
    """
    zone = ZoneInfo(source.time_zone)
    if day is None:
        last = source.recorder.last_taken_at
        if last is None:
            raise JournalUnreadable("nobody took a ticket in this journal")
        day = datetime.datetime.fromtimestamp(last, zone).date()
    midnight = datetime.datetime.combine(day, datetime.time(), zone).timestamp()
    try:
        recorded = source.recorder.day(midnight)
    except NothingRecorded as nothing:
        raise JournalUnreadable(f"nobody took a ticket on {day}") from nothing
    if not recorded.seats:
        raise JournalUnreadable(f"no window was open on {day}")
    return recorded if source.knows_windows else at_homes(recorded)


def read_export(file: Path) -> JournalSource:
    """Read what `xiaowu journal export` wrote.

    Raises:
        JournalUnreadable: a line is none of it.
        OSError: by reading.
    """
    recorder = Recorder(Known())
    with _open(file) as lines:
        recorder.tell(_entries(lines, file))
    return JournalSource(recorder=recorder)


def read_database(url: str) -> JournalSource:
    """Read the journal of a hall, beside a server that may be running.

    Raises:
        JournalUnreadable: it is no database of ours, or cannot be opened.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
            raise JournalUnreadable(f"there is no database at {parsed.database}")
        # Nothing is written: the folder for copies is never used.
        Database(url, Path()).require_head()
        return asyncio.run(_read_hall(url))
    except (DatabaseRefused, Refusal, ArgumentError) as refused:
        raise JournalUnreadable(str(refused)) from refused


async def _read_hall(url: str) -> JournalSource:
    store = Store.open(url)
    try:
        return await store.read(_hall)
    finally:
        await store.close()


def _hall(connection: Connection) -> JournalSource:
    known, places, zone = _known(connection)
    recorder = Recorder(known)
    recorder.tell(read_entries(connection))
    newest = select(_version.c.text).order_by(_version.c.id.desc()).limit(1)
    return JournalSource(
        recorder=recorder,
        time_zone=zone,
        places=places,
        knows_windows=any(place.location_id for place in known.seats.values()),
        policy_text=connection.execute(newest).scalar(),
    )


def _known(connection: Connection) -> tuple[Known, dict[str, str], str]:
    location, seat, item = (table_of(row) for row in (LocationRow, SeatRow, ServiceItemRow))
    rows = connection.execute(
        select(location.c.id, location.c.name, location.c.district, location.c.time_zone).order_by(
            location.c.position, location.c.id
        )
    ).all()
    districts = {row.id: row.district for row in rows}
    seats = connection.execute(
        select(seat.c.id, seat.c.location_id, seat.c.level, seat.c.position)
    ).all()
    known = Known(
        departments={
            row.code: row.department
            for row in connection.execute(select(item.c.code, item.c.department))
        },
        districts=districts,
        seats={
            row.id: Place(
                location_id=row.location_id,
                district=districts.get(row.location_id or "", ""),
                level=row.level,
                position=row.position,
            )
            for row in seats
        },
    )
    zone = rows[0].time_zone if rows else TIME_ZONE
    return known, {row.id: row.name for row in rows}, zone


def _open(file: Path) -> IO[str]:
    if file.name.endswith(".gz"):
        return gzip.open(file, "rt", encoding="utf-8")
    return file.open(encoding="utf-8")


def _entries(lines: IO[str], file: Path) -> Iterator[JournalEntry]:
    read = 0
    try:
        for line in lines:
            read += 1
            row = json.loads(line)
            if row["type"] == "row":
                yield _entry(row)
    except (ValueError, KeyError, TypeError, gzip.BadGzipFile, EOFError) as failed:
        raise JournalUnreadable(
            f"{file} is no export of a journal: line {max(read, 1)} cannot be read"
        ) from failed


def _entry(row: dict[str, Any]) -> JournalEntry:
    detail = json.loads(row["detail"])
    if not isinstance(detail, dict):
        raise TypeError("detail")
    return JournalEntry(
        seq=int(row["seq"]),
        at=float(row["at"]),
        kind=str(row["kind"]),
        actor=str(row["actor"]),
        kiosk_id=row["kiosk_id"],
        seat_id=row["seat_id"],
        ticket_id=row["ticket_id"],
        call_id=row["call_id"],
        reason=row["reason"],
        detail=detail,
    )
