"""A hall on a virtual clock. Order and seats are the server's own: rank, matching, line_index.

What is drawn of the residents is in `Resident`, what the windows do in `Window`; here is only what
follows from what, and when. The same residents, windows and policy give the same history.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

from service_queue.fairness import LateWaits
from service_queue.hours import closes_on, hours_at, local_day
from service_queue.line_index import LineIndex
from service_queue.policy import Policy
from service_queue.rank import CALM, LineState
from service_queue.simulation.resident import Resident
from service_queue.simulation.scenario import DAY_S, SeatPlan
from service_queue.simulation.story import Story
from service_queue.simulation.window import Window
from signaling.protocol.words import Lane, TicketEndReason

LOOKS_S: Final = 25.0
"""So long an agent looks into an empty booth before calling it a no-show."""

BACK_AT_DESK_S: Final = 120.0
"""So long after being paused for not answering an agent opens the window again."""

FAIRNESS_EVERY_S: Final = 60.0
"""How often it is looked at who fell behind."""

_PROMISED: Final = frozenset({Lane.RETURNED, Lane.APPOINTMENT})
"""Who comes with a code was given the place before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What happened in a simulation."""

    stories: list[Story]
    """Everybody who got a ticket, by arrival; also who came back with a return code."""
    windows: list[Window]
    turned_away: int
    """No ticket: outside the hours, or a cap was reached."""
    offers: int
    declined: int
    rang_out: int


class Hall:
    """One hall; `run` is called once."""

    def __init__(
        self,
        seats: Sequence[SeatPlan],
        policy: Policy,
        *,
        origin: float = 0.0,
        days: int = 1,
        time_zone: str = "Asia/Shanghai",
    ) -> None:
        self.policy = policy
        self.now = -math.inf
        self.index = LineIndex()
        self._origin, self._days, self._time_zone = origin, days, time_zone
        self._windows = {seat.id: Window(seat) for seat in seats}
        self._stories: dict[str, Story] = {}
        self._line: dict[str, Story] = {}
        self._free = 0
        self._turned_away = self._offers = self._declined = self._rang_out = 0
        self._taken: Counter[tuple[str, str]] = Counter()
        self._late = LateWaits(policy.fairness) if policy.fairness.max_behind_s else None
        self._state = CALM
        self._looked_at = -math.inf
        self._wake_at = math.inf
        self._events: list[tuple[float, int, Callable[..., None], object]] = []
        self._number = count()
        self._limited = bool(policy.hours.closes) or len(policy.hours.days) < 7  # noqa: PLR2004 - a week
        self._longest_wrap_up_s = policy.wrap_up_extension_s * policy.max_wrap_up_extensions

    def run(self, residents: Iterable[Resident]) -> History:
        """Let the residents come, by their moments, until nothing happens any more."""
        self._plan_openings()
        coming = iter(residents)
        following = next(coming, None)
        events = self._events
        while following is not None or events:
            if following is not None and (not events or following.at < events[0][0]):
                self.now = following.at
                self._arrive(following)
                following = next(coming, None)
            else:
                self.now, _, happen, subject = heapq.heappop(events)
                happen(subject)
            if self._line and self._free:
                self._match()
        for story in self._stories.values():
            if story.ended is None:
                self._end(story, TicketEndReason.SERVICE_CLOSED)
        for window in self._windows.values():
            if window.is_open:
                window.open_s += self.now - window.opened_at
        return History(
            stories=list(self._stories.values()),
            windows=list(self._windows.values()),
            turned_away=self._turned_away,
            offers=self._offers,
            declined=self._declined,
            rang_out=self._rang_out,
        )

    def _at(self, moment: float, happen: Callable[..., None], subject: object) -> None:
        heapq.heappush(self._events, (moment, next(self._number), happen, subject))

    # --- the line --------------------------------------------------------------------------

    def _arrive(self, resident: Resident) -> None:
        if not self._admits(resident, promised=resident.lane in _PROMISED):
            self._turned_away += 1
            return
        story = Story(resident)
        self._stories[resident.id] = story
        self._join(story)
        if resident.patience_s < math.inf:
            self._at(self.now + resident.patience_s, self._lose_patience, story)

    def _admits(self, resident: Resident, *, promised: bool) -> bool:
        policy, now = self.policy, self.now
        if self._limited:
            hours = hours_at(policy.hours, self._time_zone, now)
            if not (hours.is_open(now) if promised else hours.gives_tickets(now)):
                return False
        caps = policy.caps
        if promised or (caps.per_location is None and not caps.items):
            return True
        day = local_day(now, self._time_zone)
        here, item = (day, resident.location_id), (day, f"item {resident.item_code}")
        if caps.per_location is not None and self._taken[here] >= caps.per_location:
            return False
        if self._taken[item] >= caps.items.get(resident.item_code, math.inf):
            return False
        self._taken[here] += 1
        self._taken[item] += 1
        return True

    def _join(self, story: Story) -> None:
        self._line[story.resident.id] = story
        self.index.put_ticket(story.as_waiting(), story.excluded_until)

    def _leave_line(self, story: Story) -> None:
        del self._line[story.resident.id]
        self.index.drop_ticket(story.resident.id)

    def _lose_patience(self, story: Story) -> None:
        if story.called_at is None and story.resident.id in self._line:
            self._end(story, TicketEndReason.RESIDENT_LEFT)

    def _end(self, story: Story, reason: TicketEndReason) -> None:
        if story.resident.id in self._line:
            self._leave_line(story)
        story.ended = reason

    # --- matching --------------------------------------------------------------------------

    def _match(self) -> None:
        now, late = self.now, self._late
        if late is not None and now - self._looked_at >= FAIRNESS_EVERY_S:
            self._looked_at = now
            self._state = LineState(
                starts_since_green=self._state.starts_since_green, behind=late.behind(now)
            )
        pairs = self.index.pairs(self.policy, now, self._state)
        self._state = self.index.state
        for pair in pairs:
            story, window = self._line.pop(pair.ticket_id), self._windows[pair.seat_id]
            window.busy = True
            self._free -= 1
            self._offer(story, window)
        if self._line and self._free:
            self._wake_later()

    def _wake_later(self) -> None:
        at = max(self.index.next_at(), self.now)
        if at < self._wake_at or (self._wake_at <= self.now and at < math.inf):
            self._wake_at = at
            self._at(at, self._wake, None)

    def _wake(self, _nothing: None) -> None:
        """A ring opens, an exclusion ends: `run` matches after every event."""

    def _offer(self, story: Story, window: Window) -> None:
        now = self.now
        self._offers += 1
        if story.offered_at is None:
            story.offered_at = now
        if story.unanswered:
            story.unanswered -= 1
            self._after_ringing(self.policy.offer_timeout_s, self._ring_out, story, window)
        elif story.declines:
            story.declines -= 1
            self._after_ringing(story.resident.answer_s, self._decline, story, window)
        elif story.resident.answer_s > 0.0:
            self._after_ringing(story.resident.answer_s, self._begin_call, story, window)
        else:
            self._begin_call((story, window))

    def _after_ringing(
        self, seconds: float, happen: Callable[..., None], story: Story, window: Window
    ) -> None:
        seconds = min(seconds, self.policy.offer_timeout_s)
        window.busy_s += seconds
        self._at(self.now + seconds, happen, (story, window))

    def _ring_out(self, pair: tuple[Story, Window]) -> None:
        story, window = pair
        self._rang_out += 1
        self._take_back(story)
        self._pause(window)

    def _decline(self, pair: tuple[Story, Window]) -> None:
        story, window = pair
        self._declined += 1
        story.excluded_until[window.plan.id] = self.now + self.policy.decline_exclusion_s
        self._take_back(story)
        window.declines_in_row += 1
        if window.declines_in_row >= self.policy.max_declines_in_row:
            self._pause(window)
        else:
            self._set_free(window)

    def _take_back(self, story: Story) -> None:
        """The offer fell through: back to its place, unless patience ended while it rang."""
        story.back_at = self.now
        if story.called_at is None and self.now - story.resident.at >= story.resident.patience_s:
            self._end(story, TicketEndReason.RESIDENT_LEFT)
        else:
            self._join(story)

    # --- calls -----------------------------------------------------------------------------

    def _begin_call(self, pair: tuple[Story, Window]) -> None:
        story, window = pair
        resident, now = story.resident, self.now
        window.declines_in_row = 0
        if story.misses:
            story.misses -= 1
            window.busy_s += LOOKS_S
            self._at(now + LOOKS_S, self._find_nobody, pair)
            return
        if story.called_at is None:
            story.called_at = now
            if self._late is not None:
                self._late.add(now, resident.location_id, resident.district, now - resident.at)
        story.seat_id = window.plan.id
        drop_s = resident.drop_after_s
        if drop_s is not None and story.left_s == resident.service_s and drop_s < story.left_s:
            window.busy_s += drop_s
            story.left_s -= drop_s
            self._at(now + drop_s, self._drop_call, pair)
        else:
            window.busy_s += story.left_s
            self._at(now + story.left_s, self._end_call, pair)

    def _find_nobody(self, pair: tuple[Story, Window]) -> None:
        story, window = pair
        park = self.policy.park
        if story.recalls >= park.max_recalls:
            self._end(story, TicketEndReason.NOT_PRESENT)
        else:
            story.recalls += 1
            self._at(self.now + park.recall_after_s, self._recall, story)
        self._set_free(window)

    def _recall(self, story: Story) -> None:
        if story.ended is None:
            story.lane = Lane.RECALLED
            story.place_at += self.policy.park.setback_s
            story.back_at = self.now
            self._join(story)

    def _drop_call(self, pair: tuple[Story, Window]) -> None:
        story, window = pair
        window.count_call(self.now - (story.called_at or self.now))
        story.lane = Lane.TECHNICAL_DROP
        story.back_at = self.now
        self._join(story)
        self._set_free(window)

    def _end_call(self, pair: tuple[Story, Window]) -> None:
        story, window = pair
        resident, policy = story.resident, self.policy
        story.ended = TicketEndReason.SERVED
        window.count_call(story.left_s)
        if resident.back_after_s is not None:
            self._at(self.now + resident.back_after_s, self._come_back, story)
        limit_s = policy.wrap_up_items.get(resident.item_code, policy.wrap_up_s)
        wrap_up_s = min(resident.wrap_up_s, limit_s + self._longest_wrap_up_s)
        if wrap_up_s > 0.0:
            window.busy_s += wrap_up_s
            self._at(self.now + wrap_up_s, self._finish_wrap_up, window)
        else:
            self._finish_wrap_up(window)

    def _finish_wrap_up(self, window: Window) -> None:
        window.idle_since = self.now
        self._set_free(window)

    def _come_back(self, story: Story) -> None:
        if all(window.stays or not window.is_open for window in self._windows.values()):
            # Closing time is over: another day.
            return
        first = story.resident
        again = Resident(
            id=f"{first.id}r",
            at=self.now,
            location_id=first.location_id,
            district=first.district,
            item_code=first.item_code,
            department=first.department,
            language=first.language,
            green=first.green,
            service_s=first.back_service_s,
            wrap_up_s=first.wrap_up_s,
            answer_s=first.answer_s,
            patience_s=first.patience_s,
            lane=Lane.RETURNED,
            known_seat_id=story.seat_id,
        )
        self._arrive(again)

    # --- windows ---------------------------------------------------------------------------

    def _plan_openings(self) -> None:
        """Shifts, and what happens to those who are left over."""
        for window in self._windows.values():
            plan = window.plan
            if not plan.spans and not plan.openings:
                self._at(self._origin, self._open, window)
            for start, end, last in _openings(plan, self._origin, self._days):
                self._at(start, self._open, window)
                self._at(end, self._close_for_today if last else self._close, window)
        for day in range(self._days) if self._limited or self._has_shifts() else ():
            midnight = self._origin + day * DAY_S
            closes_at = closes_on(
                self.policy.hours, local_day(midnight, self._time_zone), self._time_zone
            )
            if not self.policy.hours.finish_waiting and closes_at < midnight + DAY_S:
                self._at(closes_at, self._send_home, None)
            self._at(midnight + DAY_S, self._send_home, None)

    def _has_shifts(self) -> bool:
        return any(window.plan.spans or window.plan.openings for window in self._windows.values())

    def _send_home(self, _nothing: None) -> None:
        """Who has not been called by then is told that nobody will come."""
        for story in list(self._line.values()):
            self._end(story, TicketEndReason.SERVICE_CLOSED)

    def _open(self, window: Window) -> None:
        window.begin_day(int((self.now - self._origin) // DAY_S))
        window.stays = False
        if window.is_open:
            return
        window.is_open = True
        window.opened_at = window.idle_since = self.now
        self.index.set_open(window.plan.id, True)
        if not window.busy and not window.paused:
            self._set_free(window)

    def _close_for_today(self, window: Window) -> None:
        """The shift is over. A window that serves goes on while people wait, if the policy says."""
        if window.busy and self.policy.hours.finish_waiting:
            window.stays = True
        else:
            self._close(window)

    def _close(self, window: Window) -> None:
        """No more residents after the one of this moment."""
        if not window.is_open:
            return
        window.is_open = window.stays = False
        window.open_s += self.now - window.opened_at
        self.index.set_open(window.plan.id, False)
        if not window.busy and not window.paused:
            self.index.drop_seat(window.plan.id)
            self._free -= 1

    def _pause(self, window: Window) -> None:
        window.busy, window.paused = False, True
        self.index.set_open(window.plan.id, False)
        self._at(self.now + BACK_AT_DESK_S, self._resume, window)

    def _resume(self, window: Window) -> None:
        window.paused = False
        window.declines_in_row = 0
        if window.is_open:
            self.index.set_open(window.plan.id, True)
            window.idle_since = self.now
            self._set_free(window)

    def _set_free(self, window: Window) -> None:
        window.busy = False
        if not window.is_open:
            return
        self.index.put_seat(window.as_free())
        self._free += 1
        if window.stays:
            if self._line:
                self._match()
            if not window.busy:
                self._close(window)


def _openings(plan: SeatPlan, origin: float, days: int) -> Iterable[tuple[float, float, bool]]:
    """From when to when it is open, and whether that was the last time on a day."""
    if plan.openings:
        for n, (start, end) in enumerate(plan.openings):
            later = plan.openings[n + 1][0] if n + 1 < len(plan.openings) else math.inf
            yield start, end, (later - origin) // DAY_S > (end - origin) // DAY_S
        return
    for day in range(days):
        midnight = origin + day * DAY_S
        for n, span in enumerate(plan.spans):
            last = n + 1 == len(plan.spans)
            yield midnight + span.start_s, midnight + span.end_s, last
