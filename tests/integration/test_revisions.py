"""What is changed in the database reaches whoever keeps it in memory, however early it comes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from seat_server.district import load_district, sample_district
from seat_server.ledger import Ledger, Part
from seat_server.revisions import RevisionWatch
from service_queue.store import Store
from tests.support.hall_builder import HandClock, ReversingSealer

pytestmark = pytest.mark.integration


async def test_a_change_between_the_reading_and_the_first_look_is_not_missed(
    tmp_path: Path,
) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'xiaowu.db'}")
    try:
        await store.write(SQLModel.metadata.create_all)
        ledger = Ledger(store, HandClock(), ReversingSealer())
        watch = RevisionWatch(ledger, await ledger.revisions())
        read, reads = asyncio.Event(), 0

        async def read_again() -> None:
            nonlocal reads
            reads += 1
            read.set()

        watch.follow(read_again, Part.DISTRICT)
        await load_district(ledger, sample_district())
        watching = asyncio.create_task(watch.run())
        async with asyncio.timeout(30):
            await read.wait()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        assert reads == 1
    finally:
        await store.close()
