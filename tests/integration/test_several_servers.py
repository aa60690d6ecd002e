"""Several servers on one database at once: one line, one order, nobody twice and nobody lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from service_queue.hall import Hall
from service_queue.mirror import HallMirror
from service_queue.store import Store
from service_queue.tables import CallRow, JournalRow, TicketRow, table_of
from signaling.protocol.words import TicketState
from tests.support.crew import Crew
from tests.support.databases import EmptyDatabase
from tests.support.hall_builder import (
    HallDriver,
    HandClock,
    ReversingSealer,
    agent,
    kiosk,
    open_district,
)

pytestmark = pytest.mark.integration

JOURNAL = table_of(JournalRow)
TICKET = table_of(TicketRow)
CALL = table_of(CallRow)


@asynccontextmanager
async def two_halls(url: str, folder: Path) -> AsyncIterator[tuple[HallDriver, HallDriver]]:
    clock = HandClock()
    async with open_district(folder, url=url, clock=clock, seats=4, kiosks=8) as a:
        async with open_district(folder, url=url, clock=clock) as b:
            await both_tick(a, b)
            yield a, b


async def both_tick(*drivers: HallDriver) -> None:
    """Twice: what one writes when it looks, the other sees when it looks again."""
    for _ in range(2):
        for driver in drivers:
            await driver.hall.tick()


async def kinds(store: Store) -> Counter[str]:
    def unit(connection: Connection) -> Counter[str]:
        return Counter(kind for (kind,) in connection.execute(select(JOURNAL.c.kind)))

    return await store.read(unit)


def check_history(connection: Connection) -> None:
    """The journal has no gaps; every ticket was served once, under a number of its own."""
    rows = connection.execute(select(JOURNAL).order_by(JOURNAL.c.seq)).all()
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    accepted = Counter(row.ticket_id for row in rows if row.kind == "ticket.accepted")
    tickets = connection.execute(select(TICKET)).all()
    assert accepted == Counter(ticket.id for ticket in tickets)
    assert {ticket.state for ticket in tickets} == {TicketState.COMPLETED}
    numbers = Counter((ticket.day, ticket.prefix, ticket.n) for ticket in tickets)
    assert set(numbers.values()) == {1}
    calls = connection.execute(select(CALL).order_by(CALL.c.started_at)).all()
    assert Counter(call.ticket_id for call in calls) == accepted


async def check_picture(hall: Hall) -> None:
    """The picture that followed is the one that would be loaded."""
    await hall.refresh()
    followed, now = hall.mirror, hall.clock.now()
    loaded = await hall.store.write(
        lambda c: HallMirror.load(c, hall.policy, ReversingSealer(), now)
    )
    for name in ("seq", "seats", "tickets", "offers", "calls", "notes"):
        assert getattr(loaded, name) == getattr(followed, name), name
    assert loaded.tally(now) == followed.tally(now)


async def test_each_sees_what_the_other_commits(database: EmptyDatabase, tmp_path: Path) -> None:
    async with two_halls(database.url, tmp_path) as (a, b):
        ticket_id = await a.take(1)
        await b.hall.refresh()
        assert b.hall.mirror.tickets[ticket_id].state is TicketState.WAITING
        await b.open_seat(1)
        await a.hall.refresh()
        assert a.hall.mirror.tickets[ticket_id].state is TicketState.OFFERED
        call_id = await b.accept(1)
        await b.connect(1, call_id)
        for each in (a, b):
            await check_picture(each.hall)


async def test_what_others_did_is_followed_before_what_one_does_next(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    async with two_halls(database.url, tmp_path) as (a, b):
        heard: list[str] = []
        b.hall.subscribe(lambda changes: heard.extend(ticket.id for ticket in changes.tickets))
        theirs = await a.take(1)
        own = await b.take(2)
        assert heard == [theirs, own]


async def test_nobody_is_served_twice_and_nobody_is_lost(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    async with two_halls(database.url, tmp_path) as (a, b):
        here = Crew(a.hall, name="a", on_answer=lambda *_: a.clock.move(0.01))
        there = Crew(b.hall, name="b", on_answer=lambda *_: a.clock.move(0.01))
        async with here.at_seats(1, 2), there.at_seats(3, 4):
            tickets = await asyncio.gather(
                here.visit([1, 2, 3, 4], visits=6), there.visit([5, 6, 7, 8], visits=6)
            )
        assert len({ticket for some in tickets for ticket in some}) == 48
        await a.hall.store.read(check_history)
        for each in (a, b):
            await check_picture(each.hall)


async def test_a_deadline_is_kept_once(database: EmptyDatabase, tmp_path: Path) -> None:
    async with two_halls(database.url, tmp_path) as (a, b):
        await a.open_seat(1)
        await b.take(1)
        a.clock.move(a.hall.policy.offer_timeout_s + 1)
        await asyncio.gather(a.hall.tick(), b.hall.tick())
        await both_tick(a, b)
        seen = await kinds(a.hall.store)
        assert seen["ticket.returned"] == 1
        assert seen["seat.paused"] == 1


async def test_a_server_that_starts_puts_nobody_out_of_another(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    clock = HandClock()
    async with open_district(tmp_path, url=database.url, clock=clock, keep_deadlines=False) as a:
        await a.hall.attached(kiosk(1))
        await a.hall.attached(agent(1))
        await a.open_seat(1)
        ticket_id = await a.take(1)
        async with open_district(
            tmp_path, url=database.url, clock=clock, keep_deadlines=False
        ) as b:
            assert b.hall.mirror.tickets[ticket_id].away_since is not None
            await both_tick(a, b)
            for each in (a, b):
                assert each.hall.mirror.tickets[ticket_id].away_since is None
                assert each.hall.mirror.seats["01"].away_since is None


async def test_whoever_moves_to_another_server_is_not_away(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    async with two_halls(database.url, tmp_path) as (a, b):
        await a.hall.attached(kiosk(1))
        ticket_id = await a.take(1)
        await b.hall.refresh()
        await b.hall.attached(kiosk(1))
        await a.hall.detached(kiosk(1))
        assert a.hall.mirror.tickets[ticket_id].away_since is not None
        await both_tick(b, a)
        for each in (a, b):
            assert each.hall.mirror.tickets[ticket_id].away_since is None


async def test_a_server_that_is_lost_leaves_its_people_their_grace(
    postgres: EmptyDatabase, tmp_path: Path
) -> None:
    clock = HandClock()
    async with open_district(tmp_path, url=postgres.url, clock=clock) as a:
        await a.hall.attached(kiosk(1))
        mine = await a.take(1)
        async with open_district(tmp_path, url=postgres.url, clock=clock) as b:
            await both_tick(a, b)
            await b.hall.attached(kiosk(2))
            theirs = await b.take(2)
        clock.move(5)
        await both_tick(a)
        assert (await kinds(a.hall.store))["server.lost"] == 1
        assert a.hall.mirror.tickets[mine].away_since is None
        assert a.hall.mirror.tickets[theirs].away_since == clock.now()
        clock.move(5)
        await both_tick(a)
        assert (await kinds(a.hall.store))["server.lost"] == 1
