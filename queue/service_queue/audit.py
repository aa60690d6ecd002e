"""Is a journal the one that was sealed? If not: which row, and what was done to it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from typing import Final

from service_queue.chain import GENESIS, Row, RowMalformed, row_bytes, row_hash

MOST_FAULTS: Final = 1000
"""So many are told apart; a journal with more of them is counted, not listed."""

MOST_SWAPS: Final = 100
"""Among so many changed rows it is looked whether two changed places: every pair is tried."""


class Fault(StrEnum):
    """What can be wrong."""

    CHANGED = "changed"
    MISSING = "missing"
    INSERTED = "inserted"
    SWAPPED = "swapped"
    TRUNCATED = "truncated"
    SEAL_FORGED = "seal_forged"
    SEAL_MISSING = "seal_missing"
    CHECKPOINT = "checkpoint"


_SENTENCES: Final = {
    Fault.CHANGED: "is not what was sealed",
    Fault.MISSING: "is gone",
    Fault.INSERTED: "was never sealed, though rows after it were: somebody put it there",
    Fault.SWAPPED: "changed places",
    Fault.TRUNCATED: "is gone, and everything after it: the end was cut off",
    Fault.SEAL_FORGED: "is sound, but its hash was changed",
    Fault.SEAL_MISSING: "is sound, but its hash was taken away",
    Fault.CHECKPOINT: "does not agree with a checkpoint: everything up to here may have been "
    "written anew",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with the rows from `first` to `last`."""

    fault: Fault
    first: int
    last: int
    note: str = ""

    def __str__(self) -> str:
        """One sentence."""
        if self.fault is Fault.SWAPPED:
            which = f"rows {self.first} and {self.last}"
        else:
            which = f"row {self.first}"
            if self.last != self.first:
                which = f"each row from {self.first} to {self.last}"
        return f"{which} {_SENTENCES[self.fault]}" + (f" ({self.note})" if self.note else "")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The end of the chain at some moment, as somebody kept it."""

    hash: bytes
    seq: int | None = None
    """None: only the hash was kept."""
    count: int | None = None
    origin: str = "kept with the journal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The result."""

    findings: tuple[Finding, ...]
    more: int
    """Faults beyond those listed."""
    rows: int
    """Rows that have a seal."""
    first: int | None
    last: int | None
    last_hash: bytes
    unsealed: int
    """Rows after the last one that was sealed: nothing can be said of them yet."""
    checkpoints: int
    """Checkpoints that agree."""
    taken_away: int
    """So many rows at the beginning were taken away, up to where a checkpoint vouches for."""

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class _Belief:
    """What the hash of the row before may be, and what that would mean."""

    hash: bytes
    fault: Fault | None = None


