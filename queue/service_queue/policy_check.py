"""What a policy's options may be: ranges, times, codes that exist. Pure.

Whether the whole is fair is another question: `starvation`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

from service_queue.policy import Policy
from signaling.protocol.words import Language

Place = tuple[str | int, ...]

DAY_S: Final = 86_400.0
LONGEST_S: Final = 4 * 3600.0
"""A rule may keep nobody waiting longer: half a day is what a trip to town costs."""

MAX_NAME: Final = 60
MINUTES_A_DAY: Final = 24 * 60
DAYS_A_WEEK: Final = 7

_CODE: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_NAME: Final = re.compile(r"[^\x00-\x20\x7f-\xa0]+( [^\x00-\x20\x7f-\xa0]+)*")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where in the policy."""

    place: Place
    reason: str
    beside: Place = ()
    """The option it does not go together with: its line is told where `place` is not written."""

    @property
    def option(self) -> str:
        """The option's name as the file writes it: `green.one_in`."""
        return ".".join(str(part) for part in self.place if isinstance(part, str))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownItem:
    """A service item that can be asked for."""

    department: str
    languages: frozenset[Language] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSeat:
    """A window, open or not."""

    level: int = 1
    location_id: str | None = None
    departments: frozenset[str] = frozenset()
    languages: frozenset[Language] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What exists in the hall a policy is for."""

    items: Mapping[str, KnownItem] = field(default_factory=dict)
    seats: tuple[KnownSeat, ...] = ()
    locations: Mapping[str, str] = field(default_factory=dict)
    """Name by id."""

    @property
    def highest_level(self) -> int:
        """Of all windows; 1 where there is none yet."""
        return max((seat.level for seat in self.seats), default=1)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most an option may be."""

    least: float
    most: float


BOUNDS: Final[Mapping[str, Bounds]] = MappingProxyType(
    {
        "ceiling_s": Bounds(60, LONGEST_S),
        "offer_timeout_s": Bounds(3, 300),
        "decline_exclusion_s": Bounds(1, 3600),
        "max_declines_in_row": Bounds(1, 100),
        "waiting_kiosk_grace_s": Bounds(1, 3600),
        "call_away_grace_s": Bounds(1, 3600),
        "idle_seat_grace_s": Bounds(1, 3600),
        "connect_timeout_s": Bounds(5, 300),
        "stalled_timeout_s": Bounds(5, 900),
        "max_failed_connects": Bounds(1, 20),
        "wrap_up_s": Bounds(1, 3600),
        "wrap_up_extension_s": Bounds(1, 3600),
        "max_wrap_up_extensions": Bounds(1, 20),
        "rating_s": Bounds(1, 600),
        "hand_over_alarm": Bounds(1, 20),
        "operation_memory_s": Bounds(600, 30 * DAY_S),
        "unmatched_alarm_s": Bounds(1, 600),
        "wrap_up_items": Bounds(1, 3600),
        "green.elderly_age": Bounds(50, 120),
        "green.head_start_s": Bounds(0, LONGEST_S),
        "green.one_in": Bounds(2, 1000),
        "returns.valid_s": Bounds(600, 90 * DAY_S),
        "returns.head_start_s": Bounds(0, LONGEST_S),
        "appointments.early_s": Bounds(0, LONGEST_S),
        "appointments.late_s": Bounds(0, LONGEST_S),
        "appointments.head_start_s": Bounds(0, LONGEST_S),
        "park.away_s": Bounds(10, 7200),
        "park.max_times": Bounds(0, 10),
        "park.recall_after_s": Bounds(5, 3600),
        "park.max_recalls": Bounds(0, 10),
        "park.setback_s": Bounds(0, LONGEST_S),
        "seats.rings.after_s": Bounds(0, LONGEST_S),
        "seats.level_after_s": Bounds(0, LONGEST_S),
        "seats.same_seat_s": Bounds(0, LONGEST_S),
        "transfer.wanted_seat_s": Bounds(0, LONGEST_S),
        "caps.per_location": Bounds(1, 100_000),
        "caps.items": Bounds(1, 100_000),
        "fairness.max_behind_s": Bounds(1, DAY_S),
        "fairness.over_s": Bounds(60, DAY_S),
        "identity.keep_days": Bounds(1, 30),
        "identity.within_s": Bounds(30, 900),
        "identity.max_tries": Bounds(1, 10),
        "identity.reads_alarm": Bounds(1, 10_000),
    }
)
"""By option; what an inner table holds by its name."""

