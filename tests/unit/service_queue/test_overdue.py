"""Whatever stands still is found by the database alone, reported once, and put right."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from service_queue.matcher import Matcher
from service_queue.overdue import Overdue, OverdueKind, find_overdue
from service_queue.policy import Policy, Ring, Scope, SeatPolicy
from service_queue.tables import CallRow, SeatRow, TicketOfferRow, TicketRow, table_of
from service_queue.transaction import Transaction
from service_queue.wall_alerts import wall_alerts
from signaling.protocol.commands import DeclineTicket, FinishWrapUp
from signaling.protocol.words import DeclineReason, TicketState
from tests.support.hall_builder import HallDriver, ReversingSealer, agent, kiosk, open_district

pytestmark = pytest.mark.unit


async def look(d: HallDriver) -> set[OverdueKind]:
    """What stands still by what the database says."""
    found = await d.hall.store.read(
        lambda c: find_overdue(
            Transaction(c, now=d.clock.now(), policy=d.hall.policy, sealer=ReversingSealer())
        )
    )
    return {each.kind for each in found}


async def unseen(d: HallDriver, statement: Any) -> None:
    """Write beside the hall, so that neither its index nor its picture knows."""
    await d.hall.store.write(lambda c: c.execute(statement))


async def test_a_hall_that_works_has_nothing_overdue(tmp_path: Path) -> None:
    async with open_district(tmp_path, keep_deadlines=False) as d:
        await d.open_seat(1)
        await d.take(1)
        await d.take(2)
        call_id = await d.serve(1)
        for _ in range(4):
            await d.pass_time(6.0)
            assert await look(d) == set()
        await d.end_call(1, call_id)
        for _ in range(30):
            await d.pass_time(6.0)
            assert await look(d) == set()
        assert d.hall.overdue == {}
        assert await d.journal("alarm.raised") == []


async def test_a_pair_that_everything_overlooked_is_reported_and_made(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_district(tmp_path, keep_deadlines=False) as d:
        await d.open_seat(1)
        d.clock.move(10.0)
        await d.hall.tick()
        ticket = TicketRow(
            id="T",
            day="2025-06-15",
            prefix="A",
            n=99,
            location_id="L01",
            kiosk_id="K01",
            item_code="pension",
            department="人社局",
            arrived_at=d.clock.now(),
            place_at=d.clock.now(),
            state_since=d.clock.now(),
        )
        await unseen(d, insert(table_of(TicketRow)).values(ticket.model_dump()))
        await d.pass_time(4.0)
        assert d.hall.overdue == {}
        await d.pass_time(5.0)
        fault = Overdue(kind=OverdueKind.UNMATCHED, ticket_id="T", seat_id="01")
        assert set(d.hall.overdue) == {fault}
        alarm = (await d.journal("alarm.raised"))[0]
        assert (alarm.reason, alarm.ticket_id, alarm.seat_id) == ("unmatched", "T", "01")
        assert "overdue" in caplog.text
        await d.hall.reload()
        assert d.hall.mirror.tickets["T"].state is TicketState.OFFERED
        await d.pass_time(5.0)
        assert d.hall.overdue == {}
        assert len(await d.journal("alarm.raised")) == 1


async def test_what_only_now_became_possible_is_not_overdue(tmp_path: Path) -> None:
    policy = Policy(seats=SeatPolicy(rings=(Ring(after_s=60.0, scope=Scope.ANYONE),)))
    async with open_district(tmp_path, keep_deadlines=False, policy=policy) as d:
        await d.open_seat(1)
        await d.take(1)
        d.clock.move(62.0)
        assert await look(d) == set()
        d.clock.move(5.0)
        assert await look(d) == {OverdueKind.UNMATCHED}


async def test_a_seat_that_declined_is_not_overdue_for_that_ticket(tmp_path: Path) -> None:
    async with open_district(tmp_path, keep_deadlines=False) as d:
        await d.open_seat(1)
        ticket_id = await d.take(1)
        offered = d.hall.mirror.tickets[ticket_id]
        decline = DeclineTicket(
            op_id="d",
            offer_id=offered.offer_id or "",
            epoch=offered.epoch,
            reason=DeclineReason.OTHER,
        )
        await d.hall.execute(agent(1), decline)
        d.clock.move(d.hall.policy.decline_exclusion_s + 4.0)
        assert await look(d) == set()
        d.clock.move(2.0)
        assert await look(d) == {OverdueKind.UNMATCHED}


async def test_each_state_past_its_deadline_is_found(tmp_path: Path) -> None:
    async with open_district(tmp_path, keep_deadlines=False) as d:
        for n in (1, 2, 3):
            await d.open_seat(n)
        for n in (1, 2, 3, 4):
            await d.take(n)
        lost = await d.serve(2)
        ended = await d.serve(3)
        await d.end_call(3, ended)
        await d.hall.detached(kiosk(4))
        offers, calls = table_of(TicketOfferRow), table_of(CallRow)
        late = d.clock.now() - 1000.0
        assert await look(d) == set()
        await unseen(d, update(offers).where(offers.c.outcome.is_(None)).values(expires_at=late))
        assert await look(d) == {OverdueKind.LEASE}
        stalled = update(calls).where(calls.c.id == lost)
        await unseen(d, stalled.values(state="reconnecting", state_since=late))
        assert await look(d) == {OverdueKind.LEASE, OverdueKind.CALL}
        tickets = table_of(TicketRow)
        away = update(tickets).where(tickets.c.kiosk_id == "K04")
        await unseen(d, away.values(away_since=late))
        seats = table_of(SeatRow)
        wrapping = update(seats).where(seats.c.wrap_up_until.is_not(None))
        await unseen(d, wrapping.values(wrap_up_until=late))
        everything = {*OverdueKind} - {OverdueKind.UNMATCHED}
        assert await look(d) == everything
        await d.pass_time(5.0)
        kinds = Counter(alert.kind for alert in wall_alerts(d.hall.mirror, d.clock.now()))
        assert kinds["overdue"] == len(d.hall.overdue) > 0
        await d.pass_time(5.0)
        assert d.hall.overdue == {}
        assert all(alert.kind != "overdue" for alert in wall_alerts(d.hall.mirror, d.clock.now()))
        assert {alarm.reason for alarm in await d.journal("alarm.raised")} <= everything


async def test_an_index_that_lost_a_seat_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_district(tmp_path, keep_deadlines=False) as d:
        await d.take(1)
        call_id = None
        await d.open_seat(1)
        call_id = await d.serve(1)
        await d.end_call(1, call_id)
        waiting = await d.take(2)
        with monkeypatch.context() as broken:
            broken.setattr(Matcher, "_put_seat", lambda *_: None)
            await d.hall.execute(agent(1), FinishWrapUp(op_id="f", call_id=call_id))
        await d.pass_time(5.0)
        await d.pass_time(5.0)
        assert [alarm.reason for alarm in await d.journal("alarm.raised")] == ["unmatched"]
        assert d.hall.mirror.tickets[waiting].state is TicketState.OFFERED
