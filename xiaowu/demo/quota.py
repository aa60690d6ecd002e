"""How many of something may be at once, and how many in all."""

from __future__ import annotations

import asyncio


class Quota:
    """Places that are taken and given back. More than `in_all` are never given."""

    def __init__(self, at_once: int, in_all: int | None = None) -> None:
        """`at_once` places at the same time; `in_all` over the whole time, None without end."""
        self._places = asyncio.Semaphore(at_once)
        self._left = in_all

    async def take(self) -> bool:
        """Wait for a place; False when none will ever be given any more."""
        if self._left == 0:
            return False
        await self._places.acquire()
        if self._left is None:
            return True
        if self._left == 0:
            self._places.release()
            return False
        self._left -= 1
        return True

    def give_back(self, *, unused: bool = False) -> None:
        """Free a place; one that was `unused` does not count in all."""
        if unused and self._left is not None:
            self._left += 1
        self._places.release()
