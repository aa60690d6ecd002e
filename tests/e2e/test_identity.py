"""Who stands in the booth, from card to desk: real pages, real video, a real witness."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright, expect

from id_verify.alive.words import CueKind
from kiosk_client.app import open_page_kiosk
from kiosk_client.settings import CardSettings, KioskSettings
from tests.conftest import DATA
from tests.support.browser import Watch, open_chromium, open_page
from tests.support.canvas_camera import show_acts
from tests.support.follower import Acts, KnownCues, acts_of, held_up
from tests.support.pages import PATIENCE_MS, DeskPage, KioskPage
from tests.support.running_hall import RunningHall, open_running_hall
from tests.support.sample_card import put_card

pytestmark = [pytest.mark.e2e, pytest.mark.data, pytest.mark.asyncio(loop_scope="session")]

KIOSK: Final = "qinghe-1"
AGENT: Final = "agent01"
SEAT: Final = "seat-01"
PERSON: Final = "621f74a85af9d379642ce38f"
OTHER: Final = "62421a6b74c10315675b9eb3"
CUES: Final = (CueKind.TURN_LEFT, CueKind.TURN_RIGHT, CueKind.LOOK_UP)
"""What the person on the recording does, in the order in which they do it. The witness is given a
seed that draws them, in this process; a booth has no way to be given one."""


@dataclass
class Hall:
    """A hall with one booth, whose program runs in this process."""

    running: RunningHall
    browser: Browser
    desk: DeskPage
    origin: str
    card_dir: Path

    def put_card_of(self, person: str) -> None:
        portrait = cv2.imread(str(DATA / "faces" / "td_selfie" / f"{person}.jpg"))
        put_card(self.card_dir, np.asarray(portrait, np.uint8))

    @asynccontextmanager
    async def resident(
        self, acts: Acts | None = None, *, label: str = ""
    ) -> AsyncIterator[KioskPage]:
        """The booth's page with this camera, and a ticket that waits."""
        watch = Watch(allowed=frozenset({self.running.url, self.origin}))
        async with open_page(self.browser, watch) as (_, page):
            if acts is not None:
                await show_acts(page, acts, label=label)
            kiosk = KioskPage(page)
            await kiosk.open(self.origin)
            await kiosk.choose("pension", "sb001")
            try:
                yield kiosk
                watch.assert_clean()
            finally:
                await kiosk.home()

    @asynccontextmanager
    async def agent(self) -> AsyncIterator[DeskPage]:
        """The desk of an agent who is ready; on a break before and afterwards."""
        desk, available = self.desk, self.desk.part("status-available")
        await desk.press("a")
        await expect(available).to_have_attribute("aria-pressed", "true")
        yield desk
        await desk.idle()
        await desk.press("b")
        await desk.press("1")
        await expect(available).to_have_attribute("aria-pressed", "false")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hall(
    tmp_path_factory: pytest.TempPathFactory, playwright: Playwright
) -> AsyncIterator[Hall]:
    folder = tmp_path_factory.mktemp("identity")
    card_dir = folder / "card"
    card_dir.mkdir()
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(open_running_hall(folder, kiosks=(KIOSK,)))
        booth = await running.enrol(KIOSK)
        settings = KioskSettings(
            server_url=running.url,
            data_dir=folder / KIOSK,
            port=int(booth.environment["KIOSK_PORT"]),
            card=CardSettings(reader="simulated", path=card_dir),
        )
        await stack.enter_async_context(
            open_page_kiosk(settings, with_browser=False, cues=lambda: KnownCues(CUES))
        )
        browser = await stack.enter_async_context(open_chromium(playwright))
        watch = Watch(allowed=frozenset({running.url}))
        _, page = await stack.enter_async_context(open_page(browser, watch))
        desk = DeskPage(page)
        await desk.sign_in(running.url, AGENT, running.passwords[AGENT])
        await desk.sit(SEAT)
        yield Hall(
            running=running, browser=browser, desk=desk, origin=booth.origin, card_dir=card_dir
        )
        watch.assert_clean()


@pytest.fixture(scope="module")
def live() -> Acts:
    return acts_of(DATA / "videos" / f"td_live_{PERSON}.mov", CUES)


async def agree(kiosk: KioskPage) -> None:
    """Choose the face, and agree to the words that are shown."""
    await kiosk.tap("identity-face")
    await kiosk.sees("identity-agree")
    await same_size(kiosk, "identity-agree", "identity-other")
    await kiosk.tap("identity-agree")


async def ends(kiosk: KioskPage) -> None:
    """Wait for a result; what was not seen is tried the once more that is offered."""
    end = kiosk.part("identity-end")
    await expect(end).to_be_visible(timeout=PATIENCE_MS)
    if await end.get_attribute("data-code") is not None:
        await kiosk.tap("identity-again")
        await expect(end).to_have_count(0)
        await expect(end).to_be_visible(timeout=PATIENCE_MS)


async def same_size(kiosk: KioskPage, *parts: str) -> None:
    """Both ways are as large as the other."""
    boxes = [await kiosk.part(part).bounding_box() for part in parts]
    sizes = [(round(box["width"]), round(box["height"])) for box in boxes if box is not None]
    assert len(sizes) == len(parts)
    assert len(set(sizes)) == 1, sizes


