"""Reloads, crashes, power cuts: the same ticket and the same call go on."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, expect

from tests.support.browser import open_page
from tests.support.floor import AGENT, SEAT, Floor
from tests.support.pages import PATIENCE_MS, DeskPage, KioskPage, Screen
from tests.support.senses import frames_shown

pytestmark = [pytest.mark.e2e, pytest.mark.data, pytest.mark.asyncio(loop_scope="session")]

PATIENCE_S = PATIENCE_MS / 1000


async def pictures_move(*screens: Screen) -> None:
    """Wait until every screen has shown a dozen more pictures of the other side."""
    before = [await frames_shown(screen.page) for screen in screens]
    async with asyncio.timeout(PATIENCE_S):
        for screen, seen in zip(screens, before, strict=True):
            while await frames_shown(screen.page) < max(seen, 0) + 12:
                await screen.page.wait_for_timeout(100)


async def test_a_reloaded_kiosk_is_still_in_its_place_in_the_line(floor: Floor) -> None:
    kiosk, desk = floor.kiosk, floor.desk
    await desk.press("b")
    await desk.press("1")
    await kiosk.choose("pension", "sb001")
    number = await kiosk.number()
    await kiosk.page.reload()
    await kiosk.online()
    await kiosk.is_on("ticket")
    assert await kiosk.number() == number
    await expect(kiosk.part("ahead")).to_have_attribute("data-ahead", "0")
    await desk.press("a")
    assert await desk.rings() == number


async def test_a_kiosk_reloaded_while_it_rings_gets_its_call(floor: Floor) -> None:
    kiosk, desk = floor.kiosk, floor.desk
    await kiosk.choose("pension", "sb001")
    number = await desk.rings()
    await kiosk.page.reload()
    await kiosk.is_on("ticket")
    assert await kiosk.number() == number
    await kiosk.online()
    await desk.accept()
    await kiosk.is_on("call")
    await kiosk.flows()
    await desk.flows()
    await pictures_move(kiosk, desk)


async def test_a_call_outlives_a_reload_of_either_page(floor: Floor) -> None:
    kiosk, desk, hall = floor.kiosk, floor.desk, floor.hall
    number = await floor.call()
    call_id = hall.open_call()
    for reloaded in (kiosk, desk):
        await reloaded.page.reload()
        await kiosk.is_on("call")
        await desk.is_in("in_call")
        await kiosk.flows()
        await desk.flows()
        await pictures_move(kiosk, desk)
        assert hall.open_call() == call_id
        assert (await desk.part("call-number").inner_text()).strip() == number


async def test_a_call_outlives_a_crash_of_the_kiosks_tab(
    floor: Floor, resident_browser: Browser
) -> None:
    kiosk, desk, hall = floor.kiosk, floor.desk, floor.hall
    await floor.call()
    call_id = hall.open_call()
    crashed = asyncio.Event()
    kiosk.page.once("crash", lambda _page: crashed.set())
    going = asyncio.ensure_future(kiosk.page.goto("chrome://crash"))
    async with asyncio.timeout(PATIENCE_S):
        await crashed.wait()
    await asyncio.gather(going, return_exceptions=True)
    await kiosk.page.close()
    floor.kiosk = kiosk = KioskPage(await kiosk.page.context.new_page())
    await kiosk.open(floor.booth.origin)
    await kiosk.is_on("call")
    await kiosk.flows()
    await desk.flows()
    await pictures_move(kiosk, desk)
    assert hall.open_call() == call_id


async def test_a_call_does_not_need_the_kiosks_program(floor: Floor) -> None:
    kiosk, desk, hall = floor.kiosk, floor.desk, floor.hall
    await floor.call()
    call_id = hall.open_call()
    floor.booth.program.kill()
    await pictures_move(kiosk, desk)
    await floor.booth.start()
    await pictures_move(kiosk, desk)
    assert hall.open_call() == call_id
    await kiosk.page.reload()
    await kiosk.is_on("call")
    await kiosk.flows()
    assert hall.open_call() == call_id


async def test_people_go_on_talking_while_the_server_is_dead(floor: Floor) -> None:
    kiosk, desk, hall = floor.kiosk, floor.desk, floor.hall
    number = await floor.call()
    call_id = hall.open_call()
    hall.program.kill()
    await desk.sees("link-banner")
    await pictures_move(kiosk, desk)
    await kiosk.sees("call-offline")
    await hall.start()
    await kiosk.online()
    await expect(desk.part("link-status")).to_have_attribute(
        "data-status", "online", timeout=PATIENCE_MS
    )
    await expect(floor.wall.seat(SEAT)).to_have_attribute(
        "data-state", "in_call", timeout=PATIENCE_MS
    )
    await pictures_move(kiosk, desk)
    assert hall.open_call() == call_id
    assert (await desk.part("call-number").inner_text()).strip() == number
    await desk.end()
    await kiosk.is_on("rating")


async def test_the_newest_window_of_a_kiosk_serves_and_the_older_is_told(
    floor: Floor, resident_browser: Browser
) -> None:
    async with open_page(resident_browser, floor.watch) as (_, page):
        second = KioskPage(page)
        await second.open(floor.booth.origin)
        await floor.kiosk.is_on("trouble")
        await floor.kiosk.sees("replaced")
        await second.sees("help")
        await floor.kiosk.tap("take-back")
        await floor.kiosk.online()
        await second.sees("replaced")


async def test_the_newest_window_of_a_desk_serves_and_the_older_is_told(
    floor: Floor, agent_browser: Browser
) -> None:
    number = await floor.call()
    async with open_page(agent_browser, floor.watch) as (_, page):
        second = DeskPage(page)
        await page.goto(f"{floor.hall.url}/desk")
        await page.get_by_test_id("sign-in-login").fill(AGENT)
        await page.get_by_test_id("sign-in-password").fill(floor.hall.passwords[AGENT])
        await second.tap("sign-in-submit")
        await floor.desk.sees("replaced")
        await second.flows()
        assert (await second.part("call-number").inner_text()).strip() == number
        await floor.desk.tap("take-back")
        await second.sees("replaced")
    await floor.desk.flows()
    await pictures_move(floor.kiosk, floor.desk)
