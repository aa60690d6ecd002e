"""Runs of the world, each from its seed, on as many cores as there are."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from service_queue.backend import open_engine
from xiaowu.demo.agreement import table_violations
from xiaowu.demo.hall_record import HallRecord, read_record
from xiaowu.demo.invariants import History, Rule
from xiaowu.faults.checks import broken_rules
from xiaowu.faults.site import template
from xiaowu.faults.world import POLICY, World, copy_of

STEPS: Final = 40
TWO_SERVERS: Final = 3
"""One seed in so many runs with two servers on the one database."""

FOLDER: Final = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
"""Power cuts are made here by refusing to write, so the disk itself need not be a slow one."""


@dataclass
class Outcome:
    """How one seed went."""

    seed: int
    tickets: int = 0
    journal_rows: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


def run_seed(seed: int, source: Path, *, steps: int = STEPS) -> Outcome:
    """One run on a copy of the database `source`."""
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        url = copy_of(source, Path(folder) / "hall.sqlite3")
        return asyncio.run(_run(seed, url, steps))


def run_seeds(
    seeds: Iterable[int], *, steps: int = STEPS, workers: int | None = None
) -> Iterator[Outcome]:
    """Runs of many seeds, as they are done."""
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        source = template(Path(folder))
        jobs = ((seed, source, steps) for seed in seeds)
        # Spawned: a fork would take the store's threads of a test along.
        context = multiprocessing.get_context("spawn")
        with context.Pool(workers or os.cpu_count(), _quietly) as pool:
            yield from pool.imap_unordered(_job, jobs, chunksize=8)


def _quietly() -> None:
    """In a worker: power cuts are what is wanted, so that the database reports them is no news."""
    logging.getLogger("service_queue").setLevel(logging.CRITICAL)


def _job(job: tuple[int, Path, int]) -> Outcome:
    seed, source, steps = job
    return run_seed(seed, source, steps=steps)


async def _run(seed: int, url: str, steps: int) -> Outcome:
    world = World(seed, url, servers=2 if seed % TWO_SERVERS == 0 else 1)
    watcher = open_engine(url)
    try:
        await world.open()
        for _ in range(steps):
            await world.step()
            with watcher.connect() as connection:
                for what in broken_rules(connection, set(world.ledger.tickets)):
                    world.broken(what)
            if world.ledger.broken:
                break
        else:
            await world.settle()
        record = read_record(watcher)
    finally:
        await world.close()
        watcher.dispose()
    broken = [f"step {one.step}: {one.what}" for one in world.ledger.broken]
    if not broken:
        broken = judged(record, set(world.ledger.tickets))
    return Outcome(seed, len(record.tickets), len(record.journal), world.ledger.faults, broken)


def judged(record: HallRecord, acknowledged: set[str]) -> list[str]:
    """What the journal, told again from its first row, says against the run."""
    history = History(policy=POLICY, day_of=record.day_of)
    history.tell(record.journal)
    history.require_end()
    history.require_ends_of(acknowledged)
    violations = [*history.violations, *table_violations(history, record)]
    # The order of service has rules of its own beside arrival; it is held against them elsewhere.
    return [f"{one.rule}: {one.what}" for one in violations if one.rule is not Rule.ORDER]
