"""The district that comes with the program: ten locations, their kiosks, twenty seats, accounts.

A sample to start from. Loading adds what is missing and touches nothing that is there, so an
administrator's changes survive every start.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from sqlalchemy import update
from sqlmodel import SQLModel

from seat_server.accounts import add_agent
from seat_server.catalogue import CatalogueItem, parse_items, put_items
from seat_server.ledger import Ledger, Part, mark_changed
from seat_server.sheet import RowError, SheetRefused, SheetRow, decode, header_of, read_sheet
from seat_server.tables import AgentRow
from service_queue.tables import (
    CategoryRow,
    KioskRow,
    LocationRow,
    SeatRow,
    ServiceItemRow,
    table_of,
)
from service_queue.transaction import Transaction
from signaling.protocol.words import Role

FOLDER: Final = resources.files("seat_server") / "district"

_LEVEL: Final = re.compile(r"[1-9]")
_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


@dataclass(frozen=True, slots=True)
class AgentSeed:
    """An account of the sample district. Its password is made where it is loaded."""

    login: str
    name: str
    role: Role
    departments: str
    languages: str


@dataclass(frozen=True, slots=True)
class District:
    """Everything a hall needs before its first ticket."""

    locations: tuple[LocationRow, ...]
    kiosks: tuple[KioskRow, ...]
    seats: tuple[SeatRow, ...]
    categories: tuple[CategoryRow, ...]
    items: tuple[CatalogueItem, ...]
    agents: tuple[AgentSeed, ...]
    unsaid: frozenset[str] = frozenset()
    """Columns of rows that its files say nothing of: an import leaves them as they are."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many of each were missing and are there now."""

    locations: int
    kiosks: int
    seats: int
    categories: int
    items: int

    @property
    def total(self) -> int:
        """How many rows were added."""
        return self.locations + self.kiosks + self.seats + self.categories + self.items


def sample_district() -> District:
    """Return the district that comes with the program.

    Raises:
        SheetRefused: one of its files was damaged.
    """
    return read_district(FOLDER)


def read_district(folder: Traversable) -> District:
    """Read locations, kiosks, seats, categories, items and (if there) agents from a folder.

    Raises:
        SheetRefused: a file is damaged; every error names its file, line and column.
        OSError: a file is missing or cannot be read.
    """
    sheets = _Sheets(folder)
    categories = tuple(
        CategoryRow(id=row["id"], name=row["name"], name_en=row["name_en"], position=position)
        for position, row in enumerate(sheets.rows("categories", "id", "name", "name_en"))
    )
    places = sheets.rows(
        "locations", "id", "name", "name_en", "prefix", "time_zone", optional=("district",)
    )
    booths = sheets.rows("kiosks", "id", "location", "name")
    windows = sheets.rows("seats", "id", "name", optional=("location", "level"))
    _refuse_strays(places, booths, windows)
    return District(
        locations=tuple(
            LocationRow(
                id=row["id"],
                name=row["name"],
                name_en=row["name_en"],
                prefix=row["prefix"],
                time_zone=row["time_zone"],
                district=row["district"],
                position=position,
            )
            for position, row in enumerate(places)
        ),
        kiosks=tuple(
            KioskRow(id=row["id"], location_id=row["location"], name=row["name"], position=position)
            for position, row in enumerate(booths)
        ),
        seats=tuple(
            SeatRow(
                id=row["id"],
                name=row["name"],
                position=position,
                location_id=row["location"] or None,
                level=int(row["level"] or 1),
            )
            for position, row in enumerate(windows)
        ),
        categories=categories,
        items=tuple(parse_items(sheets.text("items"), {category.id for category in categories})),
        agents=()
        if not folder.joinpath("agents.csv").is_file()
        else tuple(
            AgentSeed(
                login=row["login"],
                name=row["name"],
                role=Role(row["role"]),
                departments=row["departments"],
                languages=row["languages"],
            )
            for row in sheets.rows("agents", "login", "name", "role", "departments", "languages")
        ),
        unsaid=frozenset(
            column
            for sheet, name, column in (
                ("locations", "district", "district"),
                ("seats", "location", "location_id"),
                ("seats", "level", "level"),
            )
            if name not in sheets.header(sheet)
        ),
    )


def _refuse_strays(
    places: Sequence[SheetRow], booths: Sequence[SheetRow], windows: Sequence[SheetRow]
) -> None:
    known = {row["id"] for row in places}
    # A window of no township is the whole district's; a kiosk stands somewhere.
    errors = [
        RowError(row.line, "location", f"{name}.csv: {row['location']!r} is not in locations.csv")
        for name, rows, allowed in (("kiosks", booths, known), ("seats", windows, known | {""}))
        for row in rows
        if row["location"] not in allowed
    ]
    errors += [
        RowError(
            row.line, "level", f"seats.csv: {row['level']!r} is not a whole number from 1 to 9"
        )
        for row in windows
        if row["level"] and not _LEVEL.fullmatch(row["level"])
    ]
    prefixes: dict[str, str] = {}
    for row in places:
        other = prefixes.setdefault(row["prefix"], row["id"])
        if other != row["id"]:
            text = f"locations.csv: {other} has the prefix {row['prefix']!r} already"
            errors.append(RowError(row.line, "prefix", text))
    if errors:
        raise SheetRefused(errors)


