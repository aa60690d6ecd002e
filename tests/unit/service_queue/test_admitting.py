"""Opening hours, the last ticket, caps, and closing time with people still waiting."""

import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from service_queue import entering
from service_queue.errors import CapReached, LastTicketGone, LocationClosed, QueueError
from service_queue.policy import CapPolicy, HoursPolicy, Policy
from service_queue.transaction import Transaction
from signaling.protocol.commands import SetShiftEnd, SignOut
from signaling.protocol.words import SeatState, TicketEndReason, TicketState
from tests.support.hall_builder import (
    HallDriver,
    HandClock,
    ReversingSealer,
    agent,
    open_district,
)

pytestmark = pytest.mark.unit

OFFICE = HoursPolicy(
    opens="09:00", closes="17:00", last_ticket="16:30", days=frozenset({0, 1, 2, 3, 4})
)


def monday(hour: int, minute: int = 0, *, day: int = 16) -> float:
    zone = ZoneInfo("Asia/Shanghai")
    return datetime.datetime(2025, 6, day, hour, minute, tzinfo=zone).timestamp()


def policy(*, finish_waiting: bool = True) -> Policy:
    return Policy(
        hours=HoursPolicy(
            opens=OFFICE.opens,
            closes=OFFICE.closes,
            last_ticket=OFFICE.last_ticket,
            days=OFFICE.days,
            finish_waiting=finish_waiting,
        ),
        waiting_kiosk_grace_s=1e9,
    )


async def refused(d: HallDriver, refusal: type[QueueError], item: str = "pension") -> None:
    """No ticket is given, and nothing at all was changed by asking."""
    before = (await d.journal(), dict(d.hall.mirror.tickets))
    with pytest.raises(refusal):
        await d.take(1, item)
    assert (await d.journal(), d.hall.mirror.tickets) == before


# --- the door ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "refusal"),
    [
        (monday(8, 59), LocationClosed),
        (monday(9), None),
        (monday(16, 30), None),
        (monday(16, 31), LastTicketGone),
        (monday(17), LocationClosed),
        (monday(12, day=15), LocationClosed),
    ],
    ids=["early", "opens", "last", "after the last", "closed", "sunday"],
)
async def test_tickets_are_given_out_in_the_opening_hours(
    tmp_path: Path, moment: float, refusal: type[QueueError] | None
) -> None:
    async with open_district(tmp_path, policy=policy(), clock=HandClock(moment)) as d:
        if refusal is None:
            await d.take(1)
        else:
            await refused(d, refusal)


async def test_who_has_an_appointment_needs_no_last_ticket_and_no_free_place(
    tmp_path: Path,
) -> None:
    strict = Policy(hours=policy().hours, caps=CapPolicy(per_location=0, items={"housing": 0}))
    async with open_district(tmp_path, policy=strict, clock=HandClock(monday(9))) as d:

        def make(tx: Transaction) -> str:
            due_at = monday(16, 45)
            return entering.make_appointment(
                tx, item_code="housing", location_id="L01", due_at=due_at
            ).code

        code = await d.hall.store.write(
            lambda c: make(Transaction(c, now=monday(9), policy=strict, sealer=ReversingSealer()))
        )
        d.clock.move(monday(16, 40) - d.clock.now())
        await refused(d, LastTicketGone)
        d.clock.move(monday(17) - d.clock.now())
        with pytest.raises(LocationClosed):
            await d.take(1, None, code=code)
        d.clock.move(monday(16, 50) - d.clock.now())
        await d.take(1, None, code=code)


async def test_a_location_gives_out_so_many_tickets_a_day(tmp_path: Path) -> None:
    capped = Policy(caps=CapPolicy(per_location=2))
    async with open_district(tmp_path, policy=capped, locations=2, kiosks=6) as d:
        ticket_id = await d.take(1)
        await d.take(3)
        await d.leave(1, ticket_id)
        await refused(d, CapReached)
        await d.take(2)
        d.clock.move(86_400)
        await d.take(1)


async def test_an_item_is_given_out_so_often_a_day_over_all_locations(tmp_path: Path) -> None:
    capped = Policy(caps=CapPolicy(items={"housing": 2}))
    async with open_district(tmp_path, policy=capped) as d:
        await d.take(2, "housing")
        await d.take(3, "housing")
        await refused(d, CapReached, "housing")
        await d.take(1, "pension")


