"""What a demo starts, ends with it: however it ends, and whatever was started."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from xiaowu.demo.processes import ProgramFailed, Programs

pytestmark = pytest.mark.integration

DEADLINE_S = 30.0

FOREVER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('up', flush=True); time.sleep(600)"
)
PARENT = (
    "import subprocess, sys, time;"
    f"child = subprocess.Popen([sys.executable, '-c', {FOREVER!r}]);"
    "print(child.pid, flush=True); time.sleep(600)"
)
HOLDER = f"""
import asyncio, sys
from pathlib import Path
from xiaowu.demo.processes import Programs

async def main():
    async with Programs(Path(sys.argv[1])) as programs:
        for name in ("one", "two"):
            program = await programs.start(name, [sys.executable, "-c", {FOREVER!r}], talks=True)
            async for _line in program.lines():
                break
            print(program.process.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


async def gone(pid: int) -> None:
    """Return when the process is no more; a zombie counts, nobody of ours reaps it."""
    async with asyncio.timeout(DEADLINE_S):
        while psutil.pid_exists(pid):  # a foreign process has no event
            try:
                if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                    return
            except psutil.NoSuchProcess:
                return
            await asyncio.sleep(0.02)


async def first_line(programs: Programs, name: str, script: str) -> tuple[int, str]:
    program = await programs.start(name, [sys.executable, "-c", script], talks=True)
    async for line in program.lines():
        return program.process.pid, line
    raise AssertionError("it said nothing")


async def test_nothing_stays_behind_when_the_demo_is_killed(tmp_path: Path) -> None:
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    pids = [int(await holder.stdout.readline()) for _ in range(2)]
    assert all(psutil.pid_exists(pid) for pid in pids)
    os.kill(holder.pid, signal.SIGKILL)
    await holder.wait()
    for pid in pids:
        await gone(pid)


async def test_programs_are_ended_with_what_they_started(tmp_path: Path) -> None:
    async with Programs(tmp_path) as programs:
        pid, child = await first_line(programs, "parent", PARENT)
        assert psutil.pid_exists(int(child))
    await gone(pid)
    await gone(int(child))


async def test_a_program_that_does_not_want_to_end_is_ended(tmp_path: Path) -> None:
    async with Programs(tmp_path, stop_within_s=0.4) as programs:
        pid, _ = await first_line(programs, "stubborn", STUBBORN)
    await gone(pid)


async def test_a_second_ctrl_c_ends_everything_at_once(tmp_path: Path) -> None:
    started: list[int] = []
    up = asyncio.Event()

    async def demo() -> None:
        async with Programs(tmp_path, stop_within_s=600.0) as programs:
            started.append((await first_line(programs, "stubborn", STUBBORN))[0])
            up.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(demo())
    async with asyncio.timeout(DEADLINE_S):
        await up.wait()
        task.cancel()
        await asyncio.sleep(0)
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=0.05)
    assert task.cancelled()
    await gone(started[0])


async def test_a_program_that_ends_by_itself_is_told_with_its_last_words(tmp_path: Path) -> None:
    async with Programs(tmp_path) as programs:
        await programs.start("steady", [sys.executable, "-c", FOREVER])
        await programs.start("weak", [sys.executable, "-c", "raise SystemExit('no such luck')"])
        with pytest.raises(ProgramFailed, match=r"weak ended by itself \(exit 1\)(.|\n)*such luck"):
            async with asyncio.timeout(DEADLINE_S):
                await programs.first_end()


async def test_a_program_that_was_ended_on_purpose_is_no_failure(tmp_path: Path) -> None:
    async with Programs(tmp_path) as programs:
        server = await programs.start("server", [sys.executable, "-c", FOREVER])
        failing = asyncio.create_task(programs.first_end())
        await asyncio.sleep(0)
        programs.forget(server)
        server.kill()
        await server.process.wait()
        weak = await programs.start("weak", [sys.executable, "-c", "raise SystemExit(3)"])
        await weak.process.wait()
        with pytest.raises(ProgramFailed, match="weak"):
            async with asyncio.timeout(DEADLINE_S):
                await failing


async def test_settings_of_another_installation_do_not_reach_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XIAOWU_PORT", "1")
    monkeypatch.setenv("KIOSK_PORT", "1")
    script = "import os; print(sorted(k for k in os.environ if k.endswith('_PORT')))"
    async with Programs(tmp_path) as programs:
        _, line = await first_line(programs, "curious", script)
    assert line == "[]"
