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
