"""What the queue wants of its store: the same suite on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, insert, select
from sqlalchemy.exc import IntegrityError

from service_queue.backend import open_engine
from service_queue.errors import (
    OfferForeign,
    OfferStale,
    OperationReused,
    StoreClosed,
    StoreUnavailable,
)
from service_queue.policy import Policy
from service_queue.store import Elsewhere, Store
from service_queue.tables import (
    DayCounterRow,
    JournalRow,
    KioskRow,
    LocationRow,
    TicketRow,
    table_of,
)
from service_queue.transaction import Transaction
from signaling.protocol.commands import AcceptTicket, LeaveTicket, SaveNote, TakeTicket
from signaling.protocol.words import TicketState
from tests.support.databases import EmptyDatabase
from tests.support.hall_builder import (
    START,
    ReversingSealer,
    agent,
    fill_district,
    kiosk,
    open_district,
)

pytestmark = pytest.mark.integration

DEADLINE_S = 20.0
LOCATION = table_of(LocationRow)
JOURNAL = table_of(JournalRow)


@pytest.fixture
async def store(database: EmptyDatabase) -> AsyncIterator[Store]:
    """Return the store under test."""
    opened = Store.open(database.url)
    yield opened
    await opened.close()


def put(n: int, *, fail: bool = False) -> Callable[[Connection], int]:
    def unit(connection: Connection) -> int:
        values = {"id": f"L{n}", "name": "点位", "name_en": "", "prefix": str(n)}
        connection.execute(insert(LOCATION).values(**values, time_zone="UTC", position=n))
        if fail:
            raise ValueError(n)
        return n

    return unit


def noted(kind: str, *, fail: bool = False) -> Callable[[Connection], int]:
    def unit(connection: Connection) -> int:
        tx = Transaction(connection, now=START, policy=Policy(), sealer=ReversingSealer())
        tx.note(kind)
        tx.note(kind)
        if fail:
            raise ValueError(kind)
        return tx.seq

    return unit


def positions(connection: Connection) -> list[int]:
    return sorted(n for (n,) in connection.execute(select(LOCATION.c.position)))


def sequence(connection: Connection) -> list[int]:
    return [seq for (seq,) in connection.execute(select(JOURNAL.c.seq).order_by(JOURNAL.c.seq))]


@contextmanager
def elsewhere(url: str) -> Iterator[Connection]:
    """Somebody else's connection."""
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def commits_of(engine: Engine) -> list[int]:
    """Grows by one with every commit."""
    seen: list[int] = []
    event.listen(engine, "commit", lambda _connection: seen.append(1))
    return seen


# --- units of work ---------------------------------------------------------------------------


async def test_what_was_acknowledged_is_committed(store: Store, database: EmptyDatabase) -> None:
    for n in range(5):
        await store.write(put(n))
        with elsewhere(database.url) as other:
            assert positions(other) == list(range(n + 1))


async def test_a_unit_that_fails_undoes_only_itself(store: Store) -> None:
    results = await asyncio.gather(
        *(store.write(put(n, fail=n % 3 == 0)) for n in range(30)), return_exceptions=True
    )
    assert [isinstance(result, ValueError) for result in results] == [n % 3 == 0 for n in range(30)]
    assert await store.read(positions) == [n for n in range(30) if n % 3]


async def test_a_unit_whose_statement_fails_undoes_only_itself(store: Store) -> None:
    await store.write(put(1))
    results = await asyncio.gather(
        *(store.write(put(n)) for n in (1, 2, 1, 3)), return_exceptions=True
    )
    assert [isinstance(result, IntegrityError) for result in results] == [True, False, True, False]
    assert await store.read(positions) == [1, 2, 3]


async def test_what_waits_while_the_writer_is_busy_shares_one_commit(store: Store) -> None:
    commits, gate = commits_of(store.engine), threading.Event()
    first = asyncio.ensure_future(store.write(lambda _: gate.wait(DEADLINE_S)))
    rest = [asyncio.ensure_future(store.write(put(n))) for n in range(50)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, *rest)
    assert len(commits) <= 2
    assert await store.read(positions) == list(range(50))


async def test_followers_hear_in_commit_order_even_if_the_caller_is_gone(store: Store) -> None:
    heard: list[int] = []
    callers = [asyncio.ensure_future(store.write(put(n), heard.append)) for n in range(20)]
    await asyncio.sleep(0)
    callers[7].cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    await store.write(put(99), heard.append)
    assert heard == [*range(20), 99]
    assert await store.read(positions) == [*range(20), 99]


async def test_what_a_reader_writes_does_not_last(store: Store) -> None:
    async def try_to_write() -> None:
        await store.read(put(1))

    await asyncio.gather(try_to_write(), return_exceptions=True)
    assert await store.read(positions) == []


