"""How much longer one agent takes than others for the same item: learnt call by call. Pure.

Agents differ, and the few of a small hall do not even each other out. What is learnt of one is
drawn towards no difference as far as it is little, by how much agents of this hall differ at all
(empirical Bayes).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Pace:
    """The logarithm of how much longer somebody takes: what is expected, and how unsure it is."""

    mu: float = 0.0
    sigma: float = 0.0


SAME: Final = Pace()
"""As others, for sure."""

USUAL_SPREAD: Final = 0.2
"""Before anything is known two agents of three are within a fifth of the mean."""

LEAST_SPREAD: Final = 0.05
USUAL_WEIGHT: Final = 4.0
"""`USUAL_SPREAD` counts for so many agents who are well known."""

MEMORY: Final = 60.0
"""After so many calls of an agent the old ones fade: who is new today learns."""


@dataclass(slots=True)
class _Known:
    """Of one agent: the sums of weights and of weighted differences."""

    calls: float = 0.0
    weight: float = 0.0
    sum: float = 0.0


@dataclass(slots=True)
class Paces:
    """What the hall has learnt of its agents."""

    _known: dict[str, _Known] = field(default_factory=dict)
    _spread: float | None = USUAL_SPREAD
    """None: to be made anew."""

    def add(self, agent: str, difference: float, variance: float) -> None:
        """One more call, by the logarithm of how much longer it took than expected.

        `variance`: of that logarithm, were the agent as all others.
        """
        known = self._known.setdefault(agent, _Known())
        if known.calls >= MEMORY:
            keep = (MEMORY - 1.0) / known.calls
            known.calls, known.weight, known.sum = (
                known.calls * keep,
                known.weight * keep,
                known.sum * keep,
            )
        known.calls += 1.0
        known.weight += 1.0 / variance
        known.sum += difference / variance
        self._spread = None

    def of(self, agent: str | None) -> Pace:
        """What to expect of an agent; None: of nobody in particular."""
        spread = self.spread
        known = self._known.get(agent or "")
        if known is None:
            return Pace(0.0, spread)
        precision = known.weight + 1.0 / spread**2
        return Pace(known.sum / precision, math.sqrt(1.0 / precision))

    @property
    def spread(self) -> float:
        """How much agents differ: the standard deviation of the logarithm.

        By the differences between them, less what chance alone makes of those.
        """
        if self._spread is not None:
            return self._spread
        weights = USUAL_WEIGHT
        total = USUAL_WEIGHT * USUAL_SPREAD**2
        for known in self._known.values():
            reliable = known.weight / (known.weight + 1.0 / USUAL_SPREAD**2)
            weights += reliable**2
            total += reliable**2 * ((known.sum / known.weight) ** 2 - 1.0 / known.weight)
        self._spread = max(LEAST_SPREAD, math.sqrt(max(0.0, total / weights)))
        return self._spread
