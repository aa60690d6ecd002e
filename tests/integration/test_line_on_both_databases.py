"""Codes, caps, recalls, hand-overs, shifts and closing time, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from service_queue.consult_tables import ConsultRow
from service_queue.errors import CapReached, CodeUsed, ColleagueInvited, LocationClosed
from service_queue.policy import CapPolicy, HoursPolicy, ParkPolicy, Policy
from service_queue.tables import table_of
from signaling.protocol.commands import FinishWrapUp, HandCallOver, SetShiftEnd
from signaling.protocol.words import (
    BreakReason,
    GreenReason,
    Lane,
    TicketEndReason,
    TicketState,
)
from tests.support.databases import EmptyDatabase
from tests.support.hall_builder import HandClock, agent, open_district

pytestmark = pytest.mark.integration

MORNING = datetime.datetime(2025, 6, 16, 9, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
POLICY = Policy(
    hours=HoursPolicy(opens="09:00", closes="10:00", finish_waiting=False),
    caps=CapPolicy(per_location=4, items={"housing": 1}),
    park=ParkPolicy(recall_after_s=60, setback_s=180),
    waiting_kiosk_grace_s=1e6,
    call_away_grace_s=1e6,
    idle_seat_grace_s=1e6,
)


async def test_a_warm_hand_over(database: EmptyDatabase, tmp_path: Path) -> None:
    clock = HandClock(MORNING)
    async with open_district(
        tmp_path, url=database.url, policy=POLICY, clock=clock, keep_deadlines=False
    ) as d:
        first = await d.take(1)
        await d.open_seat(1, "人社局")
        call_id = await d.serve(1)
        await d.open_seat(2, "*")
        consult = await d.invite(1, call_id, item="housing")
        with pytest.raises(ColleagueInvited):
            await d.invite(1, call_id, seat="02")
        with pytest.raises(IntegrityError):
            await d.hall.store.write(lambda connection: _invite_again(connection, consult))
        await d.hall.reload()
        await d.join(2, consult, kiosk_n=1)
        await d.hall.reload()
        await d.hall.execute(agent(1), HandCallOver(op_id="h", consult_id=consult.id))
        again = await d.hall.execute(agent(1), HandCallOver(op_id="h", consult_id=consult.id))
        assert again.op_id == "h"
        ticket = d.hall.mirror.tickets[first]
        assert (ticket.seat_id, ticket.offer_id, ticket.hand_overs) == ("02", consult.id, 1)
        await d.end_call(2, consult.id)
        assert d.hall.mirror.tickets[first].end_reason is TicketEndReason.SERVED


def _invite_again(connection: Connection, consult: ConsultRow) -> None:
    """What no command does: a second invitation into the same call."""
    row = consult.model_dump() | {"id": "second", "desks_id": "second desks"}
    connection.execute(insert(table_of(ConsultRow)).values(**row))


async def test_a_morning_in_the_line(database: EmptyDatabase, tmp_path: Path) -> None:
    clock = HandClock(MORNING)
    async with open_district(
        tmp_path, url=database.url, policy=POLICY, clock=clock, keep_deadlines=False
    ) as d:
        tickets, seats = d.hall.mirror.tickets, d.hall.mirror.seats
        first = await d.take(1, green=GreenReason.ELDERLY)
        await d.open_seat(1, "人社局")
        await d.open_seat(2, "住建局")
        await d.take(2, "housing")
        await d.serve(2)
        with pytest.raises(CapReached):
            await d.take(3, "housing")

        await d.no_show(1, await d.serve(1))
        assert tickets[first].state is TicketState.PARKED
        await d.pass_time(60)
        assert (tickets[first].lane, tickets[first].seat_id) == (Lane.RECALLED, "01")

        call_id = await d.serve(1)
        given = await d.return_code(1, call_id)
        assert (await d.return_code(1, call_id)).code == given.code
        await d.hand_over(1, call_id, department="住建局")
        assert tickets[first].department == "住建局"
        await d.leave(1, first)
        back = await d.take(4, None, code=given.code)
        assert (tickets[back].lane, tickets[back].wanted_seat_id) == (Lane.RETURNED, "01")
        with pytest.raises(CodeUsed):
            await d.take(3, None, code=given.code)

        await d.hall.execute(agent(1), SetShiftEnd(op_id="s", at=clock.now() + 10))
        await d.hall.execute(agent(1), FinishWrapUp(op_id="f", call_id=call_id))
        assert tickets[back].seat_id == "01"
        await d.pass_time(10)
        assert seats["01"].break_reason is BreakReason.SHIFT_OVER

        await d.pass_time(MORNING + 3500 - clock.now())
        away = await d.take(3)
        await d.step_away(3, away)
        await d.pass_time(MORNING + 3600 - clock.now())
        assert tickets[away].end_reason is TicketEndReason.SERVICE_CLOSED
        assert d.hall.mirror.seats["02"].state == "in_call", "the call goes on"
        with pytest.raises(LocationClosed):
            await d.take(5)
        followed = dict(tickets)
        await d.hall.reload()
        assert {key: d.hall.mirror.tickets[key] for key in followed} == followed
