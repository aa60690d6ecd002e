"""A hall in a process of its own, to be killed: commands in by a pipe, answers out after commit."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from typing import Any

from service_queue.actor import Actor
from service_queue.hall import open_hall
from service_queue.policy import Policy
from service_queue.store import Store
from signaling.protocol.commands import StoredCommand
from signaling.protocol.errors import Refusal
from signaling.protocol.events import CommandAnswer
from tests.support.hall_builder import ReversingSealer
from xiaowu.faults.site import KIOSKS, SEATS
from xiaowu.faults.world import agent, kiosk

READY = "ready"
Asked = tuple[Actor, StoredCommand]
Told = tuple[str, CommandAnswer | str]
"""An operation id, and the answer to it or the code of its refusal."""


class HallProcess:
    """One life of a hall on the database at `url`."""

    def __init__(self, url: str, policy: Policy, clock: Any) -> None:
        # From a server that has everything imported, so that a hundred lives are affordable.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_live, args=(url, policy, clock, theirs))
        self._process.start()
        theirs.close()
        assert self.pipe.recv() == READY

    def ask(self, actor: Actor, command: StoredCommand) -> None:
        """Send a command; its answer comes on `pipe`, unless the hall dies before."""
        self.pipe.send((actor, command))

    def heard(self, within_s: float) -> Told | None:
        """The next answer; None when none came in time, or none will come any more."""
        try:
            return self.pipe.recv() if self.pipe.poll(within_s) else None
        except (EOFError, ConnectionResetError):
            return None

    def kill(self) -> None:
        """As the power button does."""
        pid = self._process.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self._process.join()
        assert self._process.exitcode == -signal.SIGKILL


def _live(url: str, policy: Policy, clock: Any, pipe: Connection) -> None:
    asyncio.run(_serve(url, policy, clock, pipe))


async def _serve(url: str, policy: Policy, clock: Any, pipe: Connection) -> None:
    loop = asyncio.get_running_loop()
    store = Store.open(url)
    running: set[asyncio.Task[None]] = set()
    async with open_hall(store, clock=clock, sealer=ReversingSealer(), policy=policy) as hall:

        async def carry_out(actor: Actor, command: StoredCommand) -> None:
            told: CommandAnswer | str
            try:
                told = await hall.execute(actor, command)
            except Refusal as refusal:
                told = refusal.code
            pipe.send((command.op_id, told))

        for actor in (*map(kiosk, range(KIOSKS)), *map(agent, range(SEATS))):
            # Whoever was there before the crash is back.
            await hall.attached(actor)
        pipe.send(READY)
        while True:
            actor, command = await loop.run_in_executor(None, pipe.recv)
            task = asyncio.create_task(carry_out(actor, command))
            running.add(task)
            task.add_done_callback(running.discard)
