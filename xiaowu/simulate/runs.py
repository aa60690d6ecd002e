"""Variants, day by day, on several processes: the figures do not depend on how many."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import partial
from typing import Final

from service_queue.simulation import Record, Scenario, joined, simulate_day
from xiaowu.simulate.variants import Variant

WORTH_A_PROCESS: Final = 20_000
"""Fewer tickets are simulated before another process has started."""

Tell = Callable[[int], None]


def run_variants(
    scenario: Scenario,
    variants: Sequence[Variant],
    *,
    seed: int,
    processes: int = 1,
    worth_a_process: int = WORTH_A_PROCESS,
    tell: Tell = lambda done: None,
) -> list[Record]:
    """What each variant makes of the same residents. `tell` hears how many days are done."""
    work = [
        partial(
            simulate_day,
            replace(scenario, seats=variant.seats),
            variant.policy,
            seed,
            day,
        )
        for variant in variants
        for day in range(scenario.days)
    ]
    tickets = sum(location.tickets_a_day for location in scenario.locations) * len(work)
    if processes <= 1 or len(work) == 1 or tickets < worth_a_process:
        processes = 1
    days: dict[int, Record] = {}
    for number, record in _done(work, processes):
        days[number] = record
        tell(len(days))
    per_variant = scenario.days
    return [
        joined(days[n * per_variant + day] for day in range(per_variant))
        for n in range(len(variants))
    ]


def _done(work: list[partial[Record]], processes: int) -> Iterator[tuple[int, Record]]:
    if processes == 1:
        yield from ((number, one()) for number, one in enumerate(work))
        return
    # Spawned, not forked: whoever calls may have threads, such as a progress display.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(work)), context) as pool:
        waiting = {pool.submit(one): number for number, one in enumerate(work)}
        for future in as_completed(waiting):
            yield waiting.pop(future), future.result()
