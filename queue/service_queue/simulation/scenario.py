"""A hall to simulate: who comes where and when, for what, and which windows are open. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from service_queue.matching import ANY_DEPARTMENT
from service_queue.service_times import USUAL_ANSWER, LogNormal
from signaling.protocol.words import Language

DAY_S = 86400.0
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationPlan:
    """A township: how many come on a day, and in which hours."""

    id: str
    name: str = ""
    district: str = ""
    tickets_a_day: float
    profile: tuple[float, ...]
    """Weight of each hour of the day, 24 of them; only their ratios count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPlan:
    """What they come for, and how long it takes."""

    code: str
    department: str = ""
    weight: float = 1.0
    talk: LogNormal
    wrap_up: LogNormal | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A window is open from one second of the day to another."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatPlan:
    """A window and whoever sits there."""

    id: str
    position: int = 0
    location_id: str | None = None
    """Whose own window it is; None: the district's."""
    district: str = ""
    level: int = 1
    departments: frozenset[str] = frozenset({ANY_DEPARTMENT})
    languages: frozenset[Language] = frozenset(Language)
    spans: tuple[Span, ...] = ()
    """Shift less breaks, on every day; empty: open always."""
    openings: tuple[tuple[float, float], ...] = ()
    """Moments from and to, where days differ (a journal); used instead of `spans`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How residents and agents behave: shares of tickets, and seconds."""

    answer: LogNormal | None = USUAL_ANSWER
    patience_s: float = 45 * 60.0
    """Mean of an exponential; infinity: nobody gives up."""
    green: float = 0.08
    misses: float = 0.02
    """Of the calls: nobody is in the booth."""
    drops: float = 0.01
    """Of the calls: lost through no fault of the resident."""
    backs: float = 0.04
    """Come back the same day with what was missing."""
    back_after_s: float = 2400.0
    declines: float = 0.01
    unanswered: float = 0.003
    english: float = 0.01
    tibetan: float = 0.04


QUIET = Manners(
    answer=None,
    patience_s=float("inf"),
    green=0.0,
    misses=0.0,
    drops=0.0,
    backs=0.0,
    declines=0.0,
    unanswered=0.0,
    english=0.0,
    tibetan=0.0,
)
"""Nobody gives up, nothing goes wrong: what theory speaks of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything a simulation needs but the policy."""

    origin: float
    """The first midnight, local time."""
    time_zone: str = "Asia/Shanghai"
    days: int = 1
    locations: tuple[LocationPlan, ...]
    items: tuple[ItemPlan, ...]
    seats: tuple[SeatPlan, ...]
    manners: Manners = Manners()

    @property
    def open_s_a_day(self) -> float:
        """Seconds that windows are open on a day, all together."""
        return sum(
            sum(span.end_s - span.start_s for span in seat.spans) if seat.spans else DAY_S
            for seat in self.seats
        )

    @property
    def work_s_a_day(self) -> float:
        """Seconds of windows that a day's residents need, on average."""
        weights = sum(item.weight for item in self.items)
        each = sum(
            item.weight * (item.talk.mean_s + (item.wrap_up.mean_s if item.wrap_up else 0.0))
            for item in self.items
        )
        answer = self.manners.answer
        answer_s = 0.0 if answer is None else answer.mean_s
        visits = sum(location.tickets_a_day for location in self.locations)
        return visits * (1.0 + self.manners.backs) * (each / weights + answer_s)

    @property
    def load(self) -> float:
        """Of the open windows' time, what the residents need."""
        return self.work_s_a_day / self.open_s_a_day
