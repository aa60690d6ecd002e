"""A watch that stands still while the machine does, for limits that people are promised.

It cannot tell a machine that stands still from an event loop that is held up by its own work; that
is measured elsewhere (`python -m benchmarks.witness`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

TICK_S: Final = 0.05
LONGEST_S: Final = 0.25
"""Of one tick: what is beyond was not the program's to use."""


@dataclass
class AwakeWatch:
    """Seconds in which this machine ran."""

    passed_s: float = 0.0


@asynccontextmanager
async def awake_watch() -> AsyncIterator[AwakeWatch]:
    """Begin at nought; a machine that stands still for seconds adds next to nothing."""
    watch = AwakeWatch()
    loop = asyncio.get_running_loop()

    async def tick() -> None:
        while True:
            before = loop.time()
            await asyncio.sleep(TICK_S)
            watch.passed_s += min(loop.time() - before, LONGEST_S)

    ticking = asyncio.create_task(tick())
    try:
        yield watch
    finally:
        ticking.cancel()
