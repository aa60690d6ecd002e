"""Who does not come back is noticed, and the other is told why. Its hall has little patience."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.support.browser import Watch, open_page
from tests.support.floor import AGENT, KIOSK, SEAT
from tests.support.pages import PATIENCE_MS, DeskPage, KioskPage
from tests.support.running_hall import RunningHall, open_running_hall

pytestmark = [pytest.mark.e2e, pytest.mark.data, pytest.mark.asyncio(loop_scope="session")]

IMPATIENT = {
    "XIAOWU_QUEUE__CALL_AWAY_GRACE_S": "8",
    "XIAOWU_QUEUE__WAITING_KIOSK_GRACE_S": "3",
    # Longer than the grace of a booth that goes away while it rings.
    "XIAOWU_QUEUE__OFFER_TIMEOUT_S": "12",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def impatient_hall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningHall]:
    folder = tmp_path_factory.mktemp("impatient")
    async with open_running_hall(folder, kiosks=(KIOSK,), environment=IMPATIENT) as hall:
        await (await hall.enrol(KIOSK)).start()
        yield hall


async def test_whoever_is_gone_for_good_is_noticed_and_the_other_is_told_why(
    impatient_hall: RunningHall, resident_browser: Browser, agent_browser: Browser
) -> None:
    hall = impatient_hall
    origin = hall.booths[KIOSK].origin
    watch = Watch(allowed=frozenset({hall.url, origin}))
    async with open_page(agent_browser, watch) as (_, desk_page):
        desk = DeskPage(desk_page)
        await desk.sign_in(hall.url, AGENT, hall.passwords[AGENT])
        await desk.sit(SEAT)
        await desk.open_seat()

        # A booth without power in the middle of a call.
        async with open_page(resident_browser, watch) as (_, kiosk_page):
            kiosk = KioskPage(kiosk_page)
            await kiosk.open(origin)
            await kiosk.choose("pension", "sb001")
            await desk.rings()
            await desk.accept()
            await kiosk.flows()
            await desk.flows()
        await expect(desk.part("call-notice")).to_have_attribute(
            "data-kind", "resident_away", timeout=PATIENCE_MS
        )
        await desk.is_in("wrap_up")
        assert hall.rows("SELECT end_reason FROM call") == [("kiosk_lost",)]
        told = await desk.part("wrap-up").inner_text()
        await desk.finish()
        assert "设备" in told or "晓屋" in told, told

        # A booth without power while it rings.
        async with open_page(resident_browser, watch) as (_, kiosk_page):
            kiosk = KioskPage(kiosk_page)
            await kiosk.open(origin)
            await kiosk.home()
            await kiosk.choose("pension", "sb001")
            await desk.rings()
        await desk.is_in("idle")
        await desk.sees("toast")

        # An agent who does not answer.
        async with open_page(resident_browser, watch) as (_, kiosk_page):
            kiosk = KioskPage(kiosk_page)
            await kiosk.open(origin)
            await kiosk.home()
            await kiosk.choose("pension", "sb001")
            number = await desk.rings()
            await kiosk.sees("returned")
            assert await kiosk.number() == number
            await desk.sees("go-available")

            # A desk that is closed in the middle of a call.
            await desk.press("F2")
            assert await desk.rings() == number
            await desk.accept()
            await kiosk.flows()
            await desk_page.close()
            await kiosk.sees("over-picture")
            await kiosk.is_on("ticket")
            assert await kiosk.number() == number
            await kiosk.sees("returned")
    watch.assert_clean()
