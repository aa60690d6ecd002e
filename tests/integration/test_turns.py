"""Commands that share a commit: what one did the next sees, and a failure undoes only its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, select, update

from service_queue import line
from service_queue.errors import TransitionRefused
from service_queue.line import open_ticket
from service_queue.policy import Policy
from service_queue.store import Store
from service_queue.tables import DayCounterRow, JournalRow, SeatRow, TicketRow, table_of
from service_queue.ticket import TicketEvent
from service_queue.transaction import Transaction
from service_queue.turn import Reach
from signaling.protocol.words import SeatStatus, TicketEndReason, TicketState
from tests.support.databases import EmptyDatabase
from tests.support.hall_builder import START, ReversingSealer, fill_district

pytestmark = pytest.mark.integration

T = TypeVar("T")
Unit = Callable[[Transaction], Any]

DEADLINE_S = 20.0
TICKET = table_of(TicketRow)
SEAT = table_of(SeatRow)
JOURNAL = table_of(JournalRow)


@pytest.fixture
async def store(database: EmptyDatabase) -> AsyncIterator[Store]:
    """Return a store on a filled database that looks at what others write, as a hall's does."""
    opened = Store.open(database.url)
    opened.watch(lambda _connection, _elsewhere: lambda: None)
    await opened.write(lambda c: fill_district(c, locations=1, seats=3, kiosks=4))
    yield opened
    await opened.close()


def transaction(connection: Connection) -> Transaction:
    return Transaction(connection, now=START, policy=Policy(), sealer=ReversingSealer())


async def command(store: Store, unit: Callable[[Transaction], T]) -> T:
    """As the hall carries one out."""
    return await store.write(lambda c: unit(transaction(c)), reach=Reach.ROWS)


async def one_turn(store: Store, *units: Unit) -> list[Any]:
    """Commands that share one commit; exceptions in the place of results."""
    gate = threading.Event()
    first = asyncio.ensure_future(store.write(lambda _: gate.wait(DEADLINE_S), reach=Reach.ASIDE))
    rest = [asyncio.ensure_future(command(store, unit)) for unit in units]
    await asyncio.sleep(0)
    gate.set()
    await first
    return await asyncio.gather(*rest, return_exceptions=True)


def ticket(n: int, kiosk: int | None = None) -> TicketRow:
    return TicketRow(
        id=f"t{n}",
        day="2026-11-21",
        prefix="A",
        n=n,
        location_id="L01",
        kiosk_id=f"K{kiosk or n:02d}",
        item_code="pension",
        arrived_at=START,
        state_since=START,
    )


def take(n: int, kiosk: int | None = None) -> Unit:
    def unit(tx: Transaction) -> int:
        tx.add(ticket(n, kiosk))
        tx.note("ticket.taken", ticket_id=f"t{n}")
        return tx.seq

    return unit


def offer(n: int, seat_id: str) -> Unit:
    def unit(tx: Transaction) -> TicketState:
        row = tx.need(TicketRow, id=f"t{n}")
        tx.move_ticket(row, TicketEvent.OFFER, seat_id=seat_id, epoch=row.epoch + 1)
        return row.state

    return unit


def failing(unit: Unit) -> Unit:
    def whole(tx: Transaction) -> None:
        unit(tx)
        raise ValueError

    return whole


def states(tx: Transaction) -> dict[str, TicketState]:
    return {row.id: row.state for row in tx.every(TicketRow, select(TICKET))}


async def kept(store: Store) -> dict[str, str]:
    """The tickets of the database."""
    return await store.read(
        lambda c: {row.id: row.state for row in c.execute(select(TICKET.c.id, TICKET.c.state))}
    )


async def numbers(store: Store) -> list[int]:
    return await store.read(
        lambda c: [seq for (seq,) in c.execute(select(JOURNAL.c.seq).order_by(JOURNAL.c.seq))]
    )


async def test_what_one_command_did_the_next_of_the_turn_sees(store: Store) -> None:
    def look(tx: Transaction) -> tuple[Any, Any]:
        row = tx.find(TicketRow, id="t1")
        return (row and row.state), tx.find(TicketRow, id="t2")

    results = await one_turn(store, take(1), look, offer(1, "01"), look)
    assert results == [1, ("waiting", None), "offered", ("offered", None)]
    assert await kept(store) == {"t1": "offered"}


async def test_a_command_that_fails_leaves_nothing_to_those_that_follow(store: Store) -> None:
    await command(store, take(1))
    results = await one_turn(
        store, failing(offer(1, "01")), failing(take(2)), offer(1, "02"), take(3)
    )
    assert [type(result) for result in results[:2]] == [ValueError, ValueError]
    assert results[2:] == ["offered", 2]
    assert await kept(store) == {"t1": "offered", "t3": "waiting"}
    assert await numbers(store) == [1, 2]


async def test_a_command_that_asks_the_database_finds_what_was_done_before(store: Store) -> None:
    def take_and_look(tx: Transaction) -> dict[str, TicketState]:
        take(2)(tx)
        return states(tx)

    results = await one_turn(store, take(1), states, take_and_look, failing(take_and_look), states)
    assert results[1] == {"t1": "waiting"}
    assert results[2] == {"t1": "waiting", "t2": "waiting"}
    assert isinstance(results[3], Exception)
    assert results[4] == results[2]
    assert await kept(store) == results[2]


