"""How the booth is, told to the hall on a connection of its own.

It does not share the page's connection: when the page or the browser is dead, this is what says so.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, Self

from kiosk_client.version import kiosk_version
from signaling.client.errors import ClientError
from signaling.client.link import Link
from signaling.protocol.commands import ReportHealth
from signaling.protocol.errors import Refusal

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0
"""How soon a change is noticed."""

Device = Literal["ok", "missing", "unknown"]


def camera_state(devices: Path = Path("/dev")) -> Device:
    """Whether this machine has a camera, as far as Linux shows it."""
    try:
        return "ok" if any(devices.glob("video*")) else "missing"
    except OSError:
        return "unknown"


def microphone_state(cards: Path = Path("/proc/asound/pcm")) -> Device:
    """Whether this machine has a microphone, as far as ALSA shows it."""
    try:
        return "ok" if "capture" in cards.read_text() else "missing"
    except FileNotFoundError:
        return "missing"
    except OSError:
        return "unknown"


class Health:
    """Reports every so often and at once on a change; an async context manager."""

    def __init__(
        self,
        link: Link,
        *,
        data_dir: Path,
        page_attached: Callable[[], bool],
        camera: Callable[[], Device] = camera_state,
        microphone: Callable[[], Device] = microphone_state,
        every_s: float = 15.0,
    ) -> None:
        """Report over `link`, which is the kiosk program's own."""
        self._link = link
        self._data_dir = data_dir
        self._page_attached = page_attached
        self._camera = camera
        self._microphone = microphone
        self._every_s = every_s
        self._began = time.monotonic()
        self._task: asyncio.Task[None] | None = None
        self.reports = 0
        """How many the hall has taken."""

    async def __aenter__(self) -> Self:
        """Start reporting."""
        self._task = asyncio.create_task(self._run(), name="health")
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        told: tuple[object, ...] | None = None
        told_at = clock()
        connections = 0
        while True:
            now = await asyncio.to_thread(self._look)
            facts = (now.page_attached, now.camera, now.microphone)
            due = clock() - told_at >= self._every_s
            if facts != told or due or self._link.connections != connections:
                try:
                    await self._link.send(now, deadline_s=self._every_s)
                except (ClientError, Refusal) as failure:
                    log.info("health was not taken", extra={"kind": type(failure).__name__})
                else:
                    told, told_at = facts, clock()
                    connections = self._link.connections
                    self.reports += 1
            await asyncio.sleep(LOOK_EVERY_S)

    def _look(self) -> ReportHealth:
        try:
            free_mib = shutil.disk_usage(self._data_dir).free // 2**20
        except OSError:
            free_mib = 0
        return ReportHealth(
            version=kiosk_version(),
            page_attached=self._page_attached(),
            camera=self._camera(),
            microphone=self._microphone(),
            disk_free_mib=free_mib,
            uptime_s=round(time.monotonic() - self._began, 1),
        )
