"""How long a resident will wait, as a range that can be held to account. Pure.

The next starts are played forward in some dozens of worlds: each gives every call that goes on a
remaining length (what its item takes, given how long it has lasted), every waiting ticket a length
of its own, and lets each window that falls free take the first it may serve, by the hall's own
order (`rank`, the quota of the green channel) and its own rules of who may serve whom
(`matching`). One sweep serves the whole line. Over the worlds the starts of a ticket spread, and
their quantiles are what is quoted:

* `low_s` and `high_s`, which are shown: half of the time the call has begun by `low_s`, nine times
  out of ten by `high_s`;
* `least_s`: one time in ten it has begun by then. From `least_s` to `high_s` is the range that has
  to hold for 80 % of tickets.

Counted besides who waits: windows whose shift ends, that are on break and come back, or will take a
break; tickets that are parked and come back; those who give up; and arrivals that may still
overtake, at the rate of the last hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from service_queue.forecast_chance import chances, horizon_s, to_come
from service_queue.forecast_plan import make_plan
from service_queue.forecast_world import World
from service_queue.prospect import Outlook, Wait

STARTS: Final = 24_000
"""How many starts one forecast may play: what bounds its cost."""

FEWEST_WORLDS: Final = 16
MOST_WORLDS: Final = 64


def waits(outlook: Outlook) -> dict[str, Wait]:
    """By ticket that waits (parked ones do not): its wait; missing where no open seat may serve."""
    if not outlook.line or all(one.pause is not None for one in outlook.seats):
        return {}
    count = max(FEWEST_WORLDS, min(MOST_WORLDS, STARTS // len(outlook.line)))
    plan, overtaking = make_plan(outlook, count)
    seats = [chances(one, outlook, count) for one in outlook.seats]
    until = outlook.now + horizon_s(outlook)
    coming = {n: to_come(one, outlook, until, count) for n, one in overtaking.items()}
    for k in range(count):
        arrivals = {index: worlds[k] for index, worlds in coming.items()}
        World(plan, k, [worlds[k] for worlds in seats], arrivals).play()
    # Who has to wait for somebody to come back from a break is told nothing before that happens.
    open_kinds = {
        kind for one, kind in zip(outlook.seats, plan.kind_of, strict=True) if one.pause is None
    }
    served = {index for kind in open_kinds for index, _ in plan.reaches[kind]}
    return {
        entry.id: _quantiles(entry.starts, count, outlook.now)
        for index, stream in enumerate(plan.streams)
        for entry in stream.entries
        if entry.asked and entry.starts and index in served
    }


def flat_s(ahead: int, windows: int, mean_visit_s: float) -> float | None:
    """What most halls quote: people ahead x mean / windows; the yardstick."""
    return ahead * mean_visit_s / windows if windows else None


def _quantiles(starts: list[float], count: int, now: float) -> Wait:
    """Of the worlds where it was never reached, none says when: they lie beyond all others."""
    starts = sorted(starts)
    return Wait(
        least_s=_at(starts, 0.1 * count, now),
        low_s=_at(starts, 0.5 * count, now),
        high_s=_at(starts, 0.9 * count, now),
        at=now,
    )


def _at(starts: Sequence[float], position: float, now: float) -> float:
    """The value at a position between the sorted ones, which stand at 0.5, 1.5 and so on."""
    place = min(max(position - 0.5, 0.0), len(starts) - 1.0)
    below = int(place)
    above = min(below + 1, len(starts) - 1)
    value = starts[below] + (place - below) * (starts[above] - starts[below])
    return max(0.0, value - now)
