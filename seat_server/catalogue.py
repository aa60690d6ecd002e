"""The catalogue of service items: read from a sheet, checked as a whole, imported as a whole.

An administrator edits the CSV and imports it again. Items that vanished from it are hidden, not
deleted, because tickets name them.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import select, update

from seat_server.ledger import Ledger, Part, mark_changed
from seat_server.pinyin import initials
from seat_server.sheet import RowError, SheetRefused, SheetRow, decode, read_sheet
from service_queue.tables import CategoryRow, ServiceItemRow, table_of
from service_queue.transaction import Transaction
from signaling.protocol.words import Language

HELP_CODE: Final = "help"
"""The item behind the giant button 找人帮我办: for whoever does not know what to choose."""

COLUMNS: Final = (
    "code",
    "name",
    "name_en",
    "category",
    "department",
    "initials",
    "frequent_rank",
    "languages",
    "materials",
    "time_limit",
    "fee",
    "basis",
)
LONGEST_NAME: Final = 60
"""A longer one does not fit on the slip or the button."""

_CODE: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_INITIALS: Final = re.compile(r"[a-z0-9]+")
_RANK: Final = re.compile(r"[1-9][0-9]{0,3}")
_LANGUAGES: Final = frozenset(language.value for language in Language)

_item = table_of(ServiceItemRow)


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """One service item as the sheet gives it."""

    code: str
    name: str
    name_en: str
    category_id: str
    department: str
    initials: str
    frequent_rank: int | None
    languages: str
    materials: str
    time_limit: str
    fee: str
    basis: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import changed."""

    added: int
    changed: int
    unchanged: int
    hidden: int
    """Items that are no longer in the sheet."""


def parse_items(text: str, categories: Collection[str]) -> list[CatalogueItem]:
    """Return the items of a sheet whose categories are all known.

    Raises:
        SheetRefused: one row or more is bad; it names them all.
    """
    rows = read_sheet(text, COLUMNS)
    errors = [error for row in rows for error in _row_errors(row, categories)]
    for column in ("code", "name", "frequent_rank"):
        errors.extend(_repeats(rows, column))
    if all(row["code"] != HELP_CODE for row in rows):
        errors.append(RowError(1, "code", f"no item has the code {HELP_CODE!r}"))
    if errors:
        raise SheetRefused(errors)
    return [_item_of(row) for row in rows]


async def import_items(ledger: Ledger, path: Path, *, actor: str) -> ImportReport:
    """Make the catalogue what the file says; nothing changes if one row is bad.

    Raises:
        SheetRefused: with every error and its line.
        OSError: the file cannot be read.
    """
    text = decode(await asyncio.to_thread(path.read_bytes))

    def unit(tx: Transaction) -> ImportReport:
        categories = tx.connection.execute(select(table_of(CategoryRow).c.id)).scalars().all()
        return put_items(tx, parse_items(text, categories))

    return await ledger.write(actor, unit)


def put_items(tx: Transaction, items: Collection[CatalogueItem]) -> ImportReport:
    """Make the catalogue these items, in a transaction of the caller's."""
    kept = {row.code: row for row in tx.every(ServiceItemRow, select(_item))}
    added = changed = 0
    for item in items:
        row = ServiceItemRow(**asdict(item))
        if item.code not in kept:
            tx.add(row)
            added += 1
        elif row.model_dump() != kept[item.code].model_dump():
            tx.connection.execute(
                update(_item).where(_item.c.code == item.code).values(**row.model_dump())
            )
            changed += 1
    gone = {code for code, row in kept.items() if not row.hidden} - {item.code for item in items}
    for code in sorted(gone):
        tx.connection.execute(
            update(_item).where(_item.c.code == code).values(hidden=True, frequent_rank=None)
        )
    report = ImportReport(
        added=added, changed=changed, unchanged=len(items) - added - changed, hidden=len(gone)
    )
    if added or changed or gone:
        mark_changed(tx.connection, Part.CATALOGUE)
        tx.note("catalogue.imported", **asdict(report))
    return report


def _item_of(row: SheetRow) -> CatalogueItem:
    return CatalogueItem(
        code=row["code"],
        name=row["name"],
        name_en=row["name_en"],
        category_id=row["category"],
        department=row["department"],
        initials=row["initials"] or initials(row["name"]),
        frequent_rank=int(row["frequent_rank"]) if row["frequent_rank"] else None,
        languages="|".join(_parts(row["languages"])),
        materials="|".join(_parts(row["materials"])),
        time_limit=row["time_limit"],
        fee=row["fee"],
        basis=row["basis"],
    )


def _parts(joined: str) -> list[str]:
    return [part.strip() for part in joined.split("|") if part.strip()]


def _row_errors(row: SheetRow, categories: Collection[str]) -> Iterator[RowError]:
    for column in ("name", "name_en", "department", "languages"):
        if not row[column]:
            yield RowError(row.line, column, "is empty")
    if len(row["name"]) > LONGEST_NAME:
        yield RowError(row.line, "name", f"is longer than {LONGEST_NAME} characters")
    if not _CODE.fullmatch(row["code"]):
        yield RowError(row.line, "code", "is not made of 1 to 64 letters, digits and _.:-")
    if row["category"] not in categories:
        yield RowError(row.line, "category", f"{row['category']!r} is not a category")
    if row["initials"] and not _INITIALS.fullmatch(row["initials"]):
        yield RowError(row.line, "initials", "may hold only a-z and 0-9")
    rank = row["frequent_rank"]
    if rank and not _RANK.fullmatch(rank):
        yield RowError(row.line, "frequent_rank", "is not a whole number from 1 to 9999")
    for language in _parts(row["languages"]):
        if language not in _LANGUAGES:
            yield RowError(row.line, "languages", f"{language!r} is not a known language")


def _repeats(rows: Collection[SheetRow], column: str) -> Iterator[RowError]:
    first: dict[str, int] = {}
    for row in rows:
        value = row[column]
        if value and value in first:
            yield RowError(row.line, column, f"{value!r} stands on line {first[value]} already")
        first.setdefault(value, row.line)
