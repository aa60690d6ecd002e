"""The chain on both databases: sealed while the hall works, and no break goes unfound."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from service_queue.audit import Audit, Fault
from service_queue.chain_keeper import ChainKeeper, open_chain_keeper
from service_queue.journal_reader import audit_journal, read_entries
from service_queue.replay import Replay
from service_queue.store import Store
from tests.support.databases import EmptyDatabase
from tests.support.hall_builder import HallDriver, open_district
from tests.support.random_day import KIOSKS, SEATS, live_through

pytestmark = pytest.mark.integration


@pytest.fixture
async def day(database: EmptyDatabase, tmp_path: Path) -> AsyncIterator[HallDriver]:
    """Give a hall in which a day was lived through while its journal was sealed."""
    async with open_district(tmp_path, kiosks=KIOSKS, seats=SEATS, url=database.url) as d:
        async with open_chain_keeper(d.hall.store, d.clock):
            await live_through(d, random.Random(7))
        yield d


async def audited(store: Store) -> Audit:
    return await store.read(audit_journal)


async def test_a_day_is_sealed_to_its_last_row(day: HallDriver) -> None:
    audit = await audited(day.hall.store)
    assert audit.findings == ()
    assert (audit.first, audit.last, audit.unsealed) == (1, day.hall.mirror.seq, 0)
    assert audit.checkpoints >= 1


async def test_a_day_can_be_told_again(day: HallDriver) -> None:
    def unit(connection: Connection) -> Replay:
        replay = Replay()
        replay.tell(read_entries(connection))
        return replay

    replay = await day.hall.store.read(unit)
    assert replay.oddities == []
    open_ids = {ticket.id for ticket in day.hall.mirror.open_tickets()}
    assert {one.id for one in replay.tickets.values() if one.state.is_open} == open_ids


TAMPERINGS = {
    "a changed word": ("UPDATE journal SET reason = 'x' WHERE seq = 20", Fault.CHANGED, 20),
    "a changed time": ("UPDATE journal SET at = at - 60 WHERE seq = 20", Fault.CHANGED, 20),
    "a changed actor": ("UPDATE journal SET actor = 'agent:a99' WHERE seq = 1", Fault.CHANGED, 1),
    "a row less": ("DELETE FROM journal WHERE seq = 20", Fault.MISSING, 20),
    "an end less": ("DELETE FROM journal WHERE seq >= 50", Fault.TRUNCATED, 50),
    "a changed hash": (
        "UPDATE journal_seal SET hash = (SELECT s.hash FROM journal_seal s WHERE s.seq = 3) "
        "WHERE seq = 20",
        Fault.SEAL_FORGED,
        20,
    ),
    "a hash less": ("DELETE FROM journal_seal WHERE seq = 20", Fault.SEAL_MISSING, 20),
    "a changed checkpoint": (
        "UPDATE journal_checkpoint SET hash = 'x' WHERE seq = "
        "(SELECT min(seq) FROM journal_checkpoint)",
        Fault.CHECKPOINT,
        None,
    ),
    "a row before the first": (
        "INSERT INTO journal (seq, at, kind, actor, detail) "
        "VALUES (0, 1, 'ticket.taken', 'x', '{}')",
        Fault.INSERTED,
        0,
    ),
    "a row twice": (
        "UPDATE journal SET kind = o.kind, actor = o.actor, detail = o.detail, at = o.at "
        "FROM (SELECT * FROM journal WHERE seq = 19) AS o WHERE journal.seq = 20",
        Fault.CHANGED,
        20,
    ),
}


@pytest.mark.parametrize("what", TAMPERINGS)
async def test_what_is_done_behind_the_servers_back_is_found(day: HallDriver, what: str) -> None:
    statement, fault, seq = TAMPERINGS[what]
    await day.hall.store.write(lambda c: c.execute(text(statement)))
    findings = (await audited(day.hall.store)).findings
    assert findings[0].fault is fault
    assert seq in (None, findings[0].first)


async def test_two_rows_in_each_others_place_are_found(day: HallDriver) -> None:
    def swap(connection: Connection) -> None:
        for old, new in ((20, -1), (30, 20), (-1, 30)):
            connection.execute(
                text("UPDATE journal SET seq = :new WHERE seq = :old"), {"old": old, "new": new}
            )

    await day.hall.store.write(swap)
    (finding,) = (await audited(day.hall.store)).findings
    assert (finding.fault, finding.first, finding.last) == (Fault.SWAPPED, 20, 30)


async def test_servers_that_seal_at_once_make_one_chain(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    async with open_district(tmp_path, kiosks=KIOSKS, seats=SEATS, url=database.url) as d:
        other = Store.open(database.url)
        try:
            keepers = [ChainKeeper(d.hall.store, d.clock), ChainKeeper(other, d.clock)]
            for seed in range(3):
                await asyncio.gather(
                    live_through(d, random.Random(seed), steps=40),
                    *(keeper.catch_up() for keeper in keepers for _ in range(4)),
                )
            await keepers[0].catch_up()
            audit = await audited(other)
        finally:
            await other.close()
        assert audit.findings == ()
        assert (audit.rows, audit.unsealed) == (d.hall.mirror.seq, 0)
