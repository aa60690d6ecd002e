"""Do the journal, the tables and the wall tell the same?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from service_queue.replay import ToldSeat, ToldTicket
from service_queue.tables import SeatRow, TicketRow
from signaling.protocol.views import WallSeat, WallTicket, WallView
from signaling.protocol.words import SeatState, SeatStatus, TicketState
from xiaowu.demo.hall_record import HallRecord
from xiaowu.demo.invariants import History, Rule, Violation

Facts = Mapping[str, tuple[object, ...]]


def table_violations(history: History, record: HallRecord) -> list[Violation]:
    """Where the tables say something else than the journal told again."""
    told_tickets = {ticket_id: _of_ticket(t) for ticket_id, t in history.tickets.items()}
    kept_tickets: Facts = {row.id: _of_ticket(row) for row in record.tickets}
    told_seats = {seat_id: (s.status, s.state) for seat_id, s in history.seats.items()}
    untouched = (ToldSeat().status, ToldSeat().state)
    kept_seats: Facts = {row.id: (row.status, row.state) for row in record.seats}
    told_calls = {
        call_id: (c.state, c.ticket_id, c.seat_id) for call_id, c in history.calls.items()
    }
    kept_calls: Facts = {row.id: (row.state, row.ticket_id, row.seat_id) for row in record.calls}
    return [
        Violation(Rule.TABLES_AGREE, what)
        for what in (
            *_differences("ticket", told_tickets, kept_tickets),
            *_differences("seat", dict.fromkeys(kept_seats, untouched) | told_seats, kept_seats),
            *_differences("call", told_calls, kept_calls),
        )
    ]


def _of_ticket(ticket: ToldTicket | TicketRow) -> tuple[object, ...]:
    return (
        *(ticket.state, ticket.kiosk_id, ticket.epoch),
        ticket.seat_id if ticket.state.is_open else None,
        *(ticket.lane, ticket.place_at, ticket.department, ticket.item_code),
        *(ticket.recalls, ticket.hand_overs, bool(ticket.green)),
    )


def wall_violations(wall: WallView, record: HallRecord) -> list[Violation]:
    """Where the wall shows something else than the tables say."""
    today = record.day_of(record.locations[0].id, wall.server_time) if record.locations else ""
    tickets = [row for row in record.tickets if row.day == today]
    states = Counter(row.state for row in tickets)
    days = {row.id: row.day for row in record.tickets}
    scores = Counter(row.score for row in record.ratings if days.get(row.ticket_id) == today)
    shown, kept = wall.today, Counter(row.location_id for row in _completed(tickets))
    counts: Facts = {
        "taken": (shown.taken, len(tickets)),
        "completed": (shown.completed, states[TicketState.COMPLETED]),
        "abandoned": (shown.abandoned, states[TicketState.ABANDONED]),
        "expired": (shown.expired, states[TicketState.EXPIRED]),
        "serving": (shown.serving, states[TicketState.SERVING]),
        "ratings": (shown.ratings, tuple(scores[score] for score in range(1, 6))),
    }
    by_seat = Counter(row.seat_id for row in _completed(tickets))
    differences = (
        *_differences(
            "wall's ticket",
            {ticket.id: _of_wall_ticket(ticket) for ticket in wall.tickets},
            {row.id: _of_ticket_row(row) for row in record.tickets if row.state.is_open},
        ),
        *_differences(
            "wall's seat",
            {seat.id: _of_wall_seat(seat) for seat in wall.seats},
            {row.id: _of_seat_row(row, by_seat[row.id]) for row in record.seats},
        ),
        *_differences(
            "wall's location",
            {place.id: (place.served_today,) for place in wall.locations},
            {row.id: (kept[row.id],) for row in record.locations},
        ),
        *(f"today's {name}: {a} shown, {b} kept" for name, (a, b) in counts.items() if a != b),
    )
    return [Violation(Rule.WALL_AGREES, what) for what in differences]


def _completed(tickets: Iterable[TicketRow]) -> Iterator[TicketRow]:
    return (row for row in tickets if row.state is TicketState.COMPLETED)


def _of_wall_ticket(ticket: WallTicket) -> tuple[object, ...]:
    return ticket.number, ticket.state, ticket.seat_id, ticket.location_id, ticket.away


def _of_ticket_row(row: TicketRow) -> tuple[object, ...]:
    return row.number, row.state, row.seat_id, row.location_id, row.away_since is not None


def _of_wall_seat(seat: WallSeat) -> tuple[object, ...]:
    return seat.status, seat.state, seat.agent_name, seat.away, seat.served_today


def _of_seat_row(row: SeatRow, served_today: int) -> tuple[object, ...]:
    status: SeatStatus = row.status
    state: SeatState = row.state
    return status, state, row.agent_name, row.away_since is not None, served_today


def _differences(noun: str, left: Facts, right: Facts) -> Iterator[str]:
    for key in sorted(left.keys() | right.keys()):
        if left.get(key) != right.get(key):
            yield f"{noun} {key}: {_words(left.get(key))}, not {_words(right.get(key))}"


def _words(facts: tuple[object, ...] | None) -> str:
    return "nothing" if facts is None else " ".join(str(fact) for fact in facts)
