"""PostgreSQL goes away, comes back, or is held by somebody who does nothing."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress

import psycopg
import pytest
from sqlalchemy import Connection, insert, select

from service_queue.backend import open_engine
from service_queue.errors import StoreUnavailable
from service_queue.postgres_backend import PostgresBackend
from service_queue.store import Store
from service_queue.tables import LocationRow, table_of
from tests.support.databases import EmptyDatabase

pytestmark = pytest.mark.integration

DEADLINE_S = 20.0
LOCATION = table_of(LocationRow)


@pytest.fixture
async def store(postgres: EmptyDatabase) -> AsyncIterator[Store]:
    """Return a store on PostgreSQL."""
    opened = Store.open(postgres.url)
    yield opened
    await opened.close()


def put(n: int) -> Callable[[Connection], int]:
    def unit(connection: Connection) -> int:
        values = {"id": f"L{n}", "name": "点位", "name_en": "", "prefix": str(n)}
        connection.execute(insert(LOCATION).values(**values, time_zone="UTC", position=n))
        return n

    return unit


def positions(connection: Connection) -> list[int]:
    return sorted(n for (n,) in connection.execute(select(LOCATION.c.position)))


def cut_everybody_off(database: EmptyDatabase) -> int:
    """End every other connection to the database, as a failover does; returns how many."""
    with closing(psycopg.connect(database.url, autocommit=True)) as session:
        ended = session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    return len(ended)


async def test_the_writer_and_the_readers_come_back_by_themselves(
    store: Store, postgres: EmptyDatabase
) -> None:
    await store.write(put(1))
    await store.read(positions)
    assert cut_everybody_off(postgres) >= 2
    with pytest.raises(StoreUnavailable):
        await store.write(put(2))
    assert await store.read(positions) == [1]
    assert await store.write(put(3)) == 3
    assert await store.read(positions) == [1, 3]


async def test_what_was_acknowledged_under_cuts_is_there(
    store: Store, postgres: EmptyDatabase
) -> None:
    acknowledged: list[int] = []
    for round_number in range(5):
        some = range(round_number * 20, round_number * 20 + 20)
        writes = [asyncio.ensure_future(store.write(put(n), acknowledged.append)) for n in some]
        await asyncio.to_thread(cut_everybody_off, postgres)
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        for outcome in outcomes:
            assert isinstance(outcome, int | StoreUnavailable)
    with suppress(StoreUnavailable):  # the last cut may have come when all was written
        await store.write(put(999), acknowledged.append)
    await store.write(put(1000), acknowledged.append)
    assert set(acknowledged) <= set(await store.read(positions))
    assert 1000 in acknowledged


async def test_a_unit_that_is_cut_off_in_the_middle_leaves_nothing(
    store: Store, postgres: EmptyDatabase
) -> None:
    def unit(connection: Connection) -> None:
        put(1)(connection)
        cut_everybody_off(postgres)
        put(2)(connection)

    outcomes = await asyncio.gather(
        store.write(put(0)), store.write(unit), store.write(put(3)), return_exceptions=True
    )
    assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes[1:])
    kept = [0] if outcomes[0] == 0 else []
    assert await store.read(positions) == kept
    assert await store.write(put(4)) == 4


async def test_the_words_of_an_outage_name_no_host_and_no_account() -> None:
    store = Store.open("postgresql://somebody@localhost/x?host=/nowhere/at/all")
    try:
        with pytest.raises(StoreUnavailable) as refused:
            await store.write(put(1))
        assert "nowhere" not in refused.value.detail
        assert "somebody" not in refused.value.detail
    finally:
        await store.close()


async def test_a_process_that_holds_its_turn_and_sleeps_loses_it(
    store: Store, postgres: EmptyDatabase
) -> None:
    sleeper = Store.open(postgres.url, turn_within_s=0.4)
    asleep, awake = threading.Event(), threading.Event()

    def sleep(connection: Connection) -> None:
        put(1)(connection)
        asleep.set()
        assert awake.wait(DEADLINE_S)
        put(2)(connection)

    try:
        held = asyncio.ensure_future(sleeper.write(sleep))
        assert await asyncio.to_thread(asleep.wait, DEADLINE_S)
        assert await store.write(put(3)) == 3
        awake.set()
        with pytest.raises(StoreUnavailable):
            await held
        assert await store.read(positions) == [3]
        assert await sleeper.write(put(4)) == 4
    finally:
        awake.set()
        await sleeper.close()


async def test_a_reader_that_thinks_is_not_cut_off(postgres: EmptyDatabase) -> None:
    reader = Store.open(postgres.url, turn_within_s=0.2)

    def think(connection: Connection) -> list[int]:
        found = positions(connection)
        time.sleep(0.3)  # three times as long as a writer's turn may stand still
        return found + positions(connection)

    try:
        assert await reader.write(put(1)) == 1
        assert await reader.read(think) == [1, 1]
    finally:
        await reader.close()


async def test_one_process_at_a_time_is_at_a_chore(store: Store, postgres: EmptyDatabase) -> None:
    other = Store.open(postgres.url)
    begun, done = threading.Event(), threading.Event()

    def slow(connection: Connection) -> str:
        begun.set()
        assert done.wait(DEADLINE_S)
        return "done"

    try:
        first = asyncio.ensure_future(store.chore("tidy", slow))
        assert await asyncio.to_thread(begun.wait, DEADLINE_S)
        assert await other.chore("tidy", put(1)) is None
        assert await other.chore("another", put(2)) == 2
        assert await other.write(put(3)) == 3, "a chore does not hold the line up"
        done.set()
        assert await first == "done"
        assert await other.chore("tidy", put(4)) == 4
        assert await store.read(positions) == [2, 3, 4]
    finally:
        done.set()
        await other.close()


def test_commits_wait_for_the_disk_whatever_the_servers_default(postgres: EmptyDatabase) -> None:
    with closing(psycopg.connect(postgres.url, autocommit=True)) as session:
        name = session.info.dbname
        session.execute(f"ALTER DATABASE {name} SET synchronous_commit = off".encode())
    engine = open_engine(postgres.url)
    try:
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    finally:
        engine.dispose()


def test_a_frozen_holder_is_cut_off_before_those_who_wait_give_up(postgres: EmptyDatabase) -> None:
    engine = PostgresBackend(turn_within_s=8.0).open_engine(open_engine(postgres.url).url)
    try:
        with engine.connect() as connection:
            shown = [
                connection.exec_driver_sql(f"SHOW {name}").scalar()
                for name in ("lock_timeout", "idle_in_transaction_session_timeout")
            ]
        assert shown == ["8s", "4s"]
    finally:
        engine.dispose()
