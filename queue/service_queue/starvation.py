"""Whether a policy could leave somebody waiting for ever. Pure.

A policy that passes promises this: after `longest_wait_s` a waiting ticket is overtaken by nobody
any more, and every window that has the skill may take it. So it is served as soon as such a window
is free. Two things begin anew with each time a window had it: the window that declined it or handed
it on is left out for `decline_exclusion_s`, and who comes back from a window waits up to
`same_seat_s` for the one that knows it, or `wanted_seat_s` for the one it was handed on to; all are
shorter than the ceiling.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from service_queue.matching import ANY_DEPARTMENT
from service_queue.policy import Policy, Ring, Scope
from service_queue.policy_check import DAYS_A_WEEK, MINUTES_A_DAY, Fault, Known, Place, minutes

_HEAD_STARTS: Final = (
    ("green", "head_start_s"),
    ("returns", "head_start_s"),
    ("appointments", "head_start_s"),
)
_CEILING: Final = ("ceiling_s",)
_WIDTH: Final = {Scope.HOME: 0, Scope.DISTRICT: 1, Scope.ANYONE: 2}
_MOST_NAMED: Final = 8
"""So many places, departments or items are named in one sentence."""


def longest_wait_s(policy: Policy, known: Known | None = None) -> float:
    """After so long a ticket is behind nobody who came later, and free for any skilled window."""
    return max(
        policy.ceiling_s,
        _anyone_after_s(policy),
        (_highest_level(known) - 1) * policy.seats.level_after_s,
        latest_place_s(policy) + max(policy.seats.same_seat_s, policy.transfer.wanted_seat_s),
    )


def latest_place_s(policy: Policy) -> float:
    """How far behind its arrival the place of a waiting ticket can lie."""
    park = policy.park
    called_in_vain = park.max_recalls * (park.recall_after_s + park.setback_s)
    return max(policy.appointments.early_s, called_in_vain + park.max_times * park.away_s)


def check_fairness(policy: Policy, known: Known | None = None) -> Iterator[Fault]:
    """Every way in which the policy could starve somebody, and whom."""
    yield from _rings(policy, known)
    yield from _ceiling(policy)
    yield from _levels(policy, known)
    yield from _closing(policy)


def warnings(policy: Policy, known: Known) -> Iterator[Fault]:
    """What nobody at a window could serve as the hall stands; agents and windows change."""
    rules = policy.seats
    if rules.rings and rules.rings[0].after_s > 0:
        first = rules.rings[0].after_s
        yield Fault(("seats", "rings"), f"nobody is served in the first {first:g} s of a wait")
    skills = {department for seat in known.seats for department in seat.departments}
    if rules.match_departments and ANY_DEPARTMENT not in skills:
        wanted = {item.department for item in known.items.values() if item.department}
        if missing := wanted - skills:
            yield Fault(
                ("seats", "match_departments"),
                f"no window serves the items of {_named(missing)}: they would wait until one does",
            )
    if rules.match_languages:
        spoken = {language for seat in known.seats for language in seat.languages}
        offered = {language for item in known.items.values() for language in item.languages}
        if missing := {language.value for language in offered - spoken}:
            yield Fault(
                ("seats", "match_languages"),
                f"no window serves in {_named(missing)}: those residents would wait until one does",
            )


def _rings(policy: Policy, known: Known | None) -> Iterator[Fault]:
    place: Place = ("seats", "rings")
    rings = policy.seats.rings
    if not any(ring.scope is Scope.ANYONE for ring in rings):
        yield Fault(
            place,
            "there is no ring with the scope anyone, so "
            f"{_left_out(rings, known)} could wait for ever",
        )
    for number, (ring, wider) in enumerate(pairwise(rings), start=1):
        if wider.after_s <= ring.after_s or _WIDTH[wider.scope] <= _WIDTH[ring.scope]:
            yield Fault(
                (*place, number),
                "rings widen with the wait: each is later and wider than the one before",
            )
    for number, ring in enumerate(rings):
        if ring.after_s > policy.ceiling_s:
            yield Fault(
                (*place, number, "after_s"),
                f"opens after the ceiling ({policy.ceiling_s:g} s): who waited longest could be "
                "passed over by windows that are free",
                _CEILING,
            )


def _ceiling(policy: Policy) -> Iterator[Fault]:
    ceiling = policy.ceiling_s
    for group, name in _HEAD_STARTS:
        if getattr(getattr(policy, group), name) > ceiling:
            yield Fault(
                (group, name),
                f"is longer than the ceiling ({ceiling:g} s): who came earlier would be overtaken "
                "until then, whatever their place",
                _CEILING,
            )
    if policy.seats.same_seat_s > ceiling:
        yield Fault(
            ("seats", "same_seat_s"),
            f"is longer than the ceiling ({ceiling:g} s): who comes back would wait for one "
            "window though others are free",
            _CEILING,
        )
    if policy.transfer.wanted_seat_s > ceiling:
        yield Fault(
            ("transfer", "wanted_seat_s"),
            f"is longer than the ceiling ({ceiling:g} s): who is handed on would wait for one "
            "window though others are free",
            _CEILING,
        )
    if policy.park.setback_s > ceiling:
        yield Fault(
            ("park", "setback_s"),
            f"is longer than the ceiling ({ceiling:g} s): who was called in vain once would be "
            "overtaken by everybody",
            _CEILING,
        )
    if policy.decline_exclusion_s > ceiling:
        yield Fault(
            ("decline_exclusion_s",),
            f"is longer than the ceiling ({ceiling:g} s): who was declined by the only window "
            "with the skill would wait for it in vain",
            _CEILING,
        )


def _levels(policy: Policy, known: Known | None) -> Iterator[Fault]:
    level = _highest_level(known)
    after_s = (level - 1) * policy.seats.level_after_s
    if after_s > policy.ceiling_s:
        yield Fault(
            ("seats", "level_after_s"),
            f"windows of level {level} would be asked only after {after_s:g} s, beyond the ceiling "
            f"({policy.ceiling_s:g} s): who needs one of them could wait while it is free",
            _CEILING,
        )


def _closing(policy: Policy) -> Iterator[Fault]:
    """Where closing ends tickets, whoever got one must have been first in the line by then."""
    hours = policy.hours
    closes = minutes(hours.closes)
    if closes is None and len(hours.days) < DAYS_A_WEEK:
        closes = MINUTES_A_DAY  # the midnight before a day off
    if hours.finish_waiting or closes is None:
        return
    last = minutes(hours.last_ticket)
    left_s = (closes - last) * 60.0 if last is not None else 0.0
    if left_s < policy.ceiling_s:
        from_s = closes * 60.0 - policy.ceiling_s
        yield Fault(
            ("hours", "finish_waiting"),
            f"whoever takes a ticket after {_clock(from_s)} could be overtaken until the hall "
            f"closes, and then be sent home: set last_ticket to {_clock(from_s)} or earlier, lower "
            "the ceiling, or let those who wait be served",
            _CEILING,
        )


def _anyone_after_s(policy: Policy) -> float:
    rings = policy.seats.rings
    return min((ring.after_s for ring in rings if ring.scope is Scope.ANYONE), default=float("inf"))


def _highest_level(known: Known | None) -> int:
    """Of the windows that exist; where they are not known, as if there were two levels."""
    return 2 if known is None else known.highest_level


def _left_out(rings: tuple[Ring, ...], known: Known | None) -> str:
    """Whose tickets no ring reaches."""
    if known is None or any(ring.scope is Scope.DISTRICT for ring in rings):
        return "tickets whose item no window of their own place serves"
    if not rings:
        return "everybody"
    with_windows = {seat.location_id for seat in known.seats}
    without = {name for id_, name in known.locations.items() if id_ not in with_windows}
    return (
        f"those of {_named(without)}"
        if without
        else "tickets that their own windows lack the skill for"
    )


def _named(names: set[str]) -> str:
    shown = sorted(names)
    rest = len(shown) - _MOST_NAMED
    more = f" and {rest} more" if rest > 0 else ""
    return "、".join(shown[:_MOST_NAMED]) + more


def _clock(seconds: float) -> str:
    at = max(0, int(seconds // 60))
    return f"{at // 60:02d}:{at % 60:02d}"
