"""Warm hand-over: a colleague is asked into the call, joins, gets it or goes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from service_queue.consult_tables import ConsultRow
from service_queue.errors import (
    CallUnknown,
    ColleagueBusy,
    ColleagueInvited,
    InvitationOver,
    MediaEpochStale,
    NobodyServes,
    NotJoinedYet,
    QueueError,
    SeatNotOpen,
    SeatUnknown,
    TransferToSelf,
    TransferUnclear,
)
from signaling.protocol.commands import (
    DeclineInvitation,
    EndCall,
    EndConsult,
    HandCallOver,
    RebuildMedia,
)
from signaling.protocol.words import (
    BreakReason,
    CallEndReason,
    CallState,
    ConsultEnd,
    ConsultState,
    DeclineReason,
    Lane,
    MediaReport,
    SeatState,
    SeatStatus,
    TicketEndReason,
    TicketState,
)
from tests.support.hall_builder import HallDriver, agent, kiosk, open_district
from xiaowu.demo.agreement import table_violations
from xiaowu.demo.hall_record import hall_database, read_record
from xiaowu.demo.invariants import History

pytestmark = pytest.mark.unit

SOCIAL, HOUSING = "人社局", "住建局"


@dataclass
class Scene:
    """Kiosk 1 in a call with seat 1; seats 2 (social matters) and 3 (housing) are free."""

    d: HallDriver
    call_id: str
    ticket_id: str

    def seat(self, n: int) -> SeatState:
        return self.d.hall.mirror.seats[f"{n:02d}"].state

    async def end(self, n: int, consult: ConsultRow) -> None:
        await self.d.hall.execute(agent(n), EndConsult(op_id=self.d.op(), consult_id=consult.id))

    async def give(self, n: int, consult: ConsultRow) -> None:
        command = HandCallOver(op_id=self.d.op(), consult_id=consult.id)
        await self.d.hall.execute(agent(n), command)

    def last(self) -> ConsultRow:
        consult = self.d.hall.mirror.invitations.last_into(self.call_id)
        assert consult is not None
        return consult

    def is_free(self, n: int, why: ConsultEnd) -> None:
        """Seat n is out of it, the call goes on with seat 1."""
        assert self.last().end_reason is why
        assert self.seat(n) is SeatState.IDLE
        assert self.d.hall.mirror.calls[self.call_id].state is CallState.CONNECTED
        ticket = self.d.hall.mirror.tickets[self.ticket_id]
        assert (ticket.state, ticket.seat_id) == (TicketState.SERVING, "01")


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with open_district(tmp_path, seats=4) as d:
        ticket_id = await d.take(1, "pension")
        await d.open_seat(1, f"{SOCIAL}|{HOUSING}")
        call_id = await d.accept(1)
        await d.connect(1, call_id)
        await d.open_seat(2, SOCIAL)
        await d.open_seat(3, HOUSING)
        yield Scene(d, call_id, ticket_id)
        with hall_database(f"sqlite:///{tmp_path / 'hall.db'}") as engine:
            record = read_record(engine)
        history = History(policy=d.hall.policy, day_of=record.day_of)
        history.tell(record.journal)
        assert history.violations == []
        assert table_violations(history, record) == []


@pytest.mark.parametrize(
    ("to", "n", "item", "department"),
    [
        ({"seat": "02"}, 2, "pension", SOCIAL),
        ({"item": "housing"}, 3, "housing", HOUSING),
        ({"department": HOUSING}, 3, "pension", HOUSING),
    ],
)
async def test_a_call_is_handed_over_while_all_three_are_there(
    scene: Scene, to: dict[str, str], n: int, item: str, department: str
) -> None:
    d, mirror = scene.d, scene.d.hall.mirror
    before = mirror.tickets[scene.ticket_id]
    consult = await d.invite(1, scene.call_id, **to)
    assert consult.guest_seat_id == f"{n:02d}"
    assert scene.seat(n) is SeatState.RESERVED
    await d.join(n, consult, kiosk_n=1)
    assert (scene.seat(1), scene.seat(n)) == (SeatState.IN_CALL, SeatState.IN_CALL)
    d.clock.move(30)
    await scene.give(1, consult)
    after, call = mirror.tickets[scene.ticket_id], mirror.calls[consult.id]
    assert (after.state, after.seat_id, after.offer_id) == (
        *(TicketState.SERVING, f"{n:02d}"),
        consult.id,
    )
    assert (after.arrived_at, after.place_at, after.lane, after.hand_overs) == (
        *(before.arrived_at, before.place_at, Lane.ORDINARY),
        1,
    )
    assert (after.item_code, after.department, after.epoch) == (item, department, before.epoch + 1)
    assert (call.state, call.seat_id) == (CallState.CONNECTED, f"{n:02d}")
    assert mirror.calls[scene.call_id].end_reason is CallEndReason.TRANSFERRED
    assert (scene.seat(1), scene.seat(n)) == (SeatState.WRAP_UP, SeatState.IN_CALL)
    d.clock.move(60)
    await d.end_call(n, consult.id)
    assert mirror.tickets[scene.ticket_id].end_reason is TicketEndReason.SERVED
    assert scene.seat(n) is SeatState.WRAP_UP


async def test_an_item_rings_at_a_free_window_that_serves_it(scene: Scene) -> None:
    await scene.d.take(2, "housing")
    with pytest.raises(ColleagueBusy):
        await scene.d.invite(1, scene.call_id, item="housing")
    with pytest.raises(ColleagueBusy):
        await scene.d.invite(1, scene.call_id, department=HOUSING)


async def test_a_busy_colleague_cannot_be_asked(scene: Scene) -> None:
    await scene.d.take(2, "pension")
    assert scene.seat(2) is SeatState.RESERVED
    with pytest.raises(ColleagueBusy):
        await scene.d.invite(1, scene.call_id, seat="02")


async def test_a_guest_is_offered_no_ticket(scene: Scene) -> None:
    consult = await scene.d.invite(1, scene.call_id, seat="02")
    waiting = await scene.d.take(2, "pension")
    await scene.d.join(2, consult)
    assert scene.d.hall.mirror.tickets[waiting].state is TicketState.WAITING
    await scene.end(2, consult)
    assert scene.d.hall.mirror.tickets[waiting].seat_id == "02"


@pytest.mark.parametrize(
    ("to", "refusal"),
    [
        ({}, TransferUnclear),
        ({"item": "housing", "seat": "02"}, TransferUnclear),
        ({"seat": "01"}, TransferToSelf),
        ({"seat": "99"}, SeatUnknown),
        ({"seat": "04"}, SeatNotOpen),
        ({"seat": "03"}, NobodyServes),
        ({"department": "no-such"}, NobodyServes),
    ],
)
async def test_who_cannot_be_asked_is_said(
    scene: Scene, to: dict[str, str], refusal: type[QueueError]
) -> None:
    with pytest.raises(refusal):
        await scene.d.invite(1, scene.call_id, **to)


async def test_one_colleague_at_a_time_and_only_into_ones_own_call(scene: Scene) -> None:
    await scene.d.invite(1, scene.call_id, seat="02")
    with pytest.raises(ColleagueInvited):
        await scene.d.invite(1, scene.call_id, item="housing")
    with pytest.raises(CallUnknown):
        await scene.d.invite(3, scene.call_id, seat="02")


async def test_a_colleague_who_declines_costs_the_resident_nothing(scene: Scene) -> None:
    d = scene.d
    consult = await d.invite(1, scene.call_id, seat="02")
    command = DeclineInvitation(
        op_id=d.op(), consult_id=consult.id, reason=DeclineReason.NOT_MY_FIELD
    )
    with pytest.raises(InvitationOver):
        await d.hall.execute(agent(3), command)
    again = command.model_copy(update={"op_id": d.op()})
    await d.hall.execute(agent(2), again)
    scene.is_free(2, ConsultEnd.DECLINED)
    await d.invite(1, scene.call_id, seat="02")


async def test_a_desk_that_does_not_answer_goes_on_break(scene: Scene) -> None:
    d = scene.d
    consult = await d.invite(1, scene.call_id, seat="02")
    await d.pass_time(d.hall.policy.offer_timeout_s)
    scene.is_free(2, ConsultEnd.TIMED_OUT)
    seat = d.hall.mirror.seats["02"]
    assert (seat.status, seat.break_reason) == (SeatStatus.ON_BREAK, BreakReason.NO_ANSWER)
    with pytest.raises(InvitationOver):
        await d.join(2, consult)


async def test_who_invited_may_take_it_back_and_let_the_colleague_go(scene: Scene) -> None:
    consult = await scene.d.invite(1, scene.call_id, seat="02")
    with pytest.raises(InvitationOver):
        await scene.end(2, consult)
    with pytest.raises(InvitationOver):
        await scene.end(3, consult)
    await scene.end(1, consult)
    scene.is_free(2, ConsultEnd.WITHDRAWN)
    consult = await scene.d.invite(1, scene.call_id, seat="02")
    await scene.d.join(2, consult, kiosk_n=1)
    await scene.end(1, consult)
    scene.is_free(2, ConsultEnd.WITHDRAWN)
    consult = await scene.d.invite(1, scene.call_id, seat="02")
    await scene.d.join(2, consult)
    await scene.end(2, consult)
    scene.is_free(2, ConsultEnd.LEFT)


async def test_only_the_host_hands_over_and_only_to_who_sees_the_resident(scene: Scene) -> None:
    consult = await scene.d.invite(1, scene.call_id, seat="02")
    with pytest.raises(NotJoinedYet):
        await scene.give(1, consult)
    await scene.d.join(2, consult)
    with pytest.raises(NotJoinedYet):
        await scene.give(1, consult)
    await scene.d.report(kiosk(1), consult.id, MediaReport.FLOWING)
    await scene.d.report(agent(2), consult.id, MediaReport.FLOWING)
    with pytest.raises(InvitationOver):
        await scene.give(2, consult)
    await scene.d.report(agent(2), consult.id, MediaReport.STALLED)
    with pytest.raises(NotJoinedYet):
        await scene.give(1, consult)


@pytest.mark.parametrize("by", ["resident", "agent", "no_show", "cold"])
async def test_when_the_call_is_over_nobody_is_left_in_it(scene: Scene, by: str) -> None:
    d = scene.d
    consult = await d.invite(1, scene.call_id, seat="02")
    await d.join(2, consult, kiosk_n=1)
    match by:
        case "resident":
            await d.hall.execute(kiosk(1), EndCall(op_id=d.op(), call_id=scene.call_id))
        case "agent":
            await d.end_call(1, scene.call_id)
        case "no_show":
            await d.no_show(1, scene.call_id)
        case "cold":
            await d.hand_over(1, scene.call_id, department=HOUSING)
    assert d.hall.mirror.invitations.at_seat("02") is None
    assert scene.seat(2) is SeatState.IDLE


async def test_the_colleague_keeps_the_resident_when_the_host_is_lost(scene: Scene) -> None:
    d = scene.d
    consult = await d.invite(1, scene.call_id, seat="02")
    await d.join(2, consult, kiosk_n=1)
    await d.report(kiosk(1), scene.call_id, MediaReport.STALLED)
    await d.hall.detached(agent(1))
    await d.pass_time(d.hall.policy.call_away_grace_s)
    ticket = d.hall.mirror.tickets[scene.ticket_id]
    assert (ticket.seat_id, ticket.hand_overs) == ("02", 1)
    assert d.hall.mirror.seats["01"].status is SeatStatus.OFFLINE
    assert d.hall.mirror.calls[consult.id].state is CallState.CONNECTED


async def test_a_host_whose_picture_is_gone_for_good_is_replaced(scene: Scene) -> None:
    d = scene.d
    consult = await d.invite(1, scene.call_id, seat="02")
    await d.join(2, consult, kiosk_n=1)
    await d.report(kiosk(1), scene.call_id, MediaReport.STALLED)
    await d.pass_time(d.hall.policy.stalled_timeout_s)
    assert d.hall.mirror.tickets[scene.ticket_id].seat_id == "02"
    assert scene.seat(1) is SeatState.IDLE


async def test_a_colleague_who_is_lost_is_out_of_the_call(scene: Scene) -> None:
    d = scene.d
    consult = await d.invite(1, scene.call_id, seat="02")
    await d.join(2, consult, kiosk_n=1)
    await d.report(kiosk(1), consult.id, MediaReport.STALLED)
    await d.hall.detached(agent(2))
    await d.pass_time(d.hall.policy.call_away_grace_s)
    scene.is_free(2, ConsultEnd.SEAT_LOST)
    assert d.hall.mirror.seats["02"].status is SeatStatus.OFFLINE


async def test_a_colleague_outlives_the_line_to_the_server_while_media_flows(scene: Scene) -> None:
    d = scene.d
    consult = await d.invite(1, scene.call_id, seat="02")
    await d.join(2, consult, kiosk_n=1)
    await d.hall.detached(agent(2))
    await d.pass_time(d.hall.policy.call_away_grace_s + 30)
    assert scene.last().state is ConsultState.JOINED


async def test_a_colleague_who_never_sees_the_resident_goes(scene: Scene) -> None:
    d = scene.d
    consult = await d.invite(1, scene.call_id, seat="02")
    await d.join(2, consult)
    await d.pass_time(d.hall.policy.connect_timeout_s - 1)
    assert scene.last().state is ConsultState.JOINED
    await d.pass_time(1)
    scene.is_free(2, ConsultEnd.MEDIA_LOST)


async def test_a_colleague_whose_picture_stalls_has_longer(scene: Scene) -> None:
    d = scene.d
    consult = await d.invite(1, scene.call_id, seat="02")
    await d.join(2, consult, kiosk_n=1)
    await d.report(agent(2), consult.id, MediaReport.STALLED)
    await d.pass_time(d.hall.policy.stalled_timeout_s - 1)
    await d.report(agent(2), consult.id, MediaReport.FLOWING)
    await d.pass_time(d.hall.policy.stalled_timeout_s)
    assert scene.last().state is ConsultState.JOINED
    await d.report(agent(2), consult.id, MediaReport.STALLED)
    await d.pass_time(d.hall.policy.stalled_timeout_s)
    scene.is_free(2, ConsultEnd.MEDIA_LOST)


async def test_each_pair_builds_its_media_anew_for_itself(scene: Scene) -> None:
    d = scene.d
    consult = await d.invite(1, scene.call_id, seat="02")
    await d.join(2, consult, kiosk_n=1)

    async def rebuild(by: int, link_id: str) -> None:
        command = RebuildMedia(op_id=d.op(), call_id=link_id, media_epoch=1)
        await d.hall.execute(agent(by), command)

    await rebuild(2, consult.id)
    await rebuild(2, consult.id)
    assert (scene.last().media_epoch, scene.last().desks_epoch) == (2, 1)
    assert scene.last().stalled_since is not None
    with pytest.raises(MediaEpochStale):
        await d.report(kiosk(1), consult.id, MediaReport.FLOWING)
    await rebuild(1, consult.desks_id)
    assert (scene.last().media_epoch, scene.last().desks_epoch) == (2, 2)
    await d.report(agent(1), consult.desks_id, MediaReport.FLOWING)
    for stranger, link_id in ((3, consult.id), (3, consult.desks_id), (1, consult.id)):
        with pytest.raises(CallUnknown):
            await rebuild(stranger, link_id)
    with pytest.raises(CallUnknown):
        await d.report(kiosk(1), consult.desks_id, MediaReport.FLOWING)
    with pytest.raises(CallUnknown):
        await d.report(kiosk(2), consult.id, MediaReport.FLOWING)


async def test_invitations_outlive_the_server(scene: Scene) -> None:
    consult = await scene.d.invite(1, scene.call_id, seat="02")
    await scene.d.hall.reload()
    assert scene.d.hall.mirror.invitations.at_seat("02") == consult
    await scene.d.join(2, consult, kiosk_n=1)
    await scene.d.hall.reload()
    await scene.give(1, consult)
    await scene.d.hall.reload()
    assert scene.d.hall.mirror.tickets[scene.ticket_id].seat_id == "02"