async def test_a_reader_sees_one_moment(store: Store, database: EmptyDatabase) -> None:
    reading, written = threading.Event(), threading.Event()

    def unit(connection: Connection) -> tuple[list[int], list[int]]:
        before = positions(connection)
        reading.set()
        assert written.wait(DEADLINE_S)
        return before, positions(connection)

    reader = asyncio.ensure_future(store.read(unit))
    assert await asyncio.to_thread(reading.wait, DEADLINE_S)
    await store.write(put(1))
    written.set()
    assert await reader == ([], [])
    assert await store.read(positions) == [1]


async def test_closing_finishes_what_was_begun_and_refuses_the_rest(
    store: Store, database: EmptyDatabase
) -> None:
    begun = [asyncio.ensure_future(store.write(put(n))) for n in range(10)]
    await asyncio.sleep(0)
    await store.close()
    await store.close()
    assert await asyncio.gather(*begun) == list(range(10))
    with pytest.raises(StoreClosed):
        await store.write(put(11))
    with pytest.raises(StoreClosed):
        await store.read(positions)
    with elsewhere(database.url) as other:
        assert positions(other) == list(range(10))


# --- outages ---------------------------------------------------------------------------------


async def test_a_database_held_by_another_process_is_an_outage_that_passes(
    database: EmptyDatabase,
) -> None:
    store = Store.open(database.url, turn_within_s=0.2)
    try:
        with elsewhere(database.url) as holder:
            with holder.begin():
                with pytest.raises(StoreUnavailable):
                    await store.write(put(1))
                assert await store.read(positions) == []
        assert await store.write(put(2)) == 2
        assert await store.read(positions) == [2]
    finally:
        await store.close()


async def test_writers_of_two_stores_wait_for_each_other(
    store: Store, database: EmptyDatabase
) -> None:
    other = Store.open(database.url)
    try:
        for some in (range(0, 20), range(20, 40)):
            await asyncio.gather(
                *((store if n % 2 else other).write(noted(f"n{n}", fail=n % 5 == 0)) for n in some),
                return_exceptions=True,
            )
        written = 2 * sum(n % 5 != 0 for n in range(40))
        assert await store.read(sequence) == list(range(1, written + 1))
    finally:
        await other.close()


# --- the journal's numbers, counters, and what others write ----------------------------------


async def test_the_journal_has_no_gaps_where_units_were_undone(store: Store) -> None:
    await asyncio.gather(
        *(store.write(noted(f"n{n}", fail=n % 2 == 0)) for n in range(20)), return_exceptions=True
    )
    assert await store.read(sequence) == list(range(1, 21))


async def test_a_counter_starts_at_one_and_an_undone_unit_gives_its_number_back(
    store: Store,
) -> None:
    def number(connection: Connection, *, fail: bool) -> int:
        tx = Transaction(connection, now=START, policy=Policy(), sealer=ReversingSealer())
        n = tx.count_up(DayCounterRow, day="2026-11-21", prefix="A")
        if fail:
            raise ValueError(n)
        return n

    results = [
        await asyncio.gather(
            store.write(lambda c, fail=fail: number(c, fail=fail)),  # type: ignore[misc]
            return_exceptions=True,
        )
        for fail in (False, True, False)
    ]
    assert [str(result) for (result,) in results] == ["1", "2", "2"]


async def test_watchers_hear_of_others_and_not_of_oneself(
    store: Store, database: EmptyDatabase
) -> None:
    heard: list[Elsewhere] = []

    def watcher(_connection: Connection, what: Elsewhere) -> Callable[[], None]:
        return lambda: heard.append(what)

    await store.write(noted("before"))
    undo = store.watch(watcher)
    await store.look()
    await store.write(noted("mine"))
    await store.look()
    assert heard == []
    other = Store.open(database.url)
    await other.write(noted("theirs"))
    await store.write(noted("mine"), lambda seq: heard.append(Elsewhere(seq, seq)))
    assert heard == [Elsewhere(4, 6), Elsewhere(8, 8)]
    undo()
    await other.write(noted("theirs"))
    await other.close()
    await store.look()
    assert len(heard) == 2


async def test_a_watcher_that_fails_keeps_nobody_from_writing_and_is_told_again(
    store: Store, database: EmptyDatabase
) -> None:
    heard: list[Elsewhere] = []

    def watcher(_connection: Connection, what: Elsewhere) -> Callable[[], None]:
        if what.until < 5:
            raise ValueError(what)
        return lambda: heard.append(what)

    store.watch(watcher)
    await store.look()
    with elsewhere(database.url) as other, other.begin():
        noted("theirs")(other)
    assert await store.write(noted("mine")) == 4
    assert await store.write(noted("mine")) == 6
    assert heard == []
    await store.look()
    assert heard == [Elsewhere(0, 6)]
    await store.look()
    assert len(heard) == 1


