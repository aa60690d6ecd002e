"""Two desks and a booth: handing a resident on, cold and warm."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.support.floor import SECOND_SEAT, Floor
from tests.support.pages import PATIENCE_MS, DeskPage

pytestmark = [pytest.mark.e2e, pytest.mark.data, pytest.mark.asyncio(loop_scope="session")]


STALL_MS = 3_000
"""Without a picture for so long a line counts as stalled; less is a busy machine."""


@pytest_asyncio.fixture(loop_scope="session")
async def colleague(floor: Floor, second_desk: DeskPage) -> AsyncIterator[DeskPage]:
    """The second desk, on a break: it opens when the first has somebody."""
    yield second_desk
    await floor.kiosk.home()
    await second_desk.idle()
    await second_desk.pause()


async def test_a_cold_hand_over_rings_at_the_other_desk_and_goes_on_there(
    floor: Floor, colleague: DeskPage
) -> None:
    kiosk, desk = floor.kiosk, floor.desk
    number = await floor.call()
    await colleague.open_seat()
    await desk.choose_colleague(SECOND_SEAT)
    await desk.tap("transfer-confirm")
    await desk.is_in("wrap_up")
    assert await colleague.rings() == number
    await expect(colleague.part("ring-card")).to_contain_text("1")
    await colleague.accept()
    await kiosk.is_on("call")
    await kiosk.flows()
    await colleague.flows()


async def test_a_warm_hand_over_leaves_the_resident_not_a_moment_alone(
    floor: Floor, colleague: DeskPage
) -> None:
    kiosk, desk = floor.kiosk, floor.desk
    number = await floor.call()
    first = await kiosk.seen_calls()
    assert len(first) == 1
    await colleague.open_seat()
    await desk.choose_colleague(SECOND_SEAT)
    await desk.tap("invite")
    assert await colleague.rings() == number
    await kiosk.sees("company")
    await colleague.accept()
    await colleague.flows()
    # Three pairs: both agents reach the booth, and each other.
    await expect(kiosk.pictures()).to_have_count(2, timeout=PATIENCE_MS)
    for screen in (desk, colleague):
        await expect(screen.part("colleague")).to_have_attribute(
            "data-media", "flowing", timeout=PATIENCE_MS
        )
        await expect(
            screen.page.locator('[data-testid=colleague-video] video[data-shown="true"]')
        ).to_be_visible(timeout=PATIENCE_MS)
    both = await kiosk.seen_calls()
    second = next(call for call in both if call not in first)
    assert set(both) == {*first, second}
    for call in both:
        await kiosk.frames_go_on(call)
    # The colleague's picture is the large one, the agent's beside it.
    await expect(kiosk.page.locator(f'.large[data-call="{second}"]')).to_be_visible()
    await expect(kiosk.page.locator(f'.small[data-call="{first[0]}"]')).to_be_visible()

    await kiosk.watch_frames(second)
    await expect(desk.part("hand-call-over")).to_be_enabled(timeout=PATIENCE_MS)
    await desk.tap("hand-call-over")
    await desk.is_in("wrap_up")
    await colleague.is_in("in_call")
    await expect(kiosk.pictures()).to_have_count(1, timeout=PATIENCE_MS)
    assert await kiosk.seen_calls() == [second]
    await kiosk.frames_go_on(second)
    assert await kiosk.is_the_watched_picture(second)
    assert await kiosk.longest_pause_ms() < STALL_MS
    await kiosk.is_on("call")
    # The call is the colleague's: all that can be done about one can be done there.
    await colleague.sees("transfer")
    await expect(colleague.part("colleague")).to_have_count(0)
    await colleague.end()
    await kiosk.is_on("rating")


async def test_a_colleague_may_leave_and_the_call_goes_on(
    floor: Floor, colleague: DeskPage
) -> None:
    kiosk, desk = floor.kiosk, floor.desk
    await floor.call()
    await colleague.open_seat()
    await desk.choose_colleague(SECOND_SEAT)
    await desk.tap("invite")
    await colleague.rings()
    await colleague.accept()
    await expect(kiosk.pictures()).to_have_count(2, timeout=PATIENCE_MS)
    # A page loaded anew comes back into all of it.
    await colleague.page.reload()
    await colleague.flows()
    await expect(desk.part("colleague")).to_have_attribute(
        "data-media", "flowing", timeout=PATIENCE_MS
    )
    await colleague.tap("leave-visit")
    await colleague.is_in("idle")
    await expect(desk.part("colleague")).to_have_attribute("data-state", "ended")
    await expect(kiosk.pictures()).to_have_count(1, timeout=PATIENCE_MS)
    await desk.is_in("in_call")
    for call in await kiosk.seen_calls():
        await kiosk.frames_go_on(call)
