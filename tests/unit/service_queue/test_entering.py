"""Taking a ticket with a return code, with an appointment, through the green channel."""

import datetime
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from service_queue import entering
from service_queue.entry_code import check_digit, is_well_formed
from service_queue.errors import (
    AppointmentOutOfRange,
    AppointmentUnknown,
    CallUnknown,
    CodeElsewhere,
    CodeExpired,
    CodeTooEarly,
    CodeUnknown,
    CodeUsed,
    ItemUnknown,
    LocationUnknown,
    QueueError,
    TicketAlreadyOpen,
)
from service_queue.line_tables import EntryCodeRow
from service_queue.policy import AppointmentPolicy, GreenPolicy, Policy, ReturnPolicy
from service_queue.tables import table_of
from service_queue.transaction import Transaction
from signaling.protocol.commands import GiveReturnCode
from signaling.protocol.words import GreenReason, Lane
from tests.support.hall_builder import (
    HallDriver,
    HandClock,
    ReversingSealer,
    agent,
    open_district,
)

pytestmark = pytest.mark.unit

T = TypeVar("T")
NOON = datetime.datetime(2025, 6, 16, 12, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
HOUR, DAY = 3600.0, 86_400.0


async def write(d: HallDriver, unit: Callable[[Transaction], T]) -> T:
    return await d.hall.store.write(
        lambda c: unit(
            Transaction(c, now=d.clock.now(), policy=d.hall.policy, sealer=ReversingSealer())
        )
    )


async def appointment(
    d: HallDriver, due_at: float, location: str = "L01", item: str = "housing"
) -> EntryCodeRow:
    return await write(
        d,
        lambda tx: entering.make_appointment(
            tx, item_code=item, location_id=location, due_at=due_at
        ),
    )


async def codes(d: HallDriver) -> list[EntryCodeRow]:
    table = table_of(EntryCodeRow)
    return await write(d, lambda tx: tx.every(EntryCodeRow, select(table)))


async def test_a_return_code_brings_back_to_the_same_matter_and_the_same_seat(
    tmp_path: Path,
) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1, "housing")
        await d.open_seat(1)
        call_id = await d.serve(1)
        given = await d.return_code(1, call_id)
        assert is_well_formed(given.code)
        assert given.valid_until == d.clock.now() + d.hall.policy.returns.valid_s
        await d.end_call(1, call_id)
        d.clock.move(2 * DAY)
        ticket = d.hall.mirror.tickets[await d.take(5, None, code=given.code)]
        assert (ticket.item_code, ticket.department) == ("housing", "住建局")
        assert (ticket.lane, ticket.wanted_seat_id) == (Lane.RETURNED, "01")
        assert ticket.place_at == ticket.arrived_at
        used = await d.journal("entry_code.used")
        assert [(row.ticket_id, row.reason) for row in used] == [(ticket.id, "return")]


async def test_a_second_wish_in_the_same_call_gives_the_same_code(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1)
        await d.open_seat(1)
        call_id = await d.serve(1)
        first = await d.return_code(1, call_id)
        again = await d.return_code(1, call_id)
        assert (first.code, first.valid_until) == (again.code, again.valid_until)
        same = GiveReturnCode(op_id=first.op_id, call_id=call_id)
        assert await d.hall.execute(agent(1), same) == first
        assert len(await codes(d)) == 1
        assert len(await d.journal("return_code.given")) == 1


async def test_no_code_stands_in_the_journal(tmp_path: Path) -> None:
    async with open_district(tmp_path, clock=HandClock(NOON)) as d:
        await d.take(1)
        await d.open_seat(1)
        await d.return_code(1, await d.serve(1))
        entry = await appointment(d, NOON + HOUR)
        await d.take(4, None, code=entry.code)
        told = "".join(str(row) for row in await d.journal())
        assert all(row.code not in told for row in await codes(d))


async def test_only_who_has_the_resident_gives_a_code(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1)
        await d.open_seat(1)
        await d.open_seat(2)
        call_id = await d.serve(1)
        seq = d.hall.mirror.seq
        with pytest.raises(CallUnknown):
            await d.return_code(2, call_id)
        await d.end_call(1, call_id)
        with pytest.raises(CallUnknown):
            await d.return_code(1, call_id)
        assert await codes(d) == []
        assert next(row.kind for row in await d.journal() if row.seq > seq) == "call.ended"


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda code: str((int(code) + 10**7) % 10**8).zfill(8), CodeUnknown),
        (lambda code: (drawn := str(int(code[:7]) ^ 1).zfill(7)) + check_digit(drawn), CodeUnknown),
    ],
    ids=["mistyped", "guessed"],
)
async def test_a_wrong_code_is_unknown(
    tmp_path: Path, change: Callable[[str], str], refusal: type[QueueError]
) -> None:
    async with open_district(tmp_path, clock=HandClock(NOON)) as d:
        entry = await appointment(d, NOON + HOUR)
        await refused(d, 1, change(entry.code), refusal)


async def refused(d: HallDriver, kiosk_no: int, code: str, refusal: type[QueueError]) -> None:
    """The code is refused, and nothing at all was changed by that."""
    before = (await d.journal(), await codes(d), dict(d.hall.mirror.tickets))
    with pytest.raises(refusal):
        await d.take(kiosk_no, None, code=code)
    assert (await d.journal(), await codes(d), d.hall.mirror.tickets) == before


async def test_a_code_is_good_once(tmp_path: Path) -> None:
    async with open_district(tmp_path, clock=HandClock(NOON)) as d:
        entry = await appointment(d, NOON + HOUR)
        await d.take(1, None, code=entry.code)
        await refused(d, 4, entry.code, CodeUsed)


