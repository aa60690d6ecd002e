"""The programs a demo starts, and that none of them stays behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from xiaowu.demo.leash import leashed

LONGEST_LINE: Final = 1024 * 1024
OWN_SETTINGS: Final = ("XIAOWU_", "KIOSK_")
"""Settings in the environment belong to another installation: a demo brings all of its own."""
LOG_TAIL_LINES: Final = 8


class ProgramFailed(Exception):
    """A program of the demo ended by itself; the message says which, and its last words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """A program that runs."""

    name: str
    process: asyncio.subprocess.Process
    log_file: Path

    async def lines(self) -> AsyncIterator[str]:
        """Each line it prints; only for programs started with `talks`."""
        assert self.process.stdout is not None, f"{self.name} was not started with talks=True"
        while line := await self.process.stdout.readline():
            yield line.decode().strip()

    async def say(self, line: str) -> None:
        """Tell it a line on standard input; only for programs started with `says`."""
        assert self.process.stdin is not None, f"{self.name} was not started with says"
        self.process.stdin.write(line.encode() + b"\n")
        await self.process.stdin.drain()

    def last_words(self) -> str:
        """The end of its log."""
        try:
            lines = self.log_file.read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-LOG_TAIL_LINES:])

    def kill(self) -> None:
        """End it at once, with everything it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


class Programs:
    """Starts programs and ends them: the first one, on which the others lean, last.

    An async context manager.
    """

    def __init__(self, log_dir: Path, *, stop_within_s: float = 8.0) -> None:
        """Each program writes to a file of its own in `log_dir`."""
        self._log_dir = log_dir
        self._stop_within_s = stop_within_s
        self._running: list[Program] = []
        self._started: list[Program] = []

    async def __aenter__(self) -> Self:
        """Make the folder for logs."""
        self._log_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """End everything; cancelled meanwhile (a second Ctrl-C), end it at once."""
        stopping = asyncio.create_task(self.stop())
        try:
            await asyncio.shield(stopping)
        except asyncio.CancelledError:
            for program in self._started:
                if program.process.returncode is None:
                    program.kill()
            await stopping
            raise

    async def start(
        self, name: str, argv: list[str], *, says: str | None = None, talks: bool = False
    ) -> Program:
        """Start `argv`; it is told the line `says` on standard input, which then stays open."""
        log_file = self._log_dir / f"{name}.log"
        again = any(program.name == name for program in self._started)
        mode = os.O_APPEND if again else os.O_TRUNC  # what was killed said something, too
        handle = os.open(log_file, os.O_WRONLY | os.O_CREAT | mode, 0o600)
        try:
            process = await asyncio.create_subprocess_exec(
                *leashed(argv),
                stdin=asyncio.subprocess.DEVNULL if says is None else asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE if talks else handle,
                stderr=handle,
                limit=LONGEST_LINE,
                env={k: v for k, v in os.environ.items() if not k.startswith(OWN_SETTINGS)},
                start_new_session=True,  # Ctrl-C in the terminal is for the demo alone
            )
        finally:
            os.close(handle)
        program = Program(name=name, process=process, log_file=log_file)
        self._running.append(program)
        self._started.append(program)
        if says is not None:
            await program.say(says)
        return program

    async def first_end(self) -> None:
        """Wait until a program ends by itself.

        Raises:
            ProgramFailed: when it did.
        """
        while True:
            waits = {
                asyncio.create_task(program.process.wait()): program for program in self._running
            }
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                ended = [program for wait, program in waits.items() if wait.done()]
            finally:
                for wait in waits:
                    wait.cancel()
            for program in ended:
                if program in self._running:  # else it was ended on purpose
                    raise ended_by_itself(program)

    def forget(self, program: Program) -> None:
        """Let `program` end without that being a failure."""
        self._running.remove(program)

    async def stop(self) -> None:
        """End all programs: first, together, what came after the first one; idempotent."""
        running, self._running = self._running, []
        half_s = self._stop_within_s / 2
        await asyncio.gather(*(_stop(program, half_s) for program in running[1:]))
        for program in running[:1]:
            await _stop(program, half_s)


def ended_by_itself(program: Program) -> ProgramFailed:
    """Return what to raise for a program that ended by itself."""
    words = f"{program.name} ended by itself (exit {program.process.returncode})."
    return ProgramFailed(f"{words}\n{program.last_words()}\nIts log: {program.log_file}")


async def _stop(program: Program, within_s: float) -> None:
    """Ask politely, then end the whole group: whatever it started goes with it."""
    process = program.process
    if process.stdin is not None:
        process.stdin.close()
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await process.wait()
    program.kill()
    await process.wait()
