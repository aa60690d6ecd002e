"""What the store asks of a kind of database, and which kinds there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL, make_url

from service_queue.errors import StoreUnavailable
from service_queue.pending import Answer, OperationKey, Pending

TURN_WITHIN_S: Final = 10.0
"""How long the writer waits while another process writes."""

READERS: Final = 2
"""Connections that read beside the writer."""

READ_ONLY: Final = "read_only"
"""Key in a connection's `info`: its transactions only read, all of them one moment."""

OUT_OF_TURN: Final = "out_of_turn"
"""Key in a connection's `info`: its transactions write beside the line of commits."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the writer finds when its turn begins."""

    seq: int
    """The journal's last row."""
    version: int = 0
    """Another number than before: somebody else wrote, journalled or not. 0 where none is told."""


class Backend(Protocol):
    """One kind of database."""

    has_one_writer: bool
    """Nothing can be written beside the line of commits."""

    def open_engine(self, url: URL) -> Engine:
        """An engine whose transactions begin as the holder of the one turn to write.

        Connections that say READ_ONLY or OUT_OF_TURN in their `info` do not wait for it.

        Raises:
            StoreUnavailable: what it takes is not installed.
        """
        ...

    def look(
        self, connection: Connection, operations: Sequence[OperationKey]
    ) -> tuple[Standing, dict[OperationKey, Answer]]:
        """What stands at the beginning of a turn, before anything was done in it.

        And the answers that were given to those of `operations` that were carried out before.
        """
        ...

    def claim(self, connection: Connection, chore: str) -> bool:
        """Take a chore for the rest of the transaction; False when another process is at it."""
        ...

    def enlist(self, connection: Connection) -> None:
        """Count this process among the hall's servers for as long as the connection lives."""
        ...

    def servers(self, connection: Connection) -> tuple[int, frozenset[int]]:
        """This connection's number, and those of all connections that are enlisted."""
        ...

    def put(self, connection: Connection, pending: Pending, *, last: bool) -> None:
        """Write what waited. `last`: nothing follows in this transaction but its commit.

        Raises:
            OutOfStep: a row that is to be changed is not as it was thought to be.
        """
        ...

    def outage(self, failure: Exception) -> str | None:
        """The driver's word for it when the database itself failed, else None."""
        ...


def open_backend(url: str, turn_within_s: float = TURN_WITHIN_S) -> tuple[Backend, Engine]:
    """The kind of database at an SQLAlchemy `url`, and an engine on it.

    `turn_within_s`: how long the writer waits while another process writes.

    Raises:
        StoreUnavailable: no kind that is known.
    """
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            from service_queue.sqlite_backend import SqliteBackend  # noqa: PLC0415 - one is enough

            backend: Backend = SqliteBackend(turn_within_s=turn_within_s)
        case "postgresql":
            # A hall on SQLite needs no driver for PostgreSQL.
            from service_queue.postgres_backend import PostgresBackend  # noqa: PLC0415

            backend = PostgresBackend(turn_within_s)
        case _:
            raise StoreUnavailable(
                "rows are kept in SQLite (sqlite:///PATH) or PostgreSQL (postgresql://HOST/NAME)"
            )
    return backend, backend.open_engine(parsed)


def open_engine(url: str) -> Engine:
    """An engine on the database at `url`, as the store opens it."""
    return open_backend(url)[1]
