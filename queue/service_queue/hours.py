"""When a location gives out tickets, and when it closes. Pure."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from service_queue.policy import HoursPolicy
from signaling.protocol.views import ServiceHours

NEVER: Final = float("inf")

_QUARTER_S: Final = 900.0


@dataclass(frozen=True, slots=True)
class Hours:
    """One day of one location, in moments."""

    opens_at: float
    last_ticket_at: float
    closes_at: float
    limited: bool
    """False when it is open day and night."""

    def is_open(self, now: float) -> bool:
        """Residents may come in."""
        return self.opens_at <= now < self.closes_at

    def gives_tickets(self, now: float) -> bool:
        """Tickets are given out, also to those who have no code."""
        return self.is_open(now) and now <= self.last_ticket_at

    def as_shown(self, now: float) -> ServiceHours:
        """The same, as a kiosk shows it."""
        if not self.limited:
            return ServiceHours(open=True)
        if self.opens_at == NEVER:
            return ServiceHours(open=False)
        return ServiceHours(
            open=self.gives_tickets(now),
            opens_at=self.opens_at,
            last_ticket_at=self.last_ticket_at,
            closes_at=self.closes_at,
        )


ALWAYS: Final = Hours(-NEVER, NEVER, NEVER, limited=False)


def local_day(moment: float, time_zone: str) -> str:
    """The calendar day at a place, as YYYY-MM-DD: numbers start anew at its midnight."""
    return _day_at(moment // _QUARTER_S * _QUARTER_S, time_zone)


@lru_cache(maxsize=4096)
def _day_at(quarter: float, time_zone: str) -> str:
    """Every place's midnight is at a quarter of an hour, so one look does for each of them."""
    return datetime.datetime.fromtimestamp(quarter, ZoneInfo(time_zone)).date().isoformat()


def hours_at(policy: HoursPolicy, time_zone: str, now: float) -> Hours:
    """The hours of the day that `now` falls on, at a place."""
    return hours_on(policy, local_day(now, time_zone), time_zone)


@lru_cache(maxsize=4096)
def hours_on(policy: HoursPolicy, day: str, time_zone: str) -> Hours:
    """The hours of a day (YYYY-MM-DD) at a place; a day off is closed from its first moment."""
    date = datetime.date.fromisoformat(day)
    if date.weekday() not in policy.days:
        return Hours(NEVER, -NEVER, _moment(date, "", time_zone), limited=True)
    if not policy.closes:
        limited = len(policy.days) < 7  # noqa: PLR2004 - days of the week
        if not limited:
            return ALWAYS
        midnight = _moment(date + datetime.timedelta(days=1), "", time_zone)
        return Hours(_moment(date, "", time_zone), midnight, midnight, limited=True)
    closes_at = _moment(date, policy.closes, time_zone)
    return Hours(
        opens_at=_moment(date, policy.opens, time_zone),
        last_ticket_at=_moment(date, policy.last_ticket or policy.closes, time_zone),
        closes_at=closes_at,
        limited=True,
    )


def closes_on(policy: HoursPolicy, day: str, time_zone: str) -> float:
    """When those who took a ticket on `day` find the doors closed; infinity: never."""
    return hours_on(policy, day, time_zone).closes_at


def _moment(date: datetime.date, time: str, time_zone: str) -> float:
    at = datetime.time.fromisoformat(time) if time else datetime.time()
    return datetime.datetime.combine(date, at, ZoneInfo(time_zone)).timestamp()
