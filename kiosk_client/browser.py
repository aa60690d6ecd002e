"""Chromium in kiosk mode: found, started, started again when it dies, ended with the kiosk."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from kiosk_client.errors import BrowserMissing
from kiosk_client.settings import KioskSettings

log = logging.getLogger(__name__)

NAMES: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
STEADY_S: Final = 20.0
"""A browser that lived this long died by accident; one that did not is probably broken."""
RELAUNCH_FIRST_S: Final = 0.5
RELAUNCH_LAST_S: Final = 30.0
END_S: Final = 5.0

ARGUMENTS: Final = (
    "--kiosk",
    "--incognito",  # nothing of a resident outlives the browser
    "--no-first-run",
    "--no-default-browser-check",
    "--noerrdialogs",
    "--disable-pinch",
    "--overscroll-history-navigation=0",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-features=Translate,MediaRouter,AutofillServerCommunication",
    "--password-store=basic",
    "--autoplay-policy=no-user-gesture-required",
    # The only page this profile ever opens is the kiosk's own, and the managed policy below keeps
    # it there. It grants the real devices; nothing is faked.
    "--auto-accept-camera-and-microphone-capture",
)


class Browser:
    """The kiosk's browser; an async context manager that keeps it running."""

    def __init__(
        self,
        settings: KioskSettings,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Find Chromium; raises BrowserMissing."""
        self._program = find_browser(settings.browser_path)
        self._profile = settings.data_dir.resolve() / "browser"
        self._arguments = (
            *ARGUMENTS,
            f"--user-data-dir={self._profile}",
            *settings.browser_arguments,
            settings.page_origin + "/",
        )
        self._sleep = sleep
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self.launches = 0
        """How often it was started."""

    async def __aenter__(self) -> Self:
        """Start it."""
        self._profile.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._keeper = asyncio.create_task(self._keep(), name="browser")
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """End it, and all its processes."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    @property
    def is_running(self) -> bool:
        """True while the browser's process lives."""
        return self._process is not None and self._process.returncode is None

    async def _keep(self) -> None:
        clock = asyncio.get_running_loop().time
        wait_s = RELAUNCH_FIRST_S
        while True:
            began = clock()
            self._process = await asyncio.create_subprocess_exec(
                str(self._program),
                *self._arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
            self.launches += 1
            try:
                code = await self._process.wait()
            finally:
                await self._end(self._process)
            wait_s = RELAUNCH_FIRST_S if clock() - began >= STEADY_S else wait_s
            log.warning("the browser ended; it is started again", extra={"code": code})
            await self._sleep(wait_s)
            wait_s = min(RELAUNCH_LAST_S, wait_s * 2)

    @staticmethod
    async def _end(process: asyncio.subprocess.Process) -> None:
        """End the browser's whole process group: helpers outlive a browser that was killed."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, how)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(END_S):
                    await process.wait()
                    if how is signal.SIGTERM:
                        continue
                    return


def find_browser(given: Path | None) -> Path:
    """The Chromium to use; raises BrowserMissing with words on what to do."""
    if given is not None:
        if not given.is_file():
            raise BrowserMissing(f"there is no browser at {given}")
        return given
    for name in NAMES:
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    raise BrowserMissing(
        "no Chromium was found; install it (Debian: apt-get install chromium) or name it with "
        "KIOSK_BROWSER_PATH"
    )


def managed_policy(settings: KioskSettings) -> dict[str, object]:
    """What belongs into Chromium's managed policies on a booth: this page, its devices, no more.

    A command-line switch can be lost; a policy in /etc/chromium/policies/managed is root's word.
    """
    page, server = settings.page_origin, settings.server_url
    host = urlsplit(server).netloc
    return {
        "URLBlocklist": ["*"],
        "URLAllowlist": [page, server, f"wss://{host}", f"ws://{host}"],
        "AudioCaptureAllowedUrls": [page],
        "VideoCaptureAllowedUrls": [page],
        "AudioCaptureAllowed": False,
        "VideoCaptureAllowed": False,
        "DeveloperToolsAvailability": 2,
        "DownloadRestrictions": 3,
        "PrintingEnabled": False,
        "AllowFileSelectionDialogs": False,
        "BrowserSignin": 0,
        "PasswordManagerEnabled": False,
        "AutofillAddressEnabled": False,
        "AutofillCreditCardEnabled": False,
        "TranslateEnabled": False,
        "DefaultPopupsSetting": 2,
        "DefaultNotificationsSetting": 2,
        "DefaultGeolocationSetting": 2,
        "MetricsReportingEnabled": False,
        "BackgroundModeEnabled": False,
    }
