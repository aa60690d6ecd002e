"""Real processes on one PostgreSQL, one of them killed in the middle of its work."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select

from service_queue.policy import Policy
from service_queue.tables import JournalRow, TicketRow, table_of
from signaling.protocol.words import TicketState
from tests.support.crew_process import CrewProcess, Shift
from tests.support.databases import EmptyDatabase
from tests.support.hall_builder import open_district

pytestmark = pytest.mark.integration

JOURNAL = table_of(JournalRow)

ANSWERS_WITHIN_S = 60.0
LOOK_EVERY_S = 0.05
HEARD_BEFORE_THE_KILL = 6
IMPATIENT = Policy(offer_timeout_s=3.0, call_away_grace_s=3.0)
"""What was at the killed server's seats goes back to the line soon."""

SHIFTS = [
    Shift(name="a", kiosks=(1, 2, 3), seats=(1, 2), visits=12, policy=IMPATIENT),
    Shift(name="b", kiosks=(4, 5, 6), seats=(3, 4), visits=12, policy=IMPATIENT),
    Shift(name="c", kiosks=(7, 8, 9), seats=(5, 6), visits=10_000, policy=IMPATIENT),
]


def work_until_served(survivors: list[CrewProcess], victim: CrewProcess) -> None:
    while len(victim.taken) < HEARD_BEFORE_THE_KILL:
        assert victim.hear(ANSWERS_WITHIN_S)
    victim.kill()
    for each in (victim, *survivors):
        while each.hear(ANSWERS_WITHIN_S):
            pass


def wait_until_it_is_missed(url: str) -> None:
    """A survivor writes down that a server is gone."""
    lost = select(JOURNAL.c.seq).where(JOURNAL.c.kind == "server.lost")
    engine, begun = create_engine(url.replace(":", "+psycopg:", 1)), time.monotonic()
    try:
        while True:
            with engine.connect() as connection:
                if connection.execute(lost).first() is not None:
                    return
            assert time.monotonic() - begun < ANSWERS_WITHIN_S, "nobody missed it"
            time.sleep(LOOK_EVERY_S)
    finally:
        engine.dispose()


async def test_three_servers_of_which_one_is_killed(
    postgres: EmptyDatabase, tmp_path: Path
) -> None:
    async with open_district(tmp_path, url=postgres.url, seats=6, kiosks=9):
        pass
    *survivors, victim = crews = [CrewProcess(postgres.url, shift) for shift in SHIFTS]
    try:
        await asyncio.to_thread(work_until_served, survivors, victim)
        await asyncio.to_thread(wait_until_it_is_missed, postgres.url)
    finally:
        for each in crews:
            await asyncio.to_thread(each.dismiss)
    async with open_district(tmp_path, url=postgres.url) as d:
        rows = await d.hall.store.read(
            lambda c: c.execute(select(JOURNAL).order_by(JOURNAL.c.seq)).all()
        )
        tickets = await d.hall.store.read(lambda c: c.execute(select(table_of(TicketRow))).all())
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1)), "the journal has gaps"

    kept = {ticket.id: ticket for ticket in tickets}
    told = [answer for each in crews for answer in each.taken]
    numbers = Counter((kept[each.ticket_id].day, each.number) for each in told)
    assert set(numbers.values()) == {1}, "two residents were told the same number"
    for each in survivors:
        assert len(each.taken) == 36
        states = {kept[answer.ticket_id].state for answer in each.taken}
        assert states == {TicketState.COMPLETED}, "somebody was lost"

    moves = defaultdict(list)
    for row in rows:
        if row.kind in {"ticket.accepted", "ticket.returned", "ticket.completed"}:
            moves[row.ticket_id].append(row.kind.removeprefix("ticket."))
    for ticket_id, steps in moves.items():
        assert "accepted accepted" not in " ".join(steps), f"{ticket_id} was at two seats at once"
        assert steps.count("completed") <= 1, f"{ticket_id} was served twice"
