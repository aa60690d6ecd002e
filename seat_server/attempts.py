"""How often somebody may be wrong."""

from __future__ import annotations

import math
import time
from typing import Final

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from seat_server.errors import TooManyTries

EVERYWHERE_FACTOR: Final = 4
"""A login may fail this many times more often over all addresses than from one.

Fewer would let a stranger lock a colleague out; more would let many machines guess one password.
"""


class Attempts:
    """Counts wrong tries of one kind, by who is named and by where they come from."""

    def __init__(self, kind: str, *, per_name: int, per_address: int, window_minutes: int) -> None:
        self._kind = kind
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._name_here = RateLimitItemPerMinute(per_name, window_minutes)
        self._name_anywhere = RateLimitItemPerMinute(per_name * EVERYWHERE_FACTOR, window_minutes)
        self._address = RateLimitItemPerMinute(per_address, window_minutes)

    async def begin(self, *, name: str, address: str) -> None:
        """Count a try before it is looked at, so that many at once cannot slip through.

        Raises:
            TooManyTries: there were too many; it says when to come back.
        """
        if not await self._limiter.test(self._address, self._kind, "address", address):
            raise await self._too_many(self._address, "address", address)
        for limit, *key in self._of_name(name, address):
            if not await self._limiter.hit(limit, self._kind, *key):
                raise await self._too_many(limit, *key)

    async def failed(self, *, address: str) -> None:
        """The try was wrong: whoever is at `address` has one less."""
        await self._limiter.hit(self._address, self._kind, "address", address)

    async def succeeded(self, *, name: str, address: str) -> None:
        """The try was right: what `name` got wrong before no longer counts."""
        for limit, *key in self._of_name(name, address):
            await self._limiter.clear(limit, self._kind, *key)

    def _of_name(
        self, name: str, address: str
    ) -> tuple[tuple[RateLimitItem, *tuple[str, ...]], ...]:
        return ((self._name_here, "here", name, address), (self._name_anywhere, "anywhere", name))

    async def _too_many(self, limit: RateLimitItem, *key: str) -> TooManyTries:
        window = await self._limiter.get_window_stats(limit, self._kind, *key)
        return TooManyTries(max(1, math.ceil(window.reset_time - time.time())))
