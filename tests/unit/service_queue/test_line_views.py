"""What screens are told of the line: places with reasons, waits, parking, codes, hand-overs."""

from dataclasses import replace
from pathlib import Path

import pytest

from service_queue.changes import Changes
from service_queue.desk_views import desk_view
from service_queue.forecast import Forecast
from service_queue.kiosk_views import kiosk_view
from service_queue.policy import GreenPolicy, HoursPolicy, Policy
from service_queue.tally import percentile
from service_queue.view_parts import Surroundings
from service_queue.wall_views import WallRows, wall_view
from signaling.protocol.commands import EndCall, SetShiftEnd
from signaling.protocol.views import Ahead, DeskView, KioskView, WallView
from signaling.protocol.words import (
    GreenReason,
    KioskPhase,
    Lane,
    ParkReason,
    Precedence,
    SeatState,
    TicketState,
)
from tests.support.hall_builder import START, HallDriver, agent, kiosk, open_district

pytestmark = pytest.mark.unit

AROUND = Surroundings(
    kiosk_online=lambda _: True,
    kiosk_restarts_ice=lambda _: True,
    agent_restarts_ice=lambda _: True,
    ice_servers=lambda _: (),
)


def at_kiosk(d: HallDriver, n: int, around: Surroundings = AROUND) -> KioskView:
    view = kiosk_view(d.hall.mirror, f"K{n:02d}", d.clock.now(), around)
    assert view is not None
    return view


def at_desk(d: HallDriver, n: int) -> DeskView:
    view = desk_view(d.hall.mirror, f"{n:02d}", d.clock.now(), AROUND)
    assert view is not None
    return view


def on_wall(d: HallDriver, around: Surroundings = AROUND) -> WallView:
    return wall_view(d.hall.mirror, d.clock.now(), around)


def alerts(d: HallDriver) -> set[str]:
    return {alert.kind for alert in on_wall(d).today.alerts}


async def test_a_kiosk_is_told_who_stands_before_it_and_why(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1)
        await d.take(2)
        await d.take(3, green=GreenReason.ELDERLY)
        second = at_kiosk(d, 2).ticket
        assert second is not None
        assert second.ahead == 2
        assert second.before == (
            Ahead(why=Precedence.EARLIER, count=1),
            Ahead(why=Precedence.GREEN, count=1),
        )
        third = at_kiosk(d, 3).ticket
        assert third is not None
        assert (third.ahead, third.before, third.soon) == (0, (), True)
        assert third.green is GreenReason.ELDERLY
        await d.open_seat(1)
        glance = at_desk(d, 1).queue
        assert [line.number for line in glance.first] == ["A001", "B001"]


async def test_a_used_up_quota_shows_in_the_order(tmp_path: Path) -> None:
    policy = Policy(green=GreenPolicy(one_in=3))
    async with open_district(tmp_path, policy=policy) as d:
        await d.take(1)
        await d.take(2)
        await d.take(3, green=GreenReason.ELDERLY)
        await d.take(4, green=GreenReason.ELDERLY)
        await d.open_seat(1)
        assert at_kiosk(d, 3).phase is KioskPhase.RINGING
        fourth = at_kiosk(d, 4).ticket
        assert fourth is not None
        assert fourth.before == (Ahead(why=Precedence.EARLIER, count=2),)
        await d.hall.reload()
        assert at_kiosk(d, 4).ticket == fourth


