"""What an administrator changes, here or from a console, reaches the running server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from seat_server.ledger import Ledger, Part
from signaling.protocol.errors import Refusal

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 0.5
"""What is revoked is gone within about this time."""

LOOKS_A_TURN: Final = 60
"""What also changes by time, without a row being written, is read again twice a minute."""

Reader = Callable[[], Awaitable[None]]


class RevisionWatch:
    """Compares the revisions of parts, and has those who keep a part in memory read it again."""

    def __init__(self, ledger: Ledger, seen: Mapping[str, int]) -> None:
        """Watch for what comes after `seen`: the revisions before anything was kept in memory.

        Taken later, a change between what was read and the first look would be missed for ever.
        """
        self._ledger = ledger
        self._readers: list[tuple[Reader, frozenset[Part], bool]] = []
        self._seen = dict(seen)

    def follow(self, reader: Reader, *parts: Part, by_time: bool = False) -> None:
        """Call `reader` whenever one of `parts` was changed; `by_time`: twice a minute, too."""
        self._readers.append((reader, frozenset(parts), by_time))

    async def run(self) -> None:
        """Watch until cancelled."""
        looks = 0
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            looks += 1
            try:
                await self._look(turn=looks % LOOKS_A_TURN == 0)
            except (Refusal, SQLAlchemyError) as failure:
                # The watch must outlive a database that is away for a while.
                log.warning("revisions could not be read: %s", type(failure).__name__)

    async def _look(self, *, turn: bool) -> None:
        now = await self._ledger.revisions()
        changed = {part for part, number in now.items() if self._seen.get(part) != number}
        for reader, parts, by_time in self._readers:
            if changed & parts or (turn and by_time):
                await reader()
        # Last: a reader that failed is called again.
        self._seen = now
