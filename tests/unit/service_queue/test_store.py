import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from service_queue.errors import StoreClosed, StoreUnavailable
from service_queue.store import Store
from service_queue.tables import LocationRow
from service_queue.transaction import Transaction
from tests.support.hall_builder import ReversingSealer, open_district

pytestmark = pytest.mark.unit


def make_table(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE t (n INTEGER PRIMARY KEY)")


def put(n: int, *, fail: bool = False) -> Callable[[Connection], int]:
    def unit(connection: Connection) -> int:
        connection.execute(text("INSERT INTO t VALUES (:n)"), {"n": n})
        if fail:
            raise ValueError(n)
        return n

    return unit


def count(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT count(*) FROM t").scalar_one())


async def test_a_unit_that_fails_undoes_only_itself(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/a.db")
    try:
        await store.write(make_table)
        results = await asyncio.gather(
            *(store.write(put(n, fail=n % 3 == 0)) for n in range(30)), return_exceptions=True
        )
        assert [isinstance(result, ValueError) for result in results] == [
            n % 3 == 0 for n in range(30)
        ]
        assert await store.read(count) == 20
    finally:
        await store.close()


async def test_followers_hear_in_commit_order_even_if_the_caller_is_gone(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/a.db")
    heard: list[int] = []
    try:
        await store.write(make_table)
        callers = [asyncio.ensure_future(store.write(put(n), heard.append)) for n in range(20)]
        await asyncio.sleep(0)
        callers[7].cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        await store.write(put(99), heard.append)
        assert heard == [*range(20), 99]
        assert await store.read(count) == 21
    finally:
        await store.close()


async def test_what_was_answered_is_there_after_reopening(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    store = Store.open(url)
    await store.write(make_table)
    await store.write(put(1))
    await store.close()
    await store.close()
    with pytest.raises(StoreClosed):
        await store.write(put(2))
    again = Store.open(url)
    assert await again.read(count) == 1
    await again.close()


async def test_the_file_is_in_wal_mode_and_synced_at_every_commit(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/a.db")
    try:
        assert (
            await store.read(lambda c: c.exec_driver_sql("PRAGMA journal_mode").scalar_one())
            == "wal"
        )
        full = 2
        assert (
            await store.write(lambda c: c.exec_driver_sql("PRAGMA synchronous").scalar_one())
            == full
        )
    finally:
        await store.close()


def test_another_kind_of_database_is_refused_in_words() -> None:
    with pytest.raises(StoreUnavailable, match="sqlite:///"):
        Store.open("mysql://localhost/x")


async def test_a_row_of_any_kind_is_found_without_naming_a_key(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        found = await d.hall.store.read(
            lambda c: Transaction(c, now=0.0, policy=d.hall.policy, sealer=ReversingSealer()).find(
                LocationRow
            )
        )
        assert found is not None
        assert found.id == "L01"
