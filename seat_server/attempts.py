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

    async def require_allowed(self, *, name: str, address: str) -> None:
        """Pass, unless there were too many wrong tries already.

        Raises:
            TooManyTries: there were; it says when to come back.
        """
        for limit, *key in self._limits(name, address):
            if not await self._limiter.test(limit, *key):
                window = await self._limiter.get_window_stats(limit, *key)
                raise TooManyTries(max(1, math.ceil(window.reset_time - time.time())))

    async def count_failure(self, *, name: str, address: str) -> None:
        """Remember a wrong try."""
        for limit, *key in self._limits(name, address):
            await self._limiter.hit(limit, *key)

    async def forget(self, *, name: str, address: str) -> None:
        """Somebody was right: what `name` got wrong from `address` no longer counts."""
        await self._limiter.clear(self._name_here, self._kind, name, address)

    def _limits(
        self, name: str, address: str
    ) -> tuple[tuple[RateLimitItem, *tuple[str, ...]], ...]:
        return (
            (self._name_here, self._kind, name, address),
            (self._name_anywhere, self._kind, name),
            (self._address, self._kind, "address", address),
        )
