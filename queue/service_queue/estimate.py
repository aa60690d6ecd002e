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

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import exp, log
from statistics import NormalDist
from typing import Final

from service_queue.draws import normals, shares
from service_queue.forecast_world import Entry, Plan, Reach, SeatChance, Stream, World
from service_queue.matching import FreeSeat, opens_after_s, skill_gap
from service_queue.policy import Policy
from service_queue.rank import LineState, WaitingTicket, claim_s, settled, without_green
from service_queue.service_times import USUAL_BREAK, LogNormal, Visit
from signaling.protocol.words import Lane

STARTS: Final = 24_000
"""How many starts one forecast may play: what bounds its cost."""

FEWEST_WORLDS: Final = 16
MOST_WORLDS: Final = 96

OVERTAKERS_OVER_S: Final = 3600.0
"""The rate of arrivals that may overtake is that of so long."""

MOST_RING_STREAMS: Final = 64
"""Where the line falls into more streams than this, its rings count as open: so many wait then that
each has waited through them."""

LONGEST_S: Final = 4 * 3600.0
"""Nobody looks further ahead than this for who may come."""

_STANDARD: Final = NormalDist()
_NEVER: Final = float("inf")
_SURE: Final = 1.0 - 1e-9


class Doing(StrEnum):
    """What an open seat is at."""

    NOTHING = "nothing"
    RINGING = "ringing"
    TALKING = "talking"
    WRAPPING_UP = "wrapping_up"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSeat:
    """A seat that will take tickets, now or when it is done."""

    seat: FreeSeat
    doing: Doing = Doing.NOTHING
    since: float = 0.0
    visit: Visit | None = None
    """Of whom it serves."""
    until: float | None = None
    """When its after-call work ends at the latest."""
    shift_ends_at: float | None = None
    pause: LogNormal | None = None
    """Its break, which goes on, or begins when it is done with whom it serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A ticket with a place in the line, and what to expect of it."""

    ticket: WaitingTicket
    visit: Visit
    back_at: float | None = None
    """It is parked until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """All that an estimate depends on."""

    now: float
    policy: Policy
    state: LineState
    line: Sequence[Standing]
    seats: Sequence[OpenSeat]
    answer: LogNormal
    leaving_rate: float = 0.0
    """How many of those who wait give up, per second."""
    pausing_rate: float = 0.0
    """How often an open window goes on break, per second."""
    pause: LogNormal = USUAL_BREAK
    """How long breaks take that have not begun."""
    overtakers: Sequence[Standing] = ()
    """Who came within `OVERTAKERS_OVER_S` with a right to overtake; as many will come again."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds from `at` until the call begins: over by then once, five, nine times in ten."""

    least_s: float
    low_s: float
    high_s: float
    at: float


