"""The line as it stands, once for everybody: who is where, and why others are before. Pure."""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property

from service_queue.policy import Policy
from service_queue.rank import (
    PLACED,
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
        ceilings = (one.arrived_at + policy.ceiling_s for one in self.order)
        self.holds_until = min((at for at in ceilings if at > now), default=math.inf)
        """Then somebody reaches the ceiling, and the order may change without an event."""

    def before(self, ticket_id: str) -> tuple[tuple[Precedence, int], ...]:
        """How many stand before a ticket, by reason; they add up to its position."""
        return self._reasons[ticket_id]

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
        return why_before(first, second, self._policy, self._now, self._state)

    def _is_plain(self, ticket: WaitingTicket) -> bool:
        """Nothing of its own says why another is before it."""
        return (
            ticket.lane in (Lane.ORDINARY, Lane.RETURNED)
            and ticket.place == ticket.arrived_at
            and ticket.location_id not in self._state.behind
            and rank(ticket, self._policy, self._now, self._state).group == PLACED
        )

    def _own_reason(self, ticket: WaitingTicket) -> Precedence | None:
        """Why it may stand before an ordinary ticket that came earlier; None: it never does."""
        if ticket.lane is Lane.ORDINARY and ticket.green is None and self._is_plain(ticket):
            return None
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
        if rank(other, policy, now, state) < rank(ticket, policy, now, state):
            return None
        return self._why(ticket, other)
