"""Stepping away (暂离) and being called in vain (过号)."""

from pathlib import Path

import pytest

from service_queue.errors import CallUnknown, SteppedAwayTooOften, TicketUnknown, TransitionRefused
from service_queue.policy import ParkPolicy, Policy
from service_queue.tables import TicketRow
from signaling.protocol.words import (
    CallEndReason,
    Lane,
    OfferOutcome,
    ParkReason,
    SeatState,
    TicketEndReason,
    TicketState,
)
from tests.support.hall_builder import HallDriver, kiosk, open_district

pytestmark = pytest.mark.unit

PARK = ParkPolicy(away_s=600, max_times=2, recall_after_s=60, max_recalls=2, setback_s=180)
POLICY = Policy(park=PARK, waiting_kiosk_grace_s=120)


def ticket_of(d: HallDriver, ticket_id: str) -> TicketRow:
    return d.hall.mirror.tickets[ticket_id]


async def test_who_steps_away_keeps_the_place_and_is_not_called(tmp_path: Path) -> None:
    async with open_district(tmp_path, policy=POLICY) as d:
        first, second = await d.take(1), await d.take(2)
        await d.step_away(1, first)
        parked = ticket_of(d, first)
        assert (parked.state, parked.parked_because) == (
            TicketState.PARKED,
            ParkReason.STEPPED_AWAY,
        )
        assert parked.parked_until == d.clock.now() + PARK.away_s
        await d.open_seat(1)
        assert ticket_of(d, second).state is TicketState.OFFERED
        await d.come_back(1, first)
        back = ticket_of(d, first)
        assert (back.state, back.lane, back.place_at) == (
            TicketState.WAITING,
            Lane.ORDINARY,
            back.arrived_at,
        )
        assert (back.parked_because, back.parked_until) == (None, None)


async def test_the_ticket_of_who_does_not_come_back_in_time_ends(tmp_path: Path) -> None:
    async with open_district(tmp_path, policy=POLICY) as d:
        ticket_id = await d.take(1)
        await d.step_away(1, ticket_id)
        await d.pass_time(PARK.away_s - 1)
        assert ticket_of(d, ticket_id).state is TicketState.PARKED
        assert d.hall.mirror.next_deadline() == d.clock.now() + 1
        await d.pass_time(1)
        over = ticket_of(d, ticket_id)
        assert (over.state, over.end_reason) == (
            TicketState.ABANDONED,
            TicketEndReason.STAYED_AWAY,
        )
        await d.take(1)


async def test_one_may_step_away_only_so_often(tmp_path: Path) -> None:
    async with open_district(tmp_path, policy=POLICY) as d:
        ticket_id = await d.take(1)
        for _ in range(PARK.max_times):
            await d.step_away(1, ticket_id)
            await d.come_back(1, ticket_id)
        seq = d.hall.mirror.seq
        with pytest.raises(SteppedAwayTooOften):
            await d.step_away(1, ticket_id)
        assert d.hall.mirror.seq == seq
        assert ticket_of(d, ticket_id).state is TicketState.WAITING


async def test_stepping_away_while_it_rings_frees_the_seat_for_the_next(tmp_path: Path) -> None:
    async with open_district(tmp_path, policy=POLICY) as d:
        first, second = await d.take(1), await d.take(2)
        await d.open_seat(1)
        assert ticket_of(d, first).state is TicketState.OFFERED
        await d.step_away(1, first)
        assert ticket_of(d, first).state is TicketState.PARKED
        assert ticket_of(d, second).seat_id == "01"
        offers = await d.journal("ticket.parked")
        assert [row.seat_id for row in offers] == ["01"]


async def test_only_the_own_ticket_and_only_one_that_waits_can_step_away(tmp_path: Path) -> None:
    async with open_district(tmp_path, policy=POLICY) as d:
        ticket_id = await d.take(1)
        with pytest.raises(TicketUnknown):
            await d.step_away(2, ticket_id)
        await d.open_seat(1)
        call_id = await d.serve(1)
        with pytest.raises(TransitionRefused):
            await d.step_away(1, ticket_id)
        await d.come_back(1, ticket_id)
        assert ticket_of(d, ticket_id).state is TicketState.SERVING
        await d.end_call(1, call_id)
        for act in (d.step_away, d.come_back):
            with pytest.raises(TransitionRefused):
                await act(1, ticket_id)


async def test_a_kiosk_that_is_gone_ends_no_parked_ticket(tmp_path: Path) -> None:
    async with open_district(tmp_path, policy=POLICY) as d:
        ticket_id = await d.take(1)
        await d.step_away(1, ticket_id)
        await d.hall.detached(kiosk(1))
        await d.pass_time(POLICY.waiting_kiosk_grace_s + 1)
        assert ticket_of(d, ticket_id).state is TicketState.PARKED
        assert d.hall.mirror.next_deadline() > d.clock.now(), "the sweep must not spin"
        await d.hall.attached(kiosk(1))
        await d.come_back(1, ticket_id)
        assert ticket_of(d, ticket_id).state is TicketState.WAITING


async def test_a_parked_ticket_can_be_given_up(tmp_path: Path) -> None:
    async with open_district(tmp_path, policy=POLICY) as d:
        ticket_id = await d.take(1)
        await d.step_away(1, ticket_id)
        await d.leave(1, ticket_id)
        assert ticket_of(d, ticket_id).end_reason is TicketEndReason.RESIDENT_LEFT


