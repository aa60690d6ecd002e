"""A small journal with its seals, for whoever takes it apart."""

from __future__ import annotations

import json
from itertools import accumulate

from service_queue.audit import Audit, Auditor, Checkpoint
from service_queue.chain import GENESIS, Row, row_hash

KINDS = ("ticket.taken", "ticket.offered", "ticket.accepted", "call.ended")
Rows = dict[int, Row]
Seals = dict[int, bytes]


def a_row(seq: int) -> Row:
    """A row like any other, no two alike."""
    detail = json.dumps({"n": seq, "place": "云屋"}, ensure_ascii=seq % 2 == 0)
    kiosk = f"K{seq % 5:02d}" if seq % 3 else None
    kind, at = KINDS[seq % 4], 1_750_000_000 + seq / 7
    return (seq, at, kind, f"agent:a{seq % 7}", kiosk, None, f"t{seq // 4}", None, "served", detail)


def seals_of(rows: Rows) -> Seals:
    """The chain over `rows`, as the keeper makes it."""
    hashes = accumulate(rows.values(), row_hash, initial=GENESIS)
    next(hashes)
    return dict(zip(rows, hashes, strict=True))


def a_journal(length: int) -> tuple[Rows, Seals]:
    """`length` rows and the hash of each."""
    rows = {seq: a_row(seq) for seq in range(1, length + 1)}
    return rows, seals_of(rows)


def audited(
    rows: Rows, seals: Seals, *given: Checkpoint, begins: Checkpoint | None = None
) -> Audit:
    """What an audit says of these rows and seals."""
    auditor = Auditor(given, begins=begins)
    end = max(seals, default=0)
    for seq in sorted(rows | seals):
        if seq <= end:
            auditor.show(seq, rows.get(seq), seals.get(seq))
        else:
            auditor.show_tail(seq)
    return auditor.finish()