async def test_a_command_that_asked_the_database_is_undone_as_a_whole(store: Store) -> None:
    def in_three_parts(tx: Transaction) -> None:
        tx.count_up(DayCounterRow, day="2026-11-21", prefix="A")
        take(1)(tx)
        states(tx)
        offer(1, "01")(tx)
        tx.count_up(DayCounterRow, day="2026-11-21", prefix="A")

    def count(tx: Transaction) -> int:
        return tx.count_up(DayCounterRow, day="2026-11-21", prefix="A")

    results = await one_turn(store, count, failing(in_three_parts), count, in_three_parts, count)
    assert [results[0], results[2], results[4]] == [1, 2, 5]
    assert await kept(store) == {"t1": "offered"}
    assert await numbers(store) == [1]


async def test_what_the_database_refuses_undoes_only_the_command_that_wanted_it(
    store: Store,
) -> None:
    results = await one_turn(store, take(1, kiosk=1), take(2, kiosk=1), take(3), offer(3, "01"))
    assert results[0] == 1
    assert "Unique" in type(results[1]).__name__ or "Integrity" in type(results[1]).__name__
    assert results[2:] == [2, "offered"]
    assert await kept(store) == {"t1": "waiting", "t3": "offered"}
    assert await numbers(store) == [1, 2]


async def test_a_kiosk_and_an_agent_are_found_before_anything_is_written(store: Store) -> None:
    def sit(tx: Transaction) -> None:
        tx.set_seat(tx.need(SeatRow, id="02"), agent_id="a7")

    def sits(tx: Transaction) -> str | None:
        seat = tx.find(SeatRow, agent_id="a7")
        return None if seat is None else seat.id

    def stand_up(tx: Transaction) -> str | None:
        tx.set_seat(tx.need(SeatRow, agent_id="a7"), agent_id=None)
        return sits(tx)

    def held(tx: Transaction) -> str | None:
        found = open_ticket(tx, "K01")
        return None if found is None else found.id

    def give_up(tx: Transaction) -> None:
        end = TicketEndReason.RESIDENT_LEFT
        line.end(tx, tx.need(TicketRow, id="t1"), TicketEvent.LEAVE, end)

    units = (held, take(1), held, sits, sit, sits, stand_up, sits, give_up, held)
    results = await one_turn(store, *units)
    assert results == [None, 1, "t1", None, None, "02", None, None, None, None]
    results = await one_turn(store, sit, take(2, kiosk=1), held, sits)
    assert results[2:] == ["t2", "02"]
    await store.write(lambda _: None)
    assert await one_turn(store, held, sits, stand_up, held) == ["t2", "02", None, "t2"]


async def test_a_seat_changes_hands_within_a_turn(store: Store) -> None:
    def release(tx: Transaction) -> None:
        tx.move_ticket(tx.need(TicketRow, id="t1"), TicketEvent.OFFER_FELL, seat_id=None)

    await one_turn(store, take(1), take(2), offer(1, "01"))
    assert await one_turn(store, release, offer(2, "01"), offer(1, "02")) == [
        None,
        "offered",
        "offered",
    ]
    assert await kept(store) == {"t1": "offered", "t2": "offered"}


async def test_a_row_changed_behind_the_turn_is_noticed_before_the_commit(store: Store) -> None:
    await one_turn(store, take(1), take(2))
    over = update(TICKET).where(TICKET.c.id == "t1").values(state=TicketState.COMPLETED)
    # It says that it leaves the line alone, and does not.
    await store.write(lambda c: c.execute(over), reach=Reach.ASIDE)
    results = await one_turn(store, offer(1, "01"), offer(2, "02"))
    assert isinstance(results[0], TransitionRefused)
    assert results[1] == "offered"
    assert await kept(store) == {"t1": "completed", "t2": "offered"}


async def test_what_a_unit_changed_by_statements_of_its_own_is_read_again(store: Store) -> None:
    def sits(tx: Transaction) -> str | None:
        seat = tx.find(SeatRow, agent_id="a9")
        return None if seat is None else seat.id

    def sit_at(seat_id: str) -> Callable[[Connection], Any]:
        values = {"agent_id": "a9", "status": SeatStatus.AVAILABLE}
        return lambda c: c.execute(update(SEAT).where(SEAT.c.id == seat_id).values(**values))

    def stand_up(connection: Connection) -> None:
        connection.execute(update(SEAT).values(agent_id=None, status=SeatStatus.OFFLINE))

    assert await command(store, sits) is None
    for seat_id in ("01", "02"):
        await store.write(sit_at(seat_id))
        assert await command(store, sits) == seat_id
        await store.write(stand_up)
        assert await command(store, sits) is None


async def test_what_another_server_changed_is_read_again(
    store: Store, database: EmptyDatabase
) -> None:
    other = Store.open(database.url)
    other.watch(lambda _connection, _elsewhere: lambda: None)
    try:

        def counted(tx: Transaction) -> int:
            tx.note("counted")
            return tx.count_up(DayCounterRow, day="2026-11-21", prefix="A")

        def moved(tx: Transaction) -> int:
            row = tx.need(TicketRow, id="t1")
            tx.set_ticket(row, recalls=row.recalls + 1)
            tx.note("moved", ticket_id="t1")
            return row.recalls

        await command(store, take(1))
        seen = [await command(each, counted) for each in (store, other) * 3]
        assert seen == [1, 2, 3, 4, 5, 6]
        seen = [await command(each, moved) for each in (store, other, other) * 2]
        assert seen == [1, 2, 3, 4, 5, 6]
    finally:
        await other.close()