async def test_a_living_person_with_their_own_card_passes_and_the_desk_sees_why(
    hall: Hall, live: Acts
) -> None:
    hall.put_card_of(PERSON)
    async with hall.resident(live) as kiosk:
        await same_size(kiosk, "identity-face", "identity-no-face")
        await agree(kiosk)
        await expect(kiosk.part("face-step")).to_have_attribute(
            "data-cue", "turn_left", timeout=PATIENCE_MS
        )
        await kiosk.sees("identity-other")
        await ends(kiosk)
        end = kiosk.part("identity-end")
        await expect(end.locator('[data-part="face"]')).to_have_attribute("data-mark", "good")
        await expect(end.locator('[data-part="alive"]')).to_have_attribute("data-mark", "good")
        await expect(end).to_have_attribute("data-grade", "clear")
        await kiosk.tap("identity-close")
        await expect(kiosk.part("identity-outcome")).to_have_attribute("data-grade", "clear")
        number = await kiosk.number()
        async with hall.agent() as desk:
            assert await desk.rings() == number
            await desk.accept()
            shown = desk.part("identity")
            await expect(shown).to_have_attribute("data-grade", "clear", timeout=PATIENCE_MS)
            await expect(desk.part("identity-holder")).to_contain_text("*" * 14)
            await kiosk.tap("identity-withdraw")
            await kiosk.tap("withdraw-sure")
            await expect(shown).to_have_attribute("data-state", "withdrawn")
            await expect(desk.part("identity-holder")).to_have_count(0)
            await desk.end()


async def test_another_persons_card_does_not_pass(hall: Hall, live: Acts) -> None:
    hall.put_card_of(OTHER)
    async with hall.resident(live) as kiosk:
        await agree(kiosk)
        await ends(kiosk)
        end = kiosk.part("identity-end")
        await expect(end.locator('[data-part="face"]')).to_have_attribute("data-mark", "bad")
        await expect(end).to_have_attribute("data-grade", "refused")
        await kiosk.tap("identity-close")


async def test_a_print_held_up_to_the_camera_is_refused(hall: Hall) -> None:
    pictures = sorted((DATA / "sequences" / "nuaa_print_0001_p04_s03").glob("*.jpg"))
    prints = held_up([np.asarray(cv2.imread(str(each)), np.uint8) for each in pictures])
    hall.put_card_of(PERSON)
    async with hall.resident(prints) as kiosk:
        await agree(kiosk)
        await ends(kiosk)
        end = kiosk.part("identity-end")
        assert await end.get_attribute("data-grade") == "refused"
        await expect(end.locator('[data-part="alive"]')).to_have_attribute("data-mark", "bad")
        await kiosk.tap("identity-close")


async def test_a_camera_that_is_a_program_is_held_against_whoever_uses_it(
    hall: Hall, live: Acts
) -> None:
    hall.put_card_of(PERSON)
    async with hall.resident(live, label="OBS Virtual Camera") as kiosk:
        await agree(kiosk)
        await ends(kiosk)
        await expect(kiosk.part("identity-end")).to_have_attribute("data-grade", "refused")
        await kiosk.tap("identity-close")


async def test_the_way_without_face_reaches_the_desk(hall: Hall) -> None:
    hall.put_card_of(PERSON)
    async with hall.resident() as kiosk:
        await kiosk.tap("identity-face")
        await kiosk.sees("identity-agree")
        await kiosk.tap("identity-other")
        await expect(kiosk.part("identity-end")).to_have_attribute(
            "data-grade", "manual", timeout=PATIENCE_MS
        )
        await kiosk.tap("identity-close")
        async with hall.agent() as desk:
            await desk.rings()
            await desk.accept()
            shown = desk.part("identity")
            await expect(shown).to_have_attribute("data-grade", "manual", timeout=PATIENCE_MS)
            await expect(shown.locator("[data-part=card]")).to_have_attribute("data-mark", "good")
            await desk.end()


async def test_a_check_goes_on_beside_the_agent_when_the_call_comes(hall: Hall) -> None:
    (hall.card_dir / "card.json").unlink(missing_ok=True)
    async with hall.resident() as kiosk:
        await kiosk.tap("identity-no-face")
        await kiosk.sees("identity-skip-card")
        async with hall.agent() as desk:
            await desk.rings()
            await desk.accept()
            await kiosk.is_on("call")
            await expect(kiosk.part("identity-screen")).to_have_attribute("data-step", "card")
            hall.put_card_of(PERSON)
            await expect(kiosk.part("identity-end")).to_have_attribute(
                "data-grade", "manual", timeout=PATIENCE_MS
            )
            await kiosk.sees("call-screen")
            await kiosk.tap("identity-close")
            await desk.end()


async def test_an_agent_asks_in_the_call_and_the_resident_chooses(hall: Hall) -> None:
    hall.put_card_of(PERSON)
    async with hall.resident() as kiosk, hall.agent() as desk:
        await desk.rings()
        await desk.accept()
        await kiosk.is_on("call")
        await expect(kiosk.part("identity-card")).to_have_count(0)
        await desk.tap("identity-ask")
        await same_size(kiosk, "identity-face", "identity-no-face")
        await kiosk.tap("identity-no-face")
        await expect(kiosk.part("identity-end")).to_have_attribute(
            "data-grade", "manual", timeout=PATIENCE_MS
        )
        await kiosk.tap("identity-close")
        await expect(desk.part("identity")).to_have_attribute("data-state", "graded")
        await desk.end()


async def test_a_page_that_is_loaded_again_in_the_middle_begins_again(hall: Hall) -> None:
    hall.put_card_of(PERSON)
    async with hall.resident() as kiosk:
        await kiosk.tap("identity-face")
        await kiosk.sees("identity-agree")
        await kiosk.page.reload()
        await kiosk.sees("identity-card")
        await kiosk.tap("identity-no-face")
        await expect(kiosk.part("identity-end")).to_have_attribute(
            "data-grade", "manual", timeout=PATIENCE_MS
        )
        await kiosk.tap("identity-close")