async def test_a_wait_is_shown_while_it_is_known(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        forecast = Forecast(d.hall)
        around = replace(AROUND, wait_of=forecast.wait_of)
        await d.take(1)
        await d.take(2)
        await forecast.refresh()
        untold = at_kiosk(d, 2, around).ticket
        assert untold is not None
        assert untold.wait is None
        await d.open_seat(1)
        await d.accept(1)
        await forecast.refresh()
        told = at_kiosk(d, 2, around).ticket
        assert told is not None
        assert told.wait is not None
        assert 0.0 < told.wait.low_s <= told.wait.high_s
        assert told.wait.at == d.clock.now()
        rows = {row.number: row for row in on_wall(d, around).tickets}
        assert rows["B001"].wait == told.wait
        assert rows["A001"].wait is None


async def test_stepping_away_shows_until_when_and_how_often(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        ticket_id = await d.take(1)
        waiting = at_kiosk(d, 1).ticket
        assert waiting is not None
        assert waiting.may_step_away
        await d.step_away(1, ticket_id)
        parked = at_kiosk(d, 1)
        assert parked.phase is KioskPhase.PARKED
        assert parked.ticket is not None
        assert parked.ticket.parked_because is ParkReason.STEPPED_AWAY
        assert parked.ticket.parked_until == d.clock.now() + d.hall.policy.park.away_s
        assert not parked.ticket.may_step_away
        wall = on_wall(d)
        assert (wall.today.waiting, wall.today.parked) == (0, 1)
        assert wall.tickets[0].parked_until == parked.ticket.parked_until
        await d.come_back(1, ticket_id)
        await d.step_away(1, ticket_id)
        await d.come_back(1, ticket_id)
        back = at_kiosk(d, 1).ticket
        assert back is not None
        assert not back.may_step_away


async def test_a_recalled_ticket_shows_its_lane_and_what_is_left(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1)
        await d.open_seat(1)
        await d.no_show(1, await d.accept(1))
        in_vain = at_kiosk(d, 1).ticket
        assert in_vain is not None
        assert in_vain.parked_because is ParkReason.NO_SHOW
        assert in_vain.recalls_left == d.hall.policy.park.max_recalls - 1
        await d.pass_time(d.hall.policy.park.recall_after_s + 1.0)
        ringing = at_desk(d, 1).ticket
        assert ringing is not None
        assert (ringing.lane, ringing.recalls) == (Lane.RECALLED, 1)


async def test_a_return_code_is_shown_to_both_sides_and_after_a_restart(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1)
        await d.open_seat(1)
        call_id = await d.serve(1)
        given = await d.return_code(1, call_id)
        for view in (at_kiosk(d, 1), at_desk(d, 1)):
            assert view.return_code is not None
            assert view.return_code.code == given.code
        await d.hall.reload()
        shown = at_kiosk(d, 1).return_code
        assert shown is not None
        await d.hall.execute(agent(1), EndCall(op_id="e", call_id=call_id))
        assert at_kiosk(d, 1).return_code == shown
        d.clock.move(3_600.0)
        assert at_kiosk(d, 1).return_code is None


async def test_during_a_call_a_desk_sees_who_could_take_it_over(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1)
        await d.open_seat(1)
        await d.open_seat(2, "人社局|民政局")
        assert at_desk(d, 1).colleagues == ()
        await d.serve(1)
        (colleague,) = at_desk(d, 1).colleagues
        assert (colleague.seat_id, colleague.departments) == ("02", ("人社局", "民政局"))


async def test_who_is_handed_on_names_the_window_before_and_raises_an_alert(
    tmp_path: Path,
) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1)
        await d.open_seat(1)
        await d.open_seat(2)
        await d.hand_over(1, await d.serve(1), seat="02")
        handed_on = at_desk(d, 2).ticket
        assert handed_on is not None
        assert (handed_on.hand_overs, handed_on.handed_over_by) == (1, "1号云窗口")
        await d.hall.reload()
        assert at_desk(d, 2).ticket == handed_on
        assert "handed_over_often" not in alerts(d)
        await d.hand_over(2, await d.serve(2), seat="01")
        assert "handed_over_often" in alerts(d)


async def test_a_desk_is_told_its_shift_ends(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.open_seat(1)
        ends_at = d.clock.now() + 1_000.0
        await d.hall.execute(agent(1), SetShiftEnd(op_id="s", at=ends_at))
        assert at_desk(d, 1).shift_ends_at == ends_at
        assert on_wall(d).seats[0].shift_ends_at == ends_at


async def test_a_kiosk_is_told_when_the_hall_is_open(tmp_path: Path) -> None:
    hours = HoursPolicy(opens="00:00", closes="23:59", last_ticket="23:30")
    async with open_district(tmp_path, policy=Policy(hours=hours)) as d:
        shown = at_kiosk(d, 1).hours
        assert shown.open
        assert shown.opens_at is not None
        assert shown.last_ticket_at is not None
        assert shown.opens_at < START < shown.last_ticket_at
    async with open_district(tmp_path) as d:
        assert at_kiosk(d, 1).hours.closes_at is None


async def test_a_ticket_no_window_may_serve_is_an_alert(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1)
        assert alerts(d) == {"no_window"}
        await d.open_seat(1, "民政局")
        assert alerts(d) == {"no_window"}
        await d.open_seat(2)
        assert alerts(d) == set()


async def test_a_wait_half_as_long_as_the_ceiling_is_an_alert(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1)
        await d.take(2)
        await d.open_seat(1)
        await d.accept(1)
        assert alerts(d) == set()
        d.clock.move(d.hall.policy.ceiling_s / 2.0)
        (alert,) = on_wall(d).today.alerts
        assert (alert.kind, alert.ticket_number) == ("long_wait", "B001")


async def test_a_pair_nobody_made_is_an_alert(tmp_path: Path) -> None:
    async with open_district(tmp_path, keep_deadlines=False) as d:
        await d.take(1)
        await d.open_seat(1)
        mirror = d.hall.mirror
        ticket = mirror.ticket_at_seat("01")
        assert ticket is not None
        # As a fault of ours would leave it: both are free, and the hall does not notice.
        now = d.clock.now()
        waits = {"state": TicketState.WAITING, "seat_id": None, "offer_id": None}
        forgotten = ticket.model_copy(update={**waits, "state_since": now})
        idle = mirror.seats["01"].model_copy(update={"state": SeatState.IDLE, "state_since": now})
        mirror.apply(Changes(seq=mirror.seq + 1, tickets=(forgotten,), seats=(idle,)))
        assert "unmatched" not in alerts(d)
        d.clock.move(d.hall.policy.unmatched_alarm_s + 1.0)
        (alert,) = on_wall(d).today.alerts
        assert (alert.kind, alert.ticket_number, alert.seat_id) == ("unmatched", "A001", "01")


async def test_the_wall_shows_waits_and_who_is_behind(tmp_path: Path) -> None:
    async with open_district(tmp_path, locations=2, seats=6, kiosks=12) as d:
        # K01, K03 … stand at L01, which waits long; the others are called at once.
        for n in (1, 3, 5):
            await d.take(n)
        d.clock.move(1_500.0)
        for n in (1, 2, 3):
            await d.open_seat(n)
            await d.accept(n)
        for n in (4, 5, 6):
            await d.open_seat(n)
        for n, seat in ((2, 4), (4, 5), (6, 6)):
            await d.take(n)
            await d.accept(seat)
        first, second = on_wall(d).locations
        assert first.longest_wait_s is not None
        assert first.longest_wait_s > 1_500.0
        assert first.p90_wait_s == first.longest_wait_s
        assert second.longest_wait_s is not None
        assert second.longest_wait_s < 10.0
        assert first.behind_s == pytest.approx(750.0, abs=10.0)
        assert second.behind_s == 0.0
        today = on_wall(d).today
        assert today.gini == pytest.approx(0.5, abs=0.01)
        assert today.p90_wait_s == first.p90_wait_s
        assert alerts(d) == {"location_behind"}
        before = on_wall(d)
        await d.hall.reload()
        assert on_wall(d) == before


async def test_a_row_that_says_the_same_is_not_made_again(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1)
        await d.take(2)
        rows = WallRows()
        first = wall_view(d.hall.mirror, d.clock.now(), AROUND, rows)
        await d.leave(2, first.tickets[1].id)
        second = wall_view(d.hall.mirror, d.clock.now(), AROUND, rows)
        assert second.tickets == (first.tickets[0],)
        assert second.tickets[0] is first.tickets[0]
        assert second == on_wall(d)


async def test_who_is_away_keeps_the_place_and_is_not_next(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1)
        await d.take(2)
        await d.hall.detached(kiosk(1))
        second = at_kiosk(d, 2).ticket
        assert second is not None
        assert (second.ahead, second.soon) == (1, True)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([5.0], 0.9, 5.0), ([1.0, 2.0], 0.5, 1.0), ([float(n) for n in range(1, 11)], 0.9, 9.0)],
)
def test_a_percentile_is_one_of_the_values(
    values: list[float], share: float, expected: float
) -> None:
    assert percentile(values, share) == expected
