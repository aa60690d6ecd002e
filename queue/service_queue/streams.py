"""The waiting tickets in streams, so that the first for a seat is found by their heads. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from sortedcontainers import SortedList

from service_queue.free_seats import Cell, cell_of, rings_of
from service_queue.matching import ANY_DEPARTMENT, FreeSeat
from service_queue.policy import Policy, Scope
from service_queue.rank import (
    CALM,
    CEILING,
    DROPPED,
    PLACED,
    LineState,
    Rank,
    WaitingTicket,
    claim_s,
    rank,
    settled,
    without_green,
)
from signaling.protocol.words import GreenReason, Lane, Language


class Stream(NamedTuple):
    """Tickets whose order among themselves no time changes."""

    group: int
    lane: Lane
    green: bool


Entry = tuple[float, float, str]
"""Its place in the stream, the arrival, the ticket's id."""

Stand = tuple[Cell, int, str | None, Language | None]
"""Who looks here: seats of a cell, of a level, that serve a department, in a language. None is any:
a generalist looks at one stand for all departments."""

_SCOPES: Final = tuple(Scope)

Filed = list[tuple[Stand, Stream, Entry]]


class _Line:
    """Who is found at one stand."""

    __slots__ = ("first", "streams")

    def __init__(self) -> None:
        self.streams: dict[Stream, SortedList[Entry]] = {}
        self.first: dict[bool, Rank | None] = {}
        """With and without room in the green quota; none as long as nobody asked."""

    def add(self, stream: Stream, entry: Entry) -> None:
        entries = self.streams.get(stream)
        if entries is None:
            entries = self.streams[stream] = SortedList()
        entries.add(entry)
        if entries[0] == entry:
            self.first.clear()

    def remove(self, stream: Stream, entry: Entry) -> None:
        entries = self.streams[stream]
        if entries[0] == entry:
            self.first.clear()
        entries.remove(entry)
        if not entries:
            del self.streams[stream]


class Streams:
    """The tickets that seats may take by now, by who looks for them."""

    def __init__(self, policy: Policy, levels: frozenset[int]) -> None:
        """`levels`: those of the seats."""
        rules = policy.seats
        self._policy = policy
        self._by_level = rules.level_after_s > 0
        self._stands: dict[Stand, _Line] = {}
        after = {scope: after_s for after_s, scopes in rings_of(policy) for scope in scopes}
        moments = {
            (scope, level): max(after_s, (level - 1) * rules.level_after_s)
            for scope, after_s in after.items()
            for level in (levels if self._by_level else {0})
        }
        self._moments: Final = sorted(moments.items(), key=lambda item: item[0][0] != Scope.ANYONE)
        self.openings: Final = sorted(set(moments.values()))
        """After how long waits more seats may take a ticket."""
        self._claims: dict[tuple[Lane, bool, bool], float] = {}

    def file(self, ticket: WaitingTicket, now: float, state: LineState, filed: Filed) -> Filed:
        """Put a ticket where it can be found by now; returns where.

        `filed`: where it is so far. What stays as it is is not touched.
        """
        stream, entry = self._stream_of(ticket, now, state)
        wanted = [(stand, stream, entry) for stand in self._stands_for(ticket, now)]
        self.unfile([each for each in filed if each not in wanted])
        for each in wanted:
            if each not in filed:
                self._stands.setdefault(each[0], _Line()).add(stream, entry)
        return wanted

    def unfile(self, filed: Filed) -> None:
        """Take a ticket out again."""
        for stand, stream, entry in filed:
            line = self._stands[stand]
            line.remove(stream, entry)
            if not line.streams:
                del self._stands[stand]

    def first_for(
        self, seat: FreeSeat, *, green: bool, may_take: Callable[[str], bool] | None
    ) -> Rank | None:
        """The rank of the first ticket for a seat.

        `green`: the quota of the green channel has room. `may_take`: None when the seat may take
        every ticket whose ring and skills fit.
        """
        best: Rank | None = None
        for stand in self._seen_by(seat):
            line = self._stands.get(stand)
            if line is None:
                continue
            if may_take is not None:
                found = self._first_of(line, green=green, may_take=may_take)
            elif green in line.first:
                found = line.first[green]
            else:
                found = line.first[green] = self._first_of(line, green=green, may_take=None)
            if found is not None and (best is None or found < best):
                best = found
        return best

    def _first_of(
        self, line: _Line, *, green: bool, may_take: Callable[[str], bool] | None
    ) -> Rank | None:
        best: Rank | None = None
        for stream, entries in line.streams.items():
            head = _head(entries, may_take)
            if head is None:
                continue
            at, arrived_at, ticket_id = head
            if stream.group == PLACED:
                at -= self._claim_s(stream, green=green)
            found = Rank(stream.group, at, arrived_at, ticket_id)
            if best is None or found < best:
                best = found
        return best

    def _stream_of(
        self, ticket: WaitingTicket, now: float, state: LineState
    ) -> tuple[Stream, Entry]:
        group = rank(ticket, self._policy, now, state).group
        arrived_at = ticket.arrived_at
        if group in (CEILING, DROPPED):
            return Stream(group, Lane.ORDINARY, False), (arrived_at, arrived_at, ticket.id)
        stream = Stream(group, ticket.lane, ticket.green is not None)
        return stream, (settled(ticket, state), arrived_at, ticket.id)

    def _claim_s(self, stream: Stream, *, green: bool) -> float:
        key = (stream.lane, stream.green, green)
        claim = self._claims.get(key)
        if claim is None:
            reason = GreenReason.ELDERLY if stream.green else None
            example = WaitingTicket(id="", arrived_at=0.0, lane=stream.lane, green=reason)
            state = CALM if green else without_green(CALM)
            claim = self._claims[key] = claim_s(example, self._policy, state)
        return claim

    def _stands_for(self, ticket: WaitingTicket, now: float) -> Iterator[Stand]:
        """Where seats look that may take it by now."""
        waited = now - ticket.arrived_at
        rules = self._policy.seats
        departments = {None, ticket.department} if rules.match_departments else {None}
        language = ticket.language if rules.match_languages else None
        anyone = set()
        for (scope, level), moment in self._moments:
            if waited < moment or level in anyone:
                # Whom anyone may take, need not be found in a smaller scope.
                continue
            if scope is Scope.ANYONE:
                anyone.add(level)
            cell = cell_of(scope, ticket.location_id, ticket.district)
            for department in departments:
                yield cell, level, department, language

    def _seen_by(self, seat: FreeSeat) -> Iterator[Stand]:
        """Where a seat looks."""
        rules = self._policy.seats
        level = seat.level if self._by_level else 0
        some = rules.match_departments and ANY_DEPARTMENT not in seat.departments
        departments = {*seat.departments, ""} if some else {None}
        languages = seat.languages if rules.match_languages else {None}
        for scope in _SCOPES:
            if scope is Scope.HOME and seat.location_id is None:
                continue
            cell = cell_of(scope, seat.location_id or "", seat.district)
            for department in departments:
                for language in languages:
                    yield cell, level, department, language


def _head(entries: SortedList[Entry], may_take: Callable[[str], bool] | None) -> Entry | None:
    if may_take is None:
        return entries[0]
    return next((entry for entry in entries if may_take(entry[2])), None)
