"""What is compared: the same residents under another policy, with other windows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from service_queue.errors import PolicyInvalid
from service_queue.policy import Policy, Ring, Scope, SeatPolicy
from service_queue.policy_file import read_policy
from service_queue.simulation import SeatPlan, Span

POOLED: Final = "pooled"
DEDICATED: Final = "dedicated"

FAIRNESS_BOUNDS: Final = (None, 600.0, 300.0, 120.0, 60.0, 30.0)
"""Tried to show what it costs to let no location fall behind."""

_EXTRA: Final = re.compile(r"(\d{1,4})@(\d{1,2})(?::(\d{2}))?-(\d{1,2})(?::(\d{2}))?")
_HOUR, _MINUTE = 3600.0, 60.0


class WhatIfInvalid(ValueError):
    """Something asked for on the command line cannot be done; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraSeats:
    """More windows for some hours of every day."""

    count: int
    span: Span
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One column of the comparison."""

    name: str
    policy: Policy
    seats: tuple[SeatPlan, ...]


def named_policy(name: str) -> Policy:
    """`pooled`, `dedicated` (two windows for their own location only), or a policy file.

    Raises:
        WhatIfInvalid: no such file, or it may not be applied; with every fault and its line.
    """
    if name == POOLED:
        return Policy(name=POOLED)
    if name == DEDICATED:
        # Not a policy that a hall may run (who stands at a closed window starves): a yardstick.
        return Policy(
            name=DEDICATED, seats=SeatPolicy(rings=(Ring(after_s=0.0, scope=Scope.HOME),))
        )
    try:
        return read_policy(Path(name).read_text("utf-8")).policy
    except OSError as failed:
        raise WhatIfInvalid(
            f"{name}: {failed.strerror}. A policy is pooled, dedicated or a file."
        ) from failed
    except UnicodeDecodeError as failed:
        raise WhatIfInvalid(f"{name} is not UTF-8 text") from failed
    except PolicyInvalid as invalid:
        raise WhatIfInvalid(f"{name} cannot be used:\n{invalid}") from invalid


def overflow_after(policy: Policy, seconds: float) -> Policy:
    """Own windows first, anybody's after so long a wait."""
    rings = (Ring(after_s=0.0, scope=Scope.HOME), Ring(after_s=seconds, scope=Scope.ANYONE))
    return replace(policy, seats=replace(policy.seats, rings=rings))


def with_bound(policy: Policy, max_behind_s: float | None) -> Policy:
    """The policy with another bound on how far a location may fall behind."""
    return replace(policy, fairness=replace(policy.fairness, max_behind_s=max_behind_s))


def bound_name(max_behind_s: float | None) -> str:
    """How a bound is called in a table."""
    return "no bound" if max_behind_s is None else f"{max_behind_s:g} s"


def parse_extra_seats(text: str) -> ExtraSeats:
    """Read `2@9-11` or `2@9:30-11:15`.

    Raises:
        WhatIfInvalid: it is neither.
    """
    found = _EXTRA.fullmatch(text)
    if found is not None:
        start = int(found[2]) * _HOUR + int(found[3] or 0) * _MINUTE
        end = int(found[4]) * _HOUR + int(found[5] or 0) * _MINUTE
        if int(found[1]) and start < end <= 24 * _HOUR:
            return ExtraSeats(count=int(found[1]), span=Span(start, end), text=text)
    raise WhatIfInvalid(f"{text!r}: more windows are given as COUNT@FROM-TO, such as 2@9-11")


def with_extra(seats: Sequence[SeatPlan], extra: Sequence[ExtraSeats]) -> tuple[SeatPlan, ...]:
    """The windows and more, which stand at locations in turn, spread as evenly as may be."""
    position = max((seat.position for seat in seats), default=-1) + 1
    homes = list(dict.fromkeys((seat.location_id, seat.district) for seat in seats)) or [(None, "")]
    spans = [one.span for one in extra for _ in range(one.count)]
    added = []
    for number, span in enumerate(spans):
        location_id, district = homes[number * len(homes) // len(spans)]
        added.append(
            SeatPlan(
                id=f"extra-{number + 1:02d}",
                position=position + number,
                location_id=location_id,
                district=district,
                spans=(span,),
            )
        )
    return (*seats, *added)


def plan_variants(
    seats: tuple[SeatPlan, ...],
    policies: Sequence[Policy],
    *,
    extra: Sequence[ExtraSeats] = (),
    ring_after_s: float | None = None,
) -> list[Variant]:
    """Every policy as it is; then the last of them with what was asked for."""
    variants = [Variant(name=policy.name, policy=policy, seats=seats) for policy in policies]
    last = policies[-1]
    changes = [f"+{one.text}" for one in extra]
    if ring_after_s is not None:
        last = overflow_after(last, ring_after_s)
        changes.append(f"overflow after {ring_after_s:g} s")
    if changes:
        variants.append(
            Variant(
                name=f"{last.name} {', '.join(changes)}",
                policy=last,
                seats=with_extra(seats, extra),
            )
        )
    return variants