class Auditor:
    """Is shown every number that has a row, a seal or both, in order, and then asked."""

    def __init__(
        self, checkpoints: Iterable[Checkpoint] = (), *, begins: Checkpoint | None = None
    ) -> None:
        """`begins`: vouches for what stood before the first row that is still there."""
        self._begins = begins or Checkpoint(GENESIS, 0, 0)
        self._checkpoints = tuple(checkpoints)
        self._unseen = {one.hash: one for one in self._checkpoints if one.seq is None}
        self._by_seq: dict[int, list[Checkpoint]] = {}
        for one in self._checkpoints:
            if one.seq is not None:
                self._by_seq.setdefault(one.seq, []).append(one)
        self._agreed = 0
        self._seq = self._begins.seq or 0
        self._beliefs = [_Belief(self._begins.hash)]
        self._doubt: tuple[int, Fault, str] | None = None
        """A row of which the next one decides what was done to it; what is said if it does not."""
        self._faults: list[tuple[int, Fault, str]] = []
        self._more = 0
        self._changed: dict[int, tuple[tuple[bytes, ...], Row, bytes]] = {}
        self._sealed = 0
        self._first: int | None = None
        self._last: int | None = None
        self._last_hash = self._begins.hash
        self._unsealed = 0

    def show(self, seq: int, row: Row | None, seal: bytes | None) -> None:
        """A number up to the last sealed one, with what there is of it."""
        if seq <= (self._begins.seq or 0):
            self._add(seq, Fault.INSERTED)
            return
        gap = self._tell_gap(seq)
        if seal is None:
            self._show_unsealed_within(seq, row)
        else:
            self._first = seq if self._first is None else self._first
            self._last, self._last_hash = seq, seal
            self._sealed += 1
            if row is None:
                self._settle(None)
                self._add(seq, Fault.MISSING)
                self._beliefs = [_Belief(seal), *self._beliefs][:4]
            else:
                self._show_both(seq, row, seal, after_gap=gap)
            self._compare(seq, seal)

    def show_tail(self, seq: int) -> None:
        """A row after the last one that was sealed."""
        self._settle(None)
        self._tell_gap(seq)
        self._unsealed += 1

    def finish(self) -> Audit:
        """What is to be said when there is nothing more to show."""
        self._settle(None)
        faults = self._with_swaps()
        findings = [*_merged(faults), *self._cut_off()]
        missing = [one for one in findings if one.fault is Fault.MISSING]
        if missing and missing[-1].last == self._last:
            at = findings.index(missing[-1])
            findings[at] = replace(findings[at], fault=Fault.TRUNCATED)
        return Audit(
            findings=tuple(findings),
            more=self._more,
            rows=self._sealed,
            first=self._first,
            last=self._last,
            last_hash=self._last_hash,
            unsealed=self._unsealed,
            checkpoints=self._agreed,
            taken_away=self._begins.seq or 0,
        )

    # --- a number ----------------------------------------------------------------------------

    def _tell_gap(self, seq: int) -> bool:
        gap = range(self._seq + 1, seq)
        self._seq = seq
        if gap:
            self._settle(None)
        for number in gap:
            if not self._add(number, Fault.MISSING):
                self._more += seq - number - 1
                break
        return bool(gap)

    def _show_both(self, seq: int, row: Row, seal: bytes, *, after_gap: bool) -> None:
        before = self._beliefs
        computed = [_hash(belief.hash, row) for belief in before]
        for belief, made in zip(before, computed, strict=True):
            if made == seal:
                self._settle(belief.fault)
                self._beliefs = [_Belief(seal)]
                return
        self._settle(None)
        if after_gap:
            # With its predecessor gone nothing can be said of it but what the next row says.
            self._beliefs = [_Belief(seal)]
            return
        self._doubt = seq, Fault.CHANGED, _malformation(row)
        self._keep_changed(seq, tuple(belief.hash for belief in before), row, seal)
        self._beliefs = [
            _Belief(seal, Fault.CHANGED),
            *(_Belief(made, Fault.SEAL_FORGED) for made in computed if made is not None),
            *(_Belief(belief.hash, Fault.CHANGED) for belief in before),
        ][:6]

    def _show_unsealed_within(self, seq: int, row: Row | None) -> None:
        self._settle(None)
        if row is None:
            return
        self._doubt = seq, Fault.INSERTED, ""
        computed = (_hash(belief.hash, row) for belief in self._beliefs)
        self._beliefs = [
            *(_Belief(belief.hash, Fault.INSERTED) for belief in self._beliefs),
            *(_Belief(made, Fault.SEAL_MISSING) for made in computed if made is not None),
        ][:6]

    def _settle(self, fault: Fault | None) -> None:
        """The row in doubt is what `fault` says, or what is said otherwise."""
        if self._doubt is not None:
            seq, otherwise, note = self._doubt
            self._add(seq, fault or otherwise, note)
            self._doubt = None

    def _add(self, seq: int, fault: Fault, note: str = "") -> bool:
        if len(self._faults) < MOST_FAULTS:
            self._faults.append((seq, fault, note))
            return True
        self._more += 1
        return False

    # --- what needs several rows ---------------------------------------------------------------

    def _keep_changed(self, seq: int, before: tuple[bytes, ...], row: Row, seal: bytes) -> None:
        if len(self._changed) < MOST_SWAPS:
            self._changed[seq] = before, row, seal

    def _with_swaps(self) -> list[tuple[int, Fault, str]]:
        """The faults, with two changed rows that stand in each other's place told as one."""
        partners: dict[int, int] = {}
        for a, b in combinations(self._changed, 2):
            if a in partners or b in partners:
                continue
            before, _, seal_a = self._changed[a]
            moved = (a, *self._changed[b][1][1:])
            seals = (seal_a, self._changed[b][2])
            if any(_hash(previous, moved) in seals for previous in before):
                partners |= {a: b, b: a}
        return [
            (seq, Fault.SWAPPED, str(partners[seq])) if seq in partners else (seq, fault, note)
            for seq, fault, note in sorted(self._faults, key=lambda told: told[0])
            if not (seq in partners and partners[seq] < seq)
        ]

    def _compare(self, seq: int, seal: bytes) -> None:
        self._agreed += self._unseen.pop(seal, None) is not None
        for one in self._by_seq.pop(seq, ()):
            count = (self._begins.count or 0) + self._sealed
            if one.hash != seal:
                self._add(seq, Fault.CHECKPOINT, one.origin)
            elif one.count is not None and one.count != count:
                self._add(seq, Fault.CHECKPOINT, f"{one.count} rows then, {count} now")
            else:
                self._agreed += 1

    def _cut_off(self) -> Iterator[Finding]:
        """Checkpoints for which there is no row."""
        end = self._last or self._begins.seq or 0
        for seq, ones in sorted(self._by_seq.items()):
            if seq > end:
                yield Finding(Fault.TRUNCATED, end + 1, seq, f"a checkpoint {ones[0].origin}")
            elif seq > (self._begins.seq or 0):
                yield Finding(Fault.CHECKPOINT, seq, seq, f"no such row, {ones[0].origin}")
        for one in self._unseen.values():
            if one.hash != self._begins.hash:
                note = f"no row has the hash {one.hash.hex()[:16]}… {one.origin}"
                yield Finding(Fault.TRUNCATED, end + 1, end + 1, note)


def _hash(previous: bytes, row: Row) -> bytes | None:
    try:
        return row_hash(previous, row)
    except RowMalformed:
        return None


def _malformation(row: Row) -> str:
    try:
        row_bytes(row)
    except RowMalformed as malformed:
        return str(malformed)
    return ""


def _merged(faults: Sequence[tuple[int, Fault, str]]) -> list[Finding]:
    """Neighbours with the same fault as one finding."""
    findings: list[Finding] = []
    for seq, fault, note in faults:
        last = findings[-1] if findings else None
        if fault is Fault.SWAPPED:
            findings.append(Finding(fault, seq, int(note)))
        elif last and (last.fault, last.note, last.last + 1) == (fault, note, seq):
            findings[-1] = replace(last, last=seq)
        else:
            findings.append(Finding(fault, seq, seq, note))
    return findings
