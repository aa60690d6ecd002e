"""What a seat knows of its agent: skills, shift, refusals in a row, the day so far."""

from pathlib import Path

import pytest

from service_queue.errors import NotSeated, ShiftEndTooFar
from service_queue.policy import Policy
from service_queue.tables import SeatRow
from signaling.protocol.commands import (
    DeclineTicket,
    FinishWrapUp,
    OpenSeat,
    SetShiftEnd,
    SignIn,
    SignOut,
    TakeBreak,
)
from signaling.protocol.words import (
    BreakReason,
    DeclineReason,
    SeatState,
    SeatStatus,
    TicketState,
)
from tests.support.hall_builder import HallDriver, agent, open_district

pytestmark = pytest.mark.unit

POLICY = Policy(max_declines_in_row=3, decline_exclusion_s=0.5, wrap_up_s=30)


def seat_of(d: HallDriver, n: int = 1) -> SeatRow:
    return d.hall.mirror.seats[f"{n:02d}"]


def shown(d: HallDriver, n: int = 1) -> tuple[SeatStatus, BreakReason | None]:
    return seat_of(d, n).status, seat_of(d, n).break_reason


async def decline(d: HallDriver, n: int = 1) -> None:
    ticket = d.hall.mirror.ticket_at_seat(f"{n:02d}")
    assert ticket is not None
    assert ticket.offer_id is not None
    await d.hall.execute(
        agent(n),
        DeclineTicket(
            op_id=d.op(), offer_id=ticket.offer_id, epoch=ticket.epoch, reason=DeclineReason.OTHER
        ),
    )


async def set_shift_end(d: HallDriver, at: float | None, n: int = 1) -> None:
    await d.hall.execute(agent(n), SetShiftEnd(op_id=d.op(), at=at))


# --- skills ------------------------------------------------------------------------------------


async def test_a_seat_serves_what_its_agent_may_serve(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1, "pension")
        housing = await d.take(2, "housing")
        await d.open_seat(1, "住建局|税务局")
        assert d.hall.mirror.tickets[housing].seat_id == "01"
        await d.open_seat(2, "税务局")
        assert seat_of(d, 2).state is SeatState.IDLE
        await d.open_seat(3)
        assert seat_of(d, 3).state is SeatState.RESERVED
        signed_in = (await d.journal("seat.signed_in"))[0]
        assert signed_in.word("departments") == "住建局|税务局"


