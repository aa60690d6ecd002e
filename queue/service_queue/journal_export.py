"""The journal as a file that proves itself: JSON lines, to be kept where the server cannot reach.

The first line is the header, the last one the trailer, between them one line a row:

    {"type":"header","format":"xiaowu.journal.1","after":{"seq":0,"hash":"…"},"exported_at":…}
    {"type":"row","seq":1,"at":1750000000.25,"kind":"…",…,"detail":"{…}","hash":"…"}
    {"type":"trailer","count":1,"seq":1,"hash":"…"}

`after` is the row before the first one here; its hash is the genesis when its `seq` is 0. The
fields of a row and how they are hashed: `service_queue.chain`. `detail` is a string, the JSON as it
was written. `hash` is null in a row that has none, and a row may be absent though the journal had
it: the file says what the database says, and the verifier what is wrong with that. The trailer can
be given to `xiaowu journal verify --checkpoint` years later.
"""

from __future__ import annotations

import errno
import gzip
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

from sqlalchemy import Connection

from service_queue.audit import Checkpoint
from service_queue.chain import FIELDS, GENESIS
from service_queue.journal_reader import (
    BATCH,
    Tell,
    last_seal,
    read_checkpoints,
    read_rows,
    read_seals,
    side_by_side,
)

FORMAT: Final = "xiaowu.journal.1"
COMPRESSED: Final = ".gz"


@dataclass(frozen=True, slots=True)
class Exported:
    """What went into the file."""

    first: int
    count: int
    end: Checkpoint


class ExportRefused(Exception):
    """There is nothing to export, or no place for it; the message says what."""


def export_journal(
    connection: Connection,
    file: Path,
    *,
    now: float,
    first: int = 1,
    last: int | None = None,
    tell: Tell | None = None,
) -> Exported:
    """Write the sealed rows from `first` to `last` into a new file, all of it or nothing.

    Raises:
        ExportRefused: no sealed row is in that range.
        OSError: the file is there already, or cannot be written.
    """
    sealed = last_seal(connection)
    if sealed is None or sealed[0] < first:
        raise ExportRefused("there are no sealed rows in this range yet")
    until = sealed[0] if last is None else min(last, sealed[0])
    before = _before(connection, first)
    rows = read_rows(connection, after=first - 1, until=until)
    seals = read_seals(connection, after=first - 1, until=until)
    count, end = 0, Checkpoint(b"", first - 1)
    with _new_file(file) as out:
        after = {"seq": before.seq, "hash": before.hash.hex() or None}
        _write(out, type="header", format=FORMAT, after=after, exported_at=now)
        for seq, row, seal in side_by_side(rows, seals):
            if row is not None:
                fields = dict(zip(FIELDS, map(_plain, row), strict=True))
                _write(out, type="row", **fields, hash=None if seal is None else seal.hex())
                count += 1
            if seal is not None:
                end = Checkpoint(seal, seq)
            if tell is not None and seq % BATCH == 0:
                tell(seq)
        if not count:
            raise ExportRefused("there are no sealed rows in this range")
        _write(out, type="trailer", count=count, seq=end.seq, hash=end.hash.hex())
    return Exported((before.seq or 0) + 1, count, end)


def _before(connection: Connection, first: int) -> Checkpoint:
    """The row before `first`, or before the first that is still there."""
    checkpoints = {one.seq: one for one in read_checkpoints(connection)}
    there = next(read_seals(connection, after=first - 1), None)
    before = first - 1 if there is None else there[0] - 1
    if before <= 0:
        return Checkpoint(GENESIS, 0)
    sealed = next(read_seals(connection, after=before - 1, until=before), None)
    if sealed is not None:
        return Checkpoint(sealed[1], before)
    return checkpoints.get(before, Checkpoint(b"", before))


@contextmanager
def _new_file(file: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name when it is whole."""
    if file.exists():
        raise FileExistsError(errno.EEXIST, "is there already", str(file))
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("wb") as raw:
            if file.name.endswith(COMPRESSED):
                # Neither a name nor a time in its head: the same rows make the same bytes.
                with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                    yield cast(IO[bytes], packed)
            else:
                yield raw
            raw.flush()
            os.fsync(raw.fileno())
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)


def _write(out: IO[bytes], **values: object) -> None:
    out.write(json.dumps(values, separators=(",", ":")).encode() + b"\n")


def _plain(value: object) -> object:
    """A value as JSON has it; one that cannot be in any row of ours is shown as it looks."""
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    return value if value is None or isinstance(value, str | int | float) else repr(value)
