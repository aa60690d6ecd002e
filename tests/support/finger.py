"""A finger on the touch page: it touches only what is in sight and not covered, and counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tests.support.pages import KioskPage

_COUNT: Final = """() => {
  const counts = '__taps' in window
  window.__taps = 0
  if (!counts) addEventListener('click', () => { window.__taps += 1 }, { capture: true })
}"""

# Where a finger would meet the element; null when something else lies over it or it is disabled.
# Dragging a list is no touch: what is out of sight is brought into it.
_REACH: Final = """
const reach = (selector) => {
  const found = document.querySelector(selector)
  if (!found || found.disabled) return null
  const hit = () => {
    const { x, y, width, height } = found.getBoundingClientRect()
    const at = { x: x + width / 2, y: y + height / 2 }
    return found.contains(document.elementFromPoint(at.x, at.y)) ? at : null
  }
  const seen = hit()
  if (seen) return { found, at: seen }
  found.scrollIntoView({ block: 'center', behavior: 'instant' })
  const at = hit()
  return at && { found, at }
}
"""

_AT: Final = "(selector) => {" + _REACH + "return reach(selector)?.at ?? null }"

_WALK: Final = (
    "async (items) => {"
    + _REACH
    + """
  const quiet = () => new Promise((resolve) => setTimeout(resolve))
  const until = async (selector) => {
    for (let tries = 0; tries < 2000; tries++) {
      const there = reach(selector)
      if (there) return there
      await quiet()
    }
    throw new Error(`${selector} cannot be touched`)
  }
  const touch = async (selector) => (await until(selector)).found.click()
  const taps = {}
  for (const { code, category } of items) {
    window.__taps = 0
    await touch(`[data-category-id="${category}"]`)
    await touch(`[data-item-code="${code}"]`)
    await until('[data-testid="take"]')
    taps[code] = window.__taps + 1
    await touch('[data-testid="not-this"]')
    await touch('[data-testid="back"]')
  }
  return taps
}"""
)


@dataclass(frozen=True)
class Finger:
    """Touches the page of `kiosk`."""

    kiosk: KioskPage

    async def begin(self) -> None:
        """Count from now on; nothing has to be waited for that slides into its place."""
        await self.kiosk.page.emulate_media(reduced_motion="reduce")
        await self.kiosk.page.evaluate(_COUNT)

    async def tap(self, selector: str) -> None:
        """Touch an element with the browser's pointer, as soon as that is possible."""
        page = self.kiosk.page
        await page.wait_for_function(_AT, arg=selector)
        await page.locator(selector).first.click()

    async def taps(self) -> int:
        """How often the screen was touched since `begin` or `forget`."""
        counted: int = await self.kiosk.page.evaluate("window.__taps")
        return counted

    async def forget(self) -> None:
        """Count from zero."""
        await self.kiosk.page.evaluate("window.__taps = 0")

    async def walk(self, items: list[dict[str, Any]]) -> dict[str, int]:
        """From the home screen up to the button that takes the ticket, for every item and back.

        Returns how many touches each needs, the last included, which is not made. The touches are
        the page's own click events, on elements a finger would meet: hundreds of items a minute.
        """
        taps: dict[str, int] = await self.kiosk.page.evaluate(_WALK, items)
        return taps
