#!/usr/bin/env python3
"""Is an export of the journal what was sealed? Needs Python 3.9 or newer and nothing else.

    python3 verify_journal.py journal.jsonl.gz
    python3 verify_journal.py journal.jsonl --checkpoint HASH   # a hash you kept elsewhere
    python3 verify_journal.py second.jsonl --after HASH         # the last hash of the export before

It shares no line with the program that wrote the file: what is hashed is written down, byte for
byte, in queue/service_queue/chain.py, and done again here. Exit code 0: every row is as it was
sealed. 1: it is not; which row, and what is wrong, is printed. 2: this is no export, or it cannot
be opened.

What no file can prove by itself is that nothing was cut off its end *and* the trailer written anew,
or that not everything was. For that, keep a hash elsewhere (print it, send it) and give it here.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import struct
import sys
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

FORMAT = "xiaowu.journal.1"
GENESIS = hashlib.sha256(b"xiaowu.journal.genesis.1\n").hexdigest()
ROW_DOMAIN = b"xiaowu.journal.row.1\n"
TEXTS = ("kind", "actor", "kiosk_id", "seat_id", "ticket_id", "call_id", "reason", "detail")
MAY_BE_NULL = ("kiosk_id", "seat_id", "ticket_id", "call_id", "reason")
ROW_FIELDS = {"type", "seq", "at", "hash", *TEXTS}
HASH_LENGTH = 64
MOST_SHOWN = 100

Entry = dict[str, Any]


class NoExport(Exception):
    """The file is not an export of a journal."""


class Unreadable(Exception):
    """A line, or the rest of the file, cannot be read: it was damaged."""


def row_hash(before: str, row: Entry) -> str | None:
    """The hash of a row after one with the hash `before`; None if no row can look like this."""
    seq, at = row.get("seq"), row.get("at")
    if not isinstance(seq, int) or isinstance(seq, bool):
        return None
    if not isinstance(at, (int, float)) or isinstance(at, bool):
        return None
    try:
        parts = [ROW_DOMAIN, bytes.fromhex(before), struct.pack(">qd", seq, at)]
        for name in TEXTS:
            value = row.get(name)
            if isinstance(value, str):
                encoded = value.encode("utf-8")
                parts += [struct.pack(">BI", 1, len(encoded)), encoded]
            elif value is None and name in MAY_BE_NULL:
                parts.append(b"\x00")
            else:
                return None
    except (struct.error, OverflowError, ValueError):
        return None
    return hashlib.sha256(b"".join(parts)).hexdigest()


def read_lines(file: str) -> Iterator[tuple[int, Entry]]:
    """Each line's number and what it says."""
    with open(file, "rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        source = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
        number = 0
        while True:
            number += 1
            try:
                line = source.readline()
            except (EOFError, OSError, zlib.error):
                raise Unreadable(f"the file breaks off or is damaged at line {number}") from None
            if not line:
                return
            yield number, parse(number, line)


def parse(number: int, line: bytes) -> Entry:
    """A line as the one object it must be."""
    try:
        entry = json.loads(line, object_pairs_hook=once_each)
    except (ValueError, RecursionError):
        entry = None
    if not isinstance(entry, dict):
        raise Unreadable(f"line {number} cannot be read")
    return entry


def once_each(pairs: list[tuple[str, Any]]) -> Entry:
    """An object without a name that stands in it twice: readers would differ on what it says."""
    entry = dict(pairs)
    if len(entry) != len(pairs):
        raise ValueError("a name stands twice")
    return entry


class Verifier:
    """Goes through an export line by line and keeps what is wrong."""

    def __init__(self, header: Entry) -> None:
        after = header.get("after")
        if header.get("type") != "header" or header.get("format") != FORMAT:
            raise NoExport(f"the first line is no header of the format {FORMAT}")
        if not isinstance(after, dict) or not isinstance(after.get("seq"), int):
            raise NoExport("the header does not say after which row this begins")
        self.begins_after: int = after["seq"]
        self.hash_before = after.get("hash")
        self.problems: list[str] = []
        self.hashes: set[str] = set()
        self.count = 0
        self.seq: int = self.begins_after
        self.hash = self.hash_before if isinstance(self.hash_before, str) else ""
        self.ended = False
        self._other: str | None = None
        """What the last row's hash should have been, while it is open which of the two is wrong."""
        self._missing: dict[int, int] = {}
        if self.begins_after == 0 and self.hash != GENESIS:
            self.problems.append("the header: a journal does not begin with this hash")

    def see(self, number: int, line: Entry) -> None:
        """The next line."""
        if self.ended:
            self.problems.append(f"line {number}: there is something after the end")
        elif line.get("type") == "row":
            self._see_row(number, line)
        elif line.get("type") == "trailer":
            self._see_trailer(line)
        else:
            self.problems.append(f"line {number}: neither a row nor the end")

    def finish(self) -> None:
        """There are no more lines."""
        self._settle()
        for first, last in sorted(self._missing.items()):
            rows = f"row {first} is" if first == last else f"rows {first} to {last} are"
            self.problems.append(f"{rows} missing")
        if not self.ended:
            self.problems.append(f"the file has no end: what came after row {self.seq} is missing")

    def _see_row(self, number: int, row: Entry) -> None:
        self.count += 1
        seq, told = row.get("seq"), row.get("hash")
        if not isinstance(seq, int) or isinstance(seq, bool):
            self.problems.append(f"line {number}: a row without a number")
            return
        if set(row) != ROW_FIELDS:
            self.problems.append(f"row {seq} has other fields than a row has")
        if seq <= self.seq:
            self._out_of_place(seq)
            return
        gap = seq != self.seq + 1
        if gap:
            self._settle()
            self._missing[self.seq + 1] = seq - 1
        if not isinstance(told, str) or len(told) != HASH_LENGTH:
            self._settle()
            self.problems.append(
                f"row {seq} has no hash: it was never sealed, or it was taken away"
            )
            self.seq, self.hash = seq, row_hash(self.hash, row) or ""
            return
        self._check(seq, row, told, gap)
        self.hashes.add(told)
        self.seq, self.hash = seq, told

    def _check(self, seq: int, row: Entry, told: str, gap: bool) -> None:
        made = row_hash(self.hash, row)
        if made == told:
            self._settle()
            return
        if self._other is not None and row_hash(self._other, row) == told:
            self.problems.append(f"row {self.seq}: the hash was changed, the row was not")
            self._other = None
            return
        self._settle()
        if not gap:
            self._other = made or ""

    def _settle(self) -> None:
        """The row before had another hash than it should: it is the row that was changed."""
        if self._other is not None:
            self.problems.append(f"row {self.seq} is not what was sealed: it was changed")
            self._other = None

    def _out_of_place(self, seq: int) -> None:
        for first, last in list(self._missing.items()):
            if first <= seq <= last:
                del self._missing[first]
                if first < seq:
                    self._missing[first] = seq - 1
                if seq < last:
                    self._missing[seq + 1] = last
                self.problems.append(f"row {seq} stands in the wrong place, after row {self.seq}")
                return
        self.problems.append(f"row {seq} stands here a second time, or was put in")

    def _see_trailer(self, line: Entry) -> None:
        self.ended = True
        self._settle()
        if line.get("count") != self.count:
            self.problems.append(f"the end counts {line.get('count')} rows, here are {self.count}")
        if line.get("seq") != self.seq:
            self.problems.append(
                f"the end names row {line.get('seq')} as the last, here it is row {self.seq}"
            )
        elif line.get("hash") != self.hash:
            self.problems.append(f"the end has another hash than row {self.seq}")


def verify(file: str, checkpoints: list[str], after: str | None) -> Verifier:
    """Go through the whole file.

    Raises:
        NoExport: it is none.
        OSError: it cannot be opened.
    """
    lines = read_lines(file)
    try:
        _, header = next(lines)
    except (StopIteration, Unreadable):
        raise NoExport("the first line is no header") from None
    verifier = Verifier(header)
    try:
        for number, line in lines:
            verifier.see(number, line)
    except Unreadable as broken:
        verifier.problems.append(str(broken))
    verifier.finish()
    if after is not None and after.lower() != verifier.hash_before:
        verifier.problems.append("the row before the first is not the one you named with --after")
    for kept in checkpoints:
        if kept.lower() not in verifier.hashes and kept.lower() != verifier.hash_before:
            verifier.problems.append(
                f"no row has the hash {kept}: the journal was written anew, or cut off before it"
            )
    return verifier


def main(arguments: list[str]) -> int:
    """Print what is wrong, or that nothing is."""
    parser = argparse.ArgumentParser(description="Is an export of the journal what was sealed?")
    parser.add_argument("file", help="an export, .jsonl or .jsonl.gz")
    parser.add_argument(
        "--checkpoint",
        action="append",
        default=[],
        metavar="HASH",
        help="a hash that was kept elsewhere: some row must have it",
    )
    parser.add_argument("--after", metavar="HASH", help="the last hash of the export before")
    given = parser.parse_args(arguments)
    try:
        verifier = verify(given.file, given.checkpoint, given.after)
    except (NoExport, OSError) as refused:
        print(f"{given.file}: {refused}", file=sys.stderr)
        return 2
    for problem in verifier.problems[:MOST_SHOWN]:
        print(problem)
    if len(verifier.problems) > MOST_SHOWN:
        print(f"... and {len(verifier.problems) - MOST_SHOWN} more")
    if verifier.problems:
        print(f"NOT SOUND: {len(verifier.problems)} problems in {verifier.count} rows.")
        return 1
    print(f"Sound: {verifier.count} rows, {verifier.begins_after + 1} to {verifier.seq}.")
    print(f"Last hash: {verifier.hash}")
    if verifier.begins_after and given.after is None:
        print(
            f"It begins after row {verifier.begins_after}, which had the hash "
            f"{verifier.hash_before}: compare that with the end of the export before."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
