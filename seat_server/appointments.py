"""Appointments from a sheet, as another system hands them over: all of them, or none."""

from __future__ import annotations

import asyncio
import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from seat_server.ledger import Ledger
from seat_server.sheet import RowError, SheetRefused, SheetRow, decode, read_sheet
from service_queue.entering import make_appointment
from service_queue.errors import AppointmentOutOfRange, ItemUnknown, LocationUnknown
from service_queue.tables import LocationRow, table_of
from service_queue.transaction import Transaction

COLUMNS: Final = ("item", "location", "due_at")

_FORM: Final = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class MadeAppointment:
    """An appointment that was made."""

    line: int
    """Of the sheet."""
    code: str
    item: str
    location: str
    due_at: str


async def import_appointments(ledger: Ledger, path: Path, *, actor: str) -> list[MadeAppointment]:
    """Make the appointments of a CSV file.

    Its columns are item, location, due_at, which is local time there, such as 2025-06-16 09:30. The
    same file imported again makes them again, under other codes.

    Raises:
        SheetRefused: with every error and its line; then none is made.
        OSError: the file cannot be read.
    """
    text = decode(await asyncio.to_thread(path.read_bytes))
    return await ledger.write(actor, lambda tx: _make(tx, read_sheet(text, COLUMNS)))


def _make(tx: Transaction, rows: list[SheetRow]) -> list[MadeAppointment]:
    location = table_of(LocationRow)
    zones = {row.id: row.time_zone for row in tx.every(LocationRow, select(location))}
    made: list[MadeAppointment] = []
    errors: list[RowError] = []
    for row in rows:
        try:
            due_at = datetime.datetime.strptime(row["due_at"], _FORM)
            moment = due_at.replace(tzinfo=ZoneInfo(zones.get(row["location"], "UTC"))).timestamp()
            entry = make_appointment(
                tx, item_code=row["item"], location_id=row["location"], due_at=moment
            )
            made.append(
                MadeAppointment(row.line, entry.code, row["item"], row["location"], row["due_at"])
            )
        except (ValueError, OverflowError):
            told = f"{row['due_at']!r} is not a time such as 2025-06-16 09:30"
            errors.append(RowError(row.line, "due_at", told))
        except ItemUnknown:
            errors.append(RowError(row.line, "item", f"{row['item']!r} is not a service item"))
        except LocationUnknown:
            errors.append(RowError(row.line, "location", f"{row['location']!r} is not a location"))
        except AppointmentOutOfRange:
            told = f"{row['due_at']} is over, or more than a year away"
            errors.append(RowError(row.line, "due_at", told))
    if errors:
        raise SheetRefused(errors)
    return made
