from pathlib import Path

import pytest
from sqlalchemy import select

from service_queue.forecast import Forecast, open_forecast, steady
from service_queue.line_tables import EstimateRow
from service_queue.prospect import Wait
from service_queue.quotes import Quoted, accuracy, day_accuracy, newest_day, read_quotes
from service_queue.tables import table_of
from signaling.protocol.commands import EndCall
from tests.support.hall_builder import HallDriver, agent, open_district

pytestmark = pytest.mark.unit

_estimate = table_of(EstimateRow)


async def kept(d: HallDriver) -> dict[str, float | None]:
    """What was quoted, and how long those then waited."""
    asked = select(_estimate.c.ticket_id, _estimate.c.waited_s)
    rows = await d.hall.store.read(lambda c: c.execute(asked).all())
    return {row.ticket_id: row.waited_s for row in rows}


async def test_a_wait_is_told_once_a_window_is_open_and_settled_by_the_call(
    tmp_path: Path,
) -> None:
    async with open_district(tmp_path) as d:
        forecast = Forecast(d.hall)
        undo = forecast.follow()
        first, second = await d.take(1), await d.take(2)
        await forecast.refresh()
        assert forecast.wait_of(second) is None
        assert await kept(d) == {}
        await d.open_seat(1)
        await d.accept(1)
        await forecast.refresh()
        wait = forecast.wait_of(second)
        assert wait is not None
        assert 0.0 < wait.low_s < wait.high_s
        assert forecast.wait_of(first) is None
        assert await kept(d) == {second: None}
        d.clock.move(90.0)
        await d.open_seat(2)
        await d.accept(2)
        await forecast.refresh()
        assert await kept(d) == {second: 91.0}
        undo()


async def test_what_was_quoted_first_stays(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1)
        await d.take(2)
        await d.open_seat(1)
        forecast = Forecast(d.hall)
        await forecast.refresh()
        quoted_at = await d.hall.store.read(
            lambda c: c.execute(select(_estimate.c.quoted_at)).scalar_one()
        )
        d.clock.move(30.0)
        await Forecast(d.hall).refresh()
        again = await d.hall.store.read(
            lambda c: c.execute(select(_estimate.c.quoted_at)).scalar_one()
        )
        assert again == quoted_at


async def test_a_wait_that_ended_while_the_server_was_down_is_settled_at_the_start(
    tmp_path: Path,
) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1)
        second = await d.take(2)
        await d.open_seat(1)
        await Forecast(d.hall).refresh()
        await d.open_seat(2)
        await d.accept(2)
        assert await kept(d) == {second: None}
        async with open_forecast(d.hall) as forecast:
            await forecast.made()
        waited = await kept(d)
        assert waited[second] is not None


async def test_the_hall_learns_from_its_calls_and_after_a_restart(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        for n in (1, 2, 3):
            await d.take(n)
            if n == 1:
                await d.open_seat(1)
            call_id = await d.accept(1)
            await d.connect(1, call_id)
            d.clock.move(100.0)
            await d.hall.execute(agent(1), EndCall(op_id=d.op(), call_id=call_id))
            d.clock.move(d.hall.policy.wrap_up_s + 1.0)
            await d.hall.tick()
        times = d.hall.mirror.experience.times
        assert times.talks.items["pension"].n == 3
        assert times.wrap_ups.items["pension"].n == 3
        assert times.answers.n == 3
        await d.hall.reload()
        loaded = d.hall.mirror.experience.times
        assert loaded is not times
        for kind in ("talks", "wrap_ups", "breaks"):
            ours, theirs = getattr(times, kind).hall, getattr(loaded, kind).hall
            assert theirs.n == ours.n
            assert theirs.mean == pytest.approx(ours.mean)
        assert loaded.waited_s == pytest.approx(times.waited_s)
        pace = times.paces.of(agent(1).agent_id)
        assert pace != times.paces.of(None)
        assert loaded.paces.of(agent(1).agent_id) == pace


def test_a_wait_that_says_the_same_is_not_told_anew() -> None:
    told = Wait(10.0, 300.0, 600.0, 1000.0)
    assert steady(told, Wait(5.0, 245.0, 552.0, 1050.0)) is told
    later = Wait(5.0, 300.0, 600.0, 1050.0)
    assert steady(told, later) is later
    assert steady(None, told) is told


def quoted(waited_s: float, at: float = 0.0) -> Quoted:
    return Quoted(at, "Asia/Shanghai", 60.0, 100.0, 200.0, 160.0, waited_s)


def test_accuracy_says_how_often_and_how_far() -> None:
    figures = accuracy([quoted(50.0), quoted(100.0), quoted(150.0), quoted(250.0)])
    assert figures is not None
    assert (figures.held, figures.under_low, figures.under_high) == (0.5, 0.5, 0.75)
    assert figures.error_s == pytest.approx((50 + 0 + 50 + 150) / 4)
    assert figures.bias_s == pytest.approx((50 + 0 - 50 - 150) / 4)
    assert figures.flat_error_s == pytest.approx((110 + 60 + 10 + 90) / 4)
    assert figures.ratio == pytest.approx(62.5 / 67.5)
    assert accuracy([]) is None


def test_a_day_is_told_by_the_hours_of_its_place() -> None:
    day = day_accuracy("1970-01-01", [quoted(100.0), quoted(100.0, 7200.0), quoted(150.0, 7300.0)])
    assert {hour: figures.quotes for hour, figures in day.hours.items()} == {8: 1, 10: 2}
    assert day.whole is not None
    assert day.whole.quotes == 3


async def test_quotes_are_read_by_day(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        assert await d.hall.store.read(newest_day) is None
        await d.take(1)
        await d.take(2)
        await d.open_seat(1)
        forecast = Forecast(d.hall)
        undo = forecast.follow()
        await forecast.refresh()
        await d.open_seat(2)
        await d.accept(2)
        await forecast.refresh()
        undo()
        day = await d.hall.store.read(newest_day)
        assert day == next(iter(d.hall.mirror.tickets.values())).day
        assert len(await d.hall.store.read(lambda c: read_quotes(c, day))) == 1
        assert await d.hall.store.read(lambda c: read_quotes(c, "1999-01-01")) == []
