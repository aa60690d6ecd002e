"""The database under the queue: many readers, one writer, group commit.

Each process has one thread that takes units of work in order, runs each in a savepoint, commits
many of them at once and answers each after the commit. On SQLite that thread is the only writer;
on PostgreSQL the writers of several processes take turns, so that there is one order of commits on
both, and what others wrote is told before what this process writes next.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine

from service_queue.backend import (
    OUT_OF_TURN,
    READ_ONLY,
    READERS,
    TURN_WITHIN_S,
    Backend,
    Standing,
    open_backend,
)
from service_queue.errors import StoreClosed, StoreUnavailable
from service_queue.journal_head import JournalHead, begin_journal
from service_queue.known_rows import KnownRows
from service_queue.pending import Answer, OperationKey, OutOfStep
from service_queue.turn import Reach, Turn, between_turns, in_step

T = TypeVar("T")
Unit = Callable[[Connection], T]
"""A unit of work: runs in a transaction, on another thread; must not touch the event loop."""

log = logging.getLogger(__name__)

MAX_BATCH: Final = 256
"""Units in one commit: bounds how long the first of them waits for its answer."""

SETTLED_AT_ONCE: Final = 32
"""Answers between which the event loop may do something else."""

_TELL_AGAIN: Final = -1
"""In place of a version: at the next turn the watchers are told, whatever it finds."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What somebody else wrote: the journal's rows after `since`, up to `until`.

    With no row between the two, something was written that is not in the journal.
    """

    since: int
    until: int


Watcher = Callable[[Connection, Elsewhere], Callable[[], None]]
"""Reads, in the writer's turn, what was written elsewhere; what it returns is called on the event
loop, before anything that this turn writes is followed."""


class Store:
    """A database with one writer a process. Make it with `Store.open`, end it with `close`."""

    def __init__(self, backend: Backend, engine: Engine) -> None:
        self.engine = engine
        self._backend = backend
        self._inbox: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._readers = concurrent.futures.ThreadPoolExecutor(READERS, "store-reader")
        self._watchers: tuple[tuple[Watcher, asyncio.AbstractEventLoop], ...] = ()
        self._stood: Standing | None = None
        self._connection: Connection | None = None
        self._known = KnownRows()
        self._lineage = object()
        """Another one when what was followed until then was undone."""
        self._enlisted = False
        self._closed = False
        self._writer = threading.Thread(target=self._write_forever, name="store-writer")
        self._writer.start()

    @classmethod
    def open(cls, url: str, turn_within_s: float = TURN_WITHIN_S) -> Store:
        """Open the database at an SQLAlchemy `url`.

        `turn_within_s`: how long the writer waits while another process writes.

        Raises:
            StoreUnavailable: no kind of database that is known, or its driver is missing.
        """
        return cls(*open_backend(url, turn_within_s))

    async def write(
        self,
        unit: Unit[T],
        then: Callable[[T], None] | None = None,
        reach: Reach = Reach.ANYTHING,
        asked: OperationKey | None = None,
    ) -> T:
        """Run `unit` in a transaction and return its result after the commit.

        `then` is called with the result on the event loop, in commit order, even if whoever waits
        here was cancelled. An exception from `unit` undoes only that unit and is raised here.
        A unit may be run again before it is answered, with nothing done of the first time.

        `reach`: what the unit may touch; the less, the less it costs. `asked`: the operation it
        answers, so that earlier answers to all units of a commit are looked for at once.

        Raises:
            StoreClosed: `close` was called before.
            StoreUnavailable: the disk is full or fails, the connection is lost, or another
                process holds the database. Whether it was committed is then not known: a command
                is sent again with the same operation id.
        """
        if self._closed:
            raise StoreClosed
        loop = asyncio.get_running_loop()
        job = _Job(unit, then, reach, asked, loop, loop.create_future())
        self._inbox.put(job)
        result: T = await job.future
        return result

    async def read(self, unit: Unit[T]) -> T:
        """Run `unit` on a reader's connection: sees what was committed, may not write."""
        return await self._aside(unit, READ_ONLY)

    async def chore(self, name: str, unit: Unit[T]) -> T | None:
        """Run long work whose place in the order of commits does not matter.

        Where several processes share the database, one of them is at it at a time: None when
        another one is. Must not write what the line decides by, nor the journal.
        """

        def claimed(connection: Connection) -> T | None:
            return unit(connection) if self._backend.claim(connection, name) else None

        if self._backend.has_one_writer:
            return await self.write(claimed, reach=Reach.ASIDE)
        return await self._aside(claimed, OUT_OF_TURN)

    async def look(self) -> None:
        """Have the watchers told of what was written elsewhere by now."""
        await self.write(_nothing, reach=Reach.ROWS)

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Tell `watcher` of what others write; returns the undo."""
        entry = (watcher, asyncio.get_running_loop())
        self._watchers = (*self._watchers, entry)

        def undo() -> None:
            self._watchers = tuple(one for one in self._watchers if one is not entry)

        return undo

    def enlist(self, connection: Connection) -> None:
        """A unit: count this process among the hall's servers from now on."""
        self._backend.enlist(connection)
        self._enlisted = True

    def servers(self, connection: Connection) -> tuple[int, frozenset[int]]:
        """A unit: this process's number among the hall's servers, and everybody's."""
        return self._backend.servers(connection)

    async def close(self) -> None:
        """Finish what was begun, then let go of the file. Safe to call again."""
        if not self._closed:
            self._closed = True
            self._inbox.put(None)
        await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._readers.shutdown)
        self.engine.dispose()

    async def _aside(self, unit: Unit[T], kind: str) -> T:
        if self._closed:
            raise StoreClosed
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._run_aside, unit, kind)

    def _run_aside(self, unit: Unit[T], kind: str) -> T:
        try:
            with self.engine.connect() as connection:
                connection.info[kind] = True
                try:
                    connection.begin()  # a driver's cursor would not begin by itself
                    result = unit(connection)
                    if kind == OUT_OF_TURN:
                        connection.commit()
                    return result
                finally:
                    connection.rollback()
                    connection.info.pop(kind, None)
        except Exception as failure:
            outage = _outage(self._backend, failure)
            if outage is None:
                raise
            raise outage from failure

    def _write_forever(self) -> None:
        while (job := self._inbox.get()) is not None:
            batch = [job]
            stop = self._fill(batch)
            self._commit(batch)
            if stop:
                break
        if self._connection is not None:
            self._connection.close()
        for job in self._left_over():
            job.fail(StoreClosed())
            _deliver([job])

    def _fill(self, batch: list[_Job]) -> bool:
        """Add what already waits, without waiting for more; True when the end was among it."""
        while len(batch) < MAX_BATCH:
            try:
                job = self._inbox.get_nowait()
            except queue.Empty:
                return False
            if job is None:
                return True
            batch.append(job)
        return False

    def _left_over(self) -> list[_Job]:
        jobs = []
        while not self._inbox.empty():
            job = self._inbox.get()
            if job is not None:
                jobs.append(job)
        return jobs

    def _commit(self, batch: list[_Job]) -> None:
        try:
            if self._connection is None:
                self._connection = self.engine.connect()
                if self._enlisted:
                    self._backend.enlist(self._connection)
            try:
                self._transact(self._connection, batch, waits=True)
            except OutOfStep as failure:
                log.warning("a turn is done over: %s", failure)
                self._known.clear()
                self._lineage = object()
                self._transact(self._connection, batch, waits=False)
        except Exception as failure:
            outage = _outage(self._backend, failure)
            if outage is None:
                log.exception("commit failed; %d units undone", len(batch))
                outage = StoreUnavailable(type(failure).__name__)
            self._let_go()
            for job in batch:
                job.fail(outage)
        _deliver(batch)

    def _transact(self, connection: Connection, batch: list[_Job], *, waits: bool) -> None:
        """One transaction with all of the batch."""
        asked = {job.asked: None for job in batch if job.asked is not None} if waits else {}
        with connection.begin():
            between_turns(connection)
            head, answers = self._begin_turn(connection, tuple(asked))
            turn = Turn(connection, self._backend, head, self._known, self._lineage, waits=waits)
            turn.answers = answers
            for job in batch:
                job.run(turn, self._backend)
            turn.flush(last=True)
        self._end_turn(head)

    def _begin_turn(
        self, connection: Connection, asked: Sequence[OperationKey]
    ) -> tuple[JournalHead, dict[OperationKey, Answer | None]]:
        """Look at what stands, when somebody watches, and tell what others changed.

        Gives the journal's head, and what was answered to `asked` as far as that was looked for.
        """
        if not self._watchers:
            self._stood = None
            self._known.clear()
            return begin_journal(connection), {}
        with in_step(self._backend):
            stands, answers = self._backend.look(connection, asked)
        stood, self._stood = self._stood, stands
        if stood != stands:
            self._known.clear()
        if stood is not None and stood != stands:
            # Committed by others: told whatever becomes of this turn.
            elsewhere = Elsewhere(stood.seq, stands.seq)
            for watcher, loop in self._watchers:
                follow = self._told(watcher, connection, elsewhere)
                if follow is None:
                    self._stood = Standing(stood.seq, _TELL_AGAIN)
                elif not loop.is_closed():
                    loop.call_soon_threadsafe(follow)
        return begin_journal(connection, stands.seq), dict.fromkeys(asked) | answers

    def _told(
        self, watcher: Watcher, connection: Connection, elsewhere: Elsewhere
    ) -> Callable[[], None] | None:
        try:
            return watcher(connection, elsewhere)
        except Exception as failure:
            if self._backend.outage(failure) is not None:
                raise
            # Whoever watches is behind, and is told again; that must not keep others from writing.
            log.exception("a watcher failed")
            return None

    def _end_turn(self, head: JournalHead) -> None:
        if self._stood is None or self._stood.version == _TELL_AGAIN:
            return
        if head.known is not None:
            self._stood = Standing(head.known, self._stood.version)

    def _let_go(self) -> None:
        """Give up a connection that failed; the next turn makes a new one.

        If a commit was lost on its way back, its rows are found at the next turn, as another's.
        """
        connection, self._connection = self._connection, None
        self._known.clear()
        self._lineage = object()
        if self._stood is not None:
            # SQLite counts other connections' writes anew for each connection.
            self._stood = Standing(self._stood.seq, _TELL_AGAIN)
        if connection is None:
            return
        try:
            connection.invalidate()
            connection.close()
        except Exception as failure:
            log.warning("a lost connection could not be closed: %s", type(failure).__name__)


