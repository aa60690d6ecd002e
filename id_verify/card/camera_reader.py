"""A card reader that is a camera: reads the print, so it says what is printed, not what is true."""

from __future__ import annotations

import asyncio
import multiprocessing
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

START_S: Final = 30.0
"""Loading the models on a busy machine; afterwards a reading has its own limit."""

PRESENT_S: Final = 3.0
MARGIN_S: Final = 0.4
"""Left of a time limit for the answer's way back."""

END_S: Final = 2.0


class CameraReader:
    """A `CardReader` over a camera, with a process of its own that is killed when it is late."""

    source: Final = CardSource.CAMERA

    def __init__(self, device: int | Path, *, start_s: float = START_S) -> None:
        """Use a camera by its number, or a file in which one leaves its pictures."""
        self._device = device
        self._start_s = start_s
        self._process: SpawnProcess | None = None
        self._line: Connection | None = None
        self._one_at_a_time = asyncio.Lock()

    async def present(self) -> bool:
        """Tell whether something of a card's shape lies there; see `CardReader.present`."""
        async with self._one_at_a_time:
            await self._start()
            return await self._ask(IsPresent(), PRESENT_S) is True

    async def read(self, timeout_s: float = READ_TIMEOUT_S) -> CardData:
        """Read the card; see `CardReader.read`. The first call waits for the models, too."""
        async with self._one_at_a_time:
            await self._start()
            answer = await self._ask(ReadCard(max(timeout_s - MARGIN_S, 0.0)), timeout_s)
        if not isinstance(answer, CardData):
            raise ReaderMissing("the reader answered something else")
        return answer

    async def close(self) -> None:
        """End the process. Safe to call twice."""
        await asyncio.to_thread(self._end)

    async def _start(self) -> None:
        if self._process is not None and self._process.is_alive():
            return
        self._end()
        context = multiprocessing.get_context("spawn")
        self._line, there = context.Pipe()
        self._process = context.Process(
            target=camera_worker.run, args=(self._device, there), name="card camera", daemon=True
        )
        await asyncio.to_thread(self._process.start)
        there.close()
        await self._answer(self._start_s)

    async def _ask(self, request: Request, within_s: float) -> Answer:
        assert self._line is not None
        try:
            self._line.send(request)
        except OSError as gone:
            raise ReaderMissing("the reader's process ended") from gone
        return await self._answer(within_s)

    async def _answer(self, within_s: float) -> Answer:
        line = self._line
        assert line is not None
        try:
            in_time = await asyncio.to_thread(line.poll, within_s)
            answer: Answer | None = line.recv() if in_time else None
        except asyncio.CancelledError:
            self._end()  # its answer would be taken for the next question's
            raise
        except (EOFError, OSError) as gone:
            self._end()
            raise ReaderMissing("the reader's process ended") from gone
        if answer is None:
            self._end()
            raise ReaderTimeout(f"no answer within {within_s:g} s")
        if isinstance(answer, Failed):
            raise _as_error(answer)
        return answer

    def _end(self) -> None:
        process, line = self._process, self._line
        self._process = self._line = None
        if line is not None:
            line.close()
        if process is not None:
            process.kill()
            process.join(END_S)


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
