"""A simulation in figures. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, inf
from typing import Final

from service_queue.fairness import gini
from service_queue.simulation.record import Passage, Record
from service_queue.simulation.scenario import DAY_S, HOUR_S

AT_ONCE_S: Final = 1e-9
PROMPT_S: Final = 20.0
"""The telephone world's service level: who is called within this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """The waits of those who were served, in seconds."""

    served: int = 0
    mean_s: float = 0.0
    p50_s: float = 0.0
    p90_s: float = 0.0
    p95_s: float = 0.0
    max_s: float = 0.0
    must_wait: float = 0.0
    """Share for whom no window was free when they came."""
    prompt: float = 0.0
    """Share called within 20 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatLoads:
    """How the windows were used: busy over open time."""

    mean: float = 0.0
    busiest: float = 0.0
    idlest: float = 0.0
    open_h: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What there is to say of a simulation."""

    tickets: int
    waits: Waits
    by_hour: dict[int, Waits]
    """By the hour of the arrival."""
    by_location: dict[str, Waits]
    by_department: dict[str, Waits]
    cells: dict[tuple[str, int], float]
    """Mean wait by location and hour."""
    arrivals: dict[int, int]
    """Tickets by hour, those who gave up too."""
    gini: float
    """Of the locations' mean waits: 0 is alike everywhere."""
    ends: dict[str, int]
    """Tickets by how they ended."""
    seats: SeatLoads
    load_by_seat: dict[str, float]
    overtook: float
    """Share of calls that somebody who came earlier still waited for."""
    recalls: int
    turned_away: int
    offers: int
    declined: int
    rang_out: int

    @property
    def abandoned(self) -> float:
        """Share of tickets whose resident gave up."""
        return self.ends.get("resident_left", 0) / self.tickets if self.tickets else 0.0


def summarise(record: Record, origin: float) -> Summary:
    """The figures of a record; `origin` is a local midnight."""
    hours: defaultdict[int, list[Passage]] = defaultdict(list)
    locations: defaultdict[str, list[Passage]] = defaultdict(list)
    departments: defaultdict[str, list[Passage]] = defaultdict(list)
    cells: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
    for passage in record.passages:
        hour = int((passage.at - origin) % DAY_S // HOUR_S)
        hours[hour].append(passage)
        locations[passage.location_id].append(passage)
        departments[passage.department].append(passage)
        if passage.waited_s is not None:
            cells[passage.location_id, hour].append(passage.waited_s)
    by_location = {name: waits_of(locations[name]) for name in sorted(locations)}
    return Summary(
        tickets=len(record.passages),
        waits=waits_of(record.passages),
        by_hour={hour: waits_of(hours[hour]) for hour in sorted(hours)},
        by_location=by_location,
        by_department={name: waits_of(departments[name]) for name in sorted(departments)},
        cells={cell: sum(waits) / len(waits) for cell, waits in sorted(cells.items())},
        arrivals={hour: len(hours[hour]) for hour in sorted(hours)},
        gini=gini(waits.mean_s for waits in by_location.values() if waits.served),
        ends=dict(sorted(Counter(passage.ended for passage in record.passages).items())),
        seats=_seat_loads(record),
        load_by_seat={use.seat_id: use.busy_s / use.open_s for use in record.uses if use.open_s},
        overtook=_overtook(record.passages),
        recalls=sum(passage.recalls for passage in record.passages),
        turned_away=record.turned_away,
        offers=record.offers,
        declined=record.declined,
        rang_out=record.rang_out,
    )


def waits_of(passages: Iterable[Passage]) -> Waits:
    """The waits of those who were served among them."""
    served = [passage for passage in passages if passage.waited_s is not None]
    waits = sorted(passage.waited_s or 0.0 for passage in served)
    n = len(waits)
    if not n:
        return Waits()
    return Waits(
        served=n,
        mean_s=sum(waits) / n,
        p50_s=quantile(waits, 0.5),
        p90_s=quantile(waits, 0.9),
        p95_s=quantile(waits, 0.95),
        max_s=waits[-1],
        must_wait=sum((passage.rang_after_s or 0.0) > AT_ONCE_S for passage in served) / n,
        prompt=sum(wait <= PROMPT_S for wait in waits) / n,
    )


def quantile(ranked: Sequence[float], share: float) -> float:
    """The smallest of sorted values that `share` of them do not exceed."""
    return ranked[max(0, ceil(share * len(ranked)) - 1)]


def _seat_loads(record: Record) -> SeatLoads:
    loads = [use.busy_s / use.open_s for use in record.uses if use.open_s]
    if not loads:
        return SeatLoads()
    open_s = sum(use.open_s for use in record.uses)
    return SeatLoads(
        mean=sum(use.busy_s for use in record.uses) / open_s,
        busiest=max(loads),
        idlest=min(loads),
        open_h=open_s / HOUR_S,
    )


def _overtook(passages: Iterable[Passage]) -> float:
    """Share of calls while somebody who came earlier, and was served later, still waited."""
    calls = sorted(
        (passage.at + passage.waited_s, passage.at)
        for passage in passages
        if passage.waited_s is not None
    )
    if not calls:
        return 0.0
    passed, earliest_left = 0, inf
    for _, came_at in reversed(calls):
        passed += earliest_left < came_at
        earliest_left = min(earliest_left, came_at)
    return passed / len(calls)
