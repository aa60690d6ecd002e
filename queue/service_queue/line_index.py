"""The pairs that `matching.match` finds, without looking at everybody. Pure.

After a `pairs` nothing that could be paired is left. So afterwards only a pair with something new
in it can be: a ticket or a seat that was put, or a ticket for which time opened something (a ring,
a level, an exclusion's end, the end of waiting for the seat that knows it). A new ticket looks for
its seat among shelves (`free_seats`), a new seat for its ticket among the heads of streams
(`streams`), and the first of all those in the line goes first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from service_queue.free_seats import FreeSeats
from service_queue.matching import FreeSeat, Pair, held_s, is_fresh, known_since, skill_gap
from service_queue.openings import Openings
from service_queue.pair_search import PairSearch
from service_queue.policy import Policy
from service_queue.rank import CALM, LineState, Rank, WaitingTicket, rank, uses_green, without_green
from service_queue.streams import Filed, Streams

NOBODY: Final[Mapping[str, float]] = MappingProxyType({})


class _Place:
    """A waiting ticket, and where it is filed."""

    __slots__ = ("barred", "excluded_until", "filed", "held", "opened", "ticket", "version")

    def __init__(
        self, ticket: WaitingTicket, excluded_until: Mapping[str, float], version: int
    ) -> None:
        self.ticket = ticket
        self.excluded_until = excluded_until
        self.version = version
        self.barred: frozenset[str] = frozenset()
        self.filed: Filed = []
        self.opened = -1
        """How many of the openings it has passed."""
        self.held = False
        """It waits for the seat that knows it."""


class LineIndex:
    """The waiting tickets and the free seats, kept so that `pairs` is cheap.

    Tell it of every change (`put_…` replaces what was there under the same id), then ask `pairs`.
    """

    def __init__(self) -> None:
        self.state: LineState = CALM
        """The state of the line after the last `pairs`."""
        self.after_position = -1
        """Of the seat chosen last (round robin); like `state`, the caller's to set at the start."""
        self._policy = Policy()
        self._now = float("-inf")
        self._places: dict[str, _Place] = {}
        self._by_location: defaultdict[str, set[str]] = defaultdict(set)
        self._known: defaultdict[str, set[str]] = defaultdict(set)
        """By seat: tickets that it knows and that may be offered to it."""
        self._knowing: defaultdict[str, set[str]] = defaultdict(set)
        """By seat: tickets that it knows, all of them."""
        self._barring: Counter[str] = Counter()
        """By seat: how many tickets it may not have."""
        self._open: set[str] = set()
        self._levels: frozenset[int] = frozenset()
        self._version = 0
        self._to_file: dict[str, None] = {}
        self._new_tickets: dict[str, None] = {}
        self._new_seats: dict[str, None] = {}
        self._behind: Mapping[str, float] = CALM.behind
        self._stale = False
        self._lay_out(self._policy)

    def __len__(self) -> int:
        return len(self._places)

    @property
    def free(self) -> FreeSeats:
        """The free seats."""
        return self._free

    def ticket(self, ticket_id: str) -> WaitingTicket | None:
        """The ticket, if it waits."""
        place = self._places.get(ticket_id)
        return None if place is None else place.ticket

    # --- following -------------------------------------------------------------------------

    def put_ticket(
        self, ticket: WaitingTicket, excluded_until: Mapping[str, float] = NOBODY
    ) -> None:
        """The ticket waits, as it says.

        `excluded_until`: by seat, until when it may not have the ticket; beside the ticket's own
        `excluded_seats`, which holds for as long as it is not put anew.
        """
        old = self._places.get(ticket.id)
        if old is not None:
            if old.ticket == ticket and old.excluded_until == excluded_until:
                return
            self.drop_ticket(ticket.id)
        self._version += 1
        self._places[ticket.id] = _Place(ticket, excluded_until, self._version)
        self._by_location[ticket.location_id].add(ticket.id)
        if ticket.last_seat_id is not None:
            self._knowing[ticket.last_seat_id].add(ticket.id)
        self._to_file[ticket.id] = None

    def drop_ticket(self, ticket_id: str) -> None:
        """The ticket does not wait any more, if it did."""
        place = self._places.pop(ticket_id, None)
        if place is None:
            return
        self._unfile(place)
        self._unbar(place)
        _take_out(self._by_location, place.ticket.location_id, ticket_id)
        if place.ticket.last_seat_id is not None:
            _take_out(self._knowing, place.ticket.last_seat_id, ticket_id)
        self._to_file.pop(ticket_id, None)
        self._new_tickets.pop(ticket_id, None)

    def put_seat(self, seat: FreeSeat) -> None:
        """The seat is free, as it says."""
        if self._free.get(seat.id) == seat:
            return
        self._free.put(seat)
        self._new_seats[seat.id] = None
        if seat.level not in self._levels:
            self._levels |= {seat.level}
            self._stale = self._stale or self._policy.seats.level_after_s > 0

    def drop_seat(self, seat_id: str) -> None:
        """The seat is not free any more, if it was."""
        self._free.drop(seat_id)
        self._new_seats.pop(seat_id, None)

    def set_open(self, seat_id: str, is_open: bool) -> None:
        """The seat takes tickets, busy or not; a ticket that it knows waits a little for it."""
        if is_open == (seat_id in self._open):
            return
        if is_open:
            self._open.add(seat_id)
        else:
            self._open.discard(seat_id)
        self._to_file.update(dict.fromkeys(self._knowing.get(seat_id, ())))

    # --- pairing ---------------------------------------------------------------------------

    def pairs(self, policy: Policy, now: float, state: LineState | None = None) -> list[Pair]:
        """The pairs that can be made now, in the order of the line.

        Takes the tickets and seats of the pairs out; put them again if a pair does not come about.
        `state`: None is the one that the last call left in `self.state`.
        """
        self.state = self.state if state is None else state
        self._follow(policy, now)
        if not self._free or not self._places:
            # Whoever comes next is new itself.
            self._new_tickets.clear()
            self._new_seats.clear()
            return []
        if len(self._new_tickets) > len(self._free):
            self._new_tickets.clear()
            self._new_seats = dict.fromkeys(seat.id for seat in self._free)
        search = PairSearch(self, self._new_tickets, self._new_seats)
        found = []
        while (pair := search.next()) is not None:
            found.append(pair)
        self._new_tickets.clear()
        self._new_seats.clear()
        return found

    def next_at(self) -> float:
        """When the next pair may open by time alone; infinity when none will.

        `pairs` at that moment looks at what opened; nothing opens between.
        """
        if not self._free:
            return float("inf")
        return min(
            each.next_at(self._is_current)
            for each in (*self._rings, *self._holds.values(), self._ends)
        )

    # --- for the search --------------------------------------------------------------------

    def rank_of(self, ticket_id: str, *, green: bool) -> Rank | None:
        """Where a waiting ticket stands now; None when it does not wait."""
        place = self._places.get(ticket_id)
        if place is None:
            return None
        state = self._with_green(green)
        return rank(place.ticket, self._policy, self._now, state)

    def first_for(self, seat: FreeSeat, *, green: bool) -> Rank | None:
        """The first ticket that a seat may take now."""
        barred = seat.id in self._barring
        may_take = (lambda one: seat.id not in self._places[one].barred) if barred else None
        best = self._streams.first_for(seat, green=green, may_take=may_take)
        for ticket_id in self._known.get(seat.id, ()):
            ticket = self._places[ticket_id].ticket
            found = rank(ticket, self._policy, self._now, self._with_green(green))
            if skill_gap(ticket, seat, self._policy) is None and (best is None or found < best):
                best = found
        return best

    def is_special(self, seat_id: str) -> bool:
        """What the seat may take is not what others of its kind may."""
        return seat_id in self._barring or seat_id in self._known

    def has_room(self) -> bool:
        """The quota of the green channel has room."""
        return self.state.green_may_overtake(self._policy)

    def pair(self, ticket_id: str) -> Pair | None:
        """Give a ticket its seat and take both out; None when no seat may take it."""
        place = self._places[ticket_id]
        ticket = place.ticket
        if ticket.away:
            return None
        seat = self._free.choose(
            ticket, place.barred, self._now, self.after_position, held=place.held
        )
        if seat is None:
            return None
        passed = False
        if uses_green(ticket, self._policy, self._now, self.state):
            first = self.first_for(seat, green=False)
            passed = first is not None and first.id != ticket_id
        starts = 0 if passed else self.state.starts_since_green + 1
        self.state = replace(self.state, starts_since_green=starts)
        self.after_position = seat.position
        self.drop_ticket(ticket_id)
        self.drop_seat(seat.id)
        return Pair(ticket_id, seat.id)

    # --- keeping ---------------------------------------------------------------------------

    def _follow(self, policy: Policy, now: float) -> None:
        """File what is new, and what time and the policy moved."""
        changed = policy is not self._policy and policy != self._policy
        if changed or self._stale or now < self._now:
            self._now = now
            self._start_anew(policy)
        self._now = now
        behind = self.state.behind
        if behind is not self._behind and behind != self._behind:
            self._refile_locations(behind)
        self._behind = behind
        to_file, self._to_file = self._to_file, {}
        for ticket_id in to_file:
            self._file(self._places[ticket_id])
            self._new_tickets[ticket_id] = None
        for openings in (*self._rings, *self._holds.values(), self._ends):
            for version, ticket_id in openings.ready(now):
                if self._is_current(version, ticket_id):
                    self._file(self._places[ticket_id])
                    self._new_tickets[ticket_id] = None
        for version, ticket_id in self._ceiling.ready(now):
            if self._is_current(version, ticket_id):
                self._file(self._places[ticket_id])

    def _lay_out(self, policy: Policy) -> None:
        """Empty shelves and streams for a policy."""
        self._policy = policy
        self._streams = Streams(policy, self._levels)
        self._free = FreeSeats(policy)
        self._rings = [Openings(after_s) for after_s in self._streams.openings]
        self._holds = {
            held_s: Openings(held_s)
            for held_s in {policy.seats.same_seat_s, policy.transfer.wanted_seat_s}
        }
        """By how long it is waited for the seat that knows a ticket."""
        self._ends = Openings(0.0)
        self._ceiling = Openings(policy.ceiling_s)
        self._stale = False

    def _start_anew(self, policy: Policy) -> None:
        seats = list(self._free)
        self._lay_out(policy)
        for seat in seats:
            self._free.put(seat)
            self._new_seats[seat.id] = None
        self._known.clear()
        self._barring.clear()
        for place in self._places.values():
            self._version += 1
            place.version = self._version
            place.opened, place.filed, place.barred = -1, [], frozenset()
            self._to_file[place.ticket.id] = None

    def _refile_locations(self, behind: Mapping[str, float]) -> None:
        for location_id in self._behind.keys() | behind.keys():
            if self._behind.get(location_id) != behind.get(location_id):
                for ticket_id in self._by_location.get(location_id, ()):
                    if ticket_id not in self._to_file:
                        self._file(self._places[ticket_id])

    def _file(self, place: _Place) -> None:
        """Put a ticket where it belongs by now."""
        self._unbar(place)
        ticket = place.ticket
        if ticket.away:
            self._unfile(place)
            return
        first = place.opened < 0
        ended = {seat for seat, until in place.excluded_until.items() if until > self._now}
        place.barred = ticket.excluded_seats | ended
        self._barring.update(place.barred)
        known = ticket.last_seat_id
        place.held = False
        if known is not None and known not in place.barred:
            self._known[known].add(ticket.id)
            place.held = known in self._open and is_fresh(ticket, self._policy, self._now)
        if place.held:
            self._unfile(place)
        else:
            place.filed = self._streams.file(ticket, self._now, self.state, place.filed)
        self._wait_for_rings(place)
        if first:
            self._wait_for_the_rest(place)

    def _wait_for_rings(self, place: _Place) -> None:
        waited = self._now - place.ticket.arrived_at
        opened = sum(openings.after_s <= waited for openings in self._rings)
        if opened != place.opened and opened < len(self._rings):
            self._rings[opened].add(place.ticket.arrived_at, place.version, place.ticket.id)
        place.opened = opened

    def _wait_for_the_rest(self, place: _Place) -> None:
        ticket, version = place.ticket, place.version
        patience_s = held_s(ticket, self._policy)
        if ticket.last_seat_id is not None and patience_s > 0:
            self._holds[patience_s].add(known_since(ticket), version, ticket.id)
        for until in place.excluded_until.values():
            if until > self._now:
                self._ends.add(until, version, ticket.id)
        self._ceiling.add(ticket.arrived_at, version, ticket.id)

    def _unfile(self, place: _Place) -> None:
        self._streams.unfile(place.filed)
        place.filed = []

    def _unbar(self, place: _Place) -> None:
        """Forget which seats may not have it, and which knows it."""
        for seat_id in place.barred:
            self._barring[seat_id] -= 1
            if not self._barring[seat_id]:
                del self._barring[seat_id]
        place.barred = frozenset()
        if place.ticket.last_seat_id is not None:
            _take_out(self._known, place.ticket.last_seat_id, place.ticket.id)

    def _with_green(self, green: bool) -> LineState:
        return self.state if green == self.has_room() else _other(self.state, green=green)

    def _is_current(self, version: int, ticket_id: str) -> bool:
        place = self._places.get(ticket_id)
        return place is not None and place.version == version


def _other(state: LineState, *, green: bool) -> LineState:
    return (
        replace(state, starts_since_green=CALM.starts_since_green)
        if green
        else without_green(state)
    )


def _take_out(sets: dict[str, set[str]], key: str, member: str) -> None:
    members = sets.get(key)
    if members is not None:
        members.discard(member)
        if not members:
            del sets[key]
