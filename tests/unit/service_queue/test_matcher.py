"""The index that the hall's writer keeps: whatever happens, the database is the truth."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, update

from service_queue import offering
from service_queue.actor import SYSTEM
from service_queue.errors import StoreUnavailable
from service_queue.line_tables import LineCounterRow
from service_queue.matcher import Matcher
from service_queue.policy import FairnessPolicy, GreenPolicy, Policy, Ring, Scope, SeatPolicy
from service_queue.policy import SeatStrategy as Strategy
from service_queue.tables import (
    AFTER_POSITION,
    STARTS_SINCE_GREEN,
    KioskRow,
    SeatRow,
    TicketRow,
    table_of,
)
from service_queue.transaction import Transaction
from signaling.protocol.commands import (
    DeclineTicket,
    EndCall,
    FinishWrapUp,
    OpenSeat,
    SignOut,
    TakeBreak,
)
from signaling.protocol.errors import Refusal
from signaling.protocol.words import (
    BreakReason,
    DeclineReason,
    GreenReason,
    MediaReport,
    SeatState,
    SeatStatus,
    TicketState,
)
from tests.support.hall_builder import HallDriver, ReversingSealer, agent, kiosk, open_district

pytestmark = pytest.mark.unit

_seat = table_of(SeatRow)

RINGS = Policy(
    seats=SeatPolicy(
        rings=(Ring(after_s=0.0, scope=Scope.HOME), Ring(after_s=40.0, scope=Scope.ANYONE)),
        level_after_s=15.0,
        same_seat_s=10.0,
    )
)


async def overlooked(d: HallDriver) -> list[tuple[str, str]]:
    """Pairs that could be made by what the database says, and were not."""

    def unit(connection: Connection) -> list[tuple[str, str]]:
        tx = Transaction(
            connection, now=d.clock.now(), policy=d.hall.policy, sealer=ReversingSealer()
        )
        return [(ticket.id, seat.id) for ticket, seat in Matcher().pairs(tx)]

    return await d.hall.store.write(unit)


async def counter(d: HallDriver, name: str) -> int | None:
    def unit(connection: Connection) -> int | None:
        counters = table_of(LineCounterRow)
        found: int | None = connection.execute(
            select(counters.c.n).where(counters.c.name == name)
        ).scalar()
        return found

    return await d.hall.store.read(unit)


async def set_windows(d: HallDriver, seat_id: str, **values: object) -> None:
    """Change a seat as the import does, beside the hall."""
    await d.hall.store.write(
        lambda c: c.execute(update(_seat).where(_seat.c.id == seat_id).values(**values))
    )
    await d.hall.reload()


def ringing(d: HallDriver, n: int) -> str | None:
    """The ticket that rings at seat n."""
    ticket = d.hall.mirror.ticket_at_seat(f"{n:02d}")
    return None if ticket is None else ticket.id


async def random_step(d: HallDriver, chance: random.Random) -> None:
    n, seat = chance.randrange(1, 7), chance.randrange(1, 4)
    ticket = d.hall.mirror.ticket_at_seat(f"{seat:02d}")
    match chance.randrange(12):
        case 0 | 1 | 2:
            green = chance.choice([None, None, GreenReason.ELDERLY])
            await d.take(n, chance.choice(["pension", "help"]), green=green)
        case 3:
            gone = d.hall.mirror.ticket_of_kiosk(f"K{n:02d}")
            await d.leave(n, gone.id if gone is not None else "none")
        case 4:
            await d.open_seat(seat)
        case 5:
            await d.hall.execute(agent(seat), OpenSeat(op_id=d.op()))
        case 6 if ticket is not None and ticket.state is TicketState.OFFERED:
            command = DeclineTicket(
                op_id=d.op(),
                offer_id=ticket.offer_id or "",
                epoch=ticket.epoch,
                reason=DeclineReason.OTHER,
            )
            await d.hall.execute(agent(seat), command)
        case 7 if ticket is not None and ticket.state is TicketState.OFFERED:
            await d.serve(seat)
        case 8 if ticket is not None and ticket.state is TicketState.SERVING:
            await d.end_call(seat, ticket.offer_id or "")
        case 9:
            wrapped = d.hall.mirror.seats[f"{seat:02d}"].wrap_up_call_id
            await d.hall.execute(agent(seat), FinishWrapUp(op_id=d.op(), call_id=wrapped or "none"))
        case 10:
            await (d.hall.detached if chance.random() < 0.5 else d.hall.attached)(kiosk(n))
        case _:
            await d.pass_time(chance.choice([0.5, 5.0, 20.0]))


@pytest.mark.parametrize("policy", [Policy(), RINGS], ids=["pooled", "rings"])
@pytest.mark.parametrize("seed", range(2))
async def test_after_a_random_day_the_index_overlooks_nobody(
    tmp_path: Path, seed: int, policy: Policy
) -> None:
    chance = random.Random(seed)
    async with open_district(tmp_path, keep_deadlines=False, policy=policy) as d:
        for n in (1, 2, 3):
            await set_windows(d, f"{n:02d}", location_id=f"L{n:02d}", level=n)
        for _ in range(80):
            with contextlib.suppress(Refusal):
                await random_step(d, chance)
            await d.pass_time(1.0)
            assert await overlooked(d) == []


async def test_a_unit_that_fails_after_it_matched_leaves_the_pair_to_the_next(
    tmp_path: Path,
) -> None:
    async with open_district(tmp_path, keep_deadlines=False) as d:
        ticket_id = await d.take(1)
        await d.open_seat(1)
        await d.hall.execute(agent(1), TakeBreak(op_id=d.op(), reason=BreakReason.REST))
        await d.pass_time(30.0)
        assert ringing(d, 1) is None

        def open_and_fail(tx: Transaction) -> None:
            tx.set_seat(tx.need(SeatRow, id="01"), status=SeatStatus.AVAILABLE)
            assert offering.match_all(tx) == 1
            raise KeyError("after the offer was made")

        with pytest.raises(KeyError, match="after the offer"):
            await d.hall._write(open_and_fail, SYSTEM)
        assert d.hall.mirror.tickets[ticket_id].state is TicketState.WAITING
        await d.hall.execute(agent(1), OpenSeat(op_id=d.op()))
        assert ringing(d, 1) == ticket_id


async def test_a_commit_that_failed_is_not_in_the_index(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_district(tmp_path, keep_deadlines=False) as d:
        ticket_id = await d.take(1)

        def open_and_fail_at_the_commit(tx: Transaction) -> None:
            tx.set_seat(tx.need(SeatRow, id="01"), status=SeatStatus.AVAILABLE)
            assert offering.match_all(tx) == 1
            tx.connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            nowhere = KioskRow(id="K99", location_id="nowhere", name="").model_dump()
            tx.connection.execute(insert(table_of(KioskRow)).values(nowhere))

        with pytest.raises(StoreUnavailable):
            await d.hall._write(open_and_fail_at_the_commit, SYSTEM)
        assert "commit failed" in caplog.text
        assert d.hall.mirror.tickets[ticket_id].state is TicketState.WAITING
        await d.open_seat(2)
        assert ringing(d, 2) == ticket_id


async def test_what_another_process_wrote_is_matched_here(tmp_path: Path) -> None:
    async with (
        open_district(tmp_path, keep_deadlines=False) as here,
        open_district(tmp_path, keep_deadlines=False, clock=here.clock) as there,
    ):
        await here.open_seat(1)
        await here.hall.execute(agent(1), TakeBreak(op_id="b", reason=BreakReason.REST))
        first = await there.take(1)
        second = await there.take(2)
        await here.hall.execute(agent(1), OpenSeat(op_id="o"))
        assert ringing(here, 1) == first
        await there.leave(1, first)
        await here.pass_time(0.0)
        assert ringing(here, 1) == second


async def test_seats_changed_beside_the_hall_are_read_anew(tmp_path: Path) -> None:
    policy = Policy(seats=SeatPolicy(rings=(Ring(after_s=0.0, scope=Scope.HOME),)))
    async with open_district(tmp_path, keep_deadlines=False, policy=policy) as d:
        await d.open_seat(1)
        ticket_id = await d.take(1)
        assert ringing(d, 1) is None
        await set_windows(d, "01", location_id="L01")
        await d.pass_time(1.0)
        assert ringing(d, 1) == ticket_id


async def test_a_ring_opens_by_time_alone(tmp_path: Path) -> None:
    async with open_district(tmp_path, keep_deadlines=False, policy=RINGS) as d:
        await d.open_seat(1)
        ticket_id = await d.take(1)
        await d.pass_time(38.0)
        assert ringing(d, 1) is None
        await d.pass_time(1.0)
        assert ringing(d, 1) == ticket_id


async def test_a_seat_that_declined_is_asked_again_when_its_time_is_over(tmp_path: Path) -> None:
    async with open_district(tmp_path, keep_deadlines=False) as d:
        await d.open_seat(1)
        ticket_id = await d.take(1)
        offered = d.hall.mirror.tickets[ticket_id]
        await d.hall.execute(
            agent(1),
            DeclineTicket(
                op_id="d",
                offer_id=offered.offer_id or "",
                epoch=offered.epoch,
                reason=DeclineReason.OTHER,
            ),
        )
        await d.pass_time(d.hall.policy.decline_exclusion_s - 1.0)
        assert ringing(d, 1) is None
        await d.pass_time(1.0)
        assert ringing(d, 1) == ticket_id


async def test_the_quota_of_the_green_channel_survives_a_restart(tmp_path: Path) -> None:
    policy = Policy(green=GreenPolicy(one_in=3))
    async with open_district(tmp_path, keep_deadlines=False, policy=policy, kiosks=8) as d:
        ordinary = [await d.take(n) for n in (1, 2, 3)]
        green = [await d.take(n, green=GreenReason.ELDERLY) for n in (4, 5)]
        assert await counter(d, STARTS_SINCE_GREEN) is None
        await d.open_seat(1)
        assert ringing(d, 1) == green[0]
        assert await counter(d, STARTS_SINCE_GREEN) == 0
    async with open_district(tmp_path, keep_deadlines=False, policy=policy, clock=d.clock) as d:
        for n in range(1, 9):
            await d.hall.attached(kiosk(n))
        await d.hall.attached(agent(1))
        await d.open_seat(2)
        await d.open_seat(3)
        assert [ringing(d, 2), ringing(d, 3)] == ordinary[:2]
        assert await counter(d, STARTS_SINCE_GREEN) == 2
        await d.leave(4, green[0])
        assert ringing(d, 1) == green[1]


async def test_round_robin_goes_on_after_a_restart(tmp_path: Path) -> None:
    policy = Policy(seats=SeatPolicy(strategy=Strategy.ROUND_ROBIN))
    async with open_district(tmp_path, keep_deadlines=False, policy=policy) as d:
        for n in (3, 1, 2):
            await d.open_seat(n)
        await d.take(1)
        assert ringing(d, 1) is not None
        assert await counter(d, AFTER_POSITION) == 1
    async with open_district(tmp_path, keep_deadlines=False, policy=policy, clock=d.clock) as d:
        for n in (1, 2, 3):
            await d.hall.attached(agent(n))
        await d.take(2)
        assert ringing(d, 2) is not None
        await d.take(3)
        assert ringing(d, 3) is not None


async def test_a_location_that_fell_behind_gets_a_head_start(tmp_path: Path) -> None:
    policy = Policy(fairness=FairnessPolicy(max_behind_s=30.0))
    async with open_district(
        tmp_path, keep_deadlines=False, policy=policy, kiosks=12, locations=2
    ) as d:
        # Kiosks of odd numbers stand at L01, the others at L02: three long waits, three short ones.
        late = [await d.take(n) for n in (1, 3, 5)]
        await d.pass_time(600.0)
        await d.open_seat(1)

        async def serve_all(tickets: list[str]) -> None:
            for ticket_id in tickets:
                assert ringing(d, 1) == ticket_id
                call_id = await d.serve(1)
                await d.hall.execute(agent(1), EndCall(op_id=d.op(), call_id=call_id))
                await d.hall.execute(agent(1), FinishWrapUp(op_id=d.op(), call_id=call_id))

        await serve_all(late)
        for n in (2, 4, 6):
            await serve_all([await d.take(n)])
        await d.hall.execute(agent(1), TakeBreak(op_id=d.op(), reason=BreakReason.REST))
        await d.pass_time(60.0)
        first = await d.take(8)
        behind = await d.take(7)
        await d.hall.execute(agent(1), OpenSeat(op_id=d.op()))
        assert ringing(d, 1) == behind
        await d.leave(7, behind)
        assert ringing(d, 1) == first


async def test_a_dropped_call_comes_back_first_and_waits_a_little_for_its_seat(
    tmp_path: Path,
) -> None:
    async with open_district(tmp_path, keep_deadlines=False, policy=RINGS) as d:
        await set_windows(d, "01", location_id="L01")
        await d.open_seat(1)
        dropped = await d.take(1)
        call_id = await d.serve(1)
        await d.report(kiosk(1), call_id, MediaReport.STALLED)
        await d.hall.execute(agent(1), TakeBreak(op_id=d.op(), reason=BreakReason.REST))
        await d.pass_time(d.hall.policy.stalled_timeout_s)
        assert d.hall.mirror.tickets[dropped].state is TicketState.WAITING
        assert d.hall.mirror.seats["01"].state is SeatState.IDLE
        await d.open_seat(2)
        # Its seat is on break: nobody waits for that.
        assert ringing(d, 2) == dropped


async def test_signing_out_and_in_keeps_the_index_in_step(tmp_path: Path) -> None:
    async with open_district(tmp_path, keep_deadlines=False) as d:
        await d.open_seat(1)
        await d.hall.execute(agent(1), SignOut(op_id=d.op()))
        ticket_id = await d.take(1)
        assert ringing(d, 1) is None
        await d.open_seat(1, "别的部门")
        await d.pass_time(5.0)
        assert ringing(d, 1) is None
        await d.hall.execute(agent(1), SignOut(op_id=d.op()))
        await d.open_seat(1, "别的部门|人社局")
        assert ringing(d, 1) == ticket_id


async def test_a_pair_that_the_rows_deny_is_not_offered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_district(tmp_path, keep_deadlines=False) as d:
        first, second = await d.take(1), await d.take(2)
        await d.open_seat(1)
        assert ringing(d, 1) == first

        def leave_unseen(connection: Connection) -> None:
            tickets = table_of(TicketRow)
            ended = update(tickets).where(tickets.c.id == second)
            connection.execute(ended.values(state=TicketState.ABANDONED))

        await d.hall.store.write(leave_unseen)
        third = await d.take(3)
        await d.open_seat(2)
        assert ringing(d, 2) == third
        assert "not in step" in caplog.text
