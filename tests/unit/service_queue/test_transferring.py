"""Handing a resident on: to an item, a department, a seat."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from service_queue.errors import (
    CallUnknown,
    ItemUnknown,
    NobodyServes,
    QueueError,
    SeatNotOpen,
    SeatUnknown,
    TransferToSelf,
    TransferUnclear,
)
from service_queue.policy import Policy, SeatPolicy, TransferPolicy
from signaling.protocol.commands import EndCall, TakeBreak
from signaling.protocol.words import (
    BreakReason,
    CallEndReason,
    Lane,
    SeatState,
    TicketState,
)
from tests.support.hall_builder import HallDriver, agent, open_district

pytestmark = pytest.mark.unit

SOCIAL, HOUSING = "人社局", "住建局"


async def in_call(d: HallDriver, *, item: str = "pension", connected: bool = True) -> str:
    """Kiosk 1 in a call with seat 1, which serves social matters; returns the call's id."""
    await d.take(1, item)
    await d.open_seat(1, f"{SOCIAL}|{HOUSING}")
    call_id = await d.accept(1)
    if connected:
        await d.connect(1, call_id)
    return call_id


async def test_a_hand_over_to_an_item_goes_to_who_serves_it_at_the_same_place(
    tmp_path: Path,
) -> None:
    async with open_district(tmp_path) as d:
        call_id = await in_call(d)
        before = d.hall.mirror.ticket_at_seat("01")
        assert before is not None
        await d.open_seat(2, SOCIAL)
        await d.open_seat(3, HOUSING)
        await d.hand_over(1, call_id, item="housing")
        after = d.hall.mirror.tickets[before.id]
        assert (after.state, after.seat_id) == (TicketState.OFFERED, "03")
        assert (after.item_code, after.department) == ("housing", HOUSING)
        assert (after.arrived_at, after.place_at, after.lane) == (
            before.arrived_at,
            before.place_at,
            Lane.ORDINARY,
        )
        assert after.hand_overs == 1
        assert d.hall.mirror.calls[call_id].end_reason is CallEndReason.TRANSFERRED
        assert d.hall.mirror.seats["01"].state is SeatState.WRAP_UP


