"""A program of ours as a process of its own: started, killed, started again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

STARTS_WITHIN_S: Final = 40.0
STOPS_WITHIN_S: Final = 20.0
LOOK_EVERY_S: Final = 0.05


class ProgramFailed(AssertionError):
    """The program ended, or did not get where it should in time; holds the end of its log."""


class Program:
    """`xiaowu …` with its output in a file."""

    def __init__(self, *arguments: str, log: Path, environment: Mapping[str, str]) -> None:
        """Run `xiaowu` with these arguments, and these variables besides the usual ones."""
        self._arguments = arguments
        self._log = log
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """True while the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it; it may take a while to be ready."""
        assert not self.is_running
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "xiaowu", *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self._environment},
            )

    def kill(self) -> None:
        """SIGKILL, as a power cut does it."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM, as an operator does it; returns the exit code."""
        return self._end(signal.SIGTERM)

    async def until(self, true: Callable[[], bool], what: str) -> None:
        """Wait until `true`; for a program that is starting."""
        try:
            async with asyncio.timeout(STARTS_WITHIN_S):
                while not await asyncio.to_thread(true):
                    if not self.is_running:
                        raise ProgramFailed(f"ended before {what}\n{self.log_end()}")
                    await asyncio.sleep(LOOK_EVERY_S)
        except TimeoutError:
            raise ProgramFailed(f"not in time: {what}\n{self.log_end()}") from None

    def log_end(self, characters: int = 4000) -> str:
        """The end of what it wrote."""
        return self.log_text()[-characters:]

    def log_text(self) -> str:
        """Everything it wrote."""
        return self._log.read_text("utf-8", "replace") if self._log.exists() else ""

    def _end(self, how: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(how)
        try:
            return process.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise ProgramFailed(f"did not stop within {STOPS_WITHIN_S} s") from None


async def run_to_end(
    *arguments: str, environment: Mapping[str, str], within_s: float = 60.0
) -> tuple[int, str]:
    """Run `xiaowu` with these arguments to its end; returns exit code and standard output."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "xiaowu",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    try:
        async with asyncio.timeout(within_s):
            out, error = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise ProgramFailed(f"xiaowu {' '.join(arguments)} ran too long") from None
    if error:
        sys.stderr.write(error.decode("utf-8", "replace"))
    assert process.returncode is not None
    return process.returncode, out.decode("utf-8", "replace")


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
