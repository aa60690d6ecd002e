"""The same people doing the same make the same history, whatever database keeps it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select
from sqlmodel import SQLModel

from service_queue.tables import (
    CallRow,
    JournalRow,
    RatingRow,
    SeatRow,
    TicketOfferRow,
    TicketRow,
    table_of,
)
from tests.support.databases import EmptyDatabase
from tests.support.hall_builder import open_district
from tests.support.random_day import KIOSKS, SEATS, live_through

pytestmark = pytest.mark.integration

STEPS = 200
TABLES: tuple[type[SQLModel], ...] = (
    JournalRow,
    TicketRow,
    TicketOfferRow,
    CallRow,
    SeatRow,
    RatingRow,
)


def everything(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """All rows of the tables that tell of the day."""
    kept = {}
    for model in TABLES:
        table = table_of(model)
        (key,) = table.primary_key.columns
        rows = connection.execute(select(table)).mappings()
        kept[table.name] = sorted((dict(row) for row in rows), key=lambda row: row[key.name])
    return kept


async def day_on(
    database: EmptyDatabase, folder: Path, seed: int
) -> dict[str, list[dict[str, Any]]]:
    people, ids = random.Random(seed), random.Random(f"ids of {seed}")
    async with open_district(
        folder,
        url=database.url,
        kiosks=KIOSKS,
        seats=SEATS,
        new_id=lambda: f"{ids.getrandbits(72):018x}",
        keep_deadlines=False,
    ) as d:
        await live_through(d, people, STEPS)
        return await d.hall.store.read(everything)


@pytest.mark.parametrize("seed", range(4))
async def test_both_databases_keep_the_same_history(
    seed: int, sqlite: EmptyDatabase, postgres: EmptyDatabase, tmp_path: Path
) -> None:
    here = await day_on(sqlite, tmp_path, seed)
    there = await day_on(postgres, tmp_path, seed)
    for ours, theirs in zip(here["journal"], there["journal"], strict=False):
        assert ours == theirs
    assert here == there
    kinds = {row["kind"] for row in here["journal"]}
    assert {"ticket.taken", "ticket.accepted", "call.ended", "ticket.returned"} <= kinds
