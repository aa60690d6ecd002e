"""The three pages as people use them: what can be touched, what can be read."""

from __future__ import annotations

import re
from typing import Final

from playwright.async_api import Locator, Page, expect

PATIENCE_MS: Final = 40_000
"""Longer than anything here takes; who waits for so long has failed."""


WATCH: Final = """(video) => {
  let last = performance.now()
  window.longestPauseMs = 0
  window.watched = [video, video.srcObject]
  const drawn = () => {
    const now = performance.now()
    window.longestPauseMs = Math.max(window.longestPauseMs, now - last)
    last = now
    video.requestVideoFrameCallback(drawn)
  }
  video.requestVideoFrameCallback(drawn)
}"""


class Screen:
    """What the pages have in common."""

    def __init__(self, page: Page) -> None:
        """Use `page`, wherever it is."""
        self.page = page
        page.set_default_timeout(PATIENCE_MS)

    def part(self, testid: str) -> Locator:
        """A part of the page by its test id."""
        return self.page.get_by_test_id(testid)

    async def tap(self, testid: str) -> None:
        """Touch a part."""
        await self.part(testid).click()

    async def sees(self, testid: str) -> None:
        """Wait until a part is in sight."""
        await expect(self.part(testid)).to_be_visible(timeout=PATIENCE_MS)


class KioskPage(Screen):
    """The touch page of a booth."""

    async def open(self, origin: str) -> None:
        """Open it and wait until it is connected."""
        await self.page.goto(f"{origin}/")
        await self.online()

    async def online(self) -> None:
        """Wait until the page is connected to the server."""
        await expect(self.page.locator(".page")).to_have_attribute(
            "data-status", "online", timeout=PATIENCE_MS
        )

    async def is_on(self, screen: str) -> None:
        """Wait for a screen: home, ticket, parked, call, rating, farewell, trouble."""
        await expect(self.page.locator(".page")).to_have_attribute(
            "data-screen", screen, timeout=PATIENCE_MS
        )

    async def home(self) -> None:
        """Get to the home screen by touch, from wherever a visit may have left the page."""
        for _ in range(6):
            screen = await self.page.locator(".page").get_attribute("data-screen")
            for leaves_check in ("identity-later", "identity-close"):
                if await self.part(leaves_check).is_visible():
                    await self.tap(leaves_check)
                    await expect(self.part("identity-screen")).to_have_count(0)
            if screen in ("ticket", "parked"):
                await self.tap("leave")
                await self.tap("leave-sure")
            elif screen == "call":
                await self.tap("end")
                await self.tap("end-sure")
            elif screen == "rating":
                await self.tap("skip-rating")
            elif screen == "farewell":
                await self.tap("home")
            elif await self.part("not-this").is_visible():
                await self.tap("not-this")
            elif await self.part("back").is_visible():
                await self.tap("back")
            elif screen == "home":
                await self.sees("help")
                return
            await expect(
                self.page.locator(f'.page:not([data-screen="{screen}"])')
                .or_(self.part("help"))
                .first
            ).to_be_visible(timeout=PATIENCE_MS)
        raise AssertionError("the page does not come back to its home screen")

    async def choose(self, category: str, code: str) -> None:
        """From the home screen: a category, an item, a ticket. Three taps."""
        await self.page.locator(f'[data-category-id="{category}"]').click()
        await self.page.locator(f'[data-item-code="{code}"]').first.click()
        await self.tap("take")
        # A seat that answers at once leaves no time to see the ticket.
        await expect(self.page.locator(".page")).to_have_attribute(
            "data-screen", re.compile("ticket|call"), timeout=PATIENCE_MS
        )

    async def number(self) -> str:
        """The ticket's number, as shown."""
        return (await self.part("ticket-number").inner_text()).strip()

    async def flows(self) -> None:
        """Wait until pictures of the agent arrive."""
        await expect(self.part("call-screen")).to_have_attribute(
            "data-picture", "true", timeout=PATIENCE_MS
        )

    def pictures(self) -> Locator:
        """The agents' pictures that are in sight."""
        return self.page.locator('[data-testid=remote] video[data-shown="true"]')

    async def seen_calls(self) -> list[str]:
        """The pairs whose agent is shown, in the order they came."""
        found: list[str] = await self.page.eval_on_selector_all(
            "[data-testid=remote]", "all => all.map((one) => one.dataset.call)"
        )
        return found

    async def frames_go_on(self, call: str) -> None:
        """Wait until new pictures of a pair have been drawn."""
        video = f'[data-call="{call}"] video[data-shown="true"]'
        frames = "(video) => video.getVideoPlaybackQuality().totalVideoFrames"
        before = await self.page.eval_on_selector(video, frames)
        await self.page.wait_for_function(
            f"([video, before]) => ({frames})(document.querySelector(video)) > before + 5",
            arg=[video, before],
            timeout=PATIENCE_MS,
        )

    async def watch_frames(self, call: str) -> None:
        """From now on, keep the longest time between two pictures of a pair."""
        await self.page.eval_on_selector(f'[data-call="{call}"] video[data-shown="true"]', WATCH)

    async def longest_pause_ms(self) -> float:
        """Since `watch_frames`."""
        return float(await self.page.evaluate("window.longestPauseMs"))

    async def is_the_watched_picture(self, call: str) -> bool:
        """What shows a pair is the very element and stream that `watch_frames` was told of."""
        same: bool = await self.page.eval_on_selector(
            f'[data-call="{call}"] video[data-shown="true"]',
            "(video) => window.watched[0] === video && window.watched[1] === video.srcObject",
        )
        return same


