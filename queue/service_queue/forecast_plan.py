"""What all worlds of a forecast share: the line in streams, and which seats reach which. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from math import exp, log
from typing import Final

from service_queue.draws import normals, shares
from service_queue.forecast_world import Entry, Plan, Reach, Stream
from service_queue.matching import (
    FreeSeat,
    held_s,
    is_fresh,
    known_since,
    opens_after_s,
    skill_gap,
)
from service_queue.policy import Policy
from service_queue.prospect import OVERTAKERS_OVER_S, Outlook, Standing
from service_queue.rank import WaitingTicket, claim_s, settled, without_green
from service_queue.service_times import LogNormal, Visit
from signaling.protocol.words import Lane

MOST_RING_STREAMS: Final = 64
"""Where the line falls into more streams than this, its rings count as open: so many wait then that
each has waited through them."""


@dataclass(frozen=True, slots=True)
class Overtaking:
    """Arrivals of one kind that may overtake."""

    like: Standing
    per_s: float


def make_plan(outlook: Outlook, count: int) -> tuple[Plan, dict[int, Overtaking]]:
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
            reaches.append(_reach(streams, seat, outlook, open_ids, by_ring=by_ring))
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
    held = _held_s(ticket, outlook)
    return (
        ticket.id if one.back_at is not None else None,
        ticket.lane is Lane.TECHNICAL_DROP,
        *grants(ticket, outlook),
        ticket.department if seats.match_departments else "",
        ticket.language if seats.match_languages else "",
        (ticket.location_id, ticket.district) if by_ring else None,
        (ticket.last_seat_id, held) if held > 0.0 or by_ring else None,
        ticket.excluded_seats,
    )


def grants(ticket: WaitingTicket, outlook: Outlook) -> tuple[float, float]:
    """The seconds it stands before its place: while the green quota is used up, and while not."""
    used = without_green(outlook.state)
    room = replace(outlook.state, starts_since_green=outlook.policy.green.one_in)
    before = ticket.place - settled(ticket, outlook.state)
    policy = outlook.policy
    return before + claim_s(ticket, policy, used), before + claim_s(ticket, policy, room)


def _overtaking(outlook: Outlook, *, by_ring: bool) -> list[Overtaking]:
    alike: dict[object, list[Standing]] = {}
    for one in outlook.overtakers:
        alike.setdefault(_stream_key(one, outlook, by_ring=by_ring), []).append(one)
    return [Overtaking(each[-1], len(each) / OVERTAKERS_OVER_S) for each in alike.values()]


def _entry(one: Standing, outlook: Outlook, count: int) -> Entry:
    ticket, visit = one.ticket, one.visit
    plain, green = grants(ticket, outlook)
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
        lasts=lengths(visit, ticket.id, count),
        starts=[],
        asked=one.back_at is None,
    )


def lengths(visit: Visit, name: str, count: int) -> tuple[float, ...]:
    """How long a visit takes, by world: a chance of its own, and its item's that all share."""
    mu, sigma, doubt = visit.whole.mu, visit.whole.sigma, visit.doubt
    own, shared = normals(name, count), normals(f"{visit.item}/item", count)
    return tuple(exp(mu + sigma * z + doubt * y) for z, y in zip(own, shared, strict=True))


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


def _held_s(ticket: WaitingTicket, outlook: Outlook) -> float:
    """After how long a wait it may go to others than the seat that knows it; 0: by now."""
    if ticket.last_seat_id is None or not is_fresh(ticket, outlook.policy, outlook.now):
        return 0.0
    return known_since(ticket) - ticket.arrived_at + held_s(ticket, outlook.policy)


def _reach(
    streams: Sequence[tuple[Stream, WaitingTicket]],
    seat: FreeSeat,
    outlook: Outlook,
    open_ids: Collection[str],
    *,
    by_ring: bool,
) -> Reach:
    """The streams a seat may serve, and after how long a wait of their first."""
    policy = outlook.policy
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
                after = max(after, _held_s(ticket, outlook))
        if after < float("inf"):
            reach.append((index, after))
    return reach