async def test_a_chore_is_done(store: Store) -> None:
    assert await store.chore("tidy", put(1)) == 1
    assert await store.read(positions) == [1]


# --- invariants ------------------------------------------------------------------------------


def ticket(number: int, **values: object) -> dict[str, object]:
    row = TicketRow(
        id=f"t{number}",
        day="2026-11-21",
        prefix="A",
        n=number,
        location_id="L01",
        kiosk_id=f"K{number:02d}",
        item_code="pension",
        arrived_at=START,
        state_since=START,
    )
    return row.model_dump() | values


def put_ticket(values: dict[str, object]) -> Callable[[Connection], None]:
    def unit(connection: Connection) -> None:
        connection.execute(insert(table_of(TicketRow)).values(**values))

    return unit


@pytest.mark.parametrize(
    "second",
    [
        {"kiosk_id": "K01"},
        {"state": TicketState.SERVING, "seat_id": "01"},
        {"n": 1},
    ],
    ids=["a kiosk's second open ticket", "a seat's second ticket", "a number given out twice"],
)
async def test_the_database_itself_refuses(store: Store, second: dict[str, object]) -> None:
    await store.write(lambda c: fill_district(c, locations=1, seats=2, kiosks=4))
    await store.write(put_ticket(ticket(1, state=TicketState.OFFERED, seat_id="01")))
    with pytest.raises(IntegrityError):
        await store.write(put_ticket(ticket(2, **second)))
    await store.write(put_ticket(ticket(3, state=TicketState.SERVING, seat_id="02")))


async def test_rows_come_back_as_they_were_put(store: Store) -> None:
    def unit(connection: Connection) -> None:
        tx = Transaction(connection, now=START, policy=Policy(), sealer=ReversingSealer())
        fill_district(connection, locations=1, seats=1, kiosks=1)
        tx.add(KioskRow(id="K99", location_id="L01", name="晓屋’", retired=True))
        put_back = tx.need(KioskRow, id="K99")
        assert (put_back.name, put_back.retired) == ("晓屋’", True)
        tx.add(TicketRow.model_validate(ticket(1, arrived_at=START + 0.123456789)))
        assert tx.need(TicketRow, id="t1").arrived_at == START + 0.123456789
        assert tx.need(TicketRow, id="t1").state is TicketState.WAITING

    await store.write(unit)


# --- the hall over it ------------------------------------------------------------------------


async def test_a_repeat_gets_the_same_answer_also_after_a_restart(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    command = TakeTicket(op_id="once", item_code="pension")
    async with open_district(tmp_path, url=database.url) as d:
        first = await d.hall.execute(kiosk(1), command)
        again = await asyncio.gather(*(d.hall.execute(kiosk(1), command) for _ in range(5)))
        assert again == [first] * 5
        with pytest.raises(OperationReused):
            await d.hall.execute(kiosk(1), LeaveTicket(op_id="once", ticket_id="x"))
    async with open_district(tmp_path, url=database.url) as d:
        assert await d.hall.execute(kiosk(1), command) == first
        assert len(list(d.hall.mirror.open_tickets())) == 1


async def test_a_late_and_a_foreign_accept_are_fenced(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    async with open_district(tmp_path, url=database.url) as d:
        await d.open_seat(1)
        await d.open_seat(2)
        await d.take(1)
        rings = d.hall.mirror.ticket_at_seat("01")
        assert rings is not None
        assert rings.offer_id is not None
        late = AcceptTicket(op_id="late", offer_id=rings.offer_id, epoch=rings.epoch)
        with pytest.raises(OfferForeign):
            await d.hall.execute(agent(2), late)
        d.clock.move(d.hall.policy.offer_timeout_s + 1)
        await d.hall.tick()
        with pytest.raises(OfferStale):
            await d.hall.execute(agent(1), late)
        second = d.hall.mirror.ticket_at_seat("02")
        assert second is not None
        assert second.epoch == rings.epoch + 1


async def test_a_note_is_read_back_after_a_restart(database: EmptyDatabase, tmp_path: Path) -> None:
    async with open_district(tmp_path, url=database.url) as d:
        await d.open_seat(1)
        await d.take(1)
        call_id = await d.accept(1)
        await d.hall.execute(agent(1), SaveNote(op_id=d.op(), call_id=call_id, text="材料不全"))
    async with open_district(tmp_path, url=database.url) as d:
        assert d.hall.mirror.notes[call_id] == "材料不全"