class DeskPage(Screen):
    """An agent's desk. Everything is done by keyboard but choosing what to read."""

    async def sign_in(self, url: str, login: str, password: str) -> None:
        """Open the desk and sign in."""
        await self.page.goto(f"{url}/desk")
        await self.sees("sign-in-login")
        await self.page.keyboard.type(login)
        await self.page.keyboard.press("Tab")
        await self.page.keyboard.type(password)
        await self.page.keyboard.press("Enter")
        await self.sees("seat-chooser")

    async def sit(self, seat_id: str) -> None:
        """Take a seat."""
        await self.page.locator(f'[data-seat-id="{seat_id}"]').focus()
        await self.page.keyboard.press("Enter")
        await self.sees("go-available")

    async def open_seat(self) -> None:
        """Be ready for residents."""
        await self.press("F2")
        await self.is_in("idle")
        await expect(self.part("status-available")).to_have_attribute("aria-pressed", "true")

    async def press(self, key: str) -> None:
        """Press a key."""
        await self.page.keyboard.press(key)

    async def is_in(self, state: str) -> None:
        """Wait for a state of the seat: idle, reserved, in_call, wrap_up."""
        await expect(self.part("seat-state")).to_have_attribute(
            "data-state", state, timeout=PATIENCE_MS
        )

    async def rings(self) -> str:
        """Wait for the ring; returns the number that rings."""
        await self.sees("ring-card")
        return (await self.part("ring-number").inner_text()).strip()

    async def accept(self) -> None:
        """Accept with the one key."""
        # A key pressed as the ring appears is not taken for an answer.
        await self.page.wait_for_timeout(450)
        await self.press("F2")
        await self.is_in("in_call")

    async def flows(self) -> None:
        """Wait until media of the resident arrives and its picture is in sight."""
        await expect(self.part("call-stage")).to_have_attribute(
            "data-media", "flowing", timeout=PATIENCE_MS
        )
        await expect(
            self.page.locator('[data-testid=remote-video] video[data-shown="true"]')
        ).to_be_visible(timeout=PATIENCE_MS)

    async def choose_colleague(self, seat_id: str) -> None:
        """In a call: choose a window to hand on to; how is still to be said."""
        await self.press("t")
        await self.sees("transfer-dialog")
        await self.page.locator(f'[data-testid=transfer-seat][data-seat-id="{seat_id}"]').click()

    async def pause(self) -> None:
        """Take no more residents."""
        await self.press("b")
        await self.press("1")
        await expect(self.part("status-available")).to_have_attribute("aria-pressed", "false")

    async def end(self) -> None:
        """End the call."""
        await self.press("h")
        await self.sees("end-dialog")
        await self.press("Enter")
        await self.is_in("wrap_up")

    async def finish(self) -> None:
        """Be done with after-call work."""
        await self.press("F2")
        await self.is_in("idle")

    async def idle(self) -> None:
        """Get to an idle, available seat from wherever a test may have left the desk."""
        if await self.part("end-dialog").is_visible():
            await self.press("Escape")
        for _ in range(4):
            await self.page.locator("body").click(position={"x": 2, "y": 2})
            state = await self.part("seat-state").get_attribute("data-state")
            if state == "in_call":
                await self.end()
            elif state == "wrap_up":
                await self.finish()
            elif state == "idle":
                if await self.part("status-available").get_attribute("aria-pressed") != "true":
                    await self.press("a")
                    await expect(self.part("status-available")).to_have_attribute(
                        "aria-pressed", "true"
                    )
                return
            else:
                await self.page.wait_for_timeout(300)
        raise AssertionError("the desk does not come to rest")


class WallPage(Screen):
    """The wall."""

    async def sign_in(self, url: str, login: str, password: str) -> None:
        """Open the wall and sign in."""
        await self.page.goto(f"{url}/wall")
        await self.sees("sign-in-login")
        await self.part("sign-in-login").fill(login)
        await self.part("sign-in-password").fill(password)
        await self.tap("sign-in-submit")
        await self.sees("wall-sync")

    def seat(self, seat_id: str) -> Locator:
        """A seat's tile."""
        return self.page.locator(f'[data-testid=wall-seat][data-seat-id="{seat_id}"]')

    def location(self, location_id: str) -> Locator:
        """A location's row."""
        return self.page.locator(f'[data-testid=wall-location][data-location-id="{location_id}"]')
