"""The demo itself, as somebody at a terminal runs it."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil
import pytest

from xiaowu.demo.invariants import Rule
from xiaowu.demo.ports import choose_port

pytestmark = pytest.mark.integration

DEADLINE_S = 180.0
DEMO = [sys.executable, "-m", "xiaowu", "demo"]


@asynccontextmanager
async def demo(folder: Path, *more: str) -> AsyncIterator[Process]:
    """The demo on `folder`; ended in any case, and its logs shown when the test fails."""
    started = await asyncio.create_subprocess_exec(
        *DEMO, "--data-dir", str(folder), *more, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(DEADLINE_S):
            yield started
    except BaseException:
        for log in sorted((folder / "log").glob("*.log")):
            print(f"--- {log.name}\n{log.read_text()[-4000:]}")
        raise
    finally:
        if started.returncode is None:
            started.terminate()
            await started.communicate()


def processes_on(folder: Path) -> list[str]:
    lines = [" ".join(p.info["cmdline"] or []) for p in psutil.process_iter(["cmdline"])]
    return [line for line in lines if str(folder) in line]


async def run_for_a_person(folder: Path, ports: tuple[int, int], *more: str) -> str:
    """Run the demo without bots until it says where to go; look there; end it as Ctrl-C does."""
    chosen = ("--port", str(ports[0]), "--kiosk-port", str(ports[1]))
    async with demo(folder, "--no-bots", *chosen, *more) as started:
        assert started.stdout is not None
        said = ""
        while "Ctrl-C" not in said:
            line = await started.stdout.readline()
            assert line, f"it ended: {said}{(await started.communicate())[1].decode()}"
            said += line.decode()
        async with aiohttp.ClientSession() as http:
            for port, page in ((ports[1], "/"), (ports[0], "/desk"), (ports[0], "/wall")):
                async with http.get(f"http://127.0.0.1:{port}{page}") as answer:
                    assert answer.content_type == "text/html"
            async with http.get(f"http://127.0.0.1:{ports[1]}/booth.json") as answer:
                assert (await answer.json())["kiosk_id"] == "qinghe-1"
        started.send_signal(signal.SIGINT)
        await started.communicate()
    assert started.returncode == 0
    assert processes_on(folder) == []
    return said


def passwords_in(said: str) -> list[str]:
    return re.findall(r"password (\S+)", said)


async def test_a_second_run_knows_the_same_people_and_a_fresh_one_new(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    server = choose_port(None, 18_700)
    ports = (server, choose_port(None, 18_750))
    first = passwords_in(await run_for_a_person(folder, ports))
    assert len(first) == 2
    assert passwords_in(await run_for_a_person(folder, ports)) == first
    logs = "".join(path.read_text() for path in (folder / "log").iterdir())
    assert logs
    assert not any(password in logs for password in first)
    elsewhere = (choose_port(None, ports[0] + 1), choose_port(None, ports[1] + 1))
    again = passwords_in(await run_for_a_person(folder, elsewhere, "--fresh"))
    assert set(again).isdisjoint(first)


async def test_a_check_makes_its_calls_and_finds_nothing_amiss(tmp_path: Path) -> None:
    async with demo(tmp_path / "check", "--check", "--calls", "3", "--json") as started:
        printed, errors = await started.communicate()
    verdict = json.loads(printed)
    assert verdict["amiss"] == []
    assert started.returncode == 0, errors.decode()
    assert verdict["ok"] is True
    assert verdict["tickets_served"] == verdict["tickets_acknowledged"] == 3
    assert verdict["calls_made"] == verdict["connected"] == verdict["two_way_media"] >= 3
    assert 0 <= verdict["waits_s"]["p50"] <= verdict["waits_s"]["max"]
    assert 0 < verdict["setup_ms"]["p50"] <= verdict["setup_ms"]["max"]
    assert verdict["invariants"]["violations"] == []
    assert all(verdict["invariants"]["checked"][rule] > 0 for rule in Rule)
    assert processes_on(tmp_path) == []


async def test_a_folder_that_is_not_a_demos_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("not a demo's")
    async with demo(tmp_path, "--fresh") as started:
        _, errors = await started.communicate()
    assert started.returncode == 2
    assert "holds something else" in errors.decode()
    assert (tmp_path / "mine.txt").read_text() == "not a demo's"