async def test_a_hand_over_to_a_department_keeps_the_item(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        call_id = await in_call(d)
        await d.open_seat(3, HOUSING)
        await d.hand_over(1, call_id, department=HOUSING)
        ticket = d.hall.mirror.ticket_at_seat("03")
        assert ticket is not None
        assert (ticket.item_code, ticket.department) == ("pension", HOUSING)


async def test_a_hand_over_to_a_seat_rings_there(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        call_id = await in_call(d)
        await d.open_seat(2)
        await d.open_seat(3)
        await d.hand_over(1, call_id, seat="03")
        ticket = d.hall.mirror.ticket_at_seat("03")
        assert ticket is not None
        assert ticket.wanted_seat_id == "03"


async def busy_colleague(d: HallDriver, call_id: str) -> str:
    """Seat 2 is with kiosk 2, seat 3 is free; seat 1 hands on to seat 2. Returns the ticket."""
    ticket = d.hall.mirror.ticket_at_seat("01")
    assert ticket is not None
    await d.take(2, "pension")
    await d.open_seat(2, SOCIAL)
    theirs = await d.accept(2)
    await d.connect(2, theirs)
    await d.open_seat(3, SOCIAL)
    await d.hand_over(1, call_id, seat="02")
    return ticket.id


async def test_who_is_handed_on_to_a_busy_seat_waits_for_it_though_another_is_free(
    tmp_path: Path,
) -> None:
    policy = Policy(seats=SeatPolicy(same_seat_s=0.0), wrap_up_s=5)
    async with open_district(tmp_path, policy=policy) as d:
        ticket_id = await busy_colleague(d, await in_call(d))
        waits = d.hall.mirror.tickets[ticket_id]
        assert waits.state is TicketState.WAITING
        theirs = d.hall.mirror.ticket_at_seat("02")
        assert theirs is not None
        assert theirs.offer_id is not None
        await d.hall.execute(agent(2), EndCall(op_id="end", call_id=theirs.offer_id))
        await d.pass_time(policy.wrap_up_s)
        assert d.hall.mirror.tickets[ticket_id].seat_id == "02"


async def test_after_a_while_anybody_who_fits_takes_who_was_handed_on(tmp_path: Path) -> None:
    policy = Policy(transfer=TransferPolicy(wanted_seat_s=40.0))
    async with open_district(tmp_path, policy=policy) as d:
        ticket_id = await busy_colleague(d, await in_call(d))
        await d.pass_time(39)
        assert d.hall.mirror.tickets[ticket_id].state is TicketState.WAITING
        await d.pass_time(1)
        assert d.hall.mirror.tickets[ticket_id].seat_id == "03"


async def test_nobody_waits_for_a_wanted_seat_that_takes_a_break(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        ticket_id = await busy_colleague(d, await in_call(d))
        await d.hall.execute(agent(2), TakeBreak(op_id="b", reason=BreakReason.MEAL))
        assert d.hall.mirror.tickets[ticket_id].seat_id == "03"


async def test_after_a_drop_the_seat_that_served_last_is_asked_first(tmp_path: Path) -> None:
    """Whoever it was handed on to, or came back to, before."""
    async with open_district(tmp_path) as d:
        ticket_id = await busy_colleague(d, await in_call(d))
        await d.pass_time(60)
        await d.accept(3)
        await d.pass_time(d.hall.policy.connect_timeout_s)
        ticket = d.hall.mirror.tickets[ticket_id]
        assert ticket.returned_because == CallEndReason.NEVER_CONNECTED
        assert (ticket.seat_id, ticket.wanted_seat_id) == ("03", None)


async def test_the_seat_that_handed_it_on_does_not_get_it_back_for_a_while(tmp_path: Path) -> None:
    policy = Policy(decline_exclusion_s=120, wrap_up_items={"pension": 5}, hand_over_alarm=9)
    async with open_district(tmp_path, policy=policy) as d:
        call_id = await in_call(d)
        await d.open_seat(2, SOCIAL)
        await d.hand_over(1, call_id, department=SOCIAL)
        rings = d.hall.mirror.ticket_at_seat("02")
        assert rings is not None
        await d.hall.execute(agent(2), TakeBreak(op_id="b", reason=BreakReason.MEAL))
        await d.pass_time(policy.offer_timeout_s)
        assert d.hall.mirror.seats["01"].state is SeatState.IDLE
        assert d.hall.mirror.tickets[rings.id].state is TicketState.WAITING
        await d.pass_time(100)
        assert d.hall.mirror.ticket_at_seat("01") is not None


async def test_a_call_that_never_connected_leaves_no_wrap_up_when_handed_on(
    tmp_path: Path,
) -> None:
    async with open_district(tmp_path) as d:
        call_id = await in_call(d, connected=False)
        await d.open_seat(2)
        await d.hand_over(1, call_id, seat="02")
        assert d.hall.mirror.seats["01"].state is SeatState.IDLE


NOTHING: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("to", "refusal"),
    [
        (NOTHING, TransferUnclear),
        ({"item": "housing", "seat": "02"}, TransferUnclear),
        ({"item": "pension", "department": SOCIAL, "seat": "02"}, TransferUnclear),
        ({"item": "no-such"}, ItemUnknown),
        ({"item": "gone"}, ItemUnknown),
        ({"item": "housing"}, NobodyServes),
        ({"department": HOUSING}, NobodyServes),
        ({"department": "no-such"}, NobodyServes),
        ({"seat": "01"}, TransferToSelf),
        ({"seat": "99"}, SeatUnknown),
        ({"seat": "03"}, SeatNotOpen),
        ({"seat": "04"}, SeatNotOpen),
        ({"seat": "05"}, SeatNotOpen),
        ({"seat": "06"}, NobodyServes),
    ],
    ids=str,
)
async def test_what_cannot_be_is_refused_and_changes_nothing(
    tmp_path: Path, to: Mapping[str, str], refusal: type[QueueError]
) -> None:
    async with open_district(tmp_path, seats=6) as d:
        call_id = await in_call(d)
        await d.open_seat(2, SOCIAL)
        await d.open_seat(4)
        await d.hall.execute(agent(4), TakeBreak(op_id="b", reason=BreakReason.REST))
        await d.open_seat(5)
        await d.hall.detached(agent(5))
        await d.open_seat(6, "税务局")
        journal, tickets = await d.journal(), dict(d.hall.mirror.tickets)
        calls, seats = dict(d.hall.mirror.calls), dict(d.hall.mirror.seats)
        with pytest.raises(refusal):
            await d.hand_over(1, call_id, **to)
        assert await d.journal() == journal
        await d.hall.reload()
        assert d.hall.mirror.tickets == tickets
        assert (d.hall.mirror.calls, d.hall.mirror.seats) == (calls, seats)


async def test_only_who_has_the_resident_hands_on(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        call_id = await in_call(d)
        await d.open_seat(2)
        with pytest.raises(CallUnknown):
            await d.hand_over(2, call_id, seat="01")


async def test_where_departments_do_not_matter_any_open_seat_will_do(tmp_path: Path) -> None:
    seats = Policy().seats
    policy = Policy(seats=type(seats)(match_departments=False))
    async with open_district(tmp_path, policy=policy) as d:
        call_id = await in_call(d)
        await d.open_seat(2, "税务局")
        await d.hand_over(1, call_id, department=HOUSING)
        assert d.hall.mirror.ticket_at_seat("02") is not None


async def test_who_is_handed_round_is_reported(tmp_path: Path) -> None:
    async with open_district(tmp_path, policy=Policy(hand_over_alarm=2)) as d:
        call_id = await in_call(d)
        await d.open_seat(2)
        await d.open_seat(3)
        await d.hand_over(1, call_id, seat="02")
        assert await d.journal("ticket.handed_over_often") == []
        await d.hand_over(2, await d.serve(2), seat="03")
        reported = await d.journal("ticket.handed_over_often")
        assert [row.number("hand_overs") for row in reported] == [2]
        told = [row.seat_id for row in await d.journal("ticket.handed_over")]
        assert told == ["01", "02"]
