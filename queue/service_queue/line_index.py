"""The pairs that `matching.match` finds, found again after each change. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from service_queue.matching import FreeSeat, Pair, match
from service_queue.policy import Policy
from service_queue.rank import CALM, LineState, WaitingTicket

NOBODY: Final[Mapping[str, float]] = MappingProxyType({})


class LineIndex:
    """The waiting tickets and the free seats, kept so that `pairs` is cheap.

    Tell it of every change (`put_…` replaces what was there under the same id), then ask `pairs`.
    """

    def __init__(self) -> None:
        self.state: LineState = CALM
        """The state of the line after the last `pairs`."""
        self.after_position = -1
        """Of the seat chosen last (round robin); like `state`, the caller's to set at the start."""
        self._tickets: dict[str, tuple[WaitingTicket, Mapping[str, float]]] = {}
        self._free: dict[str, FreeSeat] = {}
        self._open: set[str] = set()

    def put_ticket(
        self, ticket: WaitingTicket, excluded_until: Mapping[str, float] = NOBODY
    ) -> None:
        """The ticket waits, as it says.

        `excluded_until`: by seat, until when it may not have the ticket; beside the ticket's own
        `excluded_seats`, which holds for as long as it is not put anew.
        """
        self._tickets[ticket.id] = (ticket, excluded_until)

    def drop_ticket(self, ticket_id: str) -> None:
        """The ticket does not wait any more, if it did."""
        self._tickets.pop(ticket_id, None)

    def put_seat(self, seat: FreeSeat) -> None:
        """The seat is free, as it says."""
        self._free[seat.id] = seat

    def drop_seat(self, seat_id: str) -> None:
        """The seat is not free any more, if it was."""
        self._free.pop(seat_id, None)

    def set_open(self, seat_id: str, is_open: bool) -> None:
        """The seat takes tickets, busy or not; a ticket that it knows waits a little for it."""
        if is_open:
            self._open.add(seat_id)
        else:
            self._open.discard(seat_id)

    def pairs(self, policy: Policy, now: float, state: LineState | None = None) -> list[Pair]:
        """The pairs that can be made now, in the order of the line.

        Takes the tickets and seats of the pairs out; put them again if a pair does not come about.
        `state`: None is the one that the last call left in `self.state`.
        """
        state = self.state if state is None else state
        tickets = [
            replace(
                ticket,
                excluded_seats=ticket.excluded_seats
                | {seat for seat, until in excluded.items() if until > now},
            )
            for ticket, excluded in self._tickets.values()
        ]
        found = match(
            tickets,
            list(self._free.values()),
            policy,
            now,
            state,
            open_seats=self._open,
            after_position=self.after_position,
        )
        self.state = state
        for pair in found:
            self.after_position = self._free.pop(pair.seat_id).position
            self._tickets.pop(pair.ticket_id)
        return found

    def next_at(self) -> float:
        """When the next pair may open by time alone; infinity when none will.

        `pairs` at that moment looks at what opened; nothing opens between.
        """
        return float("inf")
