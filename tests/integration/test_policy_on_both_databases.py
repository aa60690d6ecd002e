"""A policy is applied, followed, explained and taken back alike on SQLite and on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection

from service_queue.explanation import explain_ticket, find_ticket
from service_queue.line_reader import read_line
from service_queue.policy import FairnessPolicy, Policy, Ring, Scope, SeatPolicy, SeatStrategy
from service_queue.policy_file import write_policy
from service_queue.policy_store import apply_policy, history, read_in_force, roll_back
from service_queue.preview import preview
from service_queue.store import Store
from service_queue.transaction import Transaction
from signaling.protocol.words import Language, TicketState
from tests.support.databases import EmptyDatabase
from tests.support.hall_builder import HandClock, ReversingSealer, open_district

pytestmark = pytest.mark.integration

LATER_S = 600.0
HOME_FIRST = Policy(
    name="home first",
    seats=SeatPolicy(
        strategy=SeatStrategy.ROUND_ROBIN,
        rings=(Ring(after_s=0.0, scope=Scope.HOME), Ring(after_s=LATER_S, scope=Scope.ANYONE)),
    ),
    fairness=FairnessPolicy(max_behind_s=300.0),
)


def console(connection: Connection, clock: HandClock) -> Transaction:
    return Transaction(
        connection, now=clock.now(), policy=Policy(), sealer=ReversingSealer(), actor="console"
    )


async def test_a_policy_goes_its_way(database: EmptyDatabase, tmp_path: Path) -> None:
    async with open_district(tmp_path, url=database.url, keep_deadlines=False) as driver:
        hall, clock = driver.hall, driver.clock
        text = write_policy(HOME_FIRST)
        first = await hall.apply_policy("agent:boss", lambda tx: apply_policy(tx, text))
        assert (first.version.id, hall.policy) == (1, HOME_FIRST)

        ticket_id = await driver.take(1)
        await driver.open_seat(1)
        ticket = hall.mirror.tickets[ticket_id]
        assert ticket.state is TicketState.WAITING, "the window is nobody's own: later"
        explained = await hall.store.read(
            lambda c: explain_ticket(
                c, find_ticket(c, ticket.number, clock.now()), hall.policy, clock.now()
            )
        )
        assert "1个空闲窗口，10分钟后也可以接您" in explained.text[Language.ZH]

        seen = await hall.store.read(lambda c: read_line(c, clock.now(), hall.policy, Policy()))
        found = preview(seen, hall.policy, Policy())
        assert [(offer.ticket_id, offer.seat_id) for offer in found.offers] == [(ticket_id, "01")]

        other = Store.open(database.url)
        try:
            await other.write(
                lambda c: apply_policy(console(c, clock), write_policy(Policy(name="open")))
            )
        finally:
            await other.close()
        await hall.tick()
        assert hall.policy.name == hall.mirror.policy.name == "open"
        clock.move(2.0)
        await hall.tick()
        assert hall.mirror.tickets[ticket_id].state is TicketState.OFFERED

        back = await hall.apply_policy("agent:boss", lambda tx: roll_back(tx, 1))
        assert (back.version.id, back.version.name) == (3, "home first")
        rows = await hall.store.read(history)
        assert [(row.id, row.applied_by) for row in rows] == [
            (3, "agent:boss"),
            (2, "console"),
            (1, "agent:boss"),
        ]
        now = clock.now()
        again = await hall.store.read(lambda c: read_in_force(c, Policy(), now))
        assert (again.version, again.policy) == (3, HOME_FIRST)


async def test_what_a_new_policy_lets_through_is_offered_with_it(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    async with open_district(
        tmp_path, url=database.url, policy=HOME_FIRST, keep_deadlines=False
    ) as driver:
        ticket_id = await driver.take(1)
        await driver.open_seat(1)
        assert driver.hall.mirror.tickets[ticket_id].state is TicketState.WAITING
        text = write_policy(Policy())
        await driver.hall.apply_policy("agent:boss", lambda tx: apply_policy(tx, text))
        assert driver.hall.mirror.tickets[ticket_id].state is TicketState.OFFERED
