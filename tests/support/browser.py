"""Chromium with a person in front of its camera, and a watch on what its pages do."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request

from kiosk_client.browser import find_browser
from tests.support.clips import Person

FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    # A machine with no other interface: both ends of a call are on it anyway.
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
    # Windows that nobody looks at work like those somebody does.
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
)


def chromium_program() -> Path:
    """The Chromium to use: the one named in the environment, else the machine's own."""
    given = os.environ.get("KIOSK_BROWSER_PATH")
    return find_browser(Path(given) if given else None)


@asynccontextmanager
async def open_chromium(
    playwright: Playwright, person: Person | None = None
) -> AsyncIterator[Browser]:
    """A browser of its own; its camera shows `person`, its microphone hears their tone."""
    seen: list[str] = []
    if person is not None:
        seen += [
            f"--use-file-for-fake-video-capture={person.camera}",
            f"--use-file-for-fake-audio-capture={person.voice}",
        ]
    browser = await playwright.chromium.launch(
        executable_path=chromium_program(), args=[*FLAGS, *seen]
    )
    try:
        yield browser
    finally:
        await browser.close()


@dataclass
class Watch:
    """What pages did that they should not; looked at when a test ends."""

    allowed: frozenset[str]
    """Origins the pages may ask anything of."""
    foreign: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    """Every address a page was ever at, and every title it had."""

    def keep(self, page: Page) -> None:
        """Watch `page` from now on."""
        page.on("request", self._requested)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.crashes.append(str(error)))
        page.on("framenavigated", lambda frame: self.addresses.append(frame.url))

    def assert_clean(self) -> None:
        """Nothing foreign was asked, no policy violated, no script failed."""
        assert not self.foreign, f"requests to a foreign origin: {self.foreign}"
        assert not self.violations, f"Content-Security-Policy: {self.violations}"
        assert not self.crashes, f"uncaught errors in a page: {self.crashes}"

    def _requested(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("data", "blob", "about", "chrome"):
            return
        scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
        if f"{scheme}://{parts.netloc}" not in self.allowed:
            self.foreign.append(f"{parts.scheme}://{parts.netloc}{parts.path}")

    def _said(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.violations.append(message.text)


@asynccontextmanager
async def open_page(
    browser: Browser, watch: Watch, **options: Any
) -> AsyncIterator[tuple[BrowserContext, Page]]:
    """A page in a context of its own, watched."""
    context = await browser.new_context(locale="zh-CN", **options)
    context.on("page", watch.keep)
    try:
        yield context, await context.new_page()
    finally:
        await context.close()
