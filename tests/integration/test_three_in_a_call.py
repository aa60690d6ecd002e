"""A booth without a screen and two agents: the media of a warm hand-over, without a browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kiosk_client.app import headless_visit
from kiosk_client.settings import KioskSettings
from kiosk_client.sources import Sources
from kiosk_client.visit import Outcome, VisitPlan, VisitResult
from seat_server.app import RunningServer
from service_queue.policy import Policy
from signaling.client.link import op_id
from signaling.client.sinks import LastPicture, ToneDetector
from signaling.protocol.commands import EndConsult, HandCallOver, InviteColleague
from signaling.protocol.words import CallState, SeatState, TransferReason
from tests.support.media_pair import AGENT_HZ, Both, until
from tests.support.real_hall import DeskBot, enrolled, open_hall_server

pytestmark = pytest.mark.integration

KIOSK = "qinghe-1"
ITEM = "help"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RunningServer]:
    async with open_hall_server(tmp_path / "server", policy=Policy(wrap_up_s=1.0)) as running:
        yield running


@pytest.fixture
async def settings(server: RunningServer, tmp_path: Path) -> KioskSettings:
    return await enrolled(server, KIOSK, tmp_path / "kiosk")


async def in_threes(host: DeskBot, guest: DeskBot) -> str:
    """The host asks the guest, who comes, sees and hears the resident; the invitation's id."""
    view = await host.until(lambda v: v.call is not None and v.call.state is CallState.CONNECTED)
    assert view.call is not None
    await host.link.send(
        InviteColleague(
            op_id=op_id(),
            call_id=view.call.id,
            reason=TransferReason.NEEDS_SPECIALIST,
            to_seat="seat-02",
        )
    )
    ready = await host.until(lambda v: v.consult is not None and v.consult.ready)
    await until(lambda: guest.ear.share > 0.9 and guest.picture.count > 5)
    assert ready.consult is not None
    return ready.consult.id


async def test_a_booth_without_a_screen_is_handed_over_without_a_break(
    server: RunningServer, settings: KioskSettings
) -> None:
    picture, ear = LastPicture(), ToneDetector(AGENT_HZ)
    visiting: asyncio.Task[VisitResult]
    async with DeskBot(server) as host:
        visiting = asyncio.create_task(
            headless_visit(settings, VisitPlan(item_code=ITEM), Sources(), sink=Both(picture, ear))
        )
        await host.until(lambda v: v.call is not None)
        async with DeskBot(server, "seat-02") as guest:
            consult_id = await in_threes(host, guest)
            await host.link.send(HandCallOver(op_id=op_id(), consult_id=consult_id))
            await host.until(lambda v: v.call is None)
            mine = await guest.until(lambda v: v.consult is None and v.call is not None)
            assert mine.call is not None
            assert (mine.call.id, mine.call.state) == (consult_id, CallState.CONNECTED)
            # The booth now shows and plays the colleague, over the connection that stood already.
            seen = picture.count
            await until(lambda: picture.count > seen + 5 and ear.share > 0.9)
            assert guest.call.totals.peers_built == 2
            await guest.end_call()
            result = await visiting
    assert result.outcome is Outcome.SERVED
    assert result.media_rebuilds == 0


async def test_a_colleague_goes_and_the_call_stays(
    server: RunningServer, settings: KioskSettings
) -> None:
    async with DeskBot(server) as host:
        visiting = asyncio.create_task(
            headless_visit(settings, VisitPlan(item_code=ITEM), Sources())
        )
        await host.until(lambda v: v.call is not None)
        async with DeskBot(server, "seat-02") as guest:
            consult_id = await in_threes(host, guest)
            await guest.link.send(EndConsult(op_id=op_id(), consult_id=consult_id))
            await guest.until(lambda v: v.state is SeatState.IDLE)
            view = await host.until(lambda v: v.consult is not None and v.consult.link is None)
            assert view.call is not None
            assert view.call.state is CallState.CONNECTED
            await host.end_call()
            result = await visiting
    assert result.outcome is Outcome.SERVED
