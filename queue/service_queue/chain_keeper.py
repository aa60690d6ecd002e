"""Seals the journal row by row, behind the commands: they never wait for a hash.

A row counts once its transaction has committed; it is sealed about a second later. Killed in
between, the keeper goes on where the seals end. Every process may keep the chain; one at a time
does, and both would write the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Final

from sqlalchemy import Connection, insert
from sqlalchemy.exc import SQLAlchemyError

from service_queue.audit import Checkpoint
from service_queue.chain import GENESIS, RowMalformed, hash_of, row_hash
from service_queue.chain_tables import JournalCheckpointRow, JournalSealRow
from service_queue.clock import Clock
from service_queue.errors import StoreError
from service_queue.journal_reader import (
    BATCH,
    chain_end,
    first_row,
    last_checkpoint,
    last_row,
    last_seal,
    read_rows,
)
from service_queue.store import Store
from service_queue.tables import table_of

log = logging.getLogger(__name__)

SEAL_EVERY_S: Final = 1.0
"""How long a row may be changed without leaving a trace."""

CHECKPOINT_EVERY_S: Final = 3600.0
CHECKPOINT_EVERY_ROWS: Final = 10_000
"""What is cut off after a checkpoint was carried away is missed; so there are many of them."""

FINISH_WITHIN_S: Final = 2.0
"""At a stop: what is not sealed by then is sealed after the next start."""

CHORE: Final = "seal-journal"

_seal = table_of(JournalSealRow)
_checkpoint = table_of(JournalCheckpointRow)


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """How far the chain goes."""

    seq: int = 0
    hash: bytes = GENESIS
    count: int = 0
    unsealed: int = 0
    """Rows of the journal after it."""


@dataclass(frozen=True, slots=True)
class _Work:
    """Rows to be sealed, hashed."""

    sealed: tuple[int, bytes] | None
    """The last seal when they were read."""
    end: ChainEnd
    """Where the chain ended then."""
    seals: tuple[tuple[int, bytes], ...]
    checkpoint_is_due: bool
    malformed: int | None
    """A row that no program of ours wrote; nothing after it can be sealed."""


@dataclass(frozen=True, slots=True)
class _Written:
    """What became of some work."""

    end: ChainEnd
    done: bool
    checkpoint: bool = False


class ChainKeeper:
    """Keeps the chain of one store. Made by `open_chain_keeper`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.end = ChainEnd()
        """How far the chain went when it was looked at last."""
        self._store = store
        self._clock = clock
        self._told_of: int | None = None
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Seal what is committed, until `stop`."""
        while not self._stopping.is_set():
            try:
                await self.catch_up()
            except (StoreError, SQLAlchemyError) as failure:
                # It must outlive a failing disk; what waits is seen in the figures.
                log.warning("the journal could not be sealed: %s", type(failure).__name__)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SEAL_EVERY_S):
                    await self._stopping.wait()

    def stop(self) -> None:
        """Have `run` return when it is through with what it is at."""
        self._stopping.set()

    async def catch_up(self, *, closing: bool = False) -> None:
        """Seal everything that is committed now; `closing` ends it with a checkpoint.

        Raises:
            StoreError, SQLAlchemyError: the database is away; nothing is lost.
        """
        while True:
            work = await self._store.read(self._prepare)
            self.end = work.end
            self._tell_of(work.malformed)
            wants_checkpoint = work.checkpoint_is_due or closing
            if not work.seals and not (wants_checkpoint and work.end.count):
                return
            written = await self._write(work, checkpoint=wants_checkpoint)
            if written is None:  # another process is at it
                return
            self.end = written.end
            if written.done and len(work.seals) < BATCH:
                return

    async def finish(self) -> None:
        """Seal the rest and write a checkpoint, at a stop, if it can be done shortly."""
        try:
            async with asyncio.timeout(FINISH_WITHIN_S):
                await self.catch_up(closing=True)
        except (StoreError, SQLAlchemyError, TimeoutError):
            log.warning("rows of the journal are left to be sealed after the next start")

    def _prepare(self, connection: Connection) -> _Work:
        """Read and hash, on a reader's connection: the writer has other things to do."""
        sealed, kept = last_seal(connection), last_checkpoint(connection)
        if sealed is not None and sealed == (self.end.seq, self.end.hash):
            seq, previous, count = self.end.seq, self.end.hash, self.end.count
        else:
            at = chain_end(connection) or _beginning(connection, kept)
            seq, previous, count = at.seq or 0, at.hash, at.count or 0
        end = ChainEnd(seq, previous, count, max(0, last_row(connection) - seq))
        seals: list[tuple[int, bytes]] = []
        malformed = None
        for row in islice(read_rows(connection, after=seq), BATCH):
            number = int(str(row[0]))
            try:
                previous = row_hash(previous, row)
            except RowMalformed:
                malformed = number
                break
            seals.append((number, previous))
        due = (
            kept is None
            or self._clock.now() - kept.at >= CHECKPOINT_EVERY_S
            or count + len(seals) - kept.count >= CHECKPOINT_EVERY_ROWS
        )
        is_news = kept is None or count + len(seals) > kept.count
        return _Work(sealed, end, tuple(seals), due and is_news, malformed)

    async def _write(self, work: _Work, *, checkpoint: bool) -> _Written | None:
        """Write the seals, if no other process is at it just now."""
        written = await self._store.chore(
            CHORE, lambda connection: self._insert(connection, work, checkpoint)
        )
        if written is not None and written.checkpoint:
            # In the log it leaves this machine, where logs are collected elsewhere.
            end = written.end
            shown = {"seq": end.seq, "hash": end.hash.hex(), "rows": end.count}
            log.info("journal checkpoint", extra=shown)
        return written

    def _insert(self, connection: Connection, work: _Work, checkpoint: bool) -> _Written:
        if last_seal(connection) != work.sealed:
            # Somebody sealed since the rows were read: the same rows with the same hashes.
            return _Written(work.end, done=False)
        if work.seals:
            rows = [{"seq": seq, "hash": made.hex()} for seq, made in work.seals]
            connection.execute(insert(_seal), rows)
        seq, made = work.seals[-1] if work.seals else (work.end.seq, work.end.hash)
        count = work.end.count + len(work.seals)
        end = ChainEnd(seq, made, count, max(0, work.end.unsealed - len(work.seals)))
        kept = last_checkpoint(connection)
        is_news = checkpoint and (kept is None or kept.seq < seq)
        if is_news:
            values = {"seq": seq, "hash": made.hex(), "count": count, "at": self._clock.now()}
            connection.execute(insert(_checkpoint).values(values))
        return _Written(end, done=True, checkpoint=is_news)

    def _tell_of(self, malformed: int | None) -> None:
        if malformed is not None and malformed != self._told_of:
            log.error(
                "journal row cannot be sealed: it was tampered with", extra={"seq": malformed}
            )
        self._told_of = malformed


def _beginning(connection: Connection, kept: JournalCheckpointRow | None) -> Checkpoint:
    """Where the chain begins while nothing is sealed: after a checkpoint if all before is gone."""
    first = None if kept is None else first_row(connection)
    if kept is None or (first is not None and first <= kept.seq):
        return Checkpoint(GENESIS, 0, 0)
    return Checkpoint(hash_of(kept.hash), kept.seq, kept.count)


@asynccontextmanager
async def open_chain_keeper(store: Store, clock: Clock) -> AsyncIterator[ChainKeeper]:
    """Keep the chain while the block runs; at its end the rest is sealed."""
    keeper = ChainKeeper(store, clock)
    task = asyncio.create_task(keeper.run(), name="chain-keeper")
    try:
        yield keeper
    finally:
        keeper.stop()
        # Not cancelled at once: what it is just writing would go on behind our back.
        await asyncio.wait({task}, timeout=FINISH_WITHIN_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await keeper.finish()
