"""The database under the queue: many readers, one writer, group commit.

SQLite allows one writer at a time, so there is exactly one here: a thread that takes units of work
in order, runs each in a savepoint, commits many of them at once and answers each after the commit.
WAL with synchronous=FULL: what was answered survives power loss.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from service_queue.errors import StoreClosed, StoreUnavailable

T = TypeVar("T")
Unit = Callable[[Connection], T]
"""A unit of work: runs in a transaction, on another thread; must not touch the event loop."""

log = logging.getLogger(__name__)

BUSY_TIMEOUT_S: Final = 10
"""How long a statement waits for another process (an administrator's command) that writes."""

MAX_BATCH: Final = 256
"""Units in one commit: bounds how long the first of them waits for its answer."""

READERS: Final = 2


class Store:
    """A database with one writer. Make it with `Store.open`, end it with `close`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._inbox: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._readers = concurrent.futures.ThreadPoolExecutor(READERS, "store-reader")
        self._closed = False
        self._writer = threading.Thread(target=self._write_forever, name="store-writer")
        self._writer.start()

    @classmethod
    def open(cls, url: str) -> Store:
        """Open the database at an SQLAlchemy `url`.

        Raises:
            StoreUnavailable: the file cannot be opened or is not a database.
        """
        if make_url(url).get_backend_name() != "sqlite":
            raise StoreUnavailable("this version keeps its data in SQLite: sqlite:///PATH")
        return cls(open_sqlite(url))

    async def write(self, unit: Unit[T], then: Callable[[T], None] | None = None) -> T:
        """Run `unit` in a transaction and return its result after the commit.

        `then` is called with the result on the event loop, in commit order, even if whoever waits
        here was cancelled. An exception from `unit` undoes only that unit and is raised here.

        Raises:
            StoreClosed: `close` was called before.
            StoreUnavailable: the disk is full or fails, or another process holds the database.
        """
        if self._closed:
            raise StoreClosed
        loop = asyncio.get_running_loop()
        job = _Job(unit, then, loop, loop.create_future())
        self._inbox.put(job)
        result: T = await asyncio.shield(job.future)
        return result

    async def read(self, unit: Unit[T]) -> T:
        """Run `unit` on a reader's connection: sees what was committed, may not write."""
        if self._closed:
            raise StoreClosed
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, unit)

    async def close(self) -> None:
        """Finish what was begun, then let go of the file. Safe to call again."""
        if not self._closed:
            self._closed = True
            self._inbox.put(None)
        await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._readers.shutdown)
        self.engine.dispose()

    def _read(self, unit: Unit[T]) -> T:
        with self.engine.connect() as connection:
            connection.info["read_only"] = True
            try:
                return unit(connection)
            except (DBAPIError, sqlite3.Error) as failure:
                outage = _outage(failure)
                if outage is None:
                    raise
                raise outage from failure
            finally:
                connection.rollback()
                connection.info.pop("read_only", None)

    def _write_forever(self) -> None:
        with self.engine.connect() as connection:
            while (job := self._inbox.get()) is not None:
                batch = [job]
                stop = self._fill(batch)
                self._commit(connection, batch)
                if stop:
                    break
        for job in self._left_over():
            job.fail(StoreClosed())

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

    def _commit(self, connection: Connection, batch: list[_Job]) -> None:
        try:
            with connection.begin():
                for job in batch:
                    job.run(connection)
        except Exception as failure:
            log.exception("commit failed; %d units undone", len(batch))
            for job in batch:
                job.fail(StoreUnavailable(str(type(failure).__name__)))
        for job in batch:
            job.deliver()


class _Job:
    """One unit with the future its caller waits on."""

    def __init__(
        self,
        unit: Unit[Any],
        then: Callable[[Any], None] | None,
        loop: asyncio.AbstractEventLoop,
        future: asyncio.Future[Any],
    ) -> None:
        self.future = future
        self._unit = unit
        self._then = then
        self._loop = loop
        self._result: Any = None
        self._failure: BaseException | None = None

    def run(self, connection: Connection) -> None:
        """Run the unit in a savepoint, so that its failure undoes only itself."""
        cursor = connection.connection.cursor()
        cursor.execute("SAVEPOINT unit")
        try:
            self._result = self._unit(connection)
        except Exception as failure:  # whoever asked gets it; the others in the batch go on
            self._failure = _outage(failure) or failure
            cursor.execute("ROLLBACK TO SAVEPOINT unit")
        cursor.execute("RELEASE SAVEPOINT unit")
        cursor.close()

    def fail(self, failure: BaseException) -> None:
        if self._failure is None:
            self._failure = failure

    def deliver(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        if self._failure is None and self._then is not None:
            self._then(self._result)
        if self.future.done():
            return
        if self._failure is None:
            self.future.set_result(self._result)
        else:
            self.future.set_exception(self._failure)
            self.future.exception()  # a caller that was cancelled must not cause a warning


def _outage(failure: Exception) -> StoreUnavailable | None:
    """A full disk or a lock that is not let go, as the refusal that callers know; else None.

    Only the driver's own words are logged: SQLAlchemy's quote the parameters.
    """
    raw = failure.orig if isinstance(failure, DBAPIError) else failure
    if not isinstance(raw, sqlite3.OperationalError):
        return None
    log.error("the database failed: %s", raw)
    return StoreUnavailable(str(raw))


def open_sqlite(url: str) -> Engine:
    """An engine whose transactions begin at once (BEGIN IMMEDIATE), on a file in WAL mode.

    Deferred transactions that turn into writers fail at once with "database is locked",
    whatever the timeout; immediate ones wait their turn.
    """
    path = make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        pool_size=READERS + 2,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        mode = "DEFERRED" if connection.info.get("read_only") else "IMMEDIATE"
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine
