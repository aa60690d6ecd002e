"""The witness: watches the live picture in a process of its own, so that nothing here ever waits.

    async with open_witness(WitnessSettings()) as witness:
        await witness.begin(random.Random(secrets.randbits(128)), slow=False)
        ... witness.offer_frame(t_s, picture) for every frame of the track
        async for step in witness.steps():          # ends after Watched
            ... tell the page
        result = await witness.finish(portrait)     # all memory is overwritten, see result.wiped

Every await raises WitnessLost when the process died or was late. A lost witness stays lost: open
another.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import random
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from id_verify.alive import worker
from id_verify.alive.errors import WitnessLost
from id_verify.alive.finding import LivenessFinding
from id_verify.alive.steps import Ready, Step, Watched
from id_verify.alive.words import CueKind
from id_verify.alive.worker_messages import (
    Begin,
    Failed,
    Finish,
    Frame,
    Judged,
    Looked,
    Order,
    Report,
    Started,
    Stop,
    Wiped,
    WorkerSettings,
)
from id_verify.faces.engine import DEFAULT_ENGINE, Picture
from id_verify.faces.face_match import FaceMatch
from id_verify.listener import start_listening

SLOTS: Final = 2
"""One frame is looked at while the next one waits; a third would only be older."""
LARGEST: Final = (1280, 720)
SLOT_BYTES: Final = LARGEST[0] * LARGEST[1] * 3
END_S: Final = 2.0
CHECK_S: Final = 0.25
"""Between two looks at whether the process still works."""

Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True, slots=True)
class WitnessSettings:
    """How the witness looks, and how long it may take."""

    engine: str = DEFAULT_ENGINE
    calibration: Path | None = None
    """None: the one that comes with the program."""
    frames_a_second: float = 15.0
    """Frames that come faster are dropped."""
    start_s: float = 20.0
    """To start the process and load the models."""
    settle_s: float = 20.0
    """Until a face stands still in view; then the check ends without cues."""
    stall_s: float = 4.0
    """A process that has looked at no frame for so long, with one before it, is lost."""
    silence_s: float = 8.0
    """Without any frame for so long there is nothing to witness."""
    finish_s: float = 6.0
    """From the last frame to the result."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WitnessResult:
    """What the witness found. `match` is None when no portrait was given."""

    liveness: LivenessFinding
    match: FaceMatch | None
    engine: str
    engine_version: str
    wiped: Wiped
    frames_taken: int
    frames_dropped: int
    cpu_s: float
    """What the process needed for it, from `begin` on."""