async def test_a_refused_ticket_leaves_the_code_as_it_was(tmp_path: Path) -> None:
    async with open_district(tmp_path, clock=HandClock(NOON)) as d:
        entry = await appointment(d, NOON + HOUR)
        ticket_id = await d.take(1)
        await refused(d, 1, entry.code, TicketAlreadyOpen)
        await d.leave(1, ticket_id)
        await d.take(1, None, code=entry.code)


async def test_a_return_code_ends(tmp_path: Path) -> None:
    policy = Policy(returns=ReturnPolicy(valid_s=HOUR))
    async with open_district(tmp_path, policy=policy) as d:
        await d.take(1)
        await d.open_seat(1)
        call_id = await d.serve(1)
        given = await d.return_code(1, call_id)
        await d.end_call(1, call_id)
        d.clock.move(HOUR)
        await refused(d, 2, given.code, CodeExpired)


async def test_an_appointment_is_for_its_place_and_its_day(tmp_path: Path) -> None:
    async with open_district(tmp_path, clock=HandClock(NOON)) as d:
        tomorrow = await appointment(d, NOON + DAY)
        await refused(d, 1, tomorrow.code, CodeTooEarly)
        today = await appointment(d, NOON + HOUR)
        await refused(d, 2, today.code, CodeElsewhere)
        d.clock.move(12 * HOUR)
        await refused(d, 1, today.code, CodeExpired)
        await d.take(4, None, code=tomorrow.code)


@pytest.mark.parametrize(
    ("minutes", "lane"),
    [
        (-31, Lane.ORDINARY),
        (-30, Lane.APPOINTMENT),
        (0, Lane.APPOINTMENT),
        (15, Lane.APPOINTMENT),
        (16, Lane.ORDINARY),
    ],
)
async def test_an_appointment_counts_in_its_window_else_the_arrival(
    tmp_path: Path, minutes: int, lane: Lane
) -> None:
    policy = Policy(appointments=AppointmentPolicy(early_s=1800, late_s=900))
    due_at = NOON + HOUR
    async with open_district(tmp_path, clock=HandClock(NOON), policy=policy) as d:
        entry = await appointment(d, due_at)
        d.clock.move(HOUR + minutes * 60)
        ticket = d.hall.mirror.tickets[await d.take(1, None, code=entry.code)]
        assert ticket.lane is lane
        assert ticket.place_at == (due_at if lane is Lane.APPOINTMENT else ticket.arrived_at)
        assert ticket.arrived_at == due_at + minutes * 60


async def test_bad_appointments_are_refused(tmp_path: Path) -> None:
    async with open_district(tmp_path, clock=HandClock(NOON)) as d:
        for refusal, due_at, location, item in (
            (ItemUnknown, NOON + 1, "L01", "none"),
            (ItemUnknown, NOON + 1, "L01", "gone"),
            (LocationUnknown, NOON + 1, "L99", "housing"),
            (AppointmentOutOfRange, NOON, "L01", "housing"),
            (AppointmentOutOfRange, NOON + 400 * DAY, "L01", "housing"),
            (AppointmentOutOfRange, 1e300, "L01", "housing"),
        ):
            with pytest.raises(refusal):
                await appointment(d, due_at, location, item)
        assert await codes(d) == []


async def test_a_cancelled_appointment_is_nothing_and_a_used_one_cannot_be_cancelled(
    tmp_path: Path,
) -> None:
    async with open_district(tmp_path, clock=HandClock(NOON)) as d:
        gone, used = await appointment(d, NOON + HOUR), await appointment(d, NOON + HOUR)
        await write(d, lambda tx: entering.cancel_appointment(tx, gone.id))
        await refused(d, 1, gone.code, CodeUnknown)
        await d.take(1, None, code=used.code)
        for entry_id in (gone.id, used.id, "none"):
            with pytest.raises(AppointmentUnknown):
                await write(d, partial(entering.cancel_appointment, entry_id=entry_id))


async def test_appointments_of_a_span_come_in_order(tmp_path: Path) -> None:
    async with open_district(tmp_path, clock=HandClock(NOON)) as d:
        late = await appointment(d, NOON + 3 * HOUR)
        early = await appointment(d, NOON + HOUR)
        elsewhere = await appointment(d, NOON + 2 * HOUR, "L02")
        await appointment(d, NOON + DAY)

        def of(tx: Transaction, location: str | None) -> list[str]:
            rows = entering.appointments(tx, since=NOON, until=NOON + DAY, location_id=location)
            return [row.id for row in rows]

        assert await write(d, lambda tx: of(tx, None)) == [early.id, elsewhere.id, late.id]
        assert await write(d, lambda tx: of(tx, "L02")) == [elsewhere.id]


async def test_a_green_reason_counts_by_word_only_where_the_policy_says_so(tmp_path: Path) -> None:
    green = GreenPolicy(by_word=frozenset({GreenReason.PREGNANT}))
    async with open_district(tmp_path, policy=Policy(green=green)) as d:
        said = {
            reason: d.hall.mirror.tickets[await d.take(n, green=reason)].green
            for n, reason in enumerate(GreenReason, 1)
        }
        assert said == dict.fromkeys(GreenReason) | {GreenReason.PREGNANT: GreenReason.PREGNANT}
        told = [(row.word("green"), row.word("proof")) for row in await d.journal("ticket.taken")]
        assert ("pregnant", "word") in told
        assert ("elderly", "none") in told


async def test_green_and_a_code_go_together(tmp_path: Path) -> None:
    async with open_district(tmp_path, clock=HandClock(NOON)) as d:
        entry = await appointment(d, NOON + HOUR)
        ticket_id = await d.take(1, None, code=entry.code, green=GreenReason.MILITARY)
        ticket = d.hall.mirror.tickets[ticket_id]
        assert (ticket.green, ticket.item_code) == (GreenReason.MILITARY, "housing")
