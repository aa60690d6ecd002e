"""How fast one connection may send."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class TokenBucket:
    """Lets `per_s` through on average and `burst` at once."""

    per_s: float
    burst: float
    _level: float = -1.0
    _at: float = 0.0

    def take(self, now: float) -> bool:
        """True when one more may pass at `now` (any clock that never goes back)."""
        if self._level < 0:
            self._level = self.burst
        else:
            self._level = min(self.burst, self._level + (now - self._at) * self.per_s)
        self._at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True
