"""A window in a simulation: whether it is open, what it does, and what it did."""

from __future__ import annotations

from service_queue.matching import FreeSeat
from service_queue.simulation.scenario import SeatPlan


class Window:
    """A seat on the virtual clock."""

    __slots__ = (
        "_day",
        "busy",
        "busy_s",
        "calls",
        "calls_today",
        "declines_in_row",
        "idle_since",
        "is_open",
        "open_s",
        "opened_at",
        "paused",
        "plan",
        "stays",
        "talk_s",
        "talk_today_s",
    )

    def __init__(self, plan: SeatPlan) -> None:
        self.plan = plan
        self.is_open = False
        self.paused = False
        """On break by itself: it did not answer, or declined too often."""
        self.stays = False
        """Its shift is over; it serves on while somebody waits."""
        self.busy = False
        self.idle_since = 0.0
        self.opened_at = 0.0
        self.declines_in_row = 0
        self.calls = 0
        self.talk_s = 0.0
        self.busy_s = 0.0
        """Ringing, in calls, in after-call work."""
        self.open_s = 0.0
        self.calls_today = 0
        self.talk_today_s = 0.0
        self._day = -1

    def begin_day(self, day: int) -> None:
        """The counts of the day start anew."""
        if day != self._day:
            self._day, self.calls_today, self.talk_today_s = day, 0, 0.0

    def count_call(self, talk_s: float) -> None:
        """A call is over."""
        self.calls += 1
        self.calls_today += 1
        self.talk_s += talk_s
        self.talk_today_s += talk_s

    def as_free(self) -> FreeSeat:
        """The seat, as the rules of matching see it."""
        plan = self.plan
        return FreeSeat(
            id=plan.id,
            idle_since=self.idle_since,
            position=plan.position,
            level=plan.level,
            location_id=plan.location_id,
            district=plan.district,
            departments=plan.departments,
            languages=plan.languages,
            calls_today=self.calls_today,
            talk_today_s=self.talk_today_s,
        )