@dataclass(eq=False, slots=True)
class _Job:
    """One unit with the future its caller waits on."""

    unit: Unit[Any]
    then: Callable[[Any], None] | None
    reach: Reach
    asked: OperationKey | None
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    _result: Any = None
    _failure: BaseException | None = None

    def run(self, turn: Turn, backend: Backend) -> None:
        """Run the unit so that its failure undoes only itself.

        Raises:
            OutOfStep: the turn has to be done over.
        """
        self._failure = None
        turn.begin_unit(self.reach)
        try:
            self._result = self.unit(turn.connection)
        except OutOfStep:
            raise
        except Exception as failure:  # whoever asked gets it; the others in the batch go on
            self._failure = _outage(backend, failure) or failure
            turn.undo_unit()
        else:
            turn.end_unit()

    def fail(self, failure: BaseException) -> None:
        if self._failure is None:
            self._failure = failure

    def settle(self) -> None:
        """Tell who follows, then who waits; on the event loop."""
        if self._failure is None and self.then is not None:
            try:
                self.then(self._result)
            except Exception:  # it was committed, and others are told of theirs after it
                log.exception("what follows a commit failed")
        if self.future.done():
            return
        if self._failure is None:
            self.future.set_result(self._result)
        else:
            self.future.set_exception(self._failure)
            self.future.exception()  # a caller that was cancelled must not cause a warning


def _deliver(batch: list[_Job]) -> None:
    """Have the jobs settled in their order; waking a loop costs, so some at once."""
    for loop, jobs in groupby(batch, key=lambda job: job.loop):
        some = list(jobs)
        for start in range(0, len(some), SETTLED_AT_ONCE):
            if not loop.is_closed():
                loop.call_soon_threadsafe(_settle, some[start : start + SETTLED_AT_ONCE])


def _settle(jobs: list[_Job]) -> None:
    for job in jobs:
        job.settle()


def _nothing(_connection: Connection) -> None:
    """A unit that only takes its turn."""


def _outage(backend: Backend, failure: Exception) -> StoreUnavailable | None:
    """A failure of the database itself, as the refusal that callers know; else None.

    Only the driver's own words are logged: SQLAlchemy's quote the parameters.
    """
    words = backend.outage(failure)
    if words is None:
        return None
    log.error("the database failed: %s", words)
    return StoreUnavailable(words)