async def called_in_vain(d: HallDriver, seat: int, *, connected: bool = True) -> str:
    call_id = await d.accept(seat)
    if connected:
        await d.connect(seat, call_id)
    await d.no_show(seat, call_id)
    return call_id


@pytest.mark.parametrize("connected", [True, False])
async def test_nobody_in_the_booth_parks_the_ticket_and_frees_the_seat_at_once(
    tmp_path: Path, connected: bool
) -> None:
    async with open_district(tmp_path, policy=POLICY) as d:
        ticket_id = await d.take(1)
        await d.open_seat(1)
        call_id = await called_in_vain(d, 1, connected=connected)
        parked = ticket_of(d, ticket_id)
        assert (parked.state, parked.parked_because, parked.recalls) == (
            TicketState.PARKED,
            ParkReason.NO_SHOW,
            1,
        )
        assert (parked.seat_id, parked.offer_id) == (None, None)
        assert d.hall.mirror.seats["01"].state is SeatState.IDLE
        ended = (await d.journal("call.ended"))[0]
        assert (ended.reason, ended.call_id) == (CallEndReason.NO_SHOW, call_id)
        assert await d.journal("wrap_up.begun") == []


async def test_who_was_called_in_vain_is_called_again_a_little_further_back(
    tmp_path: Path,
) -> None:
    async with open_district(tmp_path, policy=POLICY) as d:
        ticket_id = await d.take(1)
        await d.open_seat(1)
        await called_in_vain(d, 1)
        await d.pass_time(PARK.recall_after_s)
        recalled = ticket_of(d, ticket_id)
        assert recalled.state is TicketState.OFFERED, "nobody else waits"
        assert (recalled.lane, recalled.place_at) == (
            Lane.RECALLED,
            recalled.arrived_at + PARK.setback_s,
        )
        assert len(await d.journal("ticket.recalled")) == 1


async def test_after_as_many_recalls_as_allowed_the_ticket_ends(tmp_path: Path) -> None:
    async with open_district(tmp_path, policy=POLICY) as d:
        ticket_id = await d.take(1)
        await d.open_seat(1)
        for recalls in range(1, PARK.max_recalls + 1):
            await called_in_vain(d, 1)
            assert ticket_of(d, ticket_id).recalls == recalls
            await d.pass_time(PARK.recall_after_s)
        await called_in_vain(d, 1)
        over = ticket_of(d, ticket_id)
        assert (over.state, over.end_reason) == (
            TicketState.ABANDONED,
            TicketEndReason.NOT_PRESENT,
        )
        assert d.hall.mirror.seats["01"].state is SeatState.IDLE


async def test_a_touch_brings_back_at_once_who_was_called_in_vain(tmp_path: Path) -> None:
    async with open_district(tmp_path, policy=POLICY) as d:
        ticket_id = await d.take(1)
        await d.open_seat(1)
        await called_in_vain(d, 1)
        await d.come_back(1, ticket_id)
        back = ticket_of(d, ticket_id)
        assert (back.state, back.lane) == (TicketState.OFFERED, Lane.RECALLED)
        assert back.place_at == back.arrived_at + PARK.setback_s


async def test_a_recall_finds_a_kiosk_that_is_gone_for_good(tmp_path: Path) -> None:
    async with open_district(tmp_path, policy=POLICY) as d:
        ticket_id = await d.take(1)
        await d.open_seat(1)
        await called_in_vain(d, 1)
        await d.hall.detached(kiosk(1))
        await d.pass_time(POLICY.waiting_kiosk_grace_s + PARK.recall_after_s)
        await d.hall.tick()
        assert ticket_of(d, ticket_id).end_reason is TicketEndReason.KIOSK_LOST


async def test_only_who_has_the_call_can_say_that_nobody_came(tmp_path: Path) -> None:
    async with open_district(tmp_path, policy=POLICY) as d:
        await d.take(1)
        await d.open_seat(1)
        await d.open_seat(2)
        call_id = await d.serve(1)
        seq = d.hall.mirror.seq
        with pytest.raises(CallUnknown):
            await d.no_show(2, call_id)
        assert d.hall.mirror.seq == seq
        await d.no_show(1, call_id)
        with pytest.raises(CallUnknown):
            await d.no_show(1, call_id)


async def test_a_dropped_call_stands_first_and_a_parked_one_forgets_why_it_came_back(
    tmp_path: Path,
) -> None:
    async with open_district(tmp_path, policy=POLICY) as d:
        ticket_id = await d.take(1)
        await d.open_seat(1)
        await d.accept(1)
        await d.pass_time(POLICY.connect_timeout_s)
        fallen = ticket_of(d, ticket_id)
        assert fallen.lane is Lane.TECHNICAL_DROP
        assert fallen.returned_because == CallEndReason.NEVER_CONNECTED
        await d.step_away(1, ticket_id)
        assert ticket_of(d, ticket_id).returned_because is None
        outcomes = [offer.outcome for offer in d.hall.mirror.offers.values()]
        assert None not in outcomes
        assert OfferOutcome.ACCEPTED not in outcomes
