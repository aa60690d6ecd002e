"""A moment as a person at a console types and reads it."""

from __future__ import annotations

import datetime
from typing import Final
from zoneinfo import ZoneInfo

SHORTEST_DATE: Final = len("2026-01-01")


class MomentUnclear(ValueError):
    """What was typed is no moment."""


def read_moment(text: str, *, zone: str, now: float, until: bool = False) -> float:
    """Seconds since the epoch of `now`, `14:30`, `2026-11-22` or `2026-11-22 14:30[:05][+08:00]`.

    Without an offset it is time in `zone`; without a date it is today. With `until`, a bare date is
    the end of that day.

    Raises:
        MomentUnclear: it is none of these.
    """
    text = text.strip()
    place = ZoneInfo(zone)
    if text == "now":
        return now
    try:
        if len(text) < SHORTEST_DATE:
            today = datetime.datetime.fromtimestamp(now, place).date()
            made = datetime.datetime.combine(today, datetime.time.fromisoformat(text))
        else:
            made = datetime.datetime.fromisoformat(text)
            if until and len(text) == SHORTEST_DATE:
                made = datetime.datetime.combine(made, datetime.time.max)
    except ValueError:
        raise MomentUnclear(
            f"{text!r} is no moment; write for example 14:30, '2026-11-22 14:30:05' or now"
        ) from None
    if made.tzinfo is None:
        made = made.replace(tzinfo=place)
    return made.timestamp()


def show_moment(at: float, zone: str, *, with_date: bool = True) -> str:
    """The moment as a clock in `zone` shows it, to the second."""
    shown = datetime.datetime.fromtimestamp(at, ZoneInfo(zone))
    return f"{shown:%Y-%m-%d %H:%M:%S}" if with_date else f"{shown:%H:%M:%S}"
