"""What a check found, and whether anything is amiss."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from statistics import median
from typing import Final

from pydantic import BaseModel, ConfigDict

from service_queue.tables import CallRow, TicketRow
from signaling.protocol.words import Party, TicketState
from xiaowu.demo.bot_report import CallHeard
from xiaowu.demo.hall_record import HallRecord
from xiaowu.demo.invariants import Rule, Violation

LEAST_FRAMES: Final = 5
LEAST_TONE_SHARE: Final = 0.6
"""A pure tone through Opus keeps more than nine tenths; another's tone has next to nothing."""

RACES: Final = frozenset(
    {"call_unknown", "call_closed", "offer_stale", "wrap_up_over", "media_epoch_stale"}
)
"""Refusals that honest clients meet when both sides act at the same moment."""


class Spread(BaseModel):
    """The middle and the worst of some measurements."""

    model_config = ConfigDict(frozen=True)

    p50: float | None
    max: float | None


class BrokenRule(BaseModel):
    """A violation, as it is printed."""

    model_config = ConfigDict(frozen=True)

    rule: Rule
    what: str
    seq: int | None


class Invariants(BaseModel):
    """Which rules were checked how often, and what broke them."""

    model_config = ConfigDict(frozen=True)

    checked: dict[Rule, int]
    violations: tuple[BrokenRule, ...]


class Verdict(BaseModel):
    """The result of a check: one JSON object."""

    model_config = ConfigDict(frozen=True)

    ok: bool
    amiss: tuple[str, ...]
    """In words; empty when all is well."""
    calls_wanted: int
    tickets_acknowledged: int
    tickets_served: int
    calls_made: int
    connected: int
    two_way_media: int
    """Calls in which both sides decoded pictures and heard the other's own tone."""
    waits_s: Spread
    setup_ms: Spread
    """From the agent's yes to the first picture on both sides."""
    errors: dict[str, int]
    invariants: Invariants
    server_kills: int
    took_s: float


def judge(
    record: HallRecord,
    *,
    wanted: int,
    acknowledged: Iterable[str],
    heard: Iterable[CallHeard],
    errors: Counter[str],
    looked_at: Counter[Rule],
    violations: Iterable[Violation],
    server_kills: int,
    took_s: float,
    ended_early: str | None,
) -> Verdict:
    """Put together what was seen; `ended_early` says why the check did not come to its end."""
    tickets = set(acknowledged)
    by_call: dict[str, dict[Party, CallHeard]] = {}
    for each in heard:
        by_call.setdefault(each.call_id, {})[each.party] = each
    served = sum(row.state is TicketState.COMPLETED for row in record.tickets)
    connected = [call for call in record.calls if call.connected_at is not None]
    two_way = [call for call in connected if _is_two_way(by_call.get(call.id, {}))]
    broken = tuple(BrokenRule(rule=v.rule, what=v.what, seq=v.seq) for v in violations)
    amiss = [] if ended_early is None else [ended_early]
    if len(tickets) != wanted:
        amiss.append(f"{len(tickets)} of {wanted} tickets were given out")
    if served != wanted:
        amiss.append(f"{served} of {wanted} residents were served")
    if len(connected) < wanted:
        amiss.append(f"{len(connected)} of {wanted} calls connected")
    if len(two_way) < len(connected):
        amiss.append(f"{len(connected) - len(two_way)} calls without media both ways")
    unexpected = {code: count for code, count in errors.items() if code not in RACES}
    if unexpected:
        amiss.append(f"refused: {', '.join(sorted(unexpected))}")
    if broken:
        amiss.append(f"{len(broken)} violations")
    return Verdict(
        ok=not amiss,
        amiss=tuple(amiss),
        calls_wanted=wanted,
        tickets_acknowledged=len(tickets),
        tickets_served=served,
        calls_made=len(record.calls),
        connected=len(connected),
        two_way_media=len(two_way),
        waits_s=_spread(_waits(record.tickets, record.calls), 2),
        setup_ms=_spread([ms for sides in by_call.values() for ms in _setup_ms(sides)], 0),
        errors=dict(errors),
        invariants=Invariants(checked={rule: looked_at[rule] for rule in Rule}, violations=broken),
        server_kills=server_kills,
        took_s=round(took_s, 1),
    )


def _is_two_way(sides: dict[Party, CallHeard]) -> bool:
    return len(sides) == len(Party) and all(
        side.video_frames >= LEAST_FRAMES and side.tone_share >= LEAST_TONE_SHARE
        for side in sides.values()
    )


def _waits(tickets: Iterable[TicketRow], calls: Iterable[CallRow]) -> list[float]:
    """Seconds from taking a ticket to the first yes."""
    first: dict[str, float] = {}
    for call in calls:
        started_at = first.get(call.ticket_id, call.started_at)
        first[call.ticket_id] = min(started_at, call.started_at)
    return [first[row.id] - row.arrived_at for row in tickets if row.id in first]


def _setup_ms(sides: dict[Party, CallHeard]) -> Iterable[float]:
    accepted_at = next((s.accepted_at for s in sides.values() if s.accepted_at is not None), None)
    pictures = [s.first_picture_at for s in sides.values() if s.first_picture_at is not None]
    if accepted_at is not None and len(pictures) == len(Party):
        yield (max(pictures) - accepted_at) * 1000


def _spread(values: list[float], digits: int) -> Spread:
    if not values:
        return Spread(p50=None, max=None)
    return Spread(p50=round(median(values), digits), max=round(max(values), digits))
