"""One search for pairs among what is new: the first of the line goes first. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from service_queue.matching import FreeSeat, Pair
from service_queue.rank import Rank

if TYPE_CHECKING:
    from service_queue.line_index import LineIndex


class IndexOutOfStep(RuntimeError):
    """The streams hold a ticket for a seat that the shelves do not give it: the index is wrong."""


class _Kind(NamedTuple):
    """Seats that may take the same tickets."""

    location_id: str | None
    district: str
    departments: frozenset[str]
    languages: frozenset[str]
    level: int
    special: str


_Candidate = tuple[Rank, int, _Kind | None]
"""Who is next by a new ticket (no kind) or by a kind of new seats; the number decides ties."""


class PairSearch:
    """The new tickets and kinds of new seats, and what each would pair next.

    One heap with and one without the green channel, each made when it is first needed.
    """

    def __init__(
        self, index: LineIndex, new_tickets: Iterable[str], new_seats: Iterable[str]
    ) -> None:
        self._index = index
        self._tickets = set(new_tickets)
        self._kinds: dict[_Kind, set[str]] = {}
        self._kind_of: dict[str, _Kind] = {}
        for seat_id in new_seats:
            seat = index.free.get(seat_id)
            if seat is not None:
                kind = self._kind_of[seat_id] = _kind(index, seat)
                self._kinds.setdefault(kind, set()).add(seat_id)
        self._heaps: dict[bool, list[_Candidate]] = {}

    def next(self) -> Pair | None:
        """The next pair, taken out of the index; None when there is no more."""
        while True:
            ticket_id = self._first()
            if ticket_id is None:
                return None
            pair = self._index.pair(ticket_id)
            if pair is not None:
                kind = self._kind_of.get(pair.seat_id)
                if kind is not None:
                    self._kinds[kind].discard(pair.seat_id)
                return pair
            if ticket_id not in self._tickets:
                raise IndexOutOfStep(ticket_id)
            # A new ticket that no seat may take.
            self._tickets.discard(ticket_id)

    def _first(self) -> str | None:
        """The first ticket of the line among what is new."""
        green = self._index.has_room()
        heap = self._heaps.get(green)
        if heap is None:
            heap = self._heaps[green] = self._heap(green=green)
        while heap:
            found, n, kind = heap[0]
            waits = self._index.ticket(found.id) is not None
            if kind is None:
                if waits and found.id in self._tickets:
                    return found.id
                heapq.heappop(heap)
            elif not self._kinds[kind]:
                heapq.heappop(heap)
            elif waits:
                return found.id
            else:
                again = self._first_of(kind, green=green)
                if again is None:
                    heapq.heappop(heap)
                else:
                    heapq.heapreplace(heap, (again, n, kind))
        return None

    def _heap(self, *, green: bool) -> list[_Candidate]:
        heap: list[_Candidate] = []
        for ticket_id in self._tickets:
            found = self._index.rank_of(ticket_id, green=green)
            if found is not None:
                heap.append((found, len(heap), None))
        for kind in self._kinds:
            found = self._first_of(kind, green=green)
            if found is not None:
                heap.append((found, len(heap), kind))
        heapq.heapify(heap)
        return heap

    def _first_of(self, kind: _Kind, *, green: bool) -> Rank | None:
        seat_id = next(iter(self._kinds[kind]), None)
        seat = self._index.free.get(seat_id)
        return None if seat is None else self._index.first_for(seat, green=green)


def _kind(index: LineIndex, seat: FreeSeat) -> _Kind:
    special = seat.id if index.is_special(seat.id) else ""
    return _Kind(
        seat.location_id, seat.district, seat.departments, seat.languages, seat.level, special
    )
