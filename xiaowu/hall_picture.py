"""The hall as a replay of the journal left it, for a person and for a program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table

from service_queue.replay import Replay, ToldSeat, ToldTicket
from signaling.protocol.words import CallState, SeatStatus
from xiaowu.moment import show_moment

MOST_ODDITIES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What things are called today; the journal has only their ids."""

    zone: str = "UTC"
    locations: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    seats: Mapping[str, str] = field(default_factory=dict)
    """All that there are, in their order."""


class HallPicture:
    """The hall at one moment."""

    def __init__(self, replay: Replay, names: Names, at: float) -> None:
        self._replay = replay
        self._names = names
        self._at = at

    def as_json(self) -> dict[str, Any]:
        """Everything, as one object."""
        replay = self._replay
        open_tickets = (ticket for ticket in replay.tickets.values() if ticket.state.is_open)
        return {
            "at": self._at,
            "seq": replay.seq,
            "line": [ticket.id for ticket in replay.line()],
            "tickets": [_ticket(ticket) for ticket in _by_arrival(open_tickets)],
            "ended": dict(self._ended()),
            "seats": [_seat(seat_id, seat) for seat_id, seat in self._seats()],
            "calls": [
                {
                    "id": call_id,
                    "state": call.state,
                    "ticket_id": call.ticket_id,
                    "seat_id": call.seat_id,
                    "started_at": call.started_at,
                }
                for call_id, call in replay.calls.items()
                if call.state is not CallState.ENDED
            ],
            "oddities": [{"seq": odd.seq, "what": odd.what} for odd in replay.oddities],
        }

    def as_tables(self) -> RenderableType:
        """What a person wants to see of it."""
        replay, zone = self._replay, self._names.zone
        shown: list[RenderableType] = [
            f"The hall at {show_moment(self._at, zone)} ({zone}), after row {replay.seq} of the "
            f"journal."
        ]
        if not replay.seq:
            shown.append("Nothing had happened yet.")
            return Group(*shown)
        shown += [self._line_table(), self._seat_table()]
        ended = ", ".join(f"{count} {state}" for state, count in sorted(self._ended().items()))
        shown.append(f"Tickets that had ended: {ended or 'none'}.")
        if replay.oddities:
            rows = "\n".join(f"  {odd.seq}: {odd.what}" for odd in replay.oddities[:MOST_ODDITIES])
            shown.append(f"{len(replay.oddities)} rows do not fit what came before them:\n{rows}")
        return Group(*shown)

    def _line_table(self) -> RenderableType:
        line = self._replay.line()
        others = [
            ticket
            for ticket in self._replay.tickets.values()
            if ticket.state.is_open and ticket not in line
        ]
        if not line and not others:
            return "Nobody waited, nobody was served."
        table = _table("", "Number", "Item*", "Location*", "Came", "State", "For", "Window*", "")
        for place, ticket in enumerate(line, start=1):
            table.add_row(str(place), *self._ticket_cells(ticket))
        table.add_section()
        for ticket in _by_arrival(others):
            table.add_row("", *self._ticket_cells(ticket))
        return table

    def _ticket_cells(self, ticket: ToldTicket) -> tuple[str, ...]:
        names = self._names
        return (
            ticket.number or ticket.id,
            names.items.get(ticket.item_code, ticket.item_code),
            names.locations.get(ticket.location_id, ticket.location_id),
            show_moment(ticket.arrived_at, names.zone, with_date=False),
            ticket.state,
            _span(self._at - ticket.state_since),
            names.seats.get(ticket.seat_id or "", ticket.seat_id or ""),
            "kiosk away" if ticket.away else "",
        )

    def _seat_table(self) -> RenderableType:
        seats = [
            (key, seat) for key, seat in self._seats() if seat.status is not SeatStatus.OFFLINE
        ]
        offline = len(set(self._names.seats) | set(self._replay.seats)) - len(seats)
        closed = f"Windows that were closed: {offline}."
        if not seats:
            return closed
        table = _table("Window*", "Agent", "Status", "State", "For", "Ticket", "")
        for seat_id, seat in seats:
            ticket = self._replay.tickets.get(seat.ticket_id or "")
            status = f"{seat.status} ({seat.break_reason})" if seat.break_reason else seat.status
            table.add_row(
                self._names.seats.get(seat_id, seat_id),
                seat.agent_id or "",
                status,
                seat.state,
                _span(self._at - seat.state_since) if seat.state_since else "",
                "" if ticket is None else ticket.number or ticket.id,
                "desk away" if seat.away else "",
            )
        return Group(table, closed)

    def _seats(self) -> list[tuple[str, ToldSeat]]:
        """Those the journal speaks of, in the hall's order."""
        order = {seat_id: place for place, seat_id in enumerate(self._names.seats)}
        told = self._replay.seats.items()
        return sorted(told, key=lambda one: (order.get(one[0], len(order)), one[0]))

    def _ended(self) -> Counter[str]:
        tickets = self._replay.tickets.values()
        return Counter(ticket.state.value for ticket in tickets if not ticket.state.is_open)


def _ticket(ticket: ToldTicket) -> dict[str, Any]:
    return {
        "id": ticket.id,
        "number": ticket.number,
        "state": ticket.state,
        "state_since": ticket.state_since,
        "arrived_at": ticket.arrived_at,
        "kiosk_id": ticket.kiosk_id,
        "location_id": ticket.location_id,
        "item_code": ticket.item_code,
        "seat_id": ticket.seat_id,
        "away": ticket.away,
    }


def _seat(seat_id: str, seat: ToldSeat) -> dict[str, Any]:
    return {
        "id": seat_id,
        "status": seat.status,
        "break_reason": seat.break_reason,
        "state": seat.state,
        "state_since": seat.state_since,
        "agent_id": seat.agent_id,
        "ticket_id": seat.ticket_id,
        "away": seat.away,
    }


def _by_arrival(tickets: Iterable[ToldTicket]) -> list[ToldTicket]:
    return sorted(tickets, key=lambda ticket: (ticket.arrived_at, ticket.id))


def _table(*titles: str) -> Table:
    """A table in which only the columns with a star may be broken or cut on a narrow screen."""
    table = Table()
    for title in titles:
        table.add_column(title.rstrip("*"), no_wrap=not title.endswith("*"))
    return table


def _span(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    days, left = divmod(hours, 24)
    if days:
        return f"{days} d {left} h"
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
