"""What waits for the end of a turn: which rows, which columns, and in what order."""

from __future__ import annotations

import pytest

from service_queue.known_rows import KnownRows
from service_queue.pending import Moving, Pending, Puts
from service_queue.tables import CallRow, SeatRow, TicketOfferRow, TicketRow
from signaling.protocol.words import CallState, OfferOutcome, SeatState, TicketState

pytestmark = pytest.mark.unit


def ticket(n: int = 1, state: TicketState = TicketState.WAITING) -> TicketRow:
    return TicketRow(
        id=f"t{n}",
        day="2026-11-21",
        prefix="A",
        n=n,
        location_id="L",
        kiosk_id=f"K{n}",
        item_code="pension",
        arrived_at=1.0,
        state_since=1.0,
        state=state,
    )


def seat(n: int = 1) -> SeatRow:
    return SeatRow(id=f"s{n}", name="1", agent_id=f"a{n}")


def offer(n: int = 1) -> TicketOfferRow:
    return TicketOfferRow(
        id=f"o{n}", ticket_id=f"t{n}", seat_id=f"s{n}", epoch=1, offered_at=1.0, expires_at=2.0
    )


def call(n: int = 1) -> CallRow:
    return CallRow(
        id=f"o{n}",
        ticket_id=f"t{n}",
        seat_id=f"s{n}",
        kiosk_id=f"K{n}",
        agent_id=f"a{n}",
        state_since=1.0,
        started_at=1.0,
    )


def told(puts: list[Puts]) -> list[tuple[str, tuple[str, ...], list[str]]]:
    return [
        (each.model.__name__, each.columns, [change.row.id for change in each.changes])
        for each in puts
    ]


def test_who_lets_go_is_written_first_then_what_is_new_then_who_takes_hold() -> None:
    pending = Pending()
    pending.change(ticket(1), {"state": TicketState.OFFERED, "seat_id": "s2"})
    for new in (call(5), offer(5), ticket(5)):
        pending.add(new)
    pending.change(call(2), {"state": CallState.ENDED})
    pending.change(offer(2), {"outcome": OfferOutcome.ACCEPTED})
    pending.change(ticket(2, TicketState.SERVING), {"state": TicketState.COMPLETED})
    pending.change(seat(2), {"state": SeatState.RESERVED})
    assert told(list(pending.puts())) == [
        ("CallRow", ("state",), ["o2"]),
        ("TicketOfferRow", ("outcome",), ["o2"]),
        ("TicketRow", ("state",), ["t2"]),
        ("TicketRow", (), ["t5"]),
        ("TicketOfferRow", (), ["o5"]),
        ("CallRow", (), ["o5"]),
        ("TicketRow", ("seat_id", "state"), ["t1"]),
        ("SeatRow", ("state",), ["s2"]),
    ]


def test_rows_that_change_alike_are_written_by_one_text() -> None:
    pending = Pending()
    for n in (1, 2):
        pending.change(seat(n), {"state": SeatState.RESERVED, "state_since": 2.0})
    pending.change(seat(3), {"state": SeatState.RESERVED})
    assert told(list(pending.puts())) == [
        ("SeatRow", ("state", "state_since"), ["s1", "s2"]),
        ("SeatRow", ("state",), ["s3"]),
    ]
    assert [columns[:2] for _, columns, _ in told(list(pending.puts(every_column=True)))] == [
        ("name", "position")
    ]


def test_a_column_that_stays_as_it_is_is_not_written() -> None:
    pending, row = Pending(), ticket()
    pending.change(row, {"parked_until": None, "recalls": 0})
    assert not pending
    pending.change(row, {"parked_until": None, "recalls": 1})
    assert told(list(pending.puts())) == [("TicketRow", ("recalls",), ["t1"])]


def test_a_row_that_is_new_stays_new_however_it_changes() -> None:
    pending, row = Pending(), ticket()
    pending.add(row)
    pending.change(row, {"recalls": 3})
    ((model, columns, changes),) = pending.puts()
    assert (model, columns, changes[0].row.__dict__["recalls"]) == (TicketRow, (), 3)


def test_a_turn_goes_by_the_state_that_the_first_command_found() -> None:
    turn, first, second = Pending(), Pending(), Pending()
    row = ticket()
    first.change(row, {"state": TicketState.OFFERED})
    second.change(row, {"state": TicketState.SERVING, "recalls": 1})
    second.journal.append((1,))
    for unit in (first, second):
        turn.take_over(unit)
    (put,) = turn.puts()
    assert put.columns == ("recalls", "state")
    assert [(change.was, change.row) for change in put.changes] == [("waiting", row)]
    assert turn.journal == [(1,)]


def test_a_kiosks_tickets_are_known_for_as_long_as_somebody_asks_for_them() -> None:
    known = KnownRows()
    known.put(ticket())
    assert known.tickets_of("K1") is None
    known.put_kiosk("K1", ["t1"])
    to_rate = ticket(1, TicketState.COMPLETED)
    to_rate.rating_until = 9.0
    known.put(to_rate)
    assert known.tickets_of("K1") == {"t1"}
    known.put(ticket(1, TicketState.COMPLETED))
    assert known.tickets_of("K1") == set()


@pytest.mark.parametrize(
    ("row", "over"),
    [
        (ticket(1, TicketState.COMPLETED), True),
        (ticket(1, TicketState.PARKED), False),
        (offer(), False),
        (seat(), False),
        (call(), False),
    ],
    ids=["over", "parked", "ringing", "seat", "live"],
)
def test_only_what_is_over_is_forgotten_once_it_is_written(row: Moving, over: bool) -> None:
    known = KnownRows()
    known.put(row)
    known.forget_over([row])
    assert (known.row((type(row), row.id)) is None) == over


def test_a_cleared_memory_knows_nothing() -> None:
    known = KnownRows()
    known.put(seat())
    known.put_kiosk("K1", [])
    assert known.seat_of("a1") == "s1"
    known.clear()
    assert known.seat_of("a1") is None
    assert known.tickets_of("K1") is None
    assert known.row((SeatRow, "s1")) is None
