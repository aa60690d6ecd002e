"""The database's shape: is it that of this version, and how it gets there."""

from __future__ import annotations

import contextlib
import datetime
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError
from sqlmodel import SQLModel

# Their tables register themselves on the one metadata.
from seat_server import tables as _server_tables  # noqa: F401
from service_queue import chain_tables as _chain_tables  # noqa: F401
from service_queue import consult_tables as _consult_tables  # noqa: F401
from service_queue import identity_tables as _identity_tables  # noqa: F401
from service_queue import line_tables as _line_tables  # noqa: F401
from service_queue import tables as _queue_tables  # noqa: F401
from service_queue.backend import READ_ONLY, open_engine
from service_queue.errors import StoreUnavailable

SCRIPTS: Final = Path(__file__).with_name("migrations")
BACKUPS: Final = "backups"
BACKUPS_KEPT: Final = 10

MIGRATION_LOCK: Final = 0x6D69_6772
"""On PostgreSQL: one process at a time changes the shape, through all its steps."""


class DatabaseRefused(Exception):
    """The database cannot be used as it is; the message says what to do."""


class Database:
    """The database at one URL, looked at as a whole, while no server runs on it."""

    def __init__(self, url: str, data_dir: Path) -> None:
        """`data_dir` takes the copies made before a change of shape."""
        self._url = url
        self._data_dir = data_dir

    def head(self) -> str:
        """The shape this version wants."""
        head = ScriptDirectory.from_config(alembic_config()).get_current_head()
        assert head is not None, "there is at least the first migration"
        return head

    def current(self) -> str | None:
        """The shape the database has; None when it is empty.

        Raises:
            DatabaseRefused: it is no database of ours, or cannot be read.
        """
        try:
            with self.connect() as connection:
                connection.info[READ_ONLY] = True
                current = MigrationContext.configure(connection).get_current_revision()
                if current is None and _has_tables(connection):
                    raise DatabaseRefused(f"{self._shown}: holds tables that are not ours")
        except DatabaseError as unreadable:
            raise DatabaseRefused(f"{self._shown}: {unreadable.orig}") from unreadable
        return current

    def require_head(self) -> None:
        """Refuse a database of another shape than this version's.

        Raises:
            DatabaseRefused: it has to be migrated, or was made by a newer version.
        """
        current, head = self.current(), self.head()
        if current == head:
            return
        if current is not None and not self._knows(current):
            raise DatabaseRefused(
                f"{self._shown}: was made by a newer version (revision {current}); "
                f"run that version, or restore the copy made before the upgrade "
                f"from {self._data_dir / BACKUPS}"
            )
        raise DatabaseRefused(
            f"{self._shown}: is at revision {current or 'none'}, this version needs {head}; "
            f"run: xiaowu migrate"
        )

    def migrate(self, now: datetime.datetime) -> Path | None:
        """Bring the database to this version's shape; returns the copy made before, if any.

        A PostgreSQL database is not copied: there a step that fails leaves nothing behind, and
        copies are its administrator's (pg_dump).

        Raises:
            DatabaseRefused: it was made by a newer version, or cannot be written.
        """
        current = self.current()
        if current == self.head():
            return None
        if current is not None and not self._knows(current):
            self.require_head()
        copy = None if current is None else self._back_up(current, now)
        try:
            with self.connect() as connection:
                if not self._is_file:
                    _wait_for_other_migrations(connection)
                command.upgrade(alembic_config(connection), "head")
                connection.commit()
        except DatabaseError as failed:
            raise DatabaseRefused(f"{self._shown}: {failed.orig}") from failed
        return copy

    def differences(self) -> list[object]:
        """Where the models and the migrated database differ; empty when all is well."""
        with self.connect() as connection:
            connection.info[READ_ONLY] = True
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return list(compare_metadata(context, SQLModel.metadata))

    def write_revision(self, message: str) -> None:
        """Write a new migration file from the differences, for a developer to look over."""
        known = ScriptDirectory.from_config(alembic_config()).walk_revisions()
        number = f"{1 + sum(1 for _ in known):04}"
        with self.connect() as connection:
            command.revision(
                alembic_config(connection), message=message, rev_id=number, autogenerate=True
            )

    @contextlib.contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection on which a change of shape is all or nothing."""
        engine = self._open_file() if self._is_file else _open_server(self._url)
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    @property
    def _shown(self) -> str:
        """The database's name for people: without a password."""
        url = make_url(self._url)
        if self._is_file and url.database:
            return url.database
        return url.render_as_string(hide_password=True)

    @property
    def _is_file(self) -> bool:
        return make_url(self._url).get_backend_name() == "sqlite"

    def _knows(self, revision: str) -> bool:
        scripts = ScriptDirectory.from_config(alembic_config())
        return any(script.revision == revision for script in scripts.walk_revisions())

    def _back_up(self, revision: str, now: datetime.datetime) -> Path | None:
        """Copy an SQLite file whole, while others may read and write it."""
        source = make_url(self._url).database
        if source is None or not self._is_file:
            return None
        folder = self._data_dir / BACKUPS
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        copy = folder / f"{now:%Y%m%d-%H%M%S}-{revision}.sqlite3"
        with (
            contextlib.closing(sqlite3.connect(source)) as origin,
            contextlib.closing(sqlite3.connect(copy)) as target,
        ):
            origin.backup(target)
        copy.chmod(0o600)
        for old in sorted(folder.glob("*.sqlite3"))[:-BACKUPS_KEPT]:
            old.unlink()
        return copy

    def _open_file(self) -> Engine:
        """An engine on an SQLite file, which is left as it is until something is written.

        Python's sqlite3 commits before each CREATE unless it is told to leave transactions alone.
        """
        path = make_url(self._url).database
        if path:
            Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = create_engine(self._url)

        @event.listens_for(engine, "connect")
        def _prepare(connection: sqlite3.Connection, _record: object) -> None:
            connection.isolation_level = None

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN")

        return engine


def _open_server(url: str) -> Engine:
    """An engine on which whoever changes or compares a shape may take time to think.

    The hall cuts off who holds its turn and is idle for seconds. Comparing shapes takes Python
    that long on a busy machine, and nobody is served while a shape changes.
    """
    try:
        engine = open_engine(url)
    except StoreUnavailable as unknown:
        raise DatabaseRefused(str(unknown)) from unknown

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("SET idle_in_transaction_session_timeout = 0")
        cursor.close()

    return engine


def alembic_config(connection: Connection | None = None) -> Config:
    """What Alembic's commands want: where the migrations are, and the connection they run on."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


def _wait_for_other_migrations(connection: Connection) -> None:
    """Be the only one until the connection ends.

    On the driver's cursor, in no transaction: that would take the turn to write, which whoever
    migrates now needs.
    """
    cursor = connection.connection.cursor()
    cursor.execute("SET statement_timeout = 0; SET lock_timeout = 0")
    cursor.execute(f"SELECT pg_advisory_lock({MIGRATION_LOCK})")
    cursor.close()


def _has_tables(connection: Connection) -> bool:
    return bool(set(inspect(connection).get_table_names()) - {"alembic_version"})
