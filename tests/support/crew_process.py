"""A server of a hall in a process of its own, with people at its kiosks and seats."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

from service_queue.actor import Actor
from service_queue.clock import SteadyClock
from service_queue.hall import open_hall
from service_queue.policy import Policy
from service_queue.store import Store
from signaling.protocol.commands import StoredCommand
from signaling.protocol.events import CommandAnswer, TicketTaken
from tests.support.crew import Crew
from tests.support.hall_builder import ReversingSealer, agent, kiosk

STAY = "stay"
"""Sent when everybody was served: the seats stay open for the other processes' residents."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shift:
    """Who works where, and how often every kiosk is visited."""

    name: str
    kiosks: Sequence[int]
    seats: Sequence[int]
    visits: int
    policy: Policy


class CrewProcess:
    """One server and its people, on the database at `url`."""

    def __init__(self, url: str, shift: Shift) -> None:
        context = multiprocessing.get_context("forkserver")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_live, args=(url, shift, theirs))
        self._process.start()
        theirs.close()
        self.taken: list[TicketTaken] = []
        """What residents were told."""

    def hear(self, within_s: float) -> bool:
        """Take note of one answer; False when everybody was served, or nobody answers any more.

        Raises:
            TimeoutError: no answer came in time.
        """
        if not self._pipe.poll(within_s):
            raise TimeoutError(self._process.name)
        try:
            told = self._pipe.recv()
        except (EOFError, ConnectionResetError):
            return False
        if told == STAY:
            return False
        self.taken.append(told)
        return True

    def kill(self) -> None:
        """As the power button does; what it said before is still heard."""
        pid = self._process.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self._process.join()
        assert self._process.exitcode == -signal.SIGKILL

    def dismiss(self) -> None:
        """Everybody may go home."""
        if self._process.is_alive():
            with contextlib.suppress(BrokenPipeError):
                self._pipe.send(STAY)
        self._process.join()
        self._pipe.close()


def _live(url: str, shift: Shift, pipe: Connection) -> None:
    asyncio.run(_work(url, shift, pipe))


async def _work(url: str, shift: Shift, pipe: Connection) -> None:
    def tell(_actor: Actor, _command: StoredCommand, answer: CommandAnswer) -> None:
        if isinstance(answer, TicketTaken):
            pipe.send(answer)

    store = Store.open(url)
    try:
        async with open_hall(
            store, clock=SteadyClock(), sealer=ReversingSealer(), policy=shift.policy
        ) as hall:
            for actor in (*map(kiosk, shift.kiosks), *map(agent, shift.seats)):
                await hall.attached(actor)
            crew = Crew(hall, name=shift.name, on_answer=tell)
            async with crew.at_seats(*shift.seats):
                await crew.visit(shift.kiosks, shift.visits)
                pipe.send(STAY)
                with contextlib.suppress(EOFError):
                    await asyncio.to_thread(pipe.recv)
    finally:
        await store.close()
