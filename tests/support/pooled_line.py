"""A pooled line as theory has it, in its simplest form: what the simulation is held against.

Many lines at once, in step: N windows, each resident goes to the window that is free first (Kiefer
and Wolfowitz 1955). It knows no policy, no index, no events, and is fast enough for tens of
millions of residents; so it can be held against Erlang C, and the simulation against it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Waits = NDArray[np.float64]


@dataclass(frozen=True)
class Pooled:
    """What many lines showed."""

    waits: int
    mean_s: float
    must_wait: float
    p95_s: float


def waits_of(gaps: Waits, services: Waits, windows: int) -> Waits:
    """The waits of lines in parallel; `gaps` and `services` are steps by lines."""
    steps, lines = gaps.shape
    free_in = np.zeros((lines, windows))
    rows = np.arange(lines)
    waits = np.empty((steps, lines))
    for step in range(steps):
        np.subtract(free_in, gaps[step][:, None], out=free_in)
        np.maximum(free_in, 0.0, out=free_in)
        first = free_in.argmin(axis=1)
        waits[step] = free_in[rows, first]
        free_in[rows, first] += services[step]
    return waits


def pooled(
    *, windows: int, load: float, service_s: float, lines: int, steps: int, warm: int, seed: int
) -> Pooled:
    """Run lines in parallel from empty; the first `warm` residents of each are not counted."""
    numbers = np.random.default_rng(seed)
    gap_s = service_s / (windows * load)
    free_in = np.zeros((lines, windows))
    rows = np.arange(lines)
    kept = np.empty((steps, lines), np.float32)
    for step in range(-warm, steps):
        free_in -= numbers.exponential(gap_s, lines)[:, None]
        np.maximum(free_in, 0.0, out=free_in)
        first = free_in.argmin(axis=1)
        if step >= 0:
            kept[step] = free_in[rows, first]
        free_in[rows, first] += numbers.exponential(service_s, lines)
    return Pooled(
        waits=kept.size,
        mean_s=float(kept.mean(dtype=np.float64)),
        must_wait=float((kept > 1e-6).mean()),
        p95_s=float(np.quantile(kept, 0.95)),
    )
