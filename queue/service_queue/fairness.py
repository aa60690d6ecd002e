"""Which locations fell behind the others of their district, and how far. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from service_queue.policy import FairnessPolicy

FEWEST: Final = 3
"""One long wait alone does not say that a location is behind."""


class LateWaits:
    """The waits of the calls that began of late, by location."""

    def __init__(self, policy: FairnessPolicy) -> None:
        self._policy = policy
        self._calls: deque[tuple[float, str, str, float]] = deque()
        self._locations: dict[tuple[str, str], _Sum] = {}
        self._districts: dict[str, _Sum] = {}

    def add(self, at: float, location_id: str, district: str, waited_s: float) -> None:
        """A call began; `at` never falls."""
        self._calls.append((at, location_id, district, waited_s))
        self._locations.setdefault((location_id, district), _Sum()).add(waited_s)
        self._districts.setdefault(district, _Sum()).add(waited_s)

    def behind(self, now: float) -> dict[str, float]:
        """By location: seconds that its mean wait is over the district's and what is allowed."""
        bound = self._policy.max_behind_s
        if bound is None:
            return {}
        horizon = now - self._policy.over_s
        while self._calls and self._calls[0][0] < horizon:
            _, location_id, district, waited_s = self._calls.popleft()
            self._locations[location_id, district].take(waited_s)
            self._districts[district].take(waited_s)
        return {
            location_id: over
            for (location_id, district), waits in self._locations.items()
            if waits.n >= FEWEST
            and (over := waits.mean - self._districts[district].mean - bound) > 0.0
        }


class _Sum:
    __slots__ = ("n", "total")

    def __init__(self) -> None:
        self.n, self.total = 0, 0.0

    def add(self, value: float) -> None:
        self.n += 1
        self.total += value

    def take(self, value: float) -> None:
        self.n -= 1
        # Nothing is left of nothing: rounding must not pile up over a day.
        self.total = self.total - value if self.n else 0.0

    @property
    def mean(self) -> float:
        return self.total / self.n


def gini(values: Iterable[float]) -> float:
    """How unequal some amounts are: 0 all alike, towards 1 one has everything."""
    ranked = sorted(values)
    n, total = len(ranked), sum(ranked)
    if total <= 0.0:
        return 0.0
    weighted = sum(place * value for place, value in enumerate(ranked, 1))
    return 2.0 * weighted / (n * total) - (n + 1) / n
