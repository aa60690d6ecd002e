"""A moment that is past moves something: else the sweep spins, and the server calls itself late."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from signaling.protocol.words import CallState, MediaReport
from tests.support.hall_builder import agent, kiosk, open_district

pytestmark = pytest.mark.unit

FLOWS, STALLS = MediaReport.FLOWING, MediaReport.STALLED
NIGHT_S = 11 * 3600.0


@pytest.mark.parametrize(
    ("resident_sees", "agent_sees", "kiosk_gone", "desk_gone"),
    list(product((FLOWS, STALLS), (FLOWS, STALLS), (False, True), (False, True))),
    ids=str,
)
async def test_nothing_is_overdue_that_the_sweep_leaves_as_it_is(
    tmp_path: Path,
    resident_sees: MediaReport,
    agent_sees: MediaReport,
    kiosk_gone: bool,
    desk_gone: bool,
) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1)
        await d.open_seat(1)
        call_id = await d.serve(1)
        if STALLS in (resident_sees, agent_sees):
            await d.report(kiosk(1), call_id, resident_sees)
            await d.report(agent(1), call_id, agent_sees)
        if kiosk_gone:
            await d.hall.detached(kiosk(1))
        if desk_gone:
            await d.hall.detached(agent(1))
        for seconds in (0.5, 40.0, 20.0, 40.0, NIGHT_S):
            await d.pass_time(seconds)
            assert d.hall.mirror.next_deadline() > d.clock.now()


async def test_after_a_restart_a_call_that_stood_still_has_the_time_of_those_who_come_back(
    tmp_path: Path,
) -> None:
    async with open_district(tmp_path) as d:
        await d.take(1)
        await d.open_seat(1)
        call_id = await d.serve(1)
        await d.report(agent(1), call_id, STALLS)
        d.clock.move(NIGHT_S)
    async with open_district(tmp_path, clock=d.clock) as again:
        await again.pass_time(1.0)
        assert again.hall.mirror.calls[call_id].state is CallState.RECONNECTING
        assert again.hall.mirror.next_deadline() > again.clock.now()
        await again.pass_time(again.hall.policy.call_away_grace_s)
        assert call_id not in again.hall.mirror.calls
        assert again.hall.mirror.next_deadline() > again.clock.now()
