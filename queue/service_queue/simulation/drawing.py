"""The residents of a scenario, drawn from a seed: the same seed, the same residents. Pure.

Arrivals are a Poisson process whose rate is constant within an hour. Every location and day has a
stream of numbers of its own, so that another location, another day, another window change nothing
for the rest.
"""

from __future__ import annotations

import math
import random
from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate

from service_queue.service_times import LogNormal
from service_queue.simulation.resident import Resident
from service_queue.simulation.scenario import (
    DAY_S,
    HOUR_S,
    ItemPlan,
    LocationPlan,
    Manners,
    Scenario,
)
from signaling.protocol.words import GreenReason, Language

_GREEN = (
    (GreenReason.ELDERLY, 0.8),
    (GreenReason.DISABLED, 0.1),
    (GreenReason.PREGNANT, 0.05),
    (GreenReason.MILITARY, 0.05),
)
"""Most of the green channel is age."""

_BACK_SERVICE = 0.5
"""Who comes back with what was missing needs half the time."""


def draw_residents(scenario: Scenario, seed: int) -> list[Resident]:
    """Everybody who comes, by the moment they come."""
    return [one for day in range(scenario.days) for one in draw_day(scenario, seed, day)]


def draw_day(scenario: Scenario, seed: int, day: int) -> list[Resident]:
    """Everybody who comes on one day."""
    residents = [
        resident
        for location in scenario.locations
        for resident in _of_location(scenario, location, day, seed)
    ]
    residents.sort(key=lambda resident: (resident.at, resident.id))
    return residents


def _of_location(
    scenario: Scenario, location: LocationPlan, day: int, seed: int
) -> Iterator[Resident]:
    numbers = random.Random(f"{seed}/{day}/{location.id}")
    items, manners = scenario.items, scenario.manners
    bounds = list(accumulate(item.weight for item in items))
    midnight = scenario.origin + day * DAY_S
    for n, moment in enumerate(_moments(location, numbers)):
        item = items[bisect(bounds, numbers.random() * bounds[-1], hi=len(items) - 1)]
        yield _resident(
            f"{location.id}.{day}.{n}", midnight + moment, location, item, manners, numbers
        )


def _moments(location: LocationPlan, numbers: random.Random) -> Iterator[float]:
    """Seconds of the day, in order."""
    share = location.tickets_a_day / sum(location.profile)
    for hour, weight in enumerate(location.profile):
        rate = weight * share / HOUR_S
        if rate <= 0.0:
            continue
        at, end = hour * HOUR_S, (hour + 1) * HOUR_S
        while (at := at + numbers.expovariate(rate)) < end:
            yield at


def _resident(  # noqa: PLR0917 - one call, above
    name: str,
    at: float,
    location: LocationPlan,
    item: ItemPlan,
    manners: Manners,
    numbers: random.Random,
) -> Resident:
    # Each takes the same numbers from the stream, whatever becomes of them: a share that is turned
    # up in one scenario leaves everything else of the resident as it was.
    talk, wrap_up, answer = (numbers.gauss(0.0, 1.0) for _ in range(3))
    patience, green, miss, drop, lost_at, back, decline, ring_out, speaks = (
        numbers.random() for _ in range(9)
    )
    service_s = _log_normal(item.talk, talk)
    backs = back < manners.backs
    return Resident(
        id=name,
        at=at,
        location_id=location.id,
        district=location.district,
        item_code=item.code,
        department=item.department,
        language=_language(speaks, manners),
        green=_green(green / manners.green) if green < manners.green else None,
        service_s=service_s,
        wrap_up_s=0.0 if item.wrap_up is None else _log_normal(item.wrap_up, wrap_up),
        answer_s=0.0 if manners.answer is None else _log_normal(manners.answer, answer),
        patience_s=_exponential(patience, manners.patience_s),
        unanswered=int(ring_out < manners.unanswered),
        declines=int(decline < manners.declines),
        misses=_repeats(miss, manners.misses),
        drop_after_s=lost_at * service_s if drop < manners.drops else None,
        back_after_s=_exponential(back / manners.backs, manners.back_after_s) if backs else None,
        back_service_s=service_s * _BACK_SERVICE,
    )


def _language(number: float, manners: Manners) -> Language:
    if number < manners.tibetan:
        return Language.BO
    return Language.EN if number < manners.tibetan + manners.english else Language.ZH


def _green(number: float) -> GreenReason:
    for reason, share in _GREEN:
        number -= share
        if number < 0.0:
            return reason
    return GreenReason.ELDERLY


def _log_normal(duration: LogNormal, number: float) -> float:
    return math.exp(duration.mu + duration.sigma * number)


def _exponential(number: float, mean: float) -> float:
    return -mean * math.log1p(-number) if mean < math.inf else math.inf


def _repeats(number: float, share: float) -> int:
    """How often in a row what happens with `share` each time."""
    times = 0
    while number < share:
        number /= share
        times += 1
    return times
