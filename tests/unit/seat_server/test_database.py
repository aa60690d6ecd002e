from __future__ import annotations

import datetime
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command

from seat_server.database import BACKUPS, Database, DatabaseRefused, alembic_config

pytestmark = pytest.mark.unit

NOW = datetime.datetime(2026, 11, 21, 12, 0, tzinfo=datetime.UTC)
INVARIANTS = {
    "uq_ticket_kiosk_id_open": "a kiosk holds one open ticket",
    "uq_ticket_seat_id_open": "a seat holds one ticket",
    "uq_ticket_offer_ticket_id_live": "a ticket has one live offer",
    "uq_ticket_offer_seat_id_live": "a seat has one live offer",
    "uq_call_seat_id_live": "a seat is in one call",
    "uq_call_kiosk_id_live": "a kiosk is in one call",
    "uq_seat_agent_id_signed_in": "an agent sits at one seat",
    "uq_kiosk_device_kiosk_id_live": "one device stands for a kiosk",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "xiaowu.sqlite3"


@pytest.fixture
def database(file: Path) -> Database:
    return Database(f"sqlite:///{file}", file.parent)


def run(file: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection, connection:
        return connection.execute(statement).fetchall()


def test_migrations_and_models_say_the_same(database: Database) -> None:
    assert database.migrate(NOW) is None
    assert database.current() == database.head()
    assert database.differences() == []
    database.require_head()


@pytest.mark.parametrize("index", INVARIANTS, ids=INVARIANTS.values())
def test_the_invariants_are_held_by_the_database(
    database: Database, file: Path, index: str
) -> None:
    database.migrate(NOW)
    ((text,),) = run(file, f"SELECT sql FROM sqlite_master WHERE name = '{index}'")
    assert "UNIQUE" in str(text)
    assert " WHERE " in str(text)


def test_an_empty_database_is_refused_with_the_command_to_run(database: Database) -> None:
    with pytest.raises(DatabaseRefused, match="xiaowu migrate"):
        database.require_head()


def test_a_database_of_a_newer_version_is_left_alone(database: Database, file: Path) -> None:
    database.migrate(NOW)
    run(file, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseRefused, match="newer version"):
        database.require_head()
    with pytest.raises(DatabaseRefused, match="newer version"):
        database.migrate(NOW)
    assert run(file, "SELECT version_num FROM alembic_version") == [("9999",)]


def test_a_file_that_is_no_database_is_named(database: Database, file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"this is not a database, it is a letter" * 100)
    with pytest.raises(DatabaseRefused, match=r"xiaowu\.sqlite3"):
        database.migrate(NOW)


def test_somebody_elses_database_is_left_alone(database: Database, file: Path) -> None:
    file.parent.mkdir()
    run(file, "CREATE TABLE letters (id)")
    with pytest.raises(DatabaseRefused, match="not ours"):
        database.migrate(NOW)


def test_an_older_database_is_copied_before_it_is_changed(database: Database, file: Path) -> None:
    database.migrate(NOW)
    with database.connect() as connection:
        command.downgrade(alembic_config(connection), "0001")
        connection.commit()
    run(file, "INSERT INTO revision VALUES ('marker', 7)")
    copy = database.migrate(NOW)
    assert copy is not None
    assert copy.parent.name == BACKUPS
    assert run(copy, "SELECT number FROM revision WHERE part = 'marker'") == [(7,)]
    assert run(copy, "SELECT version_num FROM alembic_version") == [("0001",)]
    assert database.current() == database.head()
    assert database.differences() == []
