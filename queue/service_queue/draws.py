"""Numbers that look drawn and are the same each time: stratified, and shuffled by a name. Pure.

A forecast is made anew with every event. Were its chance drawn anew as well, what is quoted would
jitter although nothing happened; so every ticket and seat brings its own draws along.
"""

from __future__ import annotations

import random
from functools import lru_cache
from statistics import NormalDist
from typing import Final

REMEMBERED: Final = 16_384
"""Names whose draws are kept: some thousand who wait, and the windows."""


@lru_cache(maxsize=8)
def even_shares(count: int) -> tuple[float, ...]:
    """The middles of `count` equal parts of (0, 1)."""
    return tuple((i + 0.5) / count for i in range(count))


@lru_cache(maxsize=8)
def even_normals(count: int) -> tuple[float, ...]:
    """The standard normal's values at those."""
    standard = NormalDist()
    return tuple(standard.inv_cdf(share) for share in even_shares(count))


@lru_cache(maxsize=REMEMBERED)
def normals(name: str, count: int) -> tuple[float, ...]:
    """`count` standard normal numbers that belong to `name`."""
    return tuple(_shuffled(even_normals(count), name))


@lru_cache(maxsize=REMEMBERED)
def shares(name: str, count: int) -> tuple[float, ...]:
    """`count` numbers evenly spread over (0, 1) that belong to `name`."""
    return tuple(_shuffled(even_shares(count), name))


def _shuffled(values: tuple[float, ...], name: str) -> list[float]:
    # A string seeds by its SHA-512, so every process shuffles alike.
    return random.Random(name).sample(values, len(values))