WHY_NOT_LESS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "green.one_in": "with less every start could overtake, and nobody else would be served",
        "caps.per_location": "with none nobody there could ever take a ticket",
        "caps.items": "with none nobody could ask for it: take it out of the catalogue instead",
    }
)
WHY_NOT_MORE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ceiling_s": "who is overtaken again and again would wait longer than half a day",
        "park.max_recalls": "a ticket nobody comes for would be called again and again",
    }
)


def check_options(policy: Policy, known: Known | None = None) -> Iterator[Fault]:
    """Everything that is wrong with single options; with `known`, codes must exist."""
    for place, value in numbers_of(policy):
        yield from _out_of_bounds(place, value)
    if len(policy.name) > MAX_NAME or not _NAME.fullmatch(policy.name):
        yield Fault(("name",), f"is not 1 to {MAX_NAME} characters, words with single spaces")
    yield from _hours(policy)
    yield from _codes(policy, known)


def numbers_of(options: object, inside: Place = ()) -> Iterator[tuple[Place, float]]:
    """Every number of a policy, and where it stands."""
    if isinstance(options, bool):
        return
    if isinstance(options, int | float):
        yield inside, options
    elif is_dataclass(options):
        for option in fields(options):
            yield from numbers_of(getattr(options, option.name), (*inside, option.name))
    elif isinstance(options, Mapping):
        for name, value in options.items():
            yield from numbers_of(value, (*inside, name))
    elif isinstance(options, tuple):
        for number, value in enumerate(options):
            yield from numbers_of(value, (*inside, number))


def minutes(clock: str) -> int | None:
    """Minutes after midnight of HH:MM, or None when it is no time of the day."""
    found = _CLOCK.fullmatch(clock)
    return None if found is None else int(found[1]) * 60 + int(found[2])


def _out_of_bounds(place: Place, value: float) -> Iterator[Fault]:
    names = [part for part in place if isinstance(part, str)]
    option = ".".join(names)
    if option not in BOUNDS:
        option = ".".join(names[:-1])  # by item code
    bounds = BOUNDS[option]
    if not value >= bounds.least:
        yield Fault(place, f"must be at least {bounds.least:g}{_because(WHY_NOT_LESS, option)}")
    elif not value <= bounds.most:
        yield Fault(place, f"must be at most {bounds.most:g}{_because(WHY_NOT_MORE, option)}")


def _because(reasons: Mapping[str, str], option: str) -> str:
    return f": {reasons[option]}" if option in reasons else ""


def _hours(policy: Policy) -> Iterator[Fault]:
    hours = policy.hours
    times: dict[str, int] = {}
    for name in ("opens", "closes", "last_ticket"):
        text: str = getattr(hours, name)
        at = minutes(text)
        if at is not None:
            times[name] = at
        elif text:
            yield Fault(("hours", name), f"is no time of the day (HH:MM): {text!r}")
    for number in sorted(hours.days):
        if not 0 <= number < DAYS_A_WEEK:
            yield Fault(("hours", "days"), f"{number} is no day: 0 is Monday, 6 is Sunday")
    if not hours.days:
        yield Fault(("hours", "days"), "the hall would never open: nobody would be served")
    for one, other in (("opens", "closes"), ("closes", "opens"), ("last_ticket", "closes")):
        if getattr(hours, one) and not getattr(hours, other):
            yield Fault(("hours", one), f"is set, but {other} is not")
    order = [name for name in ("opens", "last_ticket", "closes") if name in times]
    for earlier, later in pairwise(order):
        if times[earlier] >= times[later] and (earlier, later) != ("last_ticket", "closes"):
            yield Fault(("hours", later), f"is not after {earlier}: nobody could take a ticket")
        elif times[earlier] > times[later]:
            yield Fault(("hours", earlier), f"is after {later}")


def _codes(policy: Policy, known: Known | None) -> Iterator[Fault]:
    named: tuple[tuple[Place, Mapping[str, Any]], ...] = (
        (("caps", "items"), policy.caps.items),
        (("wrap_up_items",), policy.wrap_up_items),
    )
    for place, by_code in named:
        for code in by_code:
            if not _CODE.fullmatch(code):
                yield Fault((*place, code), f"{code!r} is not the form of an item's code")
            elif known is not None and code not in known.items:
                yield Fault((*place, code), f"there is no service item {code!r}")
