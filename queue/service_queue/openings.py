"""What time will open for whom: moments in order, each looked at once. Pure."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator


class Openings:
    """Those who wait until something lasted `after_s`, the first to be ready first.

    Ready is decided by `now - since >= after_s`, as the rules do it, and never by the sum: the two
    may differ in the last bit.
    """

    def __init__(self, after_s: float) -> None:
        self.after_s = after_s
        self._heap: list[tuple[float, int, str]] = []

    def add(self, since: float, version: int, name: str) -> None:
        """`name`, as of its `version`, waits since then."""
        heapq.heappush(self._heap, (since, version, name))

    def ready(self, now: float) -> Iterator[tuple[int, str]]:
        """Take out who is ready: version and name. It may be of old and of no interest."""
        heap = self._heap
        while heap and now - heap[0][0] >= self.after_s:
            _, version, name = heapq.heappop(heap)
            yield version, name

    def next_at(self, is_current: Callable[[int, str], bool]) -> float:
        """When the next one will be ready; infinity when nobody waits."""
        heap = self._heap
        while heap and not is_current(heap[0][1], heap[0][2]):
            heapq.heappop(heap)
        if not heap or math.isinf(self.after_s):
            return math.inf
        since = heap[0][0]
        at = since + self.after_s
        while at - since < self.after_s:
            at = math.nextafter(at, math.inf)
        return at