async def test_skills_go_with_the_agent_not_with_the_seat(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.open_seat(1, "税务局")
        await d.hall.execute(agent(1), SignOut(op_id="o"))
        await d.hall.execute(agent(2, "人社局", "zh|en"), SignIn(op_id="i", seat_id="01"))
        assert (seat_of(d).departments, seat_of(d).languages) == ("人社局", "zh|en")


# --- refusals in a row -------------------------------------------------------------------------


async def test_who_declines_again_and_again_is_put_on_break_and_told_why(tmp_path: Path) -> None:
    async with open_district(tmp_path, policy=POLICY) as d:
        await d.take(1)
        await d.open_seat(1)
        for _ in range(POLICY.max_declines_in_row - 1):
            await decline(d)
            assert seat_of(d).status is SeatStatus.AVAILABLE
            await d.pass_time(1.5)
        await decline(d)
        assert shown(d) == (SeatStatus.ON_BREAK, BreakReason.DECLINED_OFTEN)
        assert (await d.journal("seat.paused"))[-1].reason == BreakReason.DECLINED_OFTEN
        await d.hall.execute(agent(1), OpenSeat(op_id=d.op()))
        assert seat_of(d).declines_in_row == 0


async def test_an_accepted_ticket_ends_the_row_of_refusals(tmp_path: Path) -> None:
    async with open_district(tmp_path, policy=POLICY) as d:
        await d.take(1)
        await d.open_seat(1)
        for _ in range(POLICY.max_declines_in_row - 1):
            await decline(d)
            await d.pass_time(1.5)
        await d.accept(1)
        assert seat_of(d).declines_in_row == 0


# --- the end of the shift ----------------------------------------------------------------------


async def test_an_idle_seat_goes_on_break_when_its_shift_ends(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.open_seat(1)
        await set_shift_end(d, d.clock.now() + 100)
        await d.pass_time(99)
        assert shown(d) == (SeatStatus.AVAILABLE, None)
        assert d.hall.mirror.next_deadline() == d.clock.now() + 1
        await d.pass_time(1)
        assert shown(d) == (SeatStatus.ON_BREAK, BreakReason.SHIFT_OVER)
        assert seat_of(d).shift_ends_at is None
        await d.take(1)
        assert seat_of(d).state is SeatState.IDLE


@pytest.mark.parametrize("stage", ["ringing", "in_call", "wrap_up"])
async def test_a_busy_seat_finishes_its_resident_first_and_gets_no_other(
    tmp_path: Path, stage: str
) -> None:
    async with open_district(tmp_path) as d:
        ticket_id = await d.take(1)
        await d.open_seat(1)
        await set_shift_end(d, d.clock.now() + 5)
        call_id = None if stage == "ringing" else await d.serve(1)
        if stage == "wrap_up" and call_id is not None:
            await d.end_call(1, call_id)
        other = await d.take(2)
        await d.pass_time(5)
        call_id = call_id or await d.serve(1)
        if stage != "wrap_up":
            assert d.hall.mirror.tickets[ticket_id].state is TicketState.SERVING
            await d.end_call(1, call_id)
        await d.hall.execute(agent(1), FinishWrapUp(op_id=d.op(), call_id=call_id))
        assert seat_of(d).state is SeatState.IDLE
        assert shown(d) == (SeatStatus.ON_BREAK, BreakReason.SHIFT_OVER)
        assert d.hall.mirror.tickets[other].state is TicketState.WAITING


async def test_a_shift_that_is_over_already_ends_at_once(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.open_seat(1)
        await set_shift_end(d, d.clock.now() - 1)
        assert shown(d) == (SeatStatus.ON_BREAK, BreakReason.SHIFT_OVER)


async def test_a_shift_end_can_be_taken_back_and_overtime_is_free(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.open_seat(1)
        await set_shift_end(d, d.clock.now() + 100)
        await set_shift_end(d, None)
        await d.pass_time(200)
        assert shown(d) == (SeatStatus.AVAILABLE, None)
        await set_shift_end(d, d.clock.now())
        await d.hall.execute(agent(1), OpenSeat(op_id=d.op()))
        await d.pass_time(200)
        assert shown(d) == (SeatStatus.AVAILABLE, None)


async def test_saying_the_same_shift_end_twice_is_one_row(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.open_seat(1)
        until = d.clock.now() + 100
        await set_shift_end(d, until)
        await set_shift_end(d, until)
        assert [row.number("until") for row in await d.journal("seat.shift_set")] == [until]


async def test_a_shift_ends_with_its_agent(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        with pytest.raises(NotSeated):
            await set_shift_end(d, 1.0)
        await d.open_seat(1)
        with pytest.raises(ShiftEndTooFar):
            await set_shift_end(d, d.clock.now() + 2 * 86_400)
        await set_shift_end(d, d.clock.now() + 100)
        await d.hall.execute(agent(1), SignOut(op_id=d.op()))
        assert seat_of(d).shift_ends_at is None


async def test_who_is_on_break_when_the_shift_ends_is_shown_as_gone(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.open_seat(1)
        await d.hall.execute(agent(1), TakeBreak(op_id="b", reason=BreakReason.MEAL))
        await set_shift_end(d, d.clock.now() + 10)
        await d.pass_time(10)
        assert shown(d) == (SeatStatus.ON_BREAK, BreakReason.SHIFT_OVER)


# --- wrap-up and the day so far ----------------------------------------------------------------


async def test_each_item_has_its_own_time_for_wrap_up(tmp_path: Path) -> None:
    policy = Policy(wrap_up_s=30, wrap_up_items={"housing": 90})
    async with open_district(tmp_path, policy=policy) as d:
        for n, (item, wrap_up_s) in enumerate((("pension", 30), ("housing", 90)), 1):
            await d.take(n, item)
            await d.open_seat(n)
            await d.end_call(n, await d.serve(n))
            assert seat_of(d, n).wrap_up_until == d.clock.now() + wrap_up_s


async def test_a_seat_counts_the_calls_and_the_talk_of_its_day(tmp_path: Path) -> None:
    policy = Policy(wrap_up_s=1)
    async with open_district(tmp_path, policy=policy) as d:
        await d.open_seat(1)
        for talked_s in (40, 60):
            await d.take(1)
            call_id = await d.serve(1)
            d.clock.move(talked_s)
            await d.end_call(1, call_id)
            await d.pass_time(1)
        assert (seat_of(d).calls_today, seat_of(d).talk_today_s) == (2, 100)
        await d.take(1)
        await d.no_show(1, await d.serve(1))
        assert seat_of(d).calls_today == 2, "nobody was served"
        d.clock.move(86_400)
        await d.take(2)
        call_id = await d.serve(1)
        d.clock.move(5)
        await d.end_call(1, call_id)
        assert (seat_of(d).calls_today, seat_of(d).talk_today_s) == (1, 5)
