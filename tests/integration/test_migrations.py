"""The shape of the database, and the way to it, on both kinds of database."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect, text

from seat_server.database import Database, DatabaseRefused, alembic_config
from service_queue.backend import open_engine
from tests.support.databases import EmptyDatabase, PostgresServer

pytestmark = pytest.mark.integration

NOW = datetime.datetime(2026, 11, 21, 12, 0, tzinfo=datetime.UTC)


@pytest.fixture
def bare(postgres_server: PostgresServer) -> Iterator[str]:
    """Return a PostgreSQL database without any table."""
    name = postgres_server.create("template1")
    yield postgres_server.url_of(name)
    postgres_server.drop(name)


def test_models_and_migrations_agree(database: EmptyDatabase, tmp_path: Path) -> None:
    found = Database(database.url, tmp_path)
    found.require_head()
    assert found.differences() == []


def test_a_database_goes_back_to_nothing_and_forward_again(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    found = Database(database.url, tmp_path)
    with found.connect() as connection:
        command.downgrade(alembic_config(connection), "base")
        connection.commit()
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
    found.migrate(NOW)
    assert found.differences() == []


def test_a_database_that_counted_readings_by_the_day_is_taken_over(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    found = Database(database.url, tmp_path)
    with found.connect() as connection:
        command.downgrade(alembic_config(connection), "0004")
        connection.execute(text("INSERT INTO identity_read VALUES ('a01', '2026-11-20', 3)"))
        connection.commit()
    found.migrate(NOW)
    assert found.differences() == []


def test_a_shape_is_looked_at_beside_a_running_hall_and_changed_at_leisure(
    postgres: EmptyDatabase, tmp_path: Path
) -> None:
    """A machine that stands still for seconds in the middle of a change is not cut off."""
    found = Database(postgres.url, tmp_path)
    engine = open_engine(postgres.url)
    try:
        with engine.begin():  # a hall that holds its turn to write
            assert found.current() == found.head()
            assert found.differences() == []
    finally:
        engine.dispose()
    with found.connect() as connection:
        shown = connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar()
    assert shown == "0"


def test_an_empty_postgresql_is_refused_with_the_command_to_run(bare: str, tmp_path: Path) -> None:
    found = Database(bare, tmp_path)
    assert found.current() is None
    with pytest.raises(DatabaseRefused, match="xiaowu migrate"):
        found.require_head()


async def test_servers_that_start_together_migrate_once(bare: str, tmp_path: Path) -> None:
    found = [Database(bare, tmp_path) for _ in range(3)]
    await asyncio.gather(*(asyncio.to_thread(each.migrate, NOW) for each in found))
    assert found[0].current() == found[0].head()
    assert found[0].differences() == []


def test_somebody_elses_postgresql_is_left_alone(
    bare: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    postgres_server.run(
        "CREATE TABLE letters (id integer)", bare.split("?", maxsplit=1)[0].rsplit("/", 1)[1]
    )
    with pytest.raises(DatabaseRefused, match="not ours"):
        Database(bare, tmp_path).migrate(NOW)


def test_a_server_that_is_not_there_is_named_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://xiaowu:secret-word@localhost/hall?host=/nowhere/at/all"
    with pytest.raises(DatabaseRefused, match="hall") as refused:
        Database(url, tmp_path).migrate(NOW)
    assert "secret-word" not in str(refused.value)


def test_an_unknown_kind_of_database_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(DatabaseRefused, match="postgresql://"):
        Database("mysql://localhost/hall", tmp_path).current()
