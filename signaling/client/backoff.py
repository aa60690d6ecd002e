"""How long to wait before the next attempt to connect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

FIRST_CEILING_S: Final = 0.5
LAST_CEILING_S: Final = 15.0
"""After a long outage a whole province returns spread over this long, not all in one second."""


def full_jitter(
    failures: int,
    *,
    random: Callable[[], float],
    first_s: float = FIRST_CEILING_S,
    last_s: float = LAST_CEILING_S,
) -> float:
    """Seconds to wait after `failures` attempts in a row: uniform from 0 to a doubling ceiling.

    `random` gives numbers from 0 up to 1. The whole span is random, not a small part of it, so
    clients that lost the same server at the same moment do not come back at the same moment.
    """
    doublings = min(max(failures - 1, 0), 30)
    return random() * min(last_s, first_s * 2.0**doublings)
