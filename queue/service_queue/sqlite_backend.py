"""SQLite: one file, one writer at a time by its own lock."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from service_queue.backend import READ_ONLY, READERS, TURN_WITHIN_S, Standing
from service_queue.journal_head import LAST_SEQ
from service_queue.pending import Answer, OperationKey, Pending
from service_queue.sqlite_writes import put

_ANSWER: Final = "SELECT command, answer FROM operation WHERE subject = ? AND op_id = ?"


class SqliteBackend:
    """WAL with synchronous=FULL: what was answered survives power loss."""

    has_one_writer = True

    def __init__(
        self,
        factory: type[sqlite3.Connection] = sqlite3.Connection,
        *,
        turn_within_s: float = TURN_WITHIN_S,
    ) -> None:
        """`turn_within_s`: how long to wait for another process, such as an administrator's.

        `factory` makes the driver's connections; tests make some that fail.
        """
        self._turn_within_s = turn_within_s
        self._factory = factory

    def open_engine(self, url: URL) -> Engine:
        """An engine whose transactions begin at once (BEGIN IMMEDIATE), on a file in WAL mode.

        Deferred transactions that turn into writers fail at once with "database is locked",
        whatever the timeout; immediate ones wait their turn.
        """
        if url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            url,
            connect_args={
                "timeout": self._turn_within_s,
                "check_same_thread": False,
                "factory": self._factory,
            },
            pool_size=READERS + 2,
        )

        @event.listens_for(engine, "connect")
        def _prepare(connection: Any, _record: Any) -> None:
            connection.isolation_level = None
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            # What was deleted is overwritten: consent that is taken back leaves no bytes behind.
            connection.execute("PRAGMA secure_delete=ON")

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            mode = "DEFERRED" if connection.info.get(READ_ONLY) else "IMMEDIATE"
            connection.exec_driver_sql(f"BEGIN {mode}")

        return engine

    def look(
        self, connection: Connection, operations: Sequence[OperationKey]
    ) -> tuple[Standing, dict[OperationKey, Answer]]:
        """The journal's last row, and SQLite's word on whether another connection wrote."""
        cursor = connection.connection.cursor()
        seq = cursor.execute(LAST_SEQ).fetchone()[0] or 0
        version = cursor.execute("PRAGMA data_version").fetchone()[0]
        answers = {}
        for key in operations:
            row = cursor.execute(_ANSWER, key).fetchone()
            if row is not None:
                answers[key] = row
        cursor.close()
        return Standing(seq, version), answers

    def claim(self, connection: Connection, chore: str) -> bool:
        """Whoever writes is alone."""
        return True

    def enlist(self, connection: Connection) -> None:
        """One server a file; there is nobody to count with."""

    def servers(self, connection: Connection) -> tuple[int, frozenset[int]]:
        """Nobody beside this one."""
        return 0, frozenset()

    def put(self, connection: Connection, pending: Pending, *, last: bool) -> None:
        """By texts for one row, run for many, and for many rows where they are alike."""
        put(connection, pending)

    def outage(self, failure: Exception) -> str | None:
        """A full disk, or a lock that is not let go."""
        raw = failure.orig if isinstance(failure, DBAPIError) else failure
        return str(raw) if isinstance(raw, sqlite3.OperationalError) else None
