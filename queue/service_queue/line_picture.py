"""The line at one moment, and how a policy sees it. Pure; `line_reader` takes the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from service_queue.fairness import LateWaits
from service_queue.matching import FreeSeat, Hindrance, hindrance, match
from service_queue.policy import Policy
from service_queue.rank import LineState, WaitingTicket, in_order, why_before
from signaling.protocol.words import Precedence


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunCall:
    """A call of late, and how long its resident had waited."""

    at: float
    location_id: str
    district: str
    waited_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePicture:
    """Everybody who waits, and every window that takes tickets."""

    now: float
    waiting: tuple[WaitingTicket, ...]
    numbers: Mapping[str, str]
    """By ticket: the number on its slip."""
    open_seats: tuple[FreeSeat, ...]
    """Busy or not."""
    free: frozenset[str]
    """Those of them that have nobody."""
    declined_at: Mapping[tuple[str, str], float]
    """By ticket and seat: when that seat last declined it or handed it on."""
    starts_since_green: int
    calls: tuple[BegunCall, ...]
    after_position: int = -1
    """Of the seat chosen last (round robin)."""

    def state(self, policy: Policy) -> LineState:
        """What the order under a policy depends on beside the tickets."""
        waits = LateWaits(policy.fairness)
        for call in self.calls:
            waits.add(call.at, call.location_id, call.district, call.waited_s)
        return LineState(starts_since_green=self.starts_since_green, behind=waits.behind(self.now))

    def under(self, policy: Policy) -> list[WaitingTicket]:
        """The waiting tickets with the seats a policy excludes from each just now."""
        horizon = self.now - policy.decline_exclusion_s
        excluded: dict[str, set[str]] = {}
        for (ticket_id, seat_id), at in self.declined_at.items():
            if at > horizon:
                excluded.setdefault(ticket_id, set()).add(seat_id)
        return [
            replace(ticket, excluded_seats=frozenset(excluded.get(ticket.id, ())))
            for ticket in self.waiting
        ]


class LineView:
    """A picture of the line as one policy sees it."""

    def __init__(self, line: LinePicture, policy: Policy) -> None:
        self.line = line
        self.policy = policy
        self.now = line.now
        self.state = line.state(policy)
        self.order = in_order(line.under(policy), policy, line.now, self.state)
        """First to be served first."""
        self.places = {ticket.id: number for number, ticket in enumerate(self.order)}
        """From 0."""

    @cached_property
    def open_ids(self) -> frozenset[str]:
        """The windows that take tickets."""
        return frozenset(seat.id for seat in self.line.open_seats)

    def why(self, first: WaitingTicket, second: WaitingTicket) -> Precedence:
        """Why `first` stands before `second`."""
        return why_before(first, second, self.policy, self.now, self.state)

    def hindrance(self, ticket: WaitingTicket, seat: FreeSeat) -> Hindrance | None:
        """Why a window may not take a ticket now, were it free."""
        return hindrance(ticket, seat, self.policy, self.now, self.open_ids)

    def excluded_for_s(self, ticket: WaitingTicket, seat: FreeSeat) -> float:
        """How much longer a window that declined a ticket is not offered it."""
        declined_at = self.line.declined_at.get((ticket.id, seat.id), float("-inf"))
        return max(0.0, declined_at + self.policy.decline_exclusion_s - self.now)

    def pairs(self) -> dict[str, str]:
        """Seat by ticket: who would be called this moment."""
        free = [seat for seat in self.line.open_seats if seat.id in self.line.free]
        made = match(
            self.order,
            free,
            self.policy,
            self.now,
            self.state,
            open_seats=self.open_ids,
            after_position=self.line.after_position,
        )
        return {pair.ticket_id: pair.seat_id for pair in made}
