"""Changes that people make to the server itself: accounts, sessions, booths, each journalled."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import Connection, select

from seat_server.tables import RevisionRow
from service_queue.clock import Clock
from service_queue.policy import Policy
from service_queue.statements import count_up
from service_queue.store import Store
from service_queue.tables import table_of
from service_queue.transaction import Sealer, Transaction

T = TypeVar("T")

_revision = table_of(RevisionRow)


class Part(StrEnum):
    """What a running server keeps in memory and must read again when it was changed."""

    ACCESS = "access"
    """Accounts, sessions, devices."""
    CATALOGUE = "catalogue"
    """Service items and their categories."""
    DISTRICT = "district"
    """Locations, kiosks, seats."""
    PROBE = "probe"
    """Nothing: raised by the readiness page, to see whether the database can be written."""


class Ledger:
    """Runs units of work on the server's own tables, in the server or beside it."""

    def __init__(self, store: Store, clock: Clock, sealer: Sealer) -> None:
        self.clock = clock
        self._store = store
        self._sealer = sealer

    async def write(self, actor: str, unit: Callable[[Transaction], T]) -> T:
        """Run `unit` in a transaction; what it notes is journalled as done by `actor`."""
        return await self._store.write(lambda connection: unit(self._begin(connection, actor)))

    async def read(self, unit: Callable[[Transaction], T]) -> T:
        """Run `unit` on what is committed."""
        return await self._store.read(lambda connection: unit(self._begin(connection, "")))

    async def revisions(self) -> dict[str, int]:
        """How often each part was changed."""
        return await self._store.read(read_revisions)

    def _begin(self, connection: Connection, actor: str) -> Transaction:
        return Transaction(
            connection, now=self.clock.now(), policy=Policy(), sealer=self._sealer, actor=actor
        )


def read_revisions(connection: Connection) -> dict[str, int]:
    """How often each part was changed."""
    return {row.part: row.number for row in connection.execute(select(_revision))}


def mark_changed(connection: Connection, part: Part) -> None:
    """Tell running servers, in the transaction of the change, to read `part` again."""
    count_up(connection, RevisionRow, "number", part=part.value)