def waits(outlook: Outlook) -> dict[str, Wait]:
    """By ticket that waits (parked ones do not): its wait; missing where no open seat may serve."""
    if not outlook.line or all(one.doing is Doing.PAUSED for one in outlook.seats):
        return {}
    count = max(FEWEST_WORLDS, min(MOST_WORLDS, STARTS // len(outlook.line)))
    plan, overtaking = _plan(outlook, count)
    for k in range(count):
        coming = {index: _to_come(outlook, one, k, count) for index, one in overtaking.items()}
        seats = [_chance(one, outlook, k, count) for one in outlook.seats]
        World(plan, k, seats, coming).play()
    return {
        entry.id: _quantiles(entry.starts, count, outlook.now)
        for stream in plan.streams
        for entry in stream.entries
        if entry.asked and entry.starts
    }


def flat_s(ahead: int, windows: int, mean_visit_s: float) -> float | None:
    """What most halls quote: people ahead x mean / windows; the yardstick."""
    return ahead * mean_visit_s / windows if windows else None


# --- the plan: what all worlds share -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Overtaking:
    """Arrivals of one kind that may overtake."""

    like: Standing
    per_s: float


def _plan(outlook: Outlook, count: int) -> tuple[Plan, dict[int, _Overtaking]]:
    """The plan, and which of its streams fill with those who are not there yet."""
    policy = outlook.policy
    seats = [one.seat for one in outlook.seats]
    by_ring = _rings_matter(policy)
    streams = _streams(outlook, count, by_ring=by_ring)
    if by_ring and len(streams) > MOST_RING_STREAMS:
        by_ring = False
        streams = _streams(outlook, count, by_ring=False)
    overtaking = {}
    for one in _overtaking(outlook, by_ring=by_ring):
        overtaking[len(streams)] = one
        streams.append((Stream([]), one.like.ticket))
    named = _named(streams)
    open_ids = {seat.id for seat in seats}
    kinds: dict[object, int] = {}
    reaches: list[Reach] = []
    kind_of: list[int] = []
    for seat in seats:
        key = (
            *(seat.departments, seat.languages),
            *((seat.location_id, seat.district, seat.level) if by_ring else ()),
            seat.id if seat.id in named else None,
        )
        kind = kinds.get(key)
        if kind is None:
            kind = kinds[key] = len(reaches)
            reaches.append(_reach(streams, seat, policy, open_ids, by_ring=by_ring))
        kind_of.append(kind)
    plan = Plan(
        now=outlook.now,
        streams=[stream for stream, _ in streams],
        reaches=reaches,
        kind_of=kind_of,
        closes_at=[one.shift_ends_at for one in outlook.seats],
        one_in=policy.green.one_in,
        starts_since_green=outlook.state.starts_since_green,
        asked=sum(entry.asked for stream, _ in streams for entry in stream.entries),
        answers=_answers(outlook.answer, count),
    )
    return plan, overtaking


def _streams(outlook: Outlook, count: int, *, by_ring: bool) -> list[tuple[Stream, WaitingTicket]]:
    """The line in streams, each with a ticket that stands for all of it."""
    found: dict[object, tuple[list[Entry], WaitingTicket]] = {}
    for one in outlook.line:
        key = _stream_key(one, outlook, by_ring=by_ring)
        entries, _ = found.setdefault(key, ([], one.ticket))
        entries.append(_entry(one, outlook, count))
    streams = []
    for entries, ticket in found.values():
        entries.sort(key=lambda entry: entry.plain)
        streams.append((Stream(entries), ticket))
    return streams


def _stream_key(one: Standing, outlook: Outlook, *, by_ring: bool) -> object:
    ticket, seats = one.ticket, outlook.policy.seats
    knows = outlook.policy.seats.same_seat_s > 0.0 or by_ring
    return (
        ticket.id if one.back_at is not None else None,
        ticket.lane is Lane.TECHNICAL_DROP,
        *_grants(ticket, outlook),
        ticket.department if seats.match_departments else "",
        ticket.language if seats.match_languages else "",
        (ticket.location_id, ticket.district) if by_ring else None,
        ticket.last_seat_id if knows else None,
        ticket.excluded_seats,
    )


def _grants(ticket: WaitingTicket, outlook: Outlook) -> tuple[float, float]:
    """The seconds it stands before its place: while the green quota is used up, and while not."""
    used = without_green(outlook.state)
    room = replace(outlook.state, starts_since_green=outlook.policy.green.one_in)
    before = ticket.place - settled(ticket, outlook.state)
    policy = outlook.policy
    return before + claim_s(ticket, policy, used), before + claim_s(ticket, policy, room)


def _overtaking(outlook: Outlook, *, by_ring: bool) -> list[_Overtaking]:
    alike: dict[object, list[Standing]] = {}
    for one in outlook.overtakers:
        alike.setdefault(_stream_key(one, outlook, by_ring=by_ring), []).append(one)
    return [_Overtaking(each[-1], len(each) / OVERTAKERS_OVER_S) for each in alike.values()]


def _entry(one: Standing, outlook: Outlook, count: int) -> Entry:
    ticket, visit = one.ticket, one.visit
    plain, green = _grants(ticket, outlook)
    whole = visit.whole
    mu, sigma = whole.mu, whole.sigma
    leaving: tuple[float, ...] | None = None
    if outlook.leaving_rate > 0.0:
        mean = 1.0 / outlook.leaving_rate
        leaving = tuple(
            outlook.now - mean * log(share) for share in shares(f"{ticket.id}/leaves", count)
        )
    return Entry(
        id=ticket.id,
        arrived=ticket.arrived_at,
        plain=ticket.place - plain,
        green=ticket.place - green,
        drop=ticket.lane is Lane.TECHNICAL_DROP,
        ceiling_at=ticket.arrived_at + outlook.policy.ceiling_s,
        here_at=one.back_at if one.back_at is not None else outlook.now,
        leaves_at=leaving,
        lasts=tuple(exp(mu + sigma * z) for z in normals(ticket.id, count)),
        starts=[],
        asked=one.back_at is None,
    )


def _answers(answer: LogNormal, count: int) -> tuple[float, ...]:
    return tuple(exp(answer.mu + answer.sigma * z) for z in normals("answer", count))


def _named(streams: Sequence[tuple[Stream, WaitingTicket]]) -> set[str]:
    """Seats that some ticket knows or must not go to."""
    named: set[str] = set()
    for _, ticket in streams:
        named |= ticket.excluded_seats
        if ticket.last_seat_id is not None:
            named.add(ticket.last_seat_id)
    return named


def _rings_matter(policy: Policy) -> bool:
    rules = policy.seats
    return rules.level_after_s > 0.0 or any(ring.after_s > 0.0 for ring in rules.rings)


def _reach(
    streams: Sequence[tuple[Stream, WaitingTicket]],
    seat: FreeSeat,
    policy: Policy,
    open_ids: Collection[str],
    *,
    by_ring: bool,
) -> Reach:
    """The streams a seat may serve, and after how long a wait of their first."""
    reach: Reach = []
    for index, (_, ticket) in enumerate(streams):
        if seat.id in ticket.excluded_seats or skill_gap(ticket, seat, policy) is not None:
            continue
        after = 0.0
        if seat.id != ticket.last_seat_id:
            if by_ring:
                levels = (seat.level - 1) * policy.seats.level_after_s
                after = max(opens_after_s(ticket, seat, policy), levels)
            known = ticket.last_seat_id
            if known in open_ids and known not in ticket.excluded_seats:
                after = max(after, policy.seats.same_seat_s)
        if after < float("inf"):
            reach.append((index, after))
    return reach


# --- one world's chance ------------------------------------------------------------------------


def _chance(one: OpenSeat, outlook: Outlook, k: int, count: int) -> SeatChance:
    """What a seat will do in world `k`."""
    name, now = one.seat.id, outlook.now
    free_at = _free_at(one, outlook, k, count)
    pause = one.pause or outlook.pause
    pauses_for = exp(pause.mu + pause.sigma * normals(f"{name}/pause", count)[k])
    if one.pause is not None and one.doing is not Doing.PAUSED:
        return SeatChance(free_at, free_at, pauses_for)
    if outlook.pausing_rate <= 0.0:
        return SeatChance(free_at, _NEVER, pauses_for)
    share = shares(f"{name}/pauses", count)[k]
    return SeatChance(free_at, now - log(share) / outlook.pausing_rate, pauses_for)


def _free_at(one: OpenSeat, outlook: Outlook, k: int, count: int) -> float:
    """When a seat is done with what it is at."""
    now, name = outlook.now, one.seat.id
    age = max(0.0, now - one.since)
    # Named by when it began as well: what is drawn for one call says nothing about the next.
    share = shares(f"{name}/{one.since}", count)[k]
    if one.doing is Doing.PAUSED:
        return now + _rest(one.pause or outlook.pause, age, share)
    if one.doing is Doing.NOTHING or one.visit is None:
        return now
    talk, wrap_up = one.visit.talk, one.visit.wrap_up
    if one.doing is Doing.WRAPPING_UP:
        free = now + _rest(wrap_up, age, share)
        return free if one.until is None else min(free, max(now, one.until))
    after = exp(wrap_up.mu + wrap_up.sigma * normals(f"{name}/after", count)[k])
    if one.doing is Doing.TALKING:
        return now + _rest(talk, age, share) + after
    length = exp(talk.mu + talk.sigma * normals(name, count)[k])
    return now + _rest(outlook.answer, age, share) + length + after


def _rest(whole: LogNormal, age: float, share: float) -> float:
    """How much longer something goes on that has gone on for `age`."""
    if age <= 0.0:
        return exp(whole.mu + whole.sigma * _STANDARD.inv_cdf(share))
    gone = _STANDARD.cdf((log(age) - whole.mu) / whole.sigma)
    level = min(gone + share * (1.0 - gone), _SURE)
    return max(0.0, exp(whole.mu + whole.sigma * _STANDARD.inv_cdf(level)) - age)


def _to_come(outlook: Outlook, kind: _Overtaking, k: int, count: int) -> list[Entry]:
    """Arrivals of one kind in world `k`, until the line as it stands is surely served."""
    like, now = kind.like, outlook.now
    plain, green = _grants(like.ticket, outlook)
    whole = like.visit.whole
    # Not `draws`: how many there will be is itself chance.
    chance = random.Random(f"{like.ticket.id}/{k}")
    until = now + _horizon_s(outlook)
    coming, at = [], now + chance.expovariate(kind.per_s)
    while at < until:
        length = exp(whole.mu + whole.sigma * chance.gauss())
        coming.append(
            Entry(
                id="",
                arrived=at,
                plain=at - plain,
                green=at - green,
                drop=False,
                ceiling_at=at + outlook.policy.ceiling_s,
                here_at=at,
                leaves_at=None,
                lasts=(length,) * count,
                starts=[],
                asked=False,
            )
        )
        at += chance.expovariate(kind.per_s)
    return coming


def _horizon_s(outlook: Outlook) -> float:
    work = sum(one.visit.whole.mean_s for one in outlook.line)
    return min(LONGEST_S, 2.0 * work / len(outlook.seats) + 1800.0)


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
