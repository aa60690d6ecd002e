"""Time, as an argument."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time, in seconds since the Unix epoch."""

    def now(self) -> float:
        """Now."""
        ...


class SteadyClock:
    """Wall time at start, moved on by the monotonic clock.

    An NTP step or an administrator's hand cannot expire every lease at once, or keep one for ever.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Now, without jumps since this clock was made."""
        return self._offset + time.monotonic()


class ForwardClock:
    """A clock that goes on from a moment in the past, should the machine's be behind it.

    A machine whose battery is empty starts in 1970. What the hall wrote down before is in its
    future then, and no lease or countdown would ever end.
    """

    def __init__(self, clock: Clock, not_before: float) -> None:
        """`not_before`: the last moment that was written down."""
        self._clock = clock
        self.ahead_s = max(0.0, not_before - clock.now())
        """How far this clock is before the machine's."""

    def now(self) -> float:
        """Now, and never before what was written down."""
        return self._clock.now() + self.ahead_s
