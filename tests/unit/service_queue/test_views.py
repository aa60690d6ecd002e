from pathlib import Path

import pytest

from service_queue.desk_views import desk_view
from service_queue.kiosk_views import kiosk_view
from service_queue.view_parts import Surroundings
from service_queue.wall_views import wall_view
from signaling.protocol.commands import EndCall, RateCall
from signaling.protocol.views import DeskView, KioskView, WallView
from signaling.protocol.words import CallState, KioskPhase, Party, SeatState, TicketEndReason
from tests.support.hall_builder import HallDriver, agent, kiosk, open_district

pytestmark = pytest.mark.unit

AROUND = Surroundings(
    kiosk_online=lambda kiosk_id: kiosk_id == "K01",
    kiosk_restarts_ice=lambda _: True,
    agent_restarts_ice=lambda _: False,
    ice_servers=lambda _: (),
)


def at_kiosk(d: HallDriver, n: int) -> KioskView:
    view = kiosk_view(d.hall.mirror, f"K{n:02d}", d.clock.now(), AROUND)
    assert view is not None
    return view


def at_desk(d: HallDriver, n: int) -> DeskView:
    view = desk_view(d.hall.mirror, f"{n:02d}", d.clock.now(), AROUND)
    assert view is not None
    return view


def on_wall(d: HallDriver) -> WallView:
    return wall_view(d.hall.mirror, d.clock.now(), AROUND)


async def test_a_kiosk_goes_through_its_screens(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        assert at_kiosk(d, 1).phase is KioskPhase.IDLE
        ticket_id = await d.take(1)
        assert at_kiosk(d, 1).phase is KioskPhase.WAITING
        await d.open_seat(1)
        ringing = at_kiosk(d, 1)
        assert ringing.phase is KioskPhase.RINGING
        assert ringing.link is not None
        assert ringing.link.you_are is Party.RESIDENT
        assert not ringing.link.attach
        assert not ringing.link.peer_restarts_ice
        call_id = await d.accept(1)
        in_call = at_kiosk(d, 1)
        assert in_call.phase is KioskPhase.IN_CALL
        assert in_call.link is not None
        assert in_call.link.attach
        assert in_call.call is not None
        assert in_call.call.state is CallState.CONNECTING
        await d.connect(1, call_id)
        await d.hall.execute(agent(1), EndCall(op_id="e", call_id=call_id))
        rating = at_kiosk(d, 1)
        assert rating.phase is KioskPhase.RATING
        assert rating.link is None
        assert rating.rating is not None
        await d.hall.execute(kiosk(1), RateCall(op_id="r", ticket_id=ticket_id, score=4))
        idle = at_kiosk(d, 1)
        assert idle.phase is KioskPhase.IDLE
        assert idle.last_end is TicketEndReason.SERVED


async def test_the_position_counts_who_is_really_ahead(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        for n in (1, 2, 3):
            await d.take(n)
        ahead = [ticket.ahead for n in (1, 2, 3) if (ticket := at_kiosk(d, n).ticket)]
        assert ahead == [0, 1, 2]
        soon = [ticket.soon for n in (1, 2, 3) if (ticket := at_kiosk(d, n).ticket)]
        assert soon == [True, False, False]
        await d.hall.detached(kiosk(1))
        second = at_kiosk(d, 2).ticket
        assert second is not None
        assert (second.ahead, second.soon) == (1, True)


async def test_a_desk_sees_what_rings_what_it_serves_and_what_it_wraps_up(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1)
        await d.take(2)
        await d.open_seat(1)
        ringing = at_desk(d, 1)
        assert ringing.offer is not None
        assert ringing.ticket is not None
        assert ringing.ticket.number == "A001"
        assert ringing.queue.waiting == 1
        assert ringing.queue.seats_available == 0
        assert [line.number for line in ringing.queue.first] == ["B001"]
        call_id = await d.accept(1)
        assert at_desk(d, 1).offer is None
        await d.connect(1, call_id)
        await d.hall.execute(kiosk(1), EndCall(op_id="e", call_id=call_id))
        after = at_desk(d, 1)
        assert after.state is SeatState.WRAP_UP
        assert after.wrap_up is not None
        assert after.wrap_up.number == "A001"
        assert after.ticket is None
        assert after.served_today == 1


async def test_wrap_up_still_names_the_ticket_when_the_kiosk_took_another(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        ticket_id = await d.take(1)
        await d.open_seat(1)
        call_id = await d.accept(1)
        await d.connect(1, call_id)
        await d.hall.execute(kiosk(1), EndCall(op_id="e", call_id=call_id))
        await d.hall.execute(kiosk(1), RateCall(op_id="r", ticket_id=ticket_id, score=5))
        await d.take(1)
        wrap_up = at_desk(d, 1).wrap_up
        assert wrap_up is not None
        assert wrap_up.number == "A001"


async def test_a_desk_without_an_agent_has_no_view(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        assert desk_view(d.hall.mirror, "01", d.clock.now(), AROUND) is None
        assert kiosk_view(d.hall.mirror, "K99", d.clock.now(), AROUND) is None


async def test_the_wall_adds_up(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1)
        await d.take(2)
        await d.open_seat(1)
        call_id = await d.accept(1)
        await d.connect(1, call_id)
        d.clock.move(60)
        wall = on_wall(d)
        assert [place.waiting for place in wall.locations] == [0, 1, 0]
        assert [place.in_call for place in wall.locations] == [1, 0, 0]
        assert wall.locations[0].kiosks[0].online
        assert not wall.locations[1].kiosks[0].online
        assert wall.seats[0].location is not None
        assert wall.seats[0].item is not None
        assert wall.today.taken == 2
        assert (wall.today.waiting, wall.today.serving) == (1, 1)
        assert wall.today.longest_wait_s is not None
        assert wall.today.longest_wait_s >= 60
        assert {row.number for row in wall.tickets} == {"A001", "B001"}
