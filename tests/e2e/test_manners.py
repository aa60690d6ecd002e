"""What a booth and a desk owe the people in front of them besides the call."""

from __future__ import annotations

import json
import re

import pytest
from playwright.async_api import Browser, expect

from tests.support.browser import Watch, open_page
from tests.support.floor import AGENT, Floor
from tests.support.pages import PATIENCE_MS, KioskPage
from tests.support.running_hall import RunningHall

pytestmark = [pytest.mark.e2e, pytest.mark.data, pytest.mark.asyncio(loop_scope="session")]

COUNT_POINTERS = """() => {
  window.__pointers = 0
  addEventListener('pointerdown', () => { window.__pointers += 1 }, { capture: true })
}"""

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/(desk|wall)?|chrome\S*|about:blank")
# What may never stand in a log: SDP, candidates, tokens.
SECRETS = re.compile(r"v=0\\r|a=candidate|candidate:\d|eyJ[A-Za-z0-9_-]{10,}\.")


async def test_a_booth_left_alone_forgets_whom_it_served(
    running_hall: RunningHall, resident_browser: Browser
) -> None:
    # The sheet comes for the last 15 seconds: nine are left for what is done before it.
    booth = await running_hall.enrol("baishi-1", idle_reset_s="24")
    await booth.start()
    watch = Watch(allowed=frozenset({running_hall.url, booth.origin}))
    async with open_page(resident_browser, watch) as (_, page):
        kiosk = KioskPage(page)
        await kiosk.open(booth.origin)
        await kiosk.tap("language-en")
        await expect(page.locator("html")).to_have_attribute("lang", re.compile("^en"))
        await kiosk.tap("size-3")
        await kiosk.tap("search")
        await page.locator('[data-letter="S"]').click()
        await kiosk.sees("idle-sheet")
        left = int(await page.locator('[data-testid="idle-sheet"] [role="timer"]').inner_text())
        assert 0 < left <= 15
        await kiosk.tap("idle-stay")
        await expect(kiosk.part("idle-sheet")).to_have_count(0)
        assert (await kiosk.part("typed").inner_text()).endswith("S")
        await kiosk.sees("idle-sheet")
        await kiosk.sees("help")
        await expect(page.locator("html")).to_have_attribute("lang", re.compile("^zh"))
        await expect(kiosk.part("size-1")).to_have_attribute("aria-pressed", "true")
        await kiosk.tap("search")
        assert "S" not in await kiosk.part("typed").inner_text()
    watch.assert_clean()


async def test_an_agent_needs_no_mouse(floor: Floor) -> None:
    desk = floor.desk
    await desk.page.evaluate(COUNT_POINTERS)
    await desk.press("b")
    await desk.press("2")
    await desk.sees("go-available")
    await desk.press("F2")
    await desk.is_in("idle")
    await floor.kiosk.choose("pension", "sb001")
    await desk.rings()
    await desk.accept()
    await desk.flows()
    await desk.press("m")
    await desk.sees("muted")
    await desk.press("m")
    await expect(desk.part("muted")).to_have_count(0)
    await desk.press("v")
    await expect(desk.part("camera")).to_have_attribute("aria-pressed", "true")
    await desk.press("v")
    await desk.press("1")
    await expect(desk.part("material").first).to_be_checked()
    await desk.press("n")
    await desk.page.keyboard.type("h m v 1")
    await desk.press("Escape")
    await desk.press("?")
    await desk.sees("shortcut-map")
    await desk.press("Escape")
    await expect(desk.part("shortcut-map")).to_be_hidden()
    await desk.end()
    await expect(desk.part("notes")).to_have_value("h m v 1")
    await desk.press("Escape")
    before = await desk.part("wrap-up-left").inner_text()
    await desk.press("e")
    await expect(desk.part("wrap-up-left")).not_to_have_text(before)
    await desk.finish()
    assert await desk.page.evaluate("window.__pointers") == 0


async def test_nothing_of_a_visit_stays_in_addresses_titles_storage_or_logs(
    floor: Floor,
) -> None:
    kiosk, desk, hall = floor.kiosk, floor.desk, floor.hall
    number = await floor.call()
    await desk.press("n")
    await desk.page.keyboard.type("a secret of the resident")
    await desk.press("Escape")
    await expect(desk.part("note-state")).to_have_attribute(
        "data-state", "saved", timeout=PATIENCE_MS
    )
    titles = [await screen.page.title() for screen in (kiosk, desk, floor.wall)]
    assert not [title for title in titles if "坐席01" in title or AGENT in title]
    await floor.rest()
    for page in (kiosk.page, desk.page, floor.wall.page):
        kept = json.loads(
            await page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
        )
        local, session = kept
        allowed = {"xiaowu.catalogue", "xiaowu.seat", "xiaowu.language"}
        assert set(local) <= allowed
        everything = json.dumps([{**local, "xiaowu.catalogue": ""}, session], ensure_ascii=False)
        assert number not in everything
        assert "secret" not in everything
    assert await kiosk.page.evaluate("sessionStorage.length") == 0
    for address in floor.watch.addresses:
        assert ADDRESS.fullmatch(address)
    for program in (hall.program, floor.booth.program):
        text = program.log_text()
        assert not SECRETS.search(text)
        assert "secret of the resident" not in text
        assert not [word for word in hall.passwords.values() if word in text]
