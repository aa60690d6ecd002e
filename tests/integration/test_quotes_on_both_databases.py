"""Quotes are kept and settled, and the hall learns again, alike on SQLite and on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from service_queue.forecast import Forecast
from service_queue.quotes import newest_day, read_quotes
from service_queue.view_parts import return_code
from tests.support.databases import EmptyDatabase
from tests.support.hall_builder import open_district

pytestmark = pytest.mark.integration


async def test_a_quote_goes_its_way(database: EmptyDatabase, tmp_path: Path) -> None:
    async with open_district(tmp_path, url=database.url, keep_deadlines=False) as d:
        forecast = Forecast(d.hall)
        undo = forecast.follow()
        await d.take(1)
        second = await d.take(2)
        await d.open_seat(1)
        call_id = await d.serve(1)
        await forecast.refresh()
        assert forecast.wait_of(second) is not None
        d.clock.move(120.0)
        await d.end_call(1, call_id)
        await d.pass_time(d.hall.policy.wrap_up_s + 1.0)
        second_call = await d.serve(1)
        await d.return_code(1, second_call)
        await forecast.refresh()
        undo()
        (quote,) = await d.hall.store.read(read_quotes)
        assert quote.waited_s == pytest.approx(120.0 + d.hall.policy.wrap_up_s + 1.0)
        assert await d.hall.store.read(newest_day) == d.hall.mirror.tickets[second].day
        followed = d.hall.mirror
        await d.hall.reload()
        loaded = d.hall.mirror
        for levels in ("talks", "wrap_ups", "breaks"):
            ours = getattr(followed.experience.times, levels).hall
            theirs = getattr(loaded.experience.times, levels).hall
            assert (theirs.n, theirs.mean) == (ours.n, pytest.approx(ours.mean))
        shown = return_code(loaded, loaded.tickets[second])
        assert shown is not None
        assert shown == return_code(followed, followed.tickets[second])
