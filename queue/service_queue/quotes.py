"""What residents were told about their wait, kept beside what it became.

None of it decides anything: it is written aside from the order of commits, by one process at a
time.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, insert, select, update

from service_queue.line_tables import EstimateRow
from service_queue.tables import CallRow, LocationRow, TicketRow, table_of

CHORE: Final = "estimates"
"""The chore's name: of several processes one writes at a time."""

AT_ONCE: Final = 500
"""Databases bound the number of parameters."""

_call = table_of(CallRow)
_estimate = table_of(EstimateRow)
_location = table_of(LocationRow)
_ticket = table_of(TicketRow)


def keep(connection: Connection, quotes: Sequence[EstimateRow]) -> None:
    """Keep what was told first; what was told before stays."""
    for start in range(0, len(quotes), AT_ONCE):
        some = quotes[start : start + AT_ONCE]
        ids = [quote.ticket_id for quote in some]
        asked = select(_estimate.c.ticket_id).where(_estimate.c.ticket_id.in_(ids))
        known = set(connection.scalars(asked))
        new = [quote.model_dump() for quote in some if quote.ticket_id not in known]
        if new:
            connection.execute(insert(_estimate), new)


def settle(connection: Connection, ticket_ids: Sequence[str]) -> None:
    """Write down how long those that were called by now waited from the quote on."""
    began = (
        select(func.min(_call.c.started_at))
        .where(_call.c.ticket_id == _estimate.c.ticket_id)
        .scalar_subquery()
    )
    for start in range(0, len(ticket_ids), AT_ONCE):
        some = ticket_ids[start : start + AT_ONCE]
        called = select(_call.c.ticket_id).where(_call.c.ticket_id.in_(some))
        connection.execute(
            update(_estimate)
            .where(_estimate.c.ticket_id.in_(called), _estimate.c.waited_s.is_(None))
            .values(waited_s=began - _estimate.c.quoted_at)
        )


def unsettled(connection: Connection, since: float) -> list[str]:
    """Tickets quoted since then whose wait is not written down, although it may be over."""
    asked = select(_estimate.c.ticket_id).where(
        _estimate.c.waited_s.is_(None), _estimate.c.quoted_at >= since
    )
    return list(connection.scalars(asked))


@dataclass(frozen=True, slots=True)
class Quoted:
    """One quote, and what came of it."""

    quoted_at: float
    time_zone: str
    """Of its location."""
    least_s: float
    low_s: float
    high_s: float
    flat_s: float
    waited_s: float

    @property
    def hour(self) -> int:
        """The hour of its location's day."""
        return datetime.datetime.fromtimestamp(self.quoted_at, ZoneInfo(self.time_zone)).hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How far some quotes held."""

    quotes: int
    held: float
    """Share between `least_s` and `high_s`: 0.8 is right."""
    under_low: float
    """Share over by `low_s`: 0.5 is right."""
    under_high: float
    """Share over by `high_s`: 0.9 is right."""
    error_s: float
    """Mean of how far `low_s` was off."""
    bias_s: float
    """Mean of `low_s` less what it became: positive where too much was said."""
    flat_error_s: float
    """The error of people ahead x mean / windows."""
    ratio: float | None
    """The error against the flat formula's; None where that was never off."""


def accuracy(quotes: Sequence[Quoted]) -> Accuracy | None:
    """The figures of some quotes; None of none."""
    if not quotes:
        return None
    error_s = mean(abs(one.low_s - one.waited_s) for one in quotes)
    flat_error_s = mean(abs(one.flat_s - one.waited_s) for one in quotes)
    return Accuracy(
        quotes=len(quotes),
        held=mean(one.least_s <= one.waited_s <= one.high_s for one in quotes),
        under_low=mean(one.waited_s <= one.low_s for one in quotes),
        under_high=mean(one.waited_s <= one.high_s for one in quotes),
        error_s=error_s,
        bias_s=mean(one.low_s - one.waited_s for one in quotes),
        flat_error_s=flat_error_s,
        ratio=error_s / flat_error_s if flat_error_s else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAccuracy:
    """How far the quotes of a day held."""

    day: str | None
    """None: of all days."""
    whole: Accuracy | None
    hours: dict[int, Accuracy]
    """By hour of the day, those with quotes."""


def day_accuracy(day: str | None, quotes: Sequence[Quoted]) -> DayAccuracy:
    """The figures of a day, and of its hours."""
    by_hour: dict[int, list[Quoted]] = {}
    for quote in quotes:
        by_hour.setdefault(quote.hour, []).append(quote)
    hours = {hour: figures for hour in sorted(by_hour) if (figures := accuracy(by_hour[hour]))}
    return DayAccuracy(day=day, whole=accuracy(quotes), hours=hours)


def read_quotes(connection: Connection, day: str | None = None) -> list[Quoted]:
    """The quotes whose wait is over, by time: of a day (YYYY-MM-DD, as locations count) or all."""
    columns: tuple[Any, ...] = (
        _estimate.c.quoted_at,
        _location.c.time_zone,
        _estimate.c.least_s,
        _estimate.c.low_s,
        _estimate.c.high_s,
        _estimate.c.flat_s,
        _estimate.c.waited_s,
    )
    joined = _estimate.join(_ticket, _ticket.c.id == _estimate.c.ticket_id).join(
        _location, _location.c.id == _ticket.c.location_id
    )
    over = select(*columns).select_from(joined).where(_estimate.c.waited_s.is_not(None))
    if day is not None:
        over = over.where(_ticket.c.day == day)
    return [Quoted(*row) for row in connection.execute(over.order_by(_estimate.c.quoted_at))]


def newest_day(connection: Connection) -> str | None:
    """The last day with quotes whose wait is over, as its location counts days."""
    joined = _estimate.join(_ticket, _ticket.c.id == _estimate.c.ticket_id)
    days = select(func.max(_ticket.c.day)).select_from(joined)
    return connection.execute(days.where(_estimate.c.waited_s.is_not(None))).scalar()
