"""The keeper seals what is committed, goes on where it was stopped, and never twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, select, text
from sqlmodel import SQLModel

from service_queue.audit import Audit, Fault
from service_queue.chain_keeper import (
    CHECKPOINT_EVERY_ROWS,
    CHECKPOINT_EVERY_S,
    ChainKeeper,
    open_chain_keeper,
)
from service_queue.chain_tables import JournalCheckpointRow, JournalSealRow
from service_queue.journal_reader import BATCH, audit_journal, read_checkpoints, read_seals
from service_queue.store import Store
from service_queue.tables import JournalRow, table_of
from service_queue.transaction import Transaction
from tests.support.hall_builder import HandClock, agent, kiosk, open_district
from tests.support.journal_builder import a_row

pytestmark = pytest.mark.unit

_journal, _seal = table_of(JournalRow), table_of(JournalSealRow)
_checkpoint = table_of(JournalCheckpointRow)
Writer = Callable[[int], Awaitable[None]]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store.open(f"sqlite:///{tmp_path / 'hall.db'}")
    SQLModel.metadata.create_all(store.engine)
    yield store
    await store.close()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def write(store: Store) -> Writer:
    """Writes so many more rows of the journal."""
    written = 0

    async def more(count: int) -> None:
        nonlocal written
        names = [column.name for column in _journal.columns]
        rows = [
            dict(zip(names, a_row(seq), strict=True))
            for seq in range(written + 1, written + count + 1)
        ]
        await store.write(lambda c: c.execute(insert(_journal), rows))
        written += count

    return more


async def audit(store: Store) -> Audit:
    return await store.read(audit_journal)


async def seals(store: Store) -> list[tuple[int, bytes]]:
    return await store.read(lambda c: list(read_seals(c)))


async def checkpoints(store: Store) -> list[int | None]:
    return [one.seq for one in await store.read(read_checkpoints)]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110  # the keeper tells nobody when it has sealed
            await asyncio.sleep(0.02)


async def test_what_is_committed_is_sealed(store: Store, clock: HandClock, write: Writer) -> None:
    keeper = ChainKeeper(store, clock)
    await keeper.catch_up()
    assert (await audit(store)).rows == 0
    await write(7)
    assert (await audit(store)).unsealed == 7
    await keeper.catch_up()
    found = await audit(store)
    assert found.ok
    assert (found.rows, found.unsealed) == (7, 0)
    assert (keeper.end.seq, keeper.end.count, keeper.end.unsealed) == (7, 7, 0)


async def test_a_long_tail_is_sealed_in_one_go(
    store: Store, clock: HandClock, write: Writer
) -> None:
    await write(2 * BATCH + 5)
    await ChainKeeper(store, clock).catch_up()
    found = await audit(store)
    assert found.ok
    assert (found.rows, found.unsealed) == (2 * BATCH + 5, 0)


async def test_a_keeper_goes_on_where_one_before_it_was_killed(
    store: Store, clock: HandClock, write: Writer
) -> None:
    await write(5)
    await ChainKeeper(store, clock).catch_up()
    before = await seals(store)
    await write(4)
    again = ChainKeeper(store, clock)
    await again.catch_up()
    assert (await seals(store))[:5] == before
    found = await audit(store)
    assert found.ok
    assert (found.rows, again.end.count) == (9, 9)


async def test_two_keepers_make_one_chain(store: Store, clock: HandClock, write: Writer) -> None:
    one, other = ChainKeeper(store, clock), ChainKeeper(store, clock)
    for _ in range(5):
        await write(3)
        await asyncio.gather(one.catch_up(), other.catch_up())
    await one.catch_up()
    found = await audit(store)
    assert found.ok
    assert (found.rows, found.unsealed) == (15, 0)


async def test_checkpoints_are_written_by_the_hour_and_by_the_rows(
    store: Store, clock: HandClock, write: Writer
) -> None:
    keeper = ChainKeeper(store, clock)
    for _ in range(3):
        await write(1)
        await keeper.catch_up()
    assert await checkpoints(store) == [1]
    clock.move(CHECKPOINT_EVERY_S)
    await keeper.catch_up()
    await write(1)
    await keeper.catch_up()
    assert await checkpoints(store) == [1, 3]
    await write(CHECKPOINT_EVERY_ROWS)
    await keeper.catch_up()
    assert len(await checkpoints(store)) == 3
    assert (await audit(store)).checkpoints == 3


async def test_a_stop_seals_the_rest_and_leaves_a_checkpoint_in_the_log(
    store: Store, clock: HandClock, write: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with open_chain_keeper(store, clock):
        await write(3)
    found = await audit(store)
    assert found.ok
    assert (found.rows, found.unsealed) == (3, 0)
    assert (await checkpoints(store))[-1] == 3
    told = [record for record in caplog.records if record.message == "journal checkpoint"]
    assert (told[-1].seq, told[-1].hash) == (3, found.last_hash.hex())  # type: ignore[attr-defined]  # what is passed as `extra`


async def test_a_keeper_that_runs_seals_what_comes(
    store: Store, clock: HandClock, write: Writer
) -> None:
    async with open_chain_keeper(store, clock) as keeper:
        await write(3)
        await until(lambda: keeper.end.count == 3)
    assert (await audit(store)).rows == 3


async def test_a_row_of_somebody_else_stops_the_chain_with_an_alarm(
    store: Store, clock: HandClock, write: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    await write(5)
    await store.write(lambda c: c.execute(text("UPDATE journal SET kind = x'ff' WHERE seq = 4")))
    keeper = ChainKeeper(store, clock)
    await keeper.catch_up()
    await keeper.catch_up()
    assert (keeper.end.seq, keeper.end.unsealed) == (3, 2)
    told = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(told) == 1


async def test_a_database_that_is_away_does_not_end_the_keeper(
    store: Store, clock: HandClock, write: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    await write(2)
    await store.write(lambda c: c.execute(text("ALTER TABLE journal_seal RENAME TO elsewhere")))
    async with open_chain_keeper(store, clock) as keeper:
        await until(lambda: "could not be sealed" in caplog.text)
        await store.write(lambda c: c.execute(text("ALTER TABLE elsewhere RENAME TO journal_seal")))
        await until(lambda: keeper.end.count == 2)
    assert (await audit(store)).ok


async def test_the_chain_goes_on_after_rows_that_retention_took_away(
    store: Store, clock: HandClock, write: Writer
) -> None:
    await write(6)
    await ChainKeeper(store, clock).catch_up(closing=True)

    def take_away(connection: Connection) -> None:
        connection.execute(delete(_journal).where(_journal.c.seq <= 6))
        connection.execute(delete(_seal).where(_seal.c.seq <= 6))

    await store.write(take_away)
    await write(2)
    keeper = ChainKeeper(store, clock)
    await keeper.catch_up()
    found = await audit(store)
    assert found.ok
    assert (found.first, found.taken_away, keeper.end.count) == (7, 6, 8)


async def test_seals_that_were_taken_away_are_made_again_and_checkpoints_tell(
    store: Store, clock: HandClock, write: Writer
) -> None:
    await write(6)
    await ChainKeeper(store, clock).catch_up()

    def rewrite(connection: Connection) -> None:
        connection.execute(delete(_seal))
        connection.execute(text("UPDATE journal SET reason = 'x' WHERE seq = 2"))

    await store.write(rewrite)
    await ChainKeeper(store, clock).catch_up()
    findings = (await audit(store)).findings
    assert [found.fault for found in findings] == [Fault.CHECKPOINT]


async def test_a_real_day_is_sealed_and_names_nobody(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.open_seat(1)
        await d.take(1)
        call_id = await d.accept(1)
        await d.connect(1, call_id)
        async with open_chain_keeper(d.hall.store, d.clock):
            await d.hall.detached(kiosk(1))
            await d.hall.detached(agent(1))
        found = await d.hall.store.read(audit_journal)
        assert found.ok
        assert found.rows == d.hall.mirror.seq
        rows = await d.hall.store.read(lambda c: c.execute(select(_journal)).all())
        told = " ".join(str(value) for row in rows for value in row)
        assert "坐席" not in told
        assert "agent:a01" in told


async def test_numbers_have_no_gap_where_a_unit_was_undone(tmp_path: Path) -> None:
    """What the audit calls missing was there once."""
    async with open_district(tmp_path) as d:

        def note(connection: Connection, *, fail: bool) -> None:
            tx = Transaction(connection, now=0.0, policy=d.hall.policy, sealer=d.hall._sealer)
            tx.note("test.noted")
            if fail:
                raise ValueError("undone")

        for fail in (True, False, True, False):
            if fail:
                with pytest.raises(ValueError, match="undone"):
                    await d.hall.store.write(lambda c: note(c, fail=True))
            else:
                await d.hall.store.write(lambda c: note(c, fail=False))
        await ChainKeeper(d.hall.store, d.clock).catch_up()
        assert (await audit(d.hall.store)).ok
