"""Policies that may be applied, for hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from service_queue.policy import (
    NUMBER_OPTIONS,
    AppointmentPolicy,
    CapPolicy,
    FairnessPolicy,
    GreenPolicy,
    HoursPolicy,
    ParkPolicy,
    Policy,
    ReturnPolicy,
    Ring,
    Scope,
    SeatPolicy,
    SeatStrategy,
    TransferPolicy,
)
from service_queue.policy_check import BOUNDS
from signaling.protocol.words import GreenReason

CODES = st.from_regex(r"[A-Za-z0-9_.:-]{1,64}", fullmatch=True)
SCOPES = ((Scope.ANYONE,), (Scope.HOME, Scope.ANYONE), (Scope.DISTRICT, Scope.ANYONE), tuple(Scope))


def number(option: str, most: float = float("inf")) -> st.SearchStrategy[float]:
    """Any number of seconds an option may be, and not more than `most`."""
    bounds = BOUNDS[option]
    return st.floats(bounds.least, min(bounds.most, most))


def count(option: str) -> st.SearchStrategy[int]:
    """Any whole number an option may be."""
    bounds = BOUNDS[option]
    return st.integers(int(bounds.least), int(bounds.most))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy that is accepted for a hall with windows of the levels 1 and 2."""
    ceiling_s = draw(number("ceiling_s"))
    counted = {option for option in NUMBER_OPTIONS if isinstance(getattr(Policy(), option), int)}
    plain: dict[str, Any] = {
        option: draw(count(option) if option in counted else number(option))
        for option in NUMBER_OPTIONS
        if option not in {"ceiling_s", "decline_exclusion_s"}
    }
    return Policy(
        name=draw(st.from_regex(r"[a-z平日\"'\\]{1,20}( [0-9高峰#]{1,10})?", fullmatch=True)),
        ceiling_s=ceiling_s,
        decline_exclusion_s=draw(number("decline_exclusion_s", ceiling_s)),
        green=GreenPolicy(
            by_word=draw(st.frozensets(st.sampled_from(GreenReason))),
            elderly_age=draw(count("green.elderly_age")),
            head_start_s=draw(number("green.head_start_s", ceiling_s)),
            one_in=draw(count("green.one_in")),
        ),
        returns=ReturnPolicy(
            valid_s=draw(number("returns.valid_s")),
            head_start_s=draw(number("returns.head_start_s", ceiling_s)),
        ),
        appointments=AppointmentPolicy(
            early_s=draw(number("appointments.early_s")),
            late_s=draw(number("appointments.late_s")),
            head_start_s=draw(number("appointments.head_start_s", ceiling_s)),
        ),
        park=ParkPolicy(
            away_s=draw(number("park.away_s")),
            max_times=draw(count("park.max_times")),
            recall_after_s=draw(number("park.recall_after_s")),
            max_recalls=draw(count("park.max_recalls")),
            setback_s=draw(number("park.setback_s", ceiling_s)),
        ),
        seats=SeatPolicy(
            strategy=draw(st.sampled_from(SeatStrategy)),
            rings=draw(rings(ceiling_s)),
            level_after_s=draw(number("seats.level_after_s", ceiling_s)),
            same_seat_s=draw(number("seats.same_seat_s", ceiling_s)),
            match_departments=draw(st.booleans()),
            match_languages=draw(st.booleans()),
        ),
        transfer=TransferPolicy(
            wanted_seat_s=draw(number("transfer.wanted_seat_s", ceiling_s)),
        ),
        hours=draw(hours(ceiling_s)),
        caps=CapPolicy(
            per_location=draw(st.none() | count("caps.per_location")),
            items=draw(st.dictionaries(CODES, count("caps.items"), max_size=3)),
        ),
        fairness=FairnessPolicy(
            max_behind_s=draw(st.none() | number("fairness.max_behind_s")),
            over_s=draw(number("fairness.over_s")),
        ),
        wrap_up_items=draw(st.dictionaries(CODES, number("wrap_up_items"), max_size=3)),
        **plain,
    )


@st.composite
def rings(draw: st.DrawFn, ceiling_s: float) -> tuple[Ring, ...]:
    """Rings that widen, up to anyone, before the ceiling."""
    scopes = draw(st.sampled_from(SCOPES))
    opening = st.sets(st.floats(0.0, ceiling_s), min_size=len(scopes), max_size=len(scopes))
    return tuple(
        Ring(after_s=after_s, scope=scope)
        for after_s, scope in zip(sorted(draw(opening)), scopes, strict=True)
    )


@st.composite
def hours(draw: st.DrawFn, ceiling_s: float) -> HoursPolicy:
    """Hours in which nobody is sent home after having been overtaken."""
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    if draw(st.booleans()):
        return HoursPolicy(days=days, finish_waiting=len(days) < 7 or draw(st.booleans()))
    finish = draw(st.booleans())
    opens = draw(st.integers(0, 17 * 60))
    before_s = 0 if finish else int(ceiling_s // 60) + 1
    last = draw(st.integers(opens + 1, opens + 120))
    closes = last + before_s + draw(st.integers(0, 10))
    return HoursPolicy(
        opens=clock(opens),
        closes=clock(closes),
        last_ticket=clock(last) if not finish or draw(st.booleans()) else "",
        days=days,
        finish_waiting=finish,
    )


def clock(minutes: int) -> str:
    """HH:MM."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
