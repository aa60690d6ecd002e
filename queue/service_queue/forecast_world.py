"""One world of a forecast: windows fall free and take the first they may serve. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Final

BY_CEILING: Final = -2e12
BY_DROP: Final = -1e12
"""Groups of `rank`, as offsets that no moment reaches, so that a float is enough to compare."""

Reach = list[tuple[int, float]]
"""Streams a seat may serve, each with the wait after which it may."""


@dataclass(slots=True)
class Entry:
    """A ticket of the line, with its chance in every world."""

    id: str
    arrived: float
    plain: float
    """Its place less its grant while the green quota is used up."""
    green: float
    """… and while it has room."""
    drop: bool
    ceiling_at: float
    here_at: float
    leaves_at: tuple[float, ...] | None
    lasts: tuple[float, ...]
    """How long it occupies a window whose agent is neither slow nor quick."""
    starts: list[float]
    """When it was called, by world; filled in by the worlds."""
    asked: bool = True
    """Its wait is asked for: it stands in the line now."""

    def ready_at(self, after: float) -> float:
        """From when on a seat may call it whose ring opens `after` so long a wait."""
        return self.here_at if after <= 0.0 else max(self.here_at, self.arrived + after)

    def key(self, at: float, *, room: bool) -> float:
        """Where it stands, as `rank` has it; the smaller is called first."""
        if at >= self.ceiling_at:
            return BY_CEILING + self.arrived
        if self.drop:
            return BY_DROP + self.arrived
        return self.green if room else self.plain


@dataclass(slots=True)
class Stream:
    """Tickets that differ by their place alone, in its order."""

    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class SeatChance:
    """What a seat will do in one world."""

    free_at: float
    pauses_at: float
    """It goes on break then, or when it is done with whom it serves."""
    pauses_for: float
    pace: float = 1.0
    """How much longer than others it takes."""


@dataclass(slots=True)
class Plan:
    """What all worlds share."""

    now: float
    streams: list[Stream]
    reaches: list[Reach]
    """By kind of seat."""
    kind_of: list[int]
    """By seat."""
    closes_at: list[float | None]
    """By seat: it takes nobody from then on."""
    one_in: int
    starts_since_green: int
    asked: int
    """How many stand in the line now."""
    answers: Sequence[float]
    """From the ring to the call, by world."""


class World:
    """One run of what may come. `to_come`: by stream, who is not there yet."""

    def __init__(
        self, plan: Plan, k: int, seats: Sequence[SeatChance], to_come: Mapping[int, list[Entry]]
    ) -> None:
        self._plan = plan
        self._k = k
        self._seats = seats
        self._paused = [False] * len(seats)
        self._lines = [stream.entries for stream in plan.streams]
        self._heads = [0] * len(plan.streams)
        for index, entries in to_come.items():
            self._lines[index] = entries
        self._left = plan.asked
        self._since_green = plan.starts_since_green
        self._free = [(chance.free_at, seat) for seat, chance in enumerate(seats)]
        heapify(self._free)

    def play(self) -> None:
        """Until everybody who is asked for was called, or nobody is left to call them."""
        plan, k, free = self._plan, self._k, self._free
        answer = plan.answers[k]
        while self._left and free:
            at, seat = heappop(free)
            closes_at = plan.closes_at[seat]
            if closes_at is not None and at >= closes_at:
                continue
            chance = self._seats[seat]
            if at >= chance.pauses_at and not self._paused[seat]:
                self._paused[seat] = True
                heappush(free, (at + chance.pauses_for, seat))
                continue
            reach = plan.reaches[plan.kind_of[seat]]
            found, wake_at = self._first(reach, at)
            if found is None:
                if wake_at is not None:
                    heappush(free, (wake_at, seat))
                continue
            entry = self._lines[found][self._heads[found]]
            # When it would be called is told of it even in the worlds where it gives up before.
            entry.starts.append(at + answer)
            gone = entry.leaves_at is not None and entry.leaves_at[k] < at
            self._heads[found] += 1
            if not gone:
                self._count_start(entry, reach, at)
            self._left -= entry.asked
            lasts = answer + entry.lasts[k] * chance.pace
            heappush(free, (at if gone else at + lasts, seat))

    def _first(self, reach: Reach, at: float) -> tuple[int | None, float | None]:
        """The stream whose head is first of all a seat may call, or when to look again."""
        room = self._has_room()
        best, best_key, wake_at = None, 0.0, None
        for index, after in reach:
            line, head = self._lines[index], self._heads[index]
            if head >= len(line):
                continue
            entry = line[head]
            ready = entry.ready_at(after)
            if ready > at:
                wake_at = ready if wake_at is None else min(wake_at, ready)
                continue
            key = entry.key(at, room=room)
            if best is None or key < best_key:
                best, best_key = index, key
        return best, wake_at

    def _count_start(self, entry: Entry, reach: Reach, at: float) -> None:
        """Keep the quota, as `matching.after_start` does. `entry` is no longer in the line."""
        plain = entry.key(at, room=False)
        passes = self._has_room() and entry.key(at, room=True) < plain
        if passes:
            rivals = (
                self._lines[index][self._heads[index]]
                for index, after in reach
                if self._heads[index] < len(self._lines[index])
                and self._lines[index][self._heads[index]].ready_at(after) <= at
            )
            passes = any(rival.key(at, room=False) < plain for rival in rivals)
        self._since_green = 0 if passes else self._since_green + 1

    def _has_room(self) -> bool:
        return self._since_green >= self._plan.one_in - 1
