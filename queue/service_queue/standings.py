"""The line as it stands, once for everybody: who is where, and why others are before. Pure."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property

from service_queue.policy import Policy
from service_queue.rank import (
    LineState,
    WaitingTicket,
    in_order,
    rank,
    why_before,
)
from signaling.protocol.words import Lane, Precedence


class Standings:
    """One order of the waiting tickets; holds from `now` to `holds_until`."""

    def __init__(
        self, waiting: Iterable[WaitingTicket], policy: Policy, now: float, state: LineState
    ) -> None:
        self._policy = policy
        self._now = now
        self._state = state
        self.order = in_order(waiting, policy, now, state)
        """First to be served first."""
        self.positions = {ticket.id: n for n, ticket in enumerate(self.order)}
        self.first_present = next((one.id for one in self.order if not one.away), None)
        """Who is offered next: who is away cannot be."""
        self.holds_from = now
        self._whys: dict[tuple[_Kind, _Kind], Precedence] = {}
        self._own: dict[_Kind, Precedence | None] = {}
        ceilings = (one.arrived_at + policy.ceiling_s for one in self.order)
        self.holds_until = min((at for at in ceilings if at > now), default=math.inf)
        """Then somebody reaches the ceiling, and the order may change without an event."""

    def position_of(self, ticket: WaitingTicket) -> int:
        """How many stand before a ticket, which may have come since."""
        known = self.positions.get(ticket.id)
        if known is not None:
            return known
        mine = rank(ticket, self._policy, self._now, self._state)
        return bisect_left(
            self.order, mine, key=lambda one: rank(one, self._policy, self._now, self._state)
        )

    def before(self, ticket: WaitingTicket) -> tuple[tuple[Precedence, int], ...]:
        """How many stand before a ticket, by reason; they add up to its position."""
        known = self._reasons.get(ticket.id)
        if known is not None:
            return known
        # It has only just come.
        ahead = self.position_of(ticket)
        return ((Precedence.EARLIER, ahead),) if ahead else ()

    @cached_property
    def _reasons(self) -> dict[str, tuple[tuple[Precedence, int], ...]]:
        """In one walk down the line, so that it costs n log n and not n x n.

        Who came earlier is before for that alone. Who came later and stands before an ordinary
        ticket does so by something of its own: its arrival is kept under that reason, and the later
        ones are counted. Where the other was set back, those who came later are looked at.
        """
        came_later: dict[Precedence, list[float]] = {}
        seen: list[tuple[float, int]] = []
        told = {}
        for n, ticket in enumerate(self.order):
            counts = Counter[Precedence]()
            if self._is_plain(ticket):
                for why, arrivals in came_later.items():
                    counts[why] = len(arrivals) - bisect_right(arrivals, ticket.arrived_at)
            else:
                for _, other in seen[bisect_right(seen, (ticket.arrived_at, n)) :]:
                    counts[self._why(self.order[other], ticket)] += 1
            counts[Precedence.EARLIER] += n - counts.total()
            told[ticket.id] = tuple((why, counts[why]) for why in Precedence if counts[why])
            own = self._own_reason(ticket)
            if own is not None:
                insort(came_later.setdefault(own, []), ticket.arrived_at)
            insort(seen, (ticket.arrived_at, n))
        return told

    def _why(self, first: WaitingTicket, second: WaitingTicket) -> Precedence:
        """Why `first`, which came later, is before: for all of two kinds it is the same."""
        key = (self._kind(first), self._kind(second))
        why = self._whys.get(key)
        if why is None:
            why = why_before(first, second, self._policy, self._now, self._state)
            self._whys[key] = why
        return why

    def _kind(self, ticket: WaitingTicket) -> _Kind:
        """All of a ticket that can put it before or behind another, but its arrival."""
        return (
            self._now - ticket.arrived_at >= self._policy.ceiling_s,
            ticket.lane,
            ticket.green is not None,
            ticket.place - ticket.arrived_at,
            self._state.behind.get(ticket.location_id, 0.0),
        )

    def _is_plain(self, ticket: WaitingTicket) -> bool:
        """Nothing of its own says why another is before it."""
        over, lane, _, moved, behind = self._kind(ticket)
        ordinary = lane in (Lane.ORDINARY, Lane.RETURNED)
        return ordinary and moved == 0.0 and behind == 0.0 and not over

    def _own_reason(self, ticket: WaitingTicket) -> Precedence | None:
        """Why it may stand before an ordinary ticket that came earlier; None: it never does."""
        kind = self._kind(ticket)
        if kind not in self._own:
            other = replace(
                ticket,
                id="",
                arrived_at=math.nextafter(ticket.arrived_at, -math.inf),
                place_at=None,
                lane=Lane.ORDINARY,
                green=None,
                location_id="",
            )
            policy, now, state = self._policy, self._now, self._state
            never = rank(other, policy, now, state) < rank(ticket, policy, now, state)
            self._own[kind] = None if never else self._why(ticket, other)
        return self._own[kind]


_Kind = tuple[bool, Lane, bool, float, float]