# --- closing time ------------------------------------------------------------------------------


async def test_at_closing_time_those_who_wait_are_still_served(tmp_path: Path) -> None:
    async with open_district(tmp_path, policy=policy(), clock=HandClock(monday(16))) as d:
        await d.open_seat(1)
        serving, waiting, parked = await d.take(1), await d.take(2), await d.take(3)
        await d.step_away(3, parked)
        call_id = await d.serve(1)
        d.clock.move(monday(17) - d.clock.now() - 10)
        await d.come_back(3, parked)
        await d.pass_time(20)
        assert d.hall.mirror.tickets[waiting].state is TicketState.WAITING
        assert d.hall.mirror.next_deadline() > d.clock.now(), "the sweep must not spin"
        await d.end_call(1, call_id)
        await d.pass_time(d.hall.policy.wrap_up_s)
        assert d.hall.mirror.tickets[waiting].state is TicketState.OFFERED
        assert d.hall.mirror.tickets[serving].state is TicketState.COMPLETED


@pytest.mark.parametrize("leaves", ["signs out", "ends the shift"])
async def test_when_the_last_window_is_gone_after_closing_time_nobody_waits_for_ever(
    tmp_path: Path, leaves: str
) -> None:
    async with open_district(tmp_path, policy=policy(), clock=HandClock(monday(16))) as d:
        await d.open_seat(1, "税务局")
        waiting, parked = await d.take(1), await d.take(2)
        d.clock.move(monday(17) - d.clock.now() - 10)
        await d.step_away(2, parked)
        await d.pass_time(20)
        assert d.hall.mirror.tickets[waiting].state is TicketState.WAITING
        if leaves == "signs out":
            await d.hall.execute(agent(1), SignOut(op_id="o"))
        else:
            await d.hall.execute(agent(1), SetShiftEnd(op_id="s", at=d.clock.now()))
        assert d.hall.mirror.next_deadline() <= d.clock.now()
        await d.hall.tick()
        for ticket_id in (waiting, parked):
            over = d.hall.mirror.tickets[ticket_id]
            assert (over.state, over.end_reason) == (
                TicketState.EXPIRED,
                TicketEndReason.SERVICE_CLOSED,
            )
        told = await d.journal("ticket.expired")
        assert [row.number("waited_s") for row in told] == [
            d.clock.now() - d.hall.mirror.tickets[row.ticket_id or ""].arrived_at for row in told
        ]
        assert d.hall.mirror.next_deadline() > d.clock.now()


async def test_where_nobody_is_kept_after_closing_time_the_line_ends_and_calls_go_on(
    tmp_path: Path,
) -> None:
    strict = policy(finish_waiting=False)
    async with open_district(tmp_path, policy=strict, clock=HandClock(monday(16))) as d:
        await d.open_seat(1)
        serving = await d.take(1)
        call_id = await d.serve(1)
        d.clock.move(monday(16, 29) - d.clock.now())
        offered, waiting = await d.take(2), await d.take(3)
        d.clock.move(monday(17) - d.clock.now() - 2)
        await d.open_seat(2)
        assert d.hall.mirror.tickets[offered].state is TicketState.OFFERED
        assert d.hall.mirror.next_deadline() <= monday(17)
        await d.pass_time(1)
        for ticket_id in (offered, waiting):
            reason = d.hall.mirror.tickets[ticket_id].end_reason
            assert reason is TicketEndReason.SERVICE_CLOSED
        assert d.hall.mirror.tickets[serving].state is TicketState.SERVING
        assert d.hall.mirror.seats["02"].state is SeatState.IDLE
        assert d.hall.mirror.offers.keys() == {call_id}


async def test_who_was_left_over_from_yesterday_is_told_in_the_morning(tmp_path: Path) -> None:
    async with open_district(tmp_path, policy=policy(), clock=HandClock(monday(16))) as d:
        ticket_id = await d.take(1)
    async with open_district(tmp_path, policy=policy(), clock=HandClock(monday(8, day=17))) as d:
        await d.hall.tick()
        assert d.hall.mirror.tickets[ticket_id].end_reason is TicketEndReason.SERVICE_CLOSED