class Witness:
    """One watch over one resident. Use `open_witness`."""

    def __init__(self, settings: WitnessSettings) -> None:
        self._settings = settings
        self._memory = SharedMemory(create=True, size=SLOTS * SLOT_BYTES)
        self._named = True
        # Pages are given when they are first written to; now, and not while a frame waits.
        np.ndarray(SLOTS * SLOT_BYTES, np.uint8, self._memory.buf).fill(0)
        self._free = list(range(SLOTS))
        self._loop = asyncio.get_running_loop()
        self._reports: asyncio.Queue[Report | None] = asyncio.Queue()
        self._steps: asyncio.Queue[Step] = asyncio.Queue()
        self._line: Connection | None = None
        self._process: SpawnProcess | None = None
        self._reader: threading.Thread | None = None
        self._pump: asyncio.Task[None] | None = None
        self._started: asyncio.Future[Started] = self._loop.create_future()
        self._judged: asyncio.Future[Judged] = self._loop.create_future()
        self._lost: WitnessLost | None = None
        self._looking = False
        self._last_t_s = float("-inf")
        self._busy_since: float | None = None
        self._last_frame = 0.0
        self._taken = self._dropped = 0

    @property
    def pid(self) -> int | None:
        """The process, for tests and for the machine's health."""
        return None if self._process is None else self._process.pid

    @property
    def memory_name(self) -> str:
        """What the memory between the two processes is called, until `begin`."""
        return self._memory.name

    async def begin(
        self,
        rng: random.Random,
        *,
        slow: bool = False,
        kinds: Sequence[CueKind] = tuple(CueKind),
    ) -> None:
        """Wait until the process is ready, then let frames in; cues are drawn once a face is.

        Leave a kind out for who cannot do it; of fewer kinds there are fewer sequences to guess.
        """
        await self._answer(self._started, self._settings.start_s)
        self._unname()
        self._send(Begin(rng.getrandbits(128), slow=slow, kinds=tuple(kinds)))
        self._looking = True
        self._last_frame = self._loop.time()
        self._steps.put_nowait(Ready())

    def offer_frame(self, t_s: float, picture: Picture) -> bool:
        """Hand in a frame (BGR) with the track's time; never waits. False: it was dropped."""
        now = self._loop.time()
        self._last_frame = now
        due_s = self._last_t_s + 0.9 / self._settings.frames_a_second
        if not self._looking or self._lost is not None or t_s < due_s:
            return False
        if not self._free:
            self._dropped += 1
            return False
        stride = max(1, -(-picture.shape[0] // LARGEST[1]), -(-picture.shape[1] // LARGEST[0]))
        seen = picture[::stride, ::stride]
        height, width = seen.shape[:2]
        slot = self._free.pop()
        np.ndarray((height, width, 3), np.uint8, self._memory.buf, slot * SLOT_BYTES)[:] = seen
        self._last_t_s = t_s
        self._taken += 1
        if self._busy_since is None:
            self._busy_since = now
        self._send(Frame(slot, t_s, height, width))
        return True

    async def steps(self) -> AsyncIterator[Step]:
        """What happens, as it happens; ends after Watched."""
        while True:
            step = await self._next_step()
            yield step
            if isinstance(step, Watched):
                return

    async def finish(self, portrait: Picture | None) -> WitnessResult:
        """Judge, compare with the card's portrait, overwrite everything, end the process."""
        self._looking = False
        started = await self._answer(self._started, self._settings.start_s)
        # A picture of several megabytes does not fit the pipe at once: off the loop.
        await asyncio.to_thread(self._send, Finish(portrait))
        judged = await self._answer(self._judged, self._settings.finish_s)
        return WitnessResult(
            liveness=judged.liveness,
            match=judged.match,
            engine=started.engine,
            engine_version=started.engine_version,
            wiped=judged.wiped,
            frames_taken=self._taken,
            frames_dropped=self._dropped,
            cpu_s=judged.cpu_s,
        )

    async def start(self) -> None:
        """Start the process; returns before it is ready."""
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        settings = WorkerSettings(
            engine=self._settings.engine,
            calibration=self._settings.calibration,
            memory=self._memory.name,
            slots=SLOTS,
            slot_bytes=SLOT_BYTES,
            settle_s=self._settings.settle_s,
        )
        self._line = here
        self._process = context.Process(
            target=worker.run, args=(settings, there), name="witness", daemon=True
        )
        await asyncio.to_thread(self._process.start)
        there.close()
        self._reader = start_listening(here, self._reports, name="witness reports")
        self._pump = asyncio.create_task(self._take_reports(), name="witness reports")

    async def close(self) -> None:
        """End the process, overwrite the frames in between. Safe to call twice."""
        self._lose(WitnessLost("closed"))
        self._looking = False
        if self._process is not None:
            await asyncio.to_thread(self._end, self._process)
            self._process = None
        if self._reader is not None:
            await asyncio.to_thread(self._reader.join)
            self._reader = None
        if self._pump is not None:
            await self._pump
            self._pump = None
        if self._line is not None:
            self._line.close()
            self._line = None
            np.ndarray(SLOTS * SLOT_BYTES, np.uint8, self._memory.buf).fill(0)
            self._unname()
            self._memory.close()

    def _end(self, process: SpawnProcess) -> None:
        """Give it a moment to end by itself, for it overwrites what it holds; then end it."""
        self._send(Stop())
        process.join(END_S)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()

    def _unname(self) -> None:
        """Take the memory's name away: both have it open, nobody else shall."""
        if self._named:
            self._memory.unlink()
            self._named = False

    def _send(self, order: Order) -> None:
        try:
            if self._line is not None:
                self._line.send(order)
        except (BrokenPipeError, ConnectionResetError, OSError):
            self._loop.call_soon_threadsafe(self._lose, WitnessLost("its process ended"))

    async def _take_reports(self) -> None:
        while True:
            report = await self._reports.get()
            match report:
                case Started():
                    _settle(self._started, report)
                case Looked(slot, steps):
                    self._free.append(slot)
                    self._busy_since = None if len(self._free) == SLOTS else self._loop.time()
                    for step in steps:
                        self._steps.put_nowait(step)
                case Judged():
                    _settle(self._judged, report)
                case Failed(reason):
                    self._lose(WitnessLost(reason))
                case None:
                    self._lose(WitnessLost("its process ended"))
                    return

    def _lose(self, reason: WitnessLost) -> None:
        if self._lost is None:
            self._lost = reason
        for answer in (self._started, self._judged):
            if not answer.done():
                answer.set_exception(reason)
                answer.exception()  # seen: nobody needs to wait for it

    async def _answer(self, answer: asyncio.Future[Answer], within_s: float) -> Answer:
        try:
            return await asyncio.wait_for(asyncio.shield(answer), within_s)
        except TimeoutError:
            self._lose(WitnessLost("it was late"))
            raise WitnessLost("it was late") from None

    async def _next_step(self) -> Step:
        """The next step, as long as the process keeps looking and frames keep coming."""
        while True:
            if self._steps.empty() and self._lost is not None:
                raise self._lost
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(self._steps.get(), CHECK_S)
            now = self._loop.time()
            if self._busy_since is not None and now - self._busy_since > self._settings.stall_s:
                self._lose(WitnessLost("it was late"))
            elif now - self._last_frame > self._settings.silence_s:
                self._lose(WitnessLost("no frames came"))


def _settle(answer: asyncio.Future[Answer], value: Answer) -> None:
    if not answer.done():
        answer.set_result(value)


@asynccontextmanager
async def open_witness(settings: WitnessSettings | None = None) -> AsyncIterator[Witness]:
    """Start the process; end it and overwrite what it held, whatever happens."""
    witness = Witness(settings or WitnessSettings())
    try:
        await witness.start()
        yield witness
    finally:
        await asyncio.shield(witness.close())
