"""Why a ticket stands where it stands, and why it is not called yet. Pure.

Facts only, in the words of the rules; `sentences` says them. No personal data: who is in the green
channel is so for a reason, not for an age.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from service_queue.line_picture import LineView
from service_queue.matching import (
    FreeSeat,
    Hindrance,
    held_s,
    known_since,
    opens_after_s,
    skill_gap,
)
from service_queue.rank import WaitingTicket
from signaling.protocol.words import GreenReason, Precedence


class Obstacle(StrEnum):
    """Why a waiting ticket is not called just now: the one thing that would have to change."""

    AWAY = "away"
    """Its kiosk is not there."""
    CLOSED = "closed"
    """No window is open."""
    DEPARTMENT = "department"
    """No open window serves its department."""
    LANGUAGE = "language"
    """No open window serves its department in its language."""
    BUSY = "busy"
    """Every window that may take it is with somebody."""
    EXCLUDED = "excluded"
    """The free windows for it declined it a moment ago."""
    RING = "ring"
    """There are free windows, which may take it later."""
    LEVEL = "level"
    """There are free windows of a higher level, which are asked later."""
    SAME_SEAT = "same_seat"
    """It waits a little for the window that knows it."""
    WANTED_SEAT = "wanted_seat"
    """It waits a little for the window it was handed on to."""
    OTHERS_FIRST = "others_first"
    """A window is free for it, and for somebody before it."""
    NONE = "none"
    """It is called any moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """So many tickets that stand before, or were passed, for one reason."""

    why: Precedence
    count: int
    green: GreenReason | None = None
    """Which green reason, where it is the green channel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotYet:
    """What a ticket waits for."""

    obstacle: Obstacle
    seconds: float | None = None
    """Until it falls away by itself."""
    windows: int = 0
    """How many windows it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a waiting ticket stands, and why."""

    position: int
    """From 1."""
    before: tuple[Group, ...]
    """Who stands before it; they add up to its position less one."""
    passes: tuple[Group, ...]
    """Who came earlier and stands behind it, by what it is that lets it pass."""
    not_yet: NotYet


def explain(view: LineView, ticket_id: str) -> Standing:
    """Where a waiting ticket stands in the line."""
    place = view.places[ticket_id]
    ticket, before, behind = view.order[place], view.order[:place], view.order[place + 1 :]
    earlier = [other for other in behind if other.arrived_at < ticket.arrived_at]
    return Standing(
        position=place + 1,
        before=_groups((view.why(other, ticket), other.green) for other in before),
        passes=_groups((view.why(ticket, other), ticket.green) for other in earlier),
        not_yet=_not_yet(view, ticket),
    )


def _groups(reasons: Iterable[tuple[Precedence, GreenReason | None]]) -> tuple[Group, ...]:
    counted = Counter((why, green if why is Precedence.GREEN else None) for why, green in reasons)
    return tuple(
        Group(why=why, count=counted[why, green], green=green)
        for why in Precedence
        for green in (None, *GreenReason)
        if (why, green) in counted
    )


def _not_yet(view: LineView, ticket: WaitingTicket) -> NotYet:
    open_seats = view.line.open_seats
    if ticket.away:
        return NotYet(obstacle=Obstacle.AWAY)
    if not open_seats:
        return NotYet(obstacle=Obstacle.CLOSED)
    gaps = [skill_gap(ticket, seat, view.policy) for seat in open_seats]
    skilled = [seat for seat, gap in zip(open_seats, gaps, strict=True) if gap is None]
    if not skilled:
        lacks_language = Hindrance.LANGUAGE in gaps
        return NotYet(
            obstacle=Obstacle.LANGUAGE if lacks_language else Obstacle.DEPARTMENT,
            windows=len(open_seats),
        )
    idle = [seat for seat in skilled if seat.id in view.line.free]
    if not idle:
        return NotYet(obstacle=Obstacle.BUSY, windows=len(skilled))
    takers = [seat for seat in idle if view.hindrance(ticket, seat) is None]
    if not takers:
        return _opens_later(view, ticket, idle)
    before = view.order[: view.places[ticket.id]]
    taken = any(view.hindrance(other, seat) is None for other in before for seat in takers)
    obstacle = Obstacle.OTHERS_FIRST if taken else Obstacle.NONE
    return NotYet(obstacle=obstacle, windows=len(takers))


def _opens_later(view: LineView, ticket: WaitingTicket, idle: Iterable[FreeSeat]) -> NotYet:
    """Free windows with the skill, none of which may take it: the first that will."""
    waits = []
    for seat in idle:
        why = view.hindrance(ticket, seat)
        assert why is not None, "who may take it was looked for before"
        waits.append((_opens_in_s(view, ticket, seat, why), why))
    seconds, first = min(waits, key=lambda wait: wait[0])
    return NotYet(
        obstacle=Obstacle(first.value),
        seconds=seconds,
        windows=sum(1 for _, why in waits if why is first),
    )


def _opens_in_s(view: LineView, ticket: WaitingTicket, seat: FreeSeat, why: Hindrance) -> float:
    """How long until what keeps a window from a ticket falls away by itself."""
    rules = view.policy.seats
    match why:
        case Hindrance.RING:
            moment = ticket.arrived_at + opens_after_s(ticket, seat, view.policy)
        case Hindrance.LEVEL:
            moment = ticket.arrived_at + (seat.level - 1) * rules.level_after_s
        case Hindrance.SAME_SEAT | Hindrance.WANTED_SEAT:
            moment = known_since(ticket) + held_s(ticket, view.policy)
        case _:
            moment = view.now + view.excluded_for_s(ticket, seat)
    return max(0.0, moment - view.now)