async def load_district(ledger: Ledger, district: District, *, actor: str = "system") -> Loaded:
    """Add what the database lacks of `district`; what is there stays as it is."""
    return await _put_district(ledger, district, actor, renew=False)


async def import_district(ledger: Ledger, district: District, *, actor: str) -> Loaded:
    """Add what the database lacks of `district`, and rename what is called otherwise there.

    Nothing is taken away: tickets name locations, kiosks and seats for ever.
    """
    return await _put_district(ledger, district, actor, renew=True)


async def _put_district(ledger: Ledger, district: District, actor: str, *, renew: bool) -> Loaded:
    def unit(tx: Transaction) -> Loaded:
        keep_items = not renew and tx.find(ServiceItemRow) is not None
        renewed = _NAMING - district.unsaid if renew else frozenset()
        # Kiosks are always said to stand somewhere; only a window may be nobody's own.
        booths = renewed | {"location_id"} if renew else renewed
        loaded = Loaded(
            locations=_put(tx, district.locations, renewed),
            kiosks=_put(tx, district.kiosks, booths),
            seats=_put(tx, district.seats, renewed),
            categories=_put(tx, district.categories, renewed),
            items=0 if keep_items else put_items(tx, district.items).added,
        )
        if loaded.locations or loaded.kiosks or loaded.seats:
            mark_changed(tx.connection, Part.DISTRICT)
        if loaded.categories:
            mark_changed(tx.connection, Part.CATALOGUE)
        if loaded.total:
            tx.note("district.loaded", rows=loaded.total)
        return loaded

    return await ledger.write(actor, unit)


async def load_agents(
    ledger: Ledger,
    agents: Collection[AgentSeed],
    password_hashes: Mapping[str, str],
    *,
    actor: str = "system",
) -> list[str]:
    """Add the accounts whose login is free, with the hash kept under it; return their logins."""

    def unit(tx: Transaction) -> list[str]:
        missing = [seed for seed in agents if tx.find(AgentRow, login=seed.login) is None]
        for seed in missing:
            add_agent(
                tx,
                login=seed.login,
                name=seed.name,
                role=seed.role,
                password_hash=password_hashes[seed.login],
                agent_id=seed.login,
                departments=seed.departments,
                languages=seed.languages,
            )
        return [seed.login for seed in missing]

    return await ledger.write(actor, unit)


_NAMING: Final = frozenset(
    {
        *("name", "name_en", "prefix", "time_zone", "position"),
        *("location_id", "district", "level"),
    }
)
"""Columns an import may change in a row that is there; the others are the hall's."""


def _put(tx: Transaction, rows: Collection[SQLModel], renewed: frozenset[str]) -> int:
    """Insert the rows whose id is not taken, and change the `renewed` columns of the others.

    Returns how many rows changed.
    """
    changed = 0
    for row in rows:
        kind = type(row)
        key = next(iter(table_of(kind).primary_key.columns)).name
        there = tx.find(kind, **{key: getattr(row, key)})
        if there is None:
            tx.add(row)
            changed += 1
        else:
            changed += _renew(tx, there, row, key, renewed)
    return changed


def _renew(
    tx: Transaction, there: SQLModel, row: SQLModel, key: str, renewed: frozenset[str]
) -> bool:
    table = table_of(type(row))
    news = {
        name: getattr(row, name)
        for name in renewed
        if name in table.c and getattr(row, name) != getattr(there, name)
    }
    if news:
        tx.connection.execute(update(table).where(table.c[key] == getattr(row, key)).values(**news))
    return bool(news)


@dataclass(frozen=True, slots=True)
class _Sheets:
    """The CSV files of one folder."""

    folder: Traversable

    def text(self, name: str) -> str:
        return decode((self.folder / f"{name}.csv").read_bytes())

    def header(self, name: str) -> list[str]:
        """The names of its columns."""
        return header_of(self.text(name))

    def rows(self, name: str, *columns: str, optional: Sequence[str] = ()) -> list[SheetRow]:
        rows = read_sheet(self.text(name), columns, optional)
        key = columns[0]
        errors = [
            RowError(row.line, key, f"{name}.csv: {row[key]!r} is not an id")
            for row in rows
            if not _ID.fullmatch(row[key])
        ]
        if errors:
            raise SheetRefused(errors)
        return rows
