"""What theory says of a pooled line: Erlang B and C, exact at any size. Pure.

N windows, Poisson arrivals, exponential service, first come first served. Who had to wait waits an
exponential time more, so every quantile has a closed form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final


class LoadImpossible(ValueError):
    """There is no steady state: nobody comes, or more come than the windows can serve."""


_NO_FLOAT: Final = 1e300
"""Where the inverse of a probability no longer fits a float, the probability is nothing."""

_TAIL: Final = 40.0
"""Beyond so many times the mean length nobody stands: e to the minus forty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledLine:
    """N windows that share one line: the floor under every policy with the same windows."""

    windows: int
    load: float
    """Busy windows on average, over the windows; below 1, or the line grows for ever."""
    service_s: float
    """Mean."""

    def __post_init__(self) -> None:
        if self.windows < 1 or not 0.0 < self.load < 1.0 or self.service_s <= 0.0:
            raise LoadImpossible(
                f"{self.windows} windows at {self.load:.2f} of what they can do, "
                f"{self.service_s:g} s each"
            )

    @property
    def must_wait(self) -> float:
        """The probability to find every window busy (Erlang C)."""
        blocked = erlang_b(self.windows, self.windows * self.load)
        return blocked / (1.0 - self.load * (1.0 - blocked))

    @property
    def drain_s(self) -> float:
        """Mean wait of those who must wait."""
        return self.service_s / (self.windows * (1.0 - self.load))

    @property
    def mean_s(self) -> float:
        """Mean wait of all."""
        return self.must_wait * self.drain_s

    def quantile_s(self, share: float) -> float:
        """So long waits at most `share` of all."""
        over = 1.0 - share
        return max(0.0, math.log(self.must_wait / over)) * self.drain_s

    def within(self, seconds: float) -> float:
        """Who waits at most so long."""
        return 1.0 - self.must_wait * math.exp(-seconds / self.drain_s)

    def chance_of_mean(self, residents: float) -> float:
        """By how much, relative to it, a simulated mean of so many waits is off by chance.

        One standard deviation. Waits that follow each other are alike, so it is far more than that
        of as many independent ones: exact for the birth-death process of how many are there
        (Whitt 1992), by the sums of both tails, so that nothing cancels.
        """
        windows, offered = self.windows, self.windows * self.load
        size = windows + math.ceil(_TAIL / (1.0 - self.load))
        logs = [0.0]
        for there in range(1, size):
            logs.append(logs[-1] + math.log(offered / min(there, windows)))
        highest = max(logs)
        odds = [math.exp(each - highest) for each in logs]
        total = sum(odds)
        shares = [each / total for each in odds]
        line = sum((there - windows) * shares[there] for there in range(windows, size))
        variance = below = above = 0.0
        for there in range(windows):
            below -= line * shares[there]
            variance += _squared_over(below, offered * shares[there])
        for there in range(size - 1, windows - 1, -1):
            variance += _squared_over(above, offered * shares[there])
            above += (there - windows - line) * shares[there]
        return math.sqrt(2.0 * variance * offered / residents) / line


def _squared_over(value: float, by: float) -> float:
    return value * value / by if by > 0.0 else 0.0


def erlang_b(windows: int, offered: float) -> float:
    """The probability to be blocked where nobody waits; `offered` in busy windows.

    By the recurrence on its inverse, 1/B(n) = 1 + n/a * 1/B(n-1): its terms are positive, so
    nothing cancels.
    """
    inverse = 1.0
    for n in range(1, windows + 1):
        inverse = 1.0 + n / offered * inverse
        if inverse > _NO_FLOAT:
            return 0.0
    return 1.0 / inverse
