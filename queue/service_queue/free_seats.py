"""The free seats, kept so that the one for a ticket is found without looking at all. Pure."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator
from itertools import chain, groupby, islice
from typing import Final

from sortedcontainers import SortedList

from service_queue.matching import ANY_DEPARTMENT, FreeSeat, liking, skill_gap
from service_queue.policy import Policy, Scope, SeatStrategy
from service_queue.rank import WaitingTicket

Cell = tuple[Scope, str]
"""A scope and whose it is: which location's, which district's."""

Skills = tuple[frozenset[str], frozenset[str], int]
"""What decides whether and how gladly a seat takes a ticket: departments, languages, level."""


class FreeSeats:
    """Free seats in shelves of equal skills, each sorted by the policy's strategy."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._seats: dict[str, FreeSeat] = {}
        self._cells: dict[tuple[Cell, str | None], dict[Skills, _Shelf]] = {}
        """The shelves of a cell with seats for a department; None: all of them."""
        self._rings = rings_of(policy)

    def __len__(self) -> int:
        return len(self._seats)

    def __contains__(self, seat_id: str) -> bool:
        return seat_id in self._seats

    def __iter__(self) -> Iterator[FreeSeat]:
        return iter(self._seats.values())

    def get(self, seat_id: str | None) -> FreeSeat | None:
        """The seat, if it is free."""
        return None if seat_id is None else self._seats.get(seat_id)

    def put(self, seat: FreeSeat) -> None:
        """The seat is free."""
        self.drop(seat.id)
        self._seats[seat.id] = seat
        skills = skills_of(seat)
        for cell in self._cells_of(seat):
            shelf = self._cells.get((cell, None), {}).get(skills)
            if shelf is None:
                shelf = _Shelf(seat, self._policy)
                for department in (None, *seat.departments):
                    self._cells.setdefault((cell, department), {})[skills] = shelf
            shelf.entries.add(shelf.entry(seat))

    def drop(self, seat_id: str) -> FreeSeat | None:
        """The seat is not free any more; returns it if it was."""
        seat = self._seats.pop(seat_id, None)
        if seat is None:
            return None
        skills = skills_of(seat)
        for cell in self._cells_of(seat):
            shelf = self._cells[cell, None][skills]
            shelf.entries.remove(shelf.entry(seat))
            if not shelf.entries:
                self._clear_away(cell, skills)
        return seat

    def choose(
        self,
        ticket: WaitingTicket,
        barred: Container[str],
        now: float,
        after_position: int,
        *,
        held: bool,
    ) -> FreeSeat | None:
        """As `matching.choose_seat`.

        `barred`: who may not have it. `held`: it waits for the seat that knows it.
        """
        known = self.get(ticket.last_seat_id)
        if (
            known is not None
            and known.id not in barred
            and skill_gap(ticket, known, self._policy) is None
        ):
            return known
        if held:
            return None
        waited = now - ticket.arrived_at
        for after_s, scopes in self._rings:
            if waited < after_s:
                break
            first = [
                seat
                for shelf in self._shelves_for(ticket, scopes)
                if shelf.fits(ticket, waited)
                for seat in self._first_of(shelf, ticket, barred, after_position)
            ]
            if first:
                return min(
                    first, key=lambda seat: liking(ticket, seat, self._policy, after_position)
                )
        return None

    def _shelves_for(self, ticket: WaitingTicket, scopes: list[Scope]) -> Iterator[_Shelf]:
        """Those that may fit; one may come twice."""
        departments: tuple[str | None, ...] = (None,)
        if self._policy.seats.match_departments and ticket.department:
            departments = (ticket.department, ANY_DEPARTMENT)
        for scope in scopes:
            cell = cell_of(scope, ticket.location_id, ticket.district)
            for department in departments:
                yield from self._cells.get((cell, department), {}).values()

    def _first_of(
        self, shelf: _Shelf, ticket: WaitingTicket, barred: Container[str], after_position: int
    ) -> Iterator[FreeSeat]:
        """The seats of a shelf of which one is the best."""
        entries = shelf.entries
        turns: Iterator[tuple[float, float, str]]
        match self._policy.seats.strategy:
            case SeatStrategy.WEIGHTED_RANDOM:
                # Drawn anew for each ticket: no order to keep.
                return (self._seats[seat_id] for _, _, seat_id in entries if seat_id not in barred)
            case SeatStrategy.ROUND_ROBIN:
                at = entries.bisect_right((float(after_position), math.inf, ""))
                turns = chain(entries.islice(at), entries.islice(0, at))
            case _:
                turns = iter(entries)
        found = (self._seats[seat_id] for _, _, seat_id in turns if seat_id not in barred)
        return islice(found, 1)

    def _clear_away(self, cell: Cell, skills: Skills) -> None:
        for department in (None, *skills[0]):
            shelves = self._cells[cell, department]
            del shelves[skills]
            if not shelves:
                del self._cells[cell, department]

    def _cells_of(self, seat: FreeSeat) -> list[Cell]:
        return [
            cell_of(scope, seat.location_id or "", seat.district)
            for _, scopes in self._rings
            for scope in scopes
            if scope is not Scope.HOME or seat.location_id is not None
        ]


class _Shelf:
    """Free seats of equal skills in one cell, the one to choose first."""

    def __init__(self, example: FreeSeat, policy: Policy) -> None:
        self.entries: SortedList[tuple[float, float, str]] = SortedList()
        self._example = example
        self._policy = policy
        self._level_after_s = (example.level - 1) * policy.seats.level_after_s

    def fits(self, ticket: WaitingTicket, waited: float) -> bool:
        """Its seats may take a ticket that waited so long."""
        return (
            waited >= self._level_after_s and skill_gap(ticket, self._example, self._policy) is None
        )

    def entry(self, seat: FreeSeat) -> tuple[float, float, str]:
        """Where a seat stands in it."""
        return (_standing(seat, self._policy.seats.strategy), seat.idle_since, seat.id)


def _standing(seat: FreeSeat, strategy: SeatStrategy) -> float:
    """The part of a strategy's key that is the seat's own."""
    match strategy:
        case SeatStrategy.LONGEST_IDLE:
            return seat.idle_since
        case SeatStrategy.FEWEST_CALLS:
            return seat.calls_today
        case SeatStrategy.LEAST_TALK:
            return seat.talk_today_s
        case SeatStrategy.ROUND_ROBIN | SeatStrategy.ORDERED:
            return seat.position
        case SeatStrategy.LEAST_SKILLED | SeatStrategy.WEIGHTED_RANDOM:
            return 0.0


def rings_of(policy: Policy) -> list[tuple[float, list[Scope]]]:
    """The rings that matter, the first to open first: each scope once, with those of its moment."""
    opens: dict[Scope, float] = {}
    for ring in policy.seats.rings:
        opens[ring.scope] = min(ring.after_s, opens.get(ring.scope, math.inf))
    by_moment = sorted(opens.items(), key=lambda item: item[1])
    return [
        (after_s, [scope for scope, _ in group])
        for after_s, group in groupby(by_moment, key=lambda item: item[1])
    ]


_EVERYWHERE: Final = ""


def cell_of(scope: Scope, location_id: str, district: str) -> Cell:
    """The cell of a scope for a location in a district."""
    match scope:
        case Scope.HOME:
            return scope, location_id
        case Scope.DISTRICT:
            return scope, district
        case Scope.ANYONE:
            return scope, _EVERYWHERE


def skills_of(seat: FreeSeat) -> Skills:
    """What a seat can do."""
    return seat.departments, seat.languages, seat.level
