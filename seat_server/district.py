"""The district that comes with the program: ten locations, their kiosks, twenty seats, accounts.

A sample to start from. Loading adds what is missing and touches nothing that is there, so an
administrator's changes survive every start.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final

from sqlmodel import SQLModel

from seat_server.accounts import add_agent
from seat_server.catalogue import CatalogueItem, parse_items, put_items
from seat_server.ledger import Ledger, Part, mark_changed
from seat_server.sheet import RowError, SheetRefused, SheetRow, read_sheet
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
    categories = tuple(
        CategoryRow(id=row["id"], name=row["name"], name_en=row["name_en"], position=position)
        for position, row in enumerate(_rows("categories", "id", "name", "name_en"))
    )
    return District(
        locations=tuple(
            LocationRow(
                id=row["id"],
                name=row["name"],
                name_en=row["name_en"],
                prefix=row["prefix"],
                time_zone=row["time_zone"],
                position=position,
            )
            for position, row in enumerate(
                _rows("locations", "id", "name", "name_en", "prefix", "time_zone")
            )
        ),
        kiosks=tuple(
            KioskRow(id=row["id"], location_id=row["location"], name=row["name"], position=position)
            for position, row in enumerate(_rows("kiosks", "id", "location", "name"))
        ),
        seats=tuple(
            SeatRow(id=row["id"], name=row["name"], position=position)
            for position, row in enumerate(_rows("seats", "id", "name"))
        ),
        categories=categories,
        items=tuple(parse_items(_text("items"), {category.id for category in categories})),
        agents=tuple(
            AgentSeed(
                login=row["login"],
                name=row["name"],
                role=Role(row["role"]),
                departments=row["departments"],
                languages=row["languages"],
            )
            for row in _rows("agents", "login", "name", "role", "departments", "languages")
        ),
    )


async def load_district(ledger: Ledger, district: District, *, actor: str = "system") -> Loaded:
    """Add what the database lacks of `district`; a catalogue that is there stays as it is."""

    def unit(tx: Transaction) -> Loaded:
        loaded = Loaded(
            locations=_add_missing(tx, district.locations),
            kiosks=_add_missing(tx, district.kiosks),
            seats=_add_missing(tx, district.seats),
            categories=_add_missing(tx, district.categories),
            items=0 if tx.find(ServiceItemRow) else put_items(tx, district.items).added,
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


def _add_missing(tx: Transaction, rows: Collection[SQLModel]) -> int:
    """Insert the rows whose id is not taken; return how many."""
    added = 0
    for row in rows:
        kind = type(row)
        key = next(iter(table_of(kind).primary_key.columns)).name
        if tx.find(kind, **{key: getattr(row, key)}) is None:
            tx.add(row)
            added += 1
    return added


def _rows(name: str, *columns: str) -> list[SheetRow]:
    rows = read_sheet(_text(name), columns)
    key = columns[0]
    errors = [
        RowError(row.line, key, f"{name}.csv: {row[key]!r} is not an id")
        for row in rows
        if not _ID.fullmatch(row[key])
    ]
    if errors:
        raise SheetRefused(errors)
    return rows


def _text(name: str) -> str:
    return (FOLDER / f"{name}.csv").read_text(encoding="utf-8")
