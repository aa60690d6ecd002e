"""What differs from world to world of a forecast: seats, and arrivals that may overtake. Pure."""

from __future__ import annotations

import random
from math import exp, hypot, log
from statistics import NormalDist
from typing import Final

from service_queue.draws import normals, shares
from service_queue.forecast_plan import Overtaking, grants
from service_queue.forecast_world import Entry, SeatChance
from service_queue.pace import Pace
from service_queue.prospect import Doing, OpenSeat, Outlook
from service_queue.service_times import LogNormal

LONGEST_S: Final = 4 * 3600.0
"""Nobody looks further ahead than this for who may come."""

_STANDARD: Final = NormalDist()
_NEVER: Final = float("inf")
_SURE: Final = 1.0 - 1e-9


def chances(one: OpenSeat, outlook: Outlook, count: int) -> list[SeatChance]:
    """What a seat will do, by world."""
    name, now = one.seat.id, outlook.now
    pause = one.pause or outlook.pause
    breaks = _drawn(pause, f"{name}/pause", count)
    free = _free_at(one, outlook, count)
    begins: list[float]
    if one.pause is not None and one.doing is not Doing.PAUSED:
        begins = free
    elif outlook.pausing_rate <= 0.0:
        begins = [_NEVER] * count
    else:
        mean = 1.0 / outlook.pausing_rate
        begins = [now - mean * log(share) for share in shares(f"{name}/pauses", count)]
    paces = _drawn(LogNormal(one.pace.mu, one.pace.sigma), f"{name}/pace", count)
    return [SeatChance(*each) for each in zip(free, begins, breaks, paces, strict=True)]


def _free_at(one: OpenSeat, outlook: Outlook, count: int) -> list[float]:
    """When a seat is done with what it is at, by world."""
    now, name = outlook.now, one.seat.id
    age = max(0.0, now - one.since)
    # Named by when it began as well: what is drawn for one call says nothing about the next.
    drawn = f"{name}/{one.since}"
    if one.doing is Doing.PAUSED:
        return [now + rest for rest in _rests(one.pause or outlook.pause, age, drawn, count)]
    if one.doing is Doing.NOTHING or one.visit is None:
        return [now] * count
    talk, wrap_up = _at_pace(one.visit.talk, one.pace), _at_pace(one.visit.wrap_up, one.pace)
    if one.doing is Doing.WRAPPING_UP:
        latest = _NEVER if one.until is None else max(now, one.until)
        return [min(now + rest, latest) for rest in _rests(wrap_up, age, drawn, count)]
    after = _drawn(wrap_up, f"{name}/after", count)
    if one.doing is Doing.TALKING:
        rests = _rests(talk, age, drawn, count)
        return [now + rest + then for rest, then in zip(rests, after, strict=True)]
    rings = _rests(outlook.answer, age, drawn, count)
    talks = _drawn(talk, name, count)
    return [now + sum(parts) for parts in zip(rings, talks, after, strict=True)]


def _at_pace(length: LogNormal, pace: Pace) -> LogNormal:
    """What somebody of that pace takes for it."""
    return LogNormal(length.mu + pace.mu, hypot(length.sigma, pace.sigma))


def _drawn(length: LogNormal, name: str, count: int) -> list[float]:
    """Lengths of something that has not begun, by world."""
    return [exp(length.mu + length.sigma * z) for z in normals(name, count)]


def _rests(length: LogNormal, age: float, name: str, count: int) -> list[float]:
    """How much longer something goes on that has gone on for `age`, by world."""
    gone = _STANDARD.cdf((log(age) - length.mu) / length.sigma) if age > 0.0 else 0.0
    left = 1.0 - gone
    levels = (min(gone + share * left, _SURE) for share in shares(name, count))
    return [
        max(0.0, exp(length.mu + length.sigma * _STANDARD.inv_cdf(level)) - age) for level in levels
    ]


def to_come(kind: Overtaking, outlook: Outlook, until: float, count: int) -> list[list[Entry]]:
    """By world: arrivals of one kind that may overtake, while the line as it stands is served."""
    ticket = kind.like.ticket
    plain, green = grants(ticket, outlook)
    whole = kind.like.visit.whole
    ceiling_s = outlook.policy.ceiling_s
    # Not `draws`: how many there will be is itself chance.
    chance = random.Random(ticket.id)
    worlds = []
    for _ in range(count):
        coming, at = [], outlook.now + chance.expovariate(kind.per_s)
        while at < until:
            length = exp(whole.mu + whole.sigma * chance.gauss())
            coming.append(
                Entry(
                    id="",
                    arrived=at,
                    plain=at - plain,
                    green=at - green,
                    drop=False,
                    ceiling_at=at + ceiling_s,
                    here_at=at,
                    leaves_at=None,
                    lasts=(length,) * count,
                    starts=[],
                    asked=False,
                )
            )
            at += chance.expovariate(kind.per_s)
        worlds.append(coming)
    return worlds


def horizon_s(outlook: Outlook) -> float:
    """By then the line as it stands is surely served."""
    work = sum(one.visit.whole.mean_s for one in outlook.line)
    return min(LONGEST_S, 1.5 * work / len(outlook.seats) + 900.0)
