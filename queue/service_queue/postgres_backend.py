"""PostgreSQL: any number of processes, one order of commits.

A transaction of the line begins by taking one advisory lock of the database; the commit lets go of
it, and so does the death of the connection. See decisions: SKIP LOCKED would let a process overtake
the head of the line while another holds it.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from service_queue.backend import OUT_OF_TURN, READ_ONLY, READERS, Standing
from service_queue.errors import StoreUnavailable
from service_queue.pending import Answer, OperationKey, Pending
from service_queue.postgres_writes import look, put

try:
    import psycopg
except ImportError as missing:
    raise StoreUnavailable(
        "PostgreSQL needs its driver: pip install 'xiaowu[postgres]'"
    ) from missing

log = logging.getLogger(__name__)

TURN_LOCK: Final = 0x78_69_61_6F_77_75
"""Whoever holds it writes; one number of 64 bits, the same in every process."""

CHORE_LOCKS: Final = 0x6368
"""The first of the two numbers that name a chore's lock; the second is of its name."""

SERVER_LOCK: Final = (0x6861, 0x6C6C)
"""Shared by all servers of a hall: whoever holds it lives."""

STATEMENT_S: Final = 30
"""Nothing the line does takes nearly as long."""

CONNECT_WITHIN_S: Final = 5

_TURN: Final = f"BEGIN; SELECT pg_advisory_xact_lock({TURN_LOCK})"

READ_IDLE_MIN: Final = 10
"""A reader holds nobody up and may work on what it read: a journal of years, on a busy machine.
Its view of the rows is kept for it meanwhile, so not for ever."""

_READ: Final = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
    f"SET LOCAL idle_in_transaction_session_timeout = '{READ_IDLE_MIN}min'"
)


_SERVERS: Final = f"""
    SELECT pg_backend_pid(), pid FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 2 AND granted
      AND classid = {SERVER_LOCK[0]} AND objid = {SERVER_LOCK[1]}
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class PostgresBackend:
    """READ COMMITTED is enough under the lock: nobody else writes meanwhile."""

    has_one_writer = False

    def __init__(self, turn_within_s: float) -> None:
        """`turn_within_s`: how long to wait for the turn to write.

        A process that has its turn and does nothing (stopped, swapped out) loses it after half of
        that, so that those who wait outlast it.
        """
        self._session = (
            f"SET lock_timeout = {round(turn_within_s * 1000)};"
            f"SET idle_in_transaction_session_timeout = {round(turn_within_s * 500)};"
            f"SET statement_timeout = '{STATEMENT_S}s'"
        )

    def open_engine(self, url: URL) -> Engine:
        """An engine whose transactions wait for the turn to write."""
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            paramstyle="format",
            pool_size=READERS + 2,
            pool_pre_ping=True,
            connect_args={
                "autocommit": True,  # transactions are begun below, in one round trip
                "connect_timeout": CONNECT_WITHIN_S,
                "application_name": "xiaowu",
            },
        )

        @event.listens_for(engine, "connect")
        def _prepare(connection: Any, _record: Any) -> None:
            cursor = connection.cursor()
            cursor.execute(self._session)
            if cursor.execute("SHOW synchronous_commit").fetchone()[0] == "off":
                # What was answered must survive power loss, whatever the server's default.
                cursor.execute("SET synchronous_commit = on")
            cursor.close()

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            if connection.info.get(READ_ONLY):
                text = _READ
            else:
                text = "BEGIN" if connection.info.get(OUT_OF_TURN) else _TURN
            connection.connection.cursor().execute(text)

        return engine

    def look(
        self, connection: Connection, operations: Sequence[OperationKey]
    ) -> tuple[Standing, dict[OperationKey, Answer]]:
        """The journal's last row: nothing of the line is written without one."""
        seq, answers = look(connection, operations)
        return Standing(seq), answers

    def claim(self, connection: Connection, chore: str) -> bool:
        """Take the chore's own lock, or leave the chore to who has it."""
        cursor: Any = connection.connection.cursor()
        number = zlib.crc32(chore.encode()) & 0x7FFF_FFFF
        cursor.execute(f"SELECT pg_try_advisory_xact_lock({CHORE_LOCKS}, {number})")
        claimed: bool = cursor.fetchone()[0]
        cursor.close()
        return claimed

    def enlist(self, connection: Connection) -> None:
        """Hold a lock that all servers share until the connection ends, however it does."""
        cursor: Any = connection.connection.cursor()
        cursor.execute(f"SELECT pg_advisory_lock_shared({SERVER_LOCK[0]}, {SERVER_LOCK[1]})")
        cursor.close()

    def servers(self, connection: Connection) -> tuple[int, frozenset[int]]:
        """Who holds the servers' lock, by the number of the process that serves it."""
        cursor: Any = connection.connection.cursor()
        rows = cursor.execute(_SERVERS).fetchall()
        cursor.close()
        return (rows[0][0] if rows else 0), frozenset(pid for _, pid in rows)

    def put(self, connection: Connection, pending: Pending, *, last: bool) -> None:
        """All of it in one round trip, with the commit."""
        put(connection, pending, last=last)

    def outage(self, failure: Exception) -> str | None:
        """A connection that is gone, a turn that did not come, a server that cannot write.

        Its own words may name hosts and accounts, so only the kind of failure is passed on.
        """
        raw = failure.orig if isinstance(failure, DBAPIError) else failure
        if not isinstance(raw, _OUTAGES):
            return None
        return f"{type(raw).__name__} {raw.sqlstate or ''}".strip()


_OUTAGES: Final = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.IdleInTransactionSessionTimeout,
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg.errors.InFailedSqlTransaction,
)
