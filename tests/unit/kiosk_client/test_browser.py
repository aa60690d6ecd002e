from __future__ import annotations

import asyncio
import functools
import os
import stat
from pathlib import Path

import pytest

from kiosk_client import browser as module
from kiosk_client.browser import ARGUMENTS, Browser, find_browser, managed_policy
from kiosk_client.errors import BrowserMissing
from kiosk_client.settings import KioskSettings
from tests.support.media_pair import until

pytestmark = pytest.mark.unit


def a_program(folder: Path, script: str) -> Path:
    path = folder / "chromium"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def settings(tmp_path: Path, program: Path) -> KioskSettings:
    return KioskSettings(data_dir=tmp_path / "data", port=7199, browser_path=program)


async def test_a_browser_that_dies_is_started_again_and_waited_for_longer_each_time(
    tmp_path: Path,
) -> None:
    waits: list[float] = []
    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 4:
            enough.set()
            await asyncio.Event().wait()

    program = a_program(tmp_path, "exit 1")
    async with Browser(settings(tmp_path, program), sleep=sleep) as browser:
        async with asyncio.timeout(20):
            await enough.wait()
        assert browser.launches == 4
        assert waits == [0.5, 1.0, 2.0, 4.0]


async def test_the_browser_and_its_helpers_end_with_the_kiosk(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    program = a_program(
        tmp_path, f'sleep 1000 &\necho "$$ $!" > {pids}.new; mv {pids}.new {pids}\nwait'
    )
    async with Browser(settings(tmp_path, program)) as browser:
        await until(pids.exists)
        assert browser.is_running
    for pid in map(int, pids.read_text().split()):
        await until(functools.partial(is_gone, pid))


async def test_it_opens_the_kiosks_own_page_in_a_profile_of_its_own(tmp_path: Path) -> None:
    said = tmp_path / "said"
    program = a_program(tmp_path, f'echo "$@" > {said}.new; mv {said}.new {said}\nsleep 1000')
    async with Browser(settings(tmp_path, program)):
        await until(said.exists)
    words = said.read_text().split()
    assert words[-1] == "http://127.0.0.1:7199/"
    assert "--kiosk" in words
    assert f"--user-data-dir={tmp_path / 'data' / 'browser'}" in words


def test_no_camera_is_ever_faked() -> None:
    assert not any("fake" in argument for argument in ARGUMENTS)
    assert "--auto-accept-camera-and-microphone-capture" in ARGUMENTS


def test_a_missing_browser_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "NAMES", ("no-such-browser",))
    with pytest.raises(BrowserMissing, match="apt-get install chromium"):
        find_browser(None)
    with pytest.raises(BrowserMissing):
        find_browser(tmp_path / "nowhere")


def test_the_policy_keeps_the_browser_on_its_page() -> None:
    policy = managed_policy(KioskSettings(server_url="https://hall.example:8443", port=7180))
    assert policy["URLBlocklist"] == ["*"]
    assert "http://127.0.0.1:7180" in policy["URLAllowlist"]  # type: ignore[operator]  # a list
    assert policy["VideoCaptureAllowedUrls"] == ["http://127.0.0.1:7180"]
    assert policy["DeveloperToolsAvailability"] == 2


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z"
