"""A hall to simulate when no journal is at hand: the sample district, as large as asked for.

What is assumed, and only here: how many come and in which hours, that more papers take longer, and
shifts with staggered meals. A journal knows better (`--journal`).
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from zoneinfo import ZoneInfo

from seat_server.catalogue import CatalogueItem
from seat_server.district import District, sample_district
from service_queue.service_times import LogNormal
from service_queue.simulation import ItemPlan, LocationPlan, Manners, Scenario, SeatPlan, Span
from service_queue.simulation.skills import Skills
from signaling.protocol.words import Language

FIRST_DAY: Final = datetime.date(2026, 6, 1)
"""A Monday."""
TIME_ZONE: Final = "Asia/Shanghai"

TICKETS_A_DAY: Final = 75.0
"""At a location: with two windows each and these service times they are busy for four fifths."""

_HOUR: Final = 3600.0
_OPENS, _CLOSES = 9 * _HOUR, 17 * _HOUR
_PROFILE: Final = {9: 1.35, 10: 1.45, 11: 1.1, 12: 0.55, 13: 0.7, 14: 1.1, 15: 1.1, 16: 0.65}
_NOON: Final = 12
_SIZES: Final = (1.4, 1.2, 1.1, 1.0, 1.0, 1.0, 0.9, 0.9, 0.8, 0.7)
"""Townships differ, by two to one."""
_MORNINGS: Final = (1.0, 1.25, 0.8)
"""Some towns come early, on market days all of them."""
_MEALS: Final = (11.5, 12.0, 12.5, 13.0)
"""When each quarter of the windows eats, for three quarters of an hour."""
_MEAL_S: Final = 45 * 60.0
_RESTS: Final = (10.25, 10.5, 15.0, 15.25)
_REST_S: Final = 15 * 60.0
_DISTRICT_SIZE: Final = 10
_SPEAKS: Final = (
    frozenset({Language.ZH}),
    frozenset({Language.ZH, Language.EN}),
    frozenset({Language.ZH, Language.BO}),
)

_FREQUENT_SHARE: Final = 0.85
"""Of the tickets, for the frequent items: by 1/rank. The others share the rest alike."""
_BASE_S, _A_PAPER_S = 260.0, 55.0
"""Median talk, and what every paper that must be shown adds."""
_TALK_SIGMA: Final = 0.6
_WRAP_UP: Final = LogNormal.around(20.0, 0.7)


def sample_hall(
    *, seats: int, locations: int, days: int, tickets_a_day: float = TICKETS_A_DAY
) -> Scenario:
    """A hall of so many windows and locations. `tickets_a_day`: at a location, on average."""
    district = sample_district()
    places = tuple(_location(n, district, tickets_a_day) for n in range(locations))
    return Scenario(
        origin=midnight_of(FIRST_DAY),
        time_zone=TIME_ZONE,
        days=days,
        locations=places,
        items=item_plans(district.items),
        seats=tuple(_seat(n, seats, places) for n in range(seats)),
        manners=Manners(),
    )


def with_agents(scenario: Scenario, skills: Sequence[Skills]) -> Scenario:
    """The hall with agents of these skills at its windows, in turn."""
    if not skills:
        return scenario
    seats = tuple(
        replace(seat, departments=skills[n % len(skills)]) for n, seat in enumerate(scenario.seats)
    )
    return replace(scenario, seats=seats)


def midnight_of(day: datetime.date, time_zone: str = TIME_ZONE) -> float:
    """The moment a local day begins."""
    return datetime.datetime.combine(day, datetime.time(), ZoneInfo(time_zone)).timestamp()


def item_plans(items: tuple[CatalogueItem, ...]) -> tuple[ItemPlan, ...]:
    """What the items of a catalogue are asked for, and how long they take."""
    frequent = sum(1.0 / item.frequent_rank for item in items if item.frequent_rank)
    others = sum(1 for item in items if not item.frequent_rank)
    return tuple(
        ItemPlan(
            code=item.code,
            department=item.department,
            weight=_FREQUENT_SHARE / item.frequent_rank / frequent
            if item.frequent_rank
            else (1.0 - _FREQUENT_SHARE) / others,
            talk=LogNormal.around(_BASE_S + _A_PAPER_S * _papers(item), _TALK_SIGMA),
            wrap_up=_WRAP_UP,
        )
        for item in items
    )


def profile_of(hours: dict[int, float]) -> tuple[float, ...]:
    """Weights of all 24 hours."""
    return tuple(hours.get(hour, 0.0) for hour in range(24))


def _papers(item: CatalogueItem) -> int:
    return len(item.materials.split("|")) if item.materials else 0


def _location(n: int, district: District, tickets_a_day: float) -> LocationPlan:
    known = district.locations[n] if n < len(district.locations) else None
    morning = _MORNINGS[n % len(_MORNINGS)]
    hours = {hour: w * (morning if hour < _NOON else 1.0) for hour, w in _PROFILE.items()}
    return LocationPlan(
        id=known.id if known else f"location-{n + 1:04d}",
        name=known.name if known else f"点位{n + 1:04d}",
        district=f"district-{n // _DISTRICT_SIZE + 1:03d}",
        tickets_a_day=tickets_a_day * _SIZES[n % len(_SIZES)],
        profile=profile_of(hours),
    )


def _seat(n: int, count: int, places: tuple[LocationPlan, ...]) -> SeatPlan:
    """Windows are spread over the locations as evenly as may be, neighbours together."""
    home = places[n * len(places) // count]
    return SeatPlan(
        id=f"seat-{n + 1:02d}",
        position=n,
        location_id=home.id,
        district=home.district,
        languages=_SPEAKS[n % len(_SPEAKS)],
        spans=spans_between(_OPENS, _CLOSES, _breaks(n)),
    )


def _breaks(n: int) -> list[tuple[float, float]]:
    # The quarter changes from window to window, so that no location is without both at once.
    meal, rest = _MEALS[n % len(_MEALS)] * _HOUR, _RESTS[n % len(_RESTS)] * _HOUR
    return [(rest, rest + _REST_S), (meal, meal + _MEAL_S)]


def spans_between(start: float, end: float, breaks: list[tuple[float, float]]) -> tuple[Span, ...]:
    """A shift less its breaks."""
    spans, at = [], start
    for since, until in sorted(breaks):
        if since > at:
            spans.append(Span(at, min(since, end)))
        at = max(at, until)
    if at < end:
        spans.append(Span(at, end))
    return tuple(spans)
