"""A server's data folder with a day behind it, its journal sealed."""

from __future__ import annotations

import datetime
import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seat_server.database import Database
from service_queue.chain_keeper import open_chain_keeper
from tests.support.hall_builder import HandClock, open_district
from tests.support.random_day import live_through

STEPS = 60


@dataclass(frozen=True, kw_only=True)
class SealedJournal:
    """The folder, and what was true when the day ended."""

    data_dir: Path
    url: str
    ended_at: float
    rows: int
    line: tuple[str, ...]

    @property
    def file(self) -> Path:
        """The database's file."""
        return self.data_dir / "xiaowu.sqlite3"

    def run(self, statement: str) -> list[Any]:
        """Run a statement behind the server's back."""
        with closing(sqlite3.connect(self.file)) as connection, connection:
            return connection.execute(statement).fetchall()


async def live_and_seal(folder: Path, *, seed: int = 3, unsealed: int = 0) -> SealedJournal:
    """Make the folder; the last `unsealed` rows are as a kill -9 left them."""
    data_dir = folder / "data"
    url = f"sqlite:///{data_dir / 'xiaowu.sqlite3'}"
    Database(url, data_dir).migrate(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    clock = HandClock()
    async with open_district(folder, url=url, clock=clock) as d:
        await d.open_seat(1)
        await live_through(d, random.Random(seed), STEPS)
        async with open_chain_keeper(d.hall.store, clock):
            pass
        rows = d.hall.mirror.seq
        for _ in range(unsealed):
            await d.hall.store.write(
                lambda c: c.exec_driver_sql(
                    "INSERT INTO journal (seq, at, kind, actor, detail) "
                    "SELECT max(seq) + 1, max(at), 'test.noted', 'system', '{}' FROM journal"
                )
            )
        waiting = {row.id: row for row in d.hall.mirror.open_tickets() if row.state == "waiting"}
        line = sorted(waiting, key=lambda one: (waiting[one].arrived_at, one))
        return SealedJournal(
            data_dir=data_dir,
            url=url,
            ended_at=clock.now(),
            rows=rows,
            line=tuple(line),
        )
