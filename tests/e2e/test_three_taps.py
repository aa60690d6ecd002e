"""From the idle screen into the line in at most three touches, for every item there is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.finger import Finger
from tests.support.floor import Floor

pytestmark = [pytest.mark.e2e, pytest.mark.data, pytest.mark.asyncio(loop_scope="session")]

MOST_TAPS = 3


async def catalogue(floor: Floor) -> list[dict[str, Any]]:
    response = await floor.kiosk.page.request.get(f"{floor.hall.url}/api/items")
    items: list[dict[str, Any]] = (await response.json())["items"]
    return items


async def test_every_item_is_three_touches_away_in_chinese(floor: Floor) -> None:
    finger = Finger(floor.kiosk)
    await finger.begin()
    items = [item for item in await catalogue(floor) if item["code"] != "help"]
    assert len(items) >= 500
    taps = await finger.walk(items)
    assert len(taps) == len(items)
    assert {code for code, needed in taps.items() if needed > MOST_TAPS} == set()


async def test_items_are_three_touches_away_in_english_and_named_in_english(floor: Floor) -> None:
    kiosk = floor.kiosk
    finger = Finger(kiosk)
    await finger.begin()
    await kiosk.tap("language-en")
    items = [item for item in await catalogue(floor) if item["code"] != "help"]
    taps = await finger.walk(items[::40])
    assert max(taps.values()) <= MOST_TAPS
    first = items[0]
    await kiosk.page.locator(f'[data-category-id="{first["category"]}"]').click()
    tile = kiosk.page.locator(f'[data-item-code="{first["code"]}"]').first
    assert (await tile.inner_text()).strip() == first["name_en"]
    await kiosk.tap("back")
    await kiosk.tap("language-zh")


async def test_frequent_items_need_two_touches_and_a_ticket_really_comes_of_it(
    floor: Floor,
) -> None:
    kiosk = floor.kiosk
    finger = Finger(kiosk)
    await finger.begin()
    await floor.desk.press("b")
    await floor.desk.press("1")
    items = await catalogue(floor)
    frequent = min((item for item in items if item["frequent"]), key=lambda item: item["frequent"])
    rare = [item for item in items if not item["frequent"] and item["code"] != "help"]
    for item, path in (
        (frequent, []),
        (rare[0], [f'[data-category-id="{rare[0]["category"]}"]']),
        (rare[-1], [f'[data-category-id="{rare[-1]["category"]}"]']),
    ):
        await finger.forget()
        for selector in (*path, f'[data-item-code="{item["code"]}"]', '[data-testid="take"]'):
            await finger.tap(selector)
        await kiosk.is_on("ticket")
        assert await finger.taps() == len(path) + 2
        shown = kiosk.part("ticket-screen")
        assert item["name"] in await shown.inner_text()
        await kiosk.home()


async def test_one_touch_brings_somebody_who_helps(floor: Floor) -> None:
    kiosk = floor.kiosk
    finger = Finger(kiosk)
    await finger.begin()
    await finger.forget()
    await finger.tap('[data-testid="help"]')
    await floor.desk.rings()
    assert await finger.taps() == 1
    assert "找人帮我办" in await floor.desk.part("ring-card").inner_text()
