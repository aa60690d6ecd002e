"""Reads the journal, its seals and its checkpoints, in order, a batch at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.exc import DBAPIError

from service_queue.audit import Audit, Auditor, Checkpoint
from service_queue.chain import FIELDS, Row, hash_of
from service_queue.chain_tables import JournalCheckpointRow, JournalSealRow
from service_queue.journal_entry import JournalEntry
from service_queue.tables import JournalRow, table_of

BATCH: Final = 2000
"""Rows fetched, or sealed, at once: some milliseconds of whoever does it."""

_journal = table_of(JournalRow)
_seal = table_of(JournalSealRow)
_checkpoint = table_of(JournalCheckpointRow)
_columns = [_journal.c[name] for name in FIELDS]

Tell = Callable[[int], None]
"""Is told how far the work is."""


def read_rows(
    connection: Connection, *, after: int | None = None, until: int | None = None
) -> Iterator[Row]:
    """The rows with `after` < seq ≤ `until`, as `chain` hashes them."""
    for row in _in_batches(connection, select(*_columns), after, until):
        yield tuple(row)


def read_entries(
    connection: Connection, *, after: int | None = None, until_time: float | None = None
) -> Iterator[JournalEntry]:
    """The rows after a number, up to the first written after `until_time`, to be told again.

    A commit has one time and commits are in order, but two servers' clocks may differ by a little:
    whatever the later one wrote after the moment is left out with all that follows.
    """
    for row in read_rows(connection, after=after):
        seq, at, kind, actor, kiosk_id, seat_id, ticket_id, call_id, reason, detail = row
        if until_time is not None and isinstance(at, float) and at > until_time:
            return
        yield JournalEntry(
            seq=seq,  # type: ignore[arg-type]  # a row as the database has it; `verify` judges it
            at=at,  # type: ignore[arg-type]  # as above
            kind=str(kind),
            actor=str(actor),
            kiosk_id=_text(kiosk_id),
            seat_id=_text(seat_id),
            ticket_id=_text(ticket_id),
            call_id=_text(call_id),
            reason=_text(reason),
            detail=_detail(detail),
        )


def read_seals(
    connection: Connection, *, after: int | None = None, until: int | None = None
) -> Iterator[tuple[int, bytes]]:
    """The hashes with `after` < seq ≤ `until`; one that is no hash is empty and fits nothing."""
    for seq, text in _in_batches(connection, select(_seal.c.seq, _seal.c.hash), after, until):
        yield seq, hash_of(text)


def read_checkpoints(connection: Connection) -> list[Checkpoint]:
    """The checkpoints kept with the journal, the oldest first."""
    kept = select(_checkpoint.c.seq, _checkpoint.c.hash, _checkpoint.c["count"])
    found = connection.execute(kept.order_by(_checkpoint.c.seq))
    return [Checkpoint(hash_of(made), seq, count) for seq, made, count in found]


def last_checkpoint(connection: Connection) -> JournalCheckpointRow | None:
    """The newest checkpoint, or None when there is none yet."""
    newest = select(_checkpoint).order_by(_checkpoint.c.seq.desc()).limit(1)
    row = connection.execute(newest).first()
    return None if row is None else JournalCheckpointRow(**row._mapping)


def last_seal(connection: Connection) -> tuple[int, bytes] | None:
    """The last row that is sealed and its hash; None when nothing is."""
    newest = select(_seal.c.seq, _seal.c.hash).order_by(_seal.c.seq.desc()).limit(1)
    row = connection.execute(newest).first()
    return None if row is None else (row.seq, hash_of(row.hash))


def last_row(connection: Connection) -> int:
    """The number of the last row; 0 when there is none."""
    return connection.execute(select(func.max(_journal.c.seq))).scalar() or 0


def first_row(connection: Connection) -> int | None:
    """The number of the first row that is still there; None when there is none."""
    return connection.execute(select(func.min(_journal.c.seq))).scalar()


def _count_seals(connection: Connection, *, after: int) -> int:
    """How many rows with a greater number are sealed."""
    counted = select(func.count()).select_from(_seal).where(_seal.c.seq > after)
    return connection.execute(counted).scalar() or 0


def chain_end(connection: Connection) -> Checkpoint | None:
    """A checkpoint of this moment; None while nothing is sealed."""
    sealed = last_seal(connection)
    if sealed is None:
        return None
    kept = last_checkpoint(connection)
    counted = (0, 0) if kept is None or kept.seq > sealed[0] else (kept.seq, kept.count)
    count = counted[1] + _count_seals(connection, after=counted[0])
    return Checkpoint(sealed[1], sealed[0], count)


def audit_journal(
    connection: Connection, given: Iterable[Checkpoint] = (), tell: Tell | None = None
) -> Audit:
    """Hold every row against its seal and the chain; `given` are checkpoints kept elsewhere."""
    checkpoints = [*read_checkpoints(connection), *given]
    sealed = last_seal(connection)
    until = 0 if sealed is None else sealed[0]
    auditor = Auditor(checkpoints, begins=_beginning(connection, checkpoints))
    for seq, row, seal in side_by_side(
        read_rows(connection, until=until), read_seals(connection, until=until)
    ):
        auditor.show(seq, row, seal)
        if tell is not None and seq % BATCH == 0:
            tell(seq)
    newer = select(_journal.c.seq).where(_journal.c.seq > until).order_by(_journal.c.seq)
    for (seq,) in connection.execute(newer):
        auditor.show_tail(seq)
    return auditor.finish()


def _beginning(connection: Connection, checkpoints: list[Checkpoint]) -> Checkpoint | None:
    """What vouches for the rows that retention took away; None when the first row is there."""
    lowest = [
        connection.execute(select(func.min(column)).where(column > 0)).scalar()
        for column in (_journal.c.seq, _seal.c.seq)
    ]
    first = min((seq for seq in lowest if seq is not None), default=1)
    return next((one for one in checkpoints if first > 1 and one.seq == first - 1), None)


def side_by_side(
    rows: Iterator[Row], seals: Iterator[tuple[int, bytes]]
) -> Iterator[tuple[int, Row | None, bytes | None]]:
    """Every number that has a row, a seal or both."""
    row, seal = next(rows, None), next(seals, None)
    while row is not None or seal is not None:
        # `seq` is the primary key: a whole number, whatever else was tampered with.
        numbers = [int(str(one[0])) for one in (row, seal) if one is not None]
        seq = min(numbers)
        has_row = row is not None and row[0] == seq
        has_seal = seal is not None and seal[0] == seq
        yield seq, row if has_row else None, seal[1] if seal is not None and has_seal else None
        row = next(rows, None) if has_row else row
        seal = next(seals, None) if has_seal else seal


def _in_batches(
    connection: Connection, statement: Select[Any], after: int | None, until: int | None
) -> Iterator[Any]:
    """The rows of a statement whose first column is `seq`, in its order."""
    seq = statement.selected_columns[0]
    ordered = statement.order_by(seq).limit(BATCH)
    if until is not None:
        ordered = ordered.where(seq <= until)
    while True:
        wanted = ordered if after is None else ordered.where(seq > after)
        try:
            found = connection.execute(wanted).all()
        except DBAPIError:
            if connection.dialect.name != "sqlite":  # others keep their columns' types themselves
                raise
            found = _singly(connection, wanted)
        yield from found
        if len(found) < BATCH:
            return
        after = found[-1][0]


def _singly(connection: Connection, statement: Select[Any]) -> list[Any]:
    """As `statement`, with every field but the number empty in a row that cannot be read at all.

    Somebody put bytes where a text belongs, and the driver refuses the whole batch for it.
    """
    seq = statement.selected_columns[0]
    found: list[Any] = []
    for (number,) in connection.execute(statement.with_only_columns(seq)).all():
        try:
            found.append(connection.execute(statement.where(seq == number)).one())
        except DBAPIError:
            found.append((number, *[b""] * (len(statement.selected_columns) - 1)))
    return found


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _detail(value: object) -> dict[str, object]:
    try:
        made = json.loads(str(value))
    except ValueError:
        return {}
    return made if isinstance(made, dict) else {}
