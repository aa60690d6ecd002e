"""The catalogue, as a kiosk and a desk show it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import select

from seat_server.api.endpoint import Call, endpoint
from seat_server.ledger import Ledger, Part, read_revisions
from service_queue.tables import CategoryRow, ServiceItemRow, table_of
from service_queue.transaction import Transaction
from signaling.protocol.message import Id, Message
from signaling.protocol.words import Language

_category = table_of(CategoryRow)
_item = table_of(ServiceItemRow)


class CatalogueCategory(Message):
    """First level of the catalogue."""

    id: Id
    name: str
    name_en: str


class CatalogueItem(Message):
    """Something a resident can ask for."""

    code: Id
    name: str
    name_en: str
    category: Id
    department: str
    initials: str
    """Pinyin initials, lower case."""
    frequent: int | None
    """Its rank among the frequent items, from 1; null for the others."""
    languages: tuple[Language, ...]
    materials: tuple[str, ...]
    time_limit: str
    fee: str
    basis: str


class Catalogue(Message):
    """All service items, in the order they are shown."""

    version: str
    """Changes with every change of the rest."""
    categories: tuple[CatalogueCategory, ...]
    items: tuple[CatalogueItem, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    revision: int
    catalogue: Catalogue


class ItemApi:
    """Service items."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._read: _Read | None = None

    @endpoint("GET", "/api/items", conditional=True, shared=True)
    async def list_items(self, call: Call) -> Catalogue:
        """List the catalogue; open to everybody, and to pages of enrolled kiosks."""
        revision = (await self._ledger.revisions()).get(Part.CATALOGUE, 0)
        if self._read is None or self._read.revision != revision:
            self._read = await self._ledger.read(_read_catalogue)
        call.etag = self._read.catalogue.version
        return self._read.catalogue


def _read_catalogue(tx: Transaction) -> _Read:
    revision = read_revisions(tx.connection).get(Part.CATALOGUE, 0)
    categories = tx.every(
        CategoryRow, select(_category).order_by(_category.c.position, _category.c.id)
    )
    items = tx.every(
        ServiceItemRow,
        select(_item)
        .join(_category, _category.c.id == _item.c.category_id)
        .where(_item.c.hidden.is_(False))
        .order_by(_category.c.position, _item.c.frequent_rank.nulls_last(), _item.c.code),
    )
    shown = Catalogue(
        version="",
        categories=tuple(
            CatalogueCategory(id=row.id, name=row.name, name_en=row.name_en) for row in categories
        ),
        items=tuple(_shown(row) for row in items),
    )
    version = hashlib.sha256(shown.model_dump_json().encode()).hexdigest()[:16]
    return _Read(revision, shown.model_copy(update={"version": version}))


def _shown(row: ServiceItemRow) -> CatalogueItem:
    return CatalogueItem(
        code=row.code,
        name=row.name,
        name_en=row.name_en,
        category=row.category_id,
        department=row.department,
        initials=row.initials,
        frequent=row.frequent_rank,
        languages=tuple(Language(word) for word in row.languages.split("|") if word),
        materials=tuple(line for line in row.materials.split("|") if line),
        time_limit=row.time_limit,
        fee=row.fee,
        basis=row.basis,
    )
