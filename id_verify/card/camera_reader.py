"""A card reader that is a camera: reads the print, so it says what is printed, not what is true."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Final

from id_verify.card import camera_worker
from id_verify.card.camera_worker import Answer, Failed, IsPresent, ReadCard, Request
from id_verify.card.card_data import CardData
from id_verify.card.errors import (
    CardAbsent,
    CardError,
    CardUnreadable,
    ReaderMissing,
    ReaderTimeout,
)
from id_verify.card.reader import READ_TIMEOUT_S
from id_verify.card.words import CardAdvice, CardOutcome, CardSource
from id_verify.listener import start_listening

START_S: Final = 30.0
"""Loading the models on a busy machine; afterwards a reading has its own limit."""

PRESENT_S: Final = READ_TIMEOUT_S
MARGIN_S: Final = 0.4
"""Left of a time limit for the answer's way back."""

HANGS_S: Final = 15.0
"""A process that owes an answer for so long hangs, in a camera's driver perhaps: it is killed."""

END_S: Final = 2.0


class CameraReader:
    """A `CardReader` over a camera, with a process of its own.

    The process starts with the first question and lives until `close`, so that nothing of a card
    outlasts the check it was read for. Who asks is never kept waiting longer than the limit; an
    answer that comes later is let go, and the process finds the same again at once.
    """

    source: Final = CardSource.CAMERA

    def __init__(
        self, device: int | Path, *, start_s: float = START_S, hangs_s: float = HANGS_S
    ) -> None:
        """Use a camera by its number or device file, or a file that stands for one."""
        self._device = device
        self._start_s = start_s
        self._hangs_s = hangs_s
        self._worker: _Worker | None = None
        self._one_at_a_time = asyncio.Lock()

    async def present(self) -> bool:
        """Tell whether something of a card's shape lies there; see `CardReader.present`."""
        return await self._ask(IsPresent(), PRESENT_S) is True

    async def read(self, timeout_s: float = READ_TIMEOUT_S) -> CardData:
        """Read the card; see `CardReader.read`. The first call waits for the models, too."""
        answer = await self._ask(ReadCard(max(timeout_s - MARGIN_S, 0.0)), timeout_s)
        if not isinstance(answer, CardData):
            raise ReaderMissing("the reader answered something else")
        return answer

    async def close(self) -> None:
        """End the process, and with it what it saw. Safe to call twice."""
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.close()

    async def _ask(self, request: Request, within_s: float) -> Answer:
        async with self._one_at_a_time:
            try:
                worker = await self._started()
                answer = await worker.ask(request, within_s)
            except ReaderMissing:
                await self.close()
                raise
            except ReaderTimeout:
                if self._worker is None or self._worker.silent_for_s > self._hangs_s:
                    await self.close()
                raise
        if isinstance(answer, Failed):
            raise _as_error(answer)
        return answer

    async def _started(self) -> _Worker:
        if self._worker is None:
            worker = self._worker = _Worker()
            await worker.start(self._device)
            ready = await worker.next_answer(self._start_s)
            if isinstance(ready, Failed):
                raise _as_error(ready)
        return self._worker


class _Worker:
    """The process, and what it still owes an answer to."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._answers: asyncio.Queue[Answer | None] = asyncio.Queue()
        self._owed = 1  # that it is ready
        self._last_heard = self._loop.time()
        self._line: Connection | None = None
        self._process: SpawnProcess | None = None
        self._listener: threading.Thread | None = None
        self._starting: asyncio.Task[None] | None = None

    @property
    def silent_for_s(self) -> float:
        """Return for how long an answer has been owed."""
        return self._loop.time() - self._last_heard if self._owed else 0.0

    async def start(self, device: int | Path) -> None:
        """Start the process; its first answer says that it is ready."""
        self._starting = asyncio.create_task(self._start(device), name="card camera")
        # Who breaks off now must not leave a process behind that nobody knows: close waits for it.
        await asyncio.shield(self._starting)

    async def _start(self, device: int | Path) -> None:
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        self._line = here
        self._process = context.Process(
            target=camera_worker.run, args=(device, there), name="card camera", daemon=True
        )
        await asyncio.to_thread(self._process.start)
        there.close()
        self._listener = start_listening(here, self._answers, name="card camera")

    async def ask(self, request: Request, within_s: float) -> Answer:
        """Ask when no older answer is owed any more; those are let go."""
        ends = self._loop.time() + within_s
        while self._owed:
            await self.next_answer(ends - self._loop.time())
        assert self._line is not None
        try:
            self._line.send(request)
        except OSError as gone:
            raise ReaderMissing("the reader's process ended") from gone
        self._owed += 1
        self._last_heard = self._loop.time()
        return await self.next_answer(ends - self._loop.time())

    async def next_answer(self, within_s: float) -> Answer:
        """Return the next answer; raises ReaderTimeout, or ReaderMissing when it ended."""
        try:
            async with asyncio.timeout(max(within_s, 0.0)):
                answer = await self._answers.get()
        except TimeoutError:
            raise ReaderTimeout("no answer within the time allowed") from None
        if answer is None:
            raise ReaderMissing("the reader's process ended")
        self._owed -= 1
        self._last_heard = self._loop.time()
        return answer

    async def close(self) -> None:
        """Kill the process. Its end is waited for beside the loop."""
        if self._starting is not None:
            await asyncio.wait({self._starting})
        process, listener, line = self._process, self._listener, self._line
        self._process = self._listener = self._line = None
        if process is not None and process.pid is not None:
            await asyncio.to_thread(_end, process, listener)
        if line is not None:
            line.close()


def _end(process: SpawnProcess, listener: threading.Thread | None) -> None:
    process.kill()
    process.join(END_S)
    if listener is not None:
        listener.join(END_S)


def _as_error(failed: Failed) -> CardError:
    if failed.code == CardUnreadable.code:
        return CardUnreadable(
            failed.message,
            outcome=CardOutcome(failed.outcome),
            advice=CardAdvice(failed.advice),
        )
    kinds = (CardAbsent, ReaderMissing, ReaderTimeout)
    kind = next((each for each in kinds if each.code == failed.code), CardError)
    return kind(failed.message)
