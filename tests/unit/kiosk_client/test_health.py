from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest

from kiosk_client.health import Health, camera_state, microphone_state
from signaling.client.errors import LinkUnavailable
from signaling.client.link import Link
from signaling.protocol.commands import ReportHealth
from signaling.protocol.events import Done

pytestmark = pytest.mark.unit


class FakeLink:
    def __init__(self) -> None:
        self.connections = 1
        self.told: list[ReportHealth] = []
        self.fails = 0
        self.news = asyncio.Event()

    async def send(self, message: ReportHealth, *, deadline_s: float) -> Done:
        if self.fails:
            self.fails -= 1
            raise LinkUnavailable("no line")
        self.told.append(message)
        self.news.set()
        return Done()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.told) < count:
                self.news.clear()
                await self.news.wait()


async def test_a_change_is_told_at_once_and_sameness_is_not(tmp_path: Path) -> None:
    link = FakeLink()
    attached = False
    health = Health(
        cast(Link, link),
        data_dir=tmp_path,
        page_attached=lambda: attached,
        camera=lambda: "ok",
        microphone=lambda: "missing",
        every_s=3600,
    )
    async with health:
        await link.until(1)
        attached = True
        await link.until(2)
    assert [told.page_attached for told in link.told] == [False, True]
    assert link.told[0].camera == "ok"
    assert link.told[0].disk_free_mib > 0


async def test_a_report_that_was_lost_is_told_again(tmp_path: Path) -> None:
    link = FakeLink()
    link.fails = 1
    health = Health(cast(Link, link), data_dir=tmp_path, page_attached=lambda: True, every_s=3600)
    async with health:
        await link.until(1)
    assert health.reports == 1


async def test_a_server_that_came_back_is_told(tmp_path: Path) -> None:
    link = FakeLink()
    health = Health(cast(Link, link), data_dir=tmp_path, page_attached=lambda: True, every_s=3600)
    async with health:
        await link.until(1)
        link.connections = 2
        await link.until(2)


def test_devices_are_looked_for(tmp_path: Path) -> None:
    assert camera_state(tmp_path) == "missing"
    (tmp_path / "video0").touch()
    assert camera_state(tmp_path) == "ok"
    cards = tmp_path / "pcm"
    assert microphone_state(cards) == "missing"
    cards.write_text("00-00: HDA : HDA : playback 1 : capture 1\n")
    assert microphone_state(cards) == "ok"
    cards.write_text("00-03: HDMI : HDMI : playback 1\n")
    assert microphone_state(cards) == "missing"
