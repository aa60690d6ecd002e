"""What an estimate of the waits is made of, and what it says. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from service_queue.matching import FreeSeat
from service_queue.pace import SAME, Pace
from service_queue.policy import Policy
from service_queue.rank import LineState, WaitingTicket
from service_queue.service_times import USUAL_BREAK, LogNormal, Visit

OVERTAKERS_OVER_S: Final = 3600.0
"""The rate of arrivals that may overtake is that of so long."""


class Doing(StrEnum):
    """What an open seat is at."""

    NOTHING = "nothing"
    RINGING = "ringing"
    TALKING = "talking"
    WRAPPING_UP = "wrapping_up"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSeat:
    """A seat that will take tickets, now or when it is done."""

    seat: FreeSeat
    doing: Doing = Doing.NOTHING
    since: float = 0.0
    visit: Visit | None = None
    """Of whom it serves."""
    until: float | None = None
    """When its after-call work ends at the latest."""
    shift_ends_at: float | None = None
    pause: LogNormal | None = None
    """Its break, which goes on, or begins when it is done with whom it serves."""
    pace: Pace = SAME
    """Its agent's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A ticket with a place in the line, and what to expect of it."""

    ticket: WaitingTicket
    visit: Visit
    back_at: float | None = None
    """It is parked until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """All that an estimate depends on."""

    now: float
    policy: Policy
    state: LineState
    line: Sequence[Standing]
    seats: Sequence[OpenSeat]
    answer: LogNormal
    leaving_rate: float = 0.0
    """How many of those who wait give up, per second."""
    pausing_rate: float = 0.0
    """How often an open window goes on break, per second."""
    pause: LogNormal = USUAL_BREAK
    """How long breaks take that have not begun."""
    overtakers: Sequence[Standing] = ()
    """Who came within `OVERTAKERS_OVER_S` with a right to overtake; as many will come again."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds from `at` until the call begins: over by then once, five, nine times in ten."""

    least_s: float
    low_s: float
    high_s: float
    at: float
