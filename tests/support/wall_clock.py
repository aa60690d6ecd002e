"""When the wall's page shows what: noted in the page itself, at the moment it changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from playwright.async_api import Page

_OBSERVE: Final = """(seat) => {
  const notes = (window.__notes = [])
  const note = () => {
    const tile = document.querySelector(`[data-testid=wall-seat][data-seat-id="${seat}"]`)
    const sync = document.querySelector('[data-testid=wall-sync]')
    const now = { state: tile?.dataset.state ?? null, stale: sync?.dataset.stale === 'true' }
    const last = notes.at(-1)
    if (last && last.state === now.state && last.stale === now.stale) return
    notes.push({ ...now, at: Date.now() / 1000 })
  }
  window.__watcher?.disconnect()
  window.__watcher = new MutationObserver(note)
  window.__watcher.observe(document.body, {
    subtree: true, childList: true, attributes: true, attributeFilter: ['data-state', 'data-stale'],
  })
  note()
}"""


@dataclass(frozen=True, kw_only=True)
class Note:
    """From `at` on the wall showed this."""

    state: str | None
    stale: bool
    at: float


async def observe(page: Page, seat_id: str) -> None:
    """Note from now on what the wall shows of a seat, and whether it vouches for it."""
    await page.evaluate(_OBSERVE, seat_id)


async def notes(page: Page) -> list[Note]:
    """What was noted, the oldest first."""
    return [Note(**note) for note in await page.evaluate("window.__notes")]
