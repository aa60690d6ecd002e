"""What people do beside waiting and talking: step away, find nobody, give and use a return code."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.support.floor import Floor

pytestmark = [pytest.mark.e2e, pytest.mark.data, pytest.mark.asyncio(loop_scope="session")]


async def test_who_steps_away_keeps_the_number_and_is_called_when_back(floor: Floor) -> None:
    kiosk, desk = floor.kiosk, floor.desk
    await desk.press("b")
    await desk.press("1")
    await expect(desk.part("status-available")).to_have_attribute("aria-pressed", "false")
    await kiosk.choose("pension", "sb001")
    number = await kiosk.number()
    await kiosk.tap("step-away")
    await kiosk.tap("step-away-sure")
    await kiosk.is_on("parked")
    await kiosk.sees("parked-left")
    # A window that opens now calls nobody: the resident is not there.
    await desk.press("a")
    await expect(desk.part("status-available")).to_have_attribute("aria-pressed", "true")
    await kiosk.page.reload()
    await kiosk.is_on("parked")
    assert await kiosk.number() == number
    await kiosk.tap("come-back")
    assert await desk.rings() == number


async def test_nobody_in_the_booth_is_called_again(floor: Floor) -> None:
    kiosk, desk = floor.kiosk, floor.desk
    number = await floor.call()
    await desk.press("k")
    await desk.sees("no-show-dialog")
    await desk.press("Enter")
    await desk.is_in("idle")
    await kiosk.is_on("parked")
    await kiosk.sees("recalls-left")
    await kiosk.tap("come-back")
    assert await desk.rings() == number
    await expect(desk.part("ring-card").locator("[data-lane=recalled]")).to_be_visible()


async def test_a_return_code_leads_back_past_the_line(floor: Floor) -> None:
    kiosk, desk = floor.kiosk, floor.desk
    await floor.call()
    await desk.press("r")
    await desk.sees("return-code-dialog")
    shown = (await desk.part("return-code").inner_text()).strip()
    await desk.press("Escape")
    await desk.end()
    await kiosk.is_on("rating")
    assert (await kiosk.part("return-code-digits").inner_text()).strip() == shown
    await kiosk.home()
    await desk.finish()
    await kiosk.tap("code")
    await kiosk.sees("code-screen")
    for digit in shown.replace(" ", ""):
        await kiosk.page.locator(f'[data-digit="{digit}"]').click()
    await desk.rings()
    await expect(desk.part("ring-card").locator("[data-lane=returned]")).to_be_visible()


async def test_a_hand_over_to_nobody_is_refused_and_the_call_goes_on(floor: Floor) -> None:
    kiosk, desk = floor.kiosk, floor.desk
    await floor.call()
    await desk.press("t")
    await desk.sees("transfer-dialog")
    await desk.part("transfer-search").fill("身份证")
    await desk.part("transfer-item").first.click()
    await desk.tap("transfer-confirm")
    await expect(desk.page.locator(".toast.refusal")).to_be_visible()
    await desk.tap("transfer-cancel")
    await desk.is_in("in_call")
    await kiosk.is_on("call")
