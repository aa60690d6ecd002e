import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select

from service_queue.errors import (
    CallUnknown,
    ItemUnknown,
    MediaEpochStale,
    OfferForeign,
    OfferStale,
    OperationReused,
    RatingOver,
    SeatBusy,
    SeatTaken,
    TicketAlreadyOpen,
    TicketUnknown,
    TransitionRefused,
)
from service_queue.tables import JournalRow, table_of
from signaling.protocol.commands import (
    AcceptTicket,
    DeclineTicket,
    EndCall,
    ExtendWrapUp,
    FinishWrapUp,
    LeaveTicket,
    RateCall,
    RebuildMedia,
    ReportMedia,
    SaveNote,
    SignIn,
    SignOut,
    TakeTicket,
)
from signaling.protocol.errors import NotAllowed
from signaling.protocol.words import (
    BreakReason,
    CallEndReason,
    CallState,
    DeclineReason,
    MediaReport,
    SeatState,
    SeatStatus,
    TicketEndReason,
    TicketState,
)
from tests.support.hall_builder import HallDriver, agent, kiosk, open_district

pytestmark = pytest.mark.unit


async def journal(d: HallDriver) -> list[str]:
    table = table_of(JournalRow)
    return await d.hall.store.read(
        lambda c: [row.kind for row in c.execute(select(table.c.kind).order_by(table.c.seq))]
    )


def seat_state(d: HallDriver) -> SeatState:
    return d.hall.mirror.seats["01"].state


async def serve(d: HallDriver, seat: int, kiosk_no: int) -> tuple[str, str]:
    """A connected call between a seat and a kiosk; returns ticket and call id."""
    ticket_id = await d.take(kiosk_no)
    await d.open_seat(seat)
    call_id = await d.accept(seat)
    await d.connect(seat, call_id)
    return ticket_id, call_id


async def test_a_visit_from_ticket_to_rating(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        ticket_id, call_id = await serve(d, 1, 1)
        assert d.hall.mirror.calls[call_id].state is CallState.CONNECTED
        await d.hall.execute(agent(1), SaveNote(op_id="n1", call_id=call_id, text="差一张表"))
        await d.hall.execute(agent(1), EndCall(op_id="e1", call_id=call_id))
        ticket = d.hall.mirror.tickets[ticket_id]
        assert ticket.state is TicketState.COMPLETED
        assert ticket.end_reason is TicketEndReason.SERVED
        seat = d.hall.mirror.seats["01"]
        assert seat.state is SeatState.WRAP_UP
        assert d.hall.mirror.notes[call_id] == "差一张表"
        await d.hall.execute(kiosk(1), RateCall(op_id="r1", ticket_id=ticket_id, score=5))
        with pytest.raises(RatingOver):
            await d.hall.execute(kiosk(1), RateCall(op_id="r2", ticket_id=ticket_id, score=1))
        await d.hall.execute(agent(1), FinishWrapUp(op_id="w1", call_id=call_id))
        assert d.hall.mirror.seats["01"].state is SeatState.IDLE
        assert d.hall.mirror.tally(d.clock.now()).ratings == [0, 0, 0, 0, 1]
        kinds = await journal(d)
        told = [kind for kind in kinds if kind.startswith(("ticket.", "call."))]
        assert told == [
            "ticket.taken",
            "ticket.offered",
            "ticket.accepted",
            "call.media",
            "call.connected",
            "call.note_saved",
            "call.ended",
            "ticket.completed",
            "call.rated",
        ]


async def test_a_kiosk_holds_one_place_only(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1)
        with pytest.raises(TicketAlreadyOpen):
            await d.take(1)
        assert d.hall.mirror.tally(d.clock.now()).taken == 1


async def test_twenty_taps_at_once_are_one_ticket_with_one_answer(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        command = TakeTicket(op_id="tap", item_code="pension")
        answers = await asyncio.gather(*(d.hall.execute(kiosk(1), command) for _ in range(20)))
        assert len(set(answers)) == 1
        assert d.hall.mirror.tally(d.clock.now()).taken == 1


async def test_an_operation_id_cannot_be_used_for_something_else(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        answer = await d.hall.execute(kiosk(1), TakeTicket(op_id="x", item_code="pension"))
        ticket_id = getattr(answer, "ticket_id", "")
        with pytest.raises(OperationReused):
            await d.hall.execute(kiosk(1), LeaveTicket(op_id="x", ticket_id=ticket_id))


async def test_bad_commands_are_refused_and_change_nothing(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        seq = d.hall.mirror.seq
        with pytest.raises(ItemUnknown):
            await d.take(1, "no-such-item")
        with pytest.raises(TicketUnknown):
            await d.leave(1, "nobodys")
        with pytest.raises(NotAllowed):
            await d.hall.execute(agent(1), TakeTicket(op_id="a", item_code="pension"))
        with pytest.raises(CallUnknown):
            await d.hall.execute(kiosk(1), EndCall(op_id="b", call_id="none"))
        assert d.hall.mirror.seq == seq


async def test_another_kiosk_cannot_leave_or_rate_my_ticket(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        ticket_id = await d.take(1)
        with pytest.raises(TicketUnknown):
            await d.leave(2, ticket_id)


async def test_numbers_run_per_location_and_day(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        first, second, other = await d.take(1), await d.take(4), await d.take(2)
        numbers = [d.hall.mirror.tickets[i].number for i in (first, second, other)]
        assert numbers == ["A001", "A002", "B001"]
        await d.leave(1, first)
        d.clock.move(24 * 3600)
        assert d.hall.mirror.tickets[await d.take(1)].number == "A001"


async def test_first_come_is_first_offered_and_longest_idle_is_first_asked(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.open_seat(2)
        await d.open_seat(1)
        first = await d.take(1)
        assert d.hall.mirror.ticket_at_seat("02") == d.hall.mirror.tickets[first]
        second = await d.take(2)
        assert d.hall.mirror.ticket_at_seat("01") == d.hall.mirror.tickets[second]
        third, fourth = await d.take(3), await d.take(4)
        assert d.hall.mirror.line() == [third, fourth]


async def test_a_declined_offer_returns_to_its_place_and_goes_to_another_seat(
    tmp_path: Path,
) -> None:
    async with open_district(tmp_path) as d:
        first = await d.take(1)
        second = await d.take(2)
        await d.open_seat(1)
        ticket = d.hall.mirror.tickets[first]
        assert ticket.offer_id is not None
        decline = DeclineTicket(
            op_id="d", offer_id=ticket.offer_id, epoch=ticket.epoch, reason=DeclineReason.LANGUAGE
        )
        await d.hall.execute(agent(1), decline)
        assert d.hall.mirror.ticket_at_seat("01") == d.hall.mirror.tickets[second]
        assert d.hall.mirror.line() == [first]
        await d.open_seat(2)
        assert d.hall.mirror.ticket_at_seat("02") == d.hall.mirror.tickets[first]


async def test_an_offer_that_rings_out_pauses_the_seat_and_fences_the_late_accept(
    tmp_path: Path,
) -> None:
    async with open_district(tmp_path) as d:
        ticket_id = await d.take(1)
        await d.open_seat(1)
        stale = d.hall.mirror.tickets[ticket_id]
        d.clock.move(d.hall.policy.offer_timeout_s)
        await d.hall.tick()
        assert d.hall.mirror.tickets[ticket_id].state is TicketState.WAITING
        seat = d.hall.mirror.seats["01"]
        assert (seat.status, seat.break_reason) == (SeatStatus.ON_BREAK, BreakReason.NO_ANSWER)
        assert stale.offer_id is not None
        with pytest.raises(OfferStale):
            await d.hall.execute(
                agent(1), AcceptTicket(op_id="late", offer_id=stale.offer_id, epoch=stale.epoch)
            )
        await d.open_seat(2)
        offered = d.hall.mirror.tickets[ticket_id]
        assert offered.offer_id is not None
        foreign = AcceptTicket(op_id="f", offer_id=offered.offer_id, epoch=offered.epoch)
        with pytest.raises(OfferForeign):
            await d.hall.execute(agent(1), foreign)


async def test_two_seats_cannot_be_one_agents_and_two_agents_cannot_share_one(
    tmp_path: Path,
) -> None:
    async with open_district(tmp_path) as d:
        await d.open_seat(1)
        with pytest.raises(SeatTaken):
            await d.hall.execute(agent(2), SignIn(op_id="s", seat_id="01"))
        await d.hall.execute(agent(1), SignIn(op_id="m", seat_id="02"))
        assert d.hall.mirror.seats["01"].status is SeatStatus.OFFLINE
        assert d.hall.mirror.seat_of_agent("a01") == d.hall.mirror.seats["02"]


async def test_an_agent_cannot_walk_out_of_a_call(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await serve(d, 1, 1)
        with pytest.raises(SeatBusy):
            await d.hall.execute(agent(1), SignOut(op_id="o"))


async def test_a_lost_seat_sends_the_resident_back_to_their_place(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        ticket_id, call_id = await serve(d, 1, 1)
        later = await d.take(2)
        await d.report(kiosk(1), call_id, MediaReport.STALLED)
        await d.hall.detached(agent(1))
        d.clock.move(d.hall.policy.call_away_grace_s - 1)
        await d.hall.tick()
        assert d.hall.mirror.tickets[ticket_id].state is TicketState.SERVING
        d.clock.move(2)
        await d.hall.tick()
        ticket = d.hall.mirror.tickets[ticket_id]
        assert ticket.state is TicketState.WAITING
        assert ticket.returned_because == CallEndReason.SEAT_LOST
        assert d.hall.mirror.line() == [ticket_id, later]
        assert d.hall.mirror.seats["01"].status is SeatStatus.OFFLINE


async def test_media_that_flows_keeps_a_call_whose_signalling_is_gone(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        ticket_id, _ = await serve(d, 1, 1)
        await d.hall.detached(agent(1))
        await d.hall.detached(kiosk(1))
        d.clock.move(10 * d.hall.policy.call_away_grace_s)
        await d.hall.tick()
        assert d.hall.mirror.tickets[ticket_id].state is TicketState.SERVING


async def test_a_lost_kiosk_frees_the_seat_and_the_agent_is_told_why(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        ticket_id, call_id = await serve(d, 1, 1)
        await d.report(agent(1), call_id, MediaReport.STALLED)
        assert d.hall.mirror.calls[call_id].state is CallState.RECONNECTING
        await d.hall.detached(kiosk(1))
        d.clock.move(d.hall.policy.call_away_grace_s)
        await d.hall.tick()
        assert d.hall.mirror.tickets[ticket_id].end_reason is TicketEndReason.KIOSK_LOST
        assert d.hall.mirror.calls[call_id].end_reason is CallEndReason.KIOSK_LOST
        assert d.hall.mirror.seats["01"].state is SeatState.WRAP_UP


async def test_a_kiosk_that_returns_in_time_keeps_its_place(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        ticket_id = await d.take(1)
        await d.hall.detached(kiosk(1))
        await d.open_seat(1)
        assert d.hall.mirror.ticket_at_seat("01") is None
        d.clock.move(d.hall.policy.waiting_kiosk_grace_s - 10)
        await d.hall.tick()
        await d.hall.attached(kiosk(1))
        assert d.hall.mirror.ticket_at_seat("01") == d.hall.mirror.tickets[ticket_id]


async def test_a_kiosk_that_stays_away_loses_its_place_with_a_reason(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        ticket_id = await d.take(1)
        await d.hall.detached(kiosk(1))
        d.clock.move(d.hall.policy.waiting_kiosk_grace_s)
        await d.hall.tick()
        assert d.hall.mirror.tickets[ticket_id].end_reason is TicketEndReason.KIOSK_LOST


async def test_a_resident_who_leaves_while_it_rings_frees_the_seat(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        ticket_id = await d.take(1)
        await d.open_seat(1)
        await d.leave(1, ticket_id)
        assert d.hall.mirror.seats["01"].state is SeatState.IDLE
        assert d.hall.mirror.tickets[ticket_id].state is TicketState.ABANDONED


async def test_leaving_during_a_call_means_ending_the_call(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        ticket_id, _ = await serve(d, 1, 1)
        with pytest.raises(TransitionRefused):
            await d.leave(1, ticket_id)


async def test_a_call_that_never_connects_goes_round_only_so_often(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        ticket_id = await d.take(1)
        await d.open_seat(1)
        for _ in range(d.hall.policy.max_failed_connects):
            assert d.hall.mirror.tickets[ticket_id].state is TicketState.OFFERED
            await d.accept(1)
            d.clock.move(d.hall.policy.connect_timeout_s)
            await d.hall.tick()
        ticket = d.hall.mirror.tickets[ticket_id]
        assert ticket.state is TicketState.EXPIRED
        assert ticket.end_reason is TicketEndReason.MEDIA_FAILED


async def test_rebuilding_raises_the_media_epoch_once_and_fences_old_reports(
    tmp_path: Path,
) -> None:
    async with open_district(tmp_path) as d:
        _, call_id = await serve(d, 1, 1)
        await d.hall.execute(kiosk(1), RebuildMedia(op_id="1", call_id=call_id, media_epoch=1))
        await d.hall.execute(agent(1), RebuildMedia(op_id="2", call_id=call_id, media_epoch=1))
        assert d.hall.mirror.offers[call_id].media_epoch == 2
        assert d.hall.mirror.calls[call_id].state is CallState.RECONNECTING
        with pytest.raises(MediaEpochStale):
            await d.hall.execute(
                kiosk(1),
                ReportMedia(op_id="3", call_id=call_id, media_epoch=1, media=MediaReport.FLOWING),
            )
        await d.connect(1, call_id)
        assert d.hall.mirror.calls[call_id].state is CallState.CONNECTED


async def test_after_call_work_ends_by_its_deadline_and_can_be_extended(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        _, call_id = await serve(d, 1, 1)
        await d.hall.execute(agent(1), EndCall(op_id="e", call_id=call_id))
        await d.hall.execute(agent(1), ExtendWrapUp(op_id="x", call_id=call_id))
        d.clock.move(d.hall.policy.wrap_up_s)
        await d.hall.tick()
        assert seat_state(d) is SeatState.WRAP_UP
        d.clock.move(d.hall.policy.wrap_up_extension_s)
        await d.hall.tick()
        assert seat_state(d) is SeatState.IDLE


async def test_a_rating_nobody_gives_frees_the_kiosk(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        ticket_id, call_id = await serve(d, 1, 1)
        await d.hall.execute(kiosk(1), EndCall(op_id="e", call_id=call_id))
        assert d.hall.mirror.tickets[ticket_id].rating_until is not None
        d.clock.move(d.hall.policy.rating_s)
        await d.hall.tick()
        assert d.hall.mirror.tickets[ticket_id].rating_until is None


async def test_after_a_restart_everything_is_where_it_was(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        serving, call_id = await serve(d, 1, 1)
        waiting = await d.take(2)
        await d.hall.execute(agent(1), SaveNote(op_id="n", call_id=call_id, text="备注"))
        clock = d.clock
    async with open_district(tmp_path, clock=clock) as d:
        mirror = d.hall.mirror
        assert mirror.tickets[serving].state is TicketState.SERVING
        assert mirror.calls[call_id].state is CallState.CONNECTED
        assert mirror.notes[call_id] == "备注"
        assert mirror.line() == [waiting]
        assert mirror.tally(clock.now()).taken == 2
        assert mirror.seats["01"].away_since == clock.now()
        await d.hall.attached(agent(1))
        await d.hall.attached(kiosk(2))
        assert d.hall.mirror.seats["01"].away_since is None


async def test_the_mirror_follows_like_a_fresh_load(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        _, call_id = await serve(d, 1, 1)
        await d.take(2)
        await d.hall.execute(agent(1), EndCall(op_id="e", call_id=call_id))
        followed = d.hall.mirror
        await d.hall.reload()
        loaded = d.hall.mirror
        assert loaded is not followed
        for name in ("seq", "seats", "tickets", "offers", "calls", "notes"):
            assert getattr(loaded, name) == getattr(followed, name), name
        now = d.clock.now()
        assert loaded.tally(now) == followed.tally(now)
        assert loaded.line() == followed.line()
