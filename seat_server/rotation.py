"""A change of keys: everything sealed is sealed anew under a fresh key, while the server runs.

1. The file gets a second key, which seals from then on; the older one still opens.
2. Turn by turn every sealed value is opened and sealed anew. Sealing happens in the writer's turn
   and looks at the file each time, so after a turn that finds nothing old nothing old can come.
3. The older key leaves the file.

Broken off anywhere, nothing is lost: the next run goes on from step 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, LargeBinary, Table, func, select, update

from seat_server.keyring import NOTE_KEY
from seat_server.ledger import Ledger
from seat_server.seal import FORM
from seat_server.seal_keys import SealKeyFile
from service_queue.identities import decision_of, evidence_of, holder_of, verdict_of
from service_queue.identity_tables import IdentityRow, IdentityVerdictRow
from service_queue.tables import CallNoteRow, table_of
from service_queue.transaction import Transaction

ROWS_AT_ONCE: Final = 200
"""In one turn of the writer, so that residents do not wait for it."""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column with sealed values, and what each is bound to."""

    table: Table
    key: Column[Any]
    column: Column[Any]
    about: Callable[[str], str]


def _column(model: Any, key: str, name: str, about: Callable[[str], str]) -> SealedColumn:
    table = table_of(model)
    return SealedColumn(table, table.c[key], table.c[name], about)


SEALED: Final = (
    _column(CallNoteRow, "call_id", "sealed", lambda _call_id: ""),
    _column(IdentityRow, "ticket_id", "sealed_evidence", evidence_of),
    _column(IdentityRow, "ticket_id", "sealed_note", decision_of),
    _column(IdentityVerdictRow, "id", "sealed_verdict", verdict_of),
    _column(IdentityVerdictRow, "id", "sealed_holder", holder_of),
)
"""Everything that is sealed. A test holds it against the tables."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotated:
    """What a change of keys did."""

    resealed: int
    resumed: bool
    """One that was broken off before was brought to its end; no further key was made."""


async def rotate_keys(ledger: Ledger, data_dir: Path, *, actor: str) -> Rotated:
    """Seal everything under a fresh key, or bring a change that was broken off to its end."""
    file = SealKeyFile(data_dir)
    resumed = file.read().is_changing
    if not resumed:
        file.write(file.read().with_new_key())
    current = file.read().current
    resealed = 0
    while count := await ledger.write(actor, lambda tx: _reseal_some(tx, current)):
        resealed += count
    await ledger.write(
        actor, lambda tx: tx.note("seal.rotated", resealed=resealed, resumed=resumed)
    )
    file.write(file.read().without_old_keys())
    (data_dir / NOTE_KEY).unlink(missing_ok=True)
    return Rotated(resealed=resealed, resumed=resumed)


def _reseal_some(tx: Transaction, current: bytes) -> int:
    """Seal some values anew; 0 when none is left."""
    done = 0
    for sealed, owner, value in _old_values(tx, current):
        about = sealed.about(owner)
        fresh = tx.sealer.seal(tx.sealer.open(value, about), about)
        tx.connection.execute(
            update(sealed.table).where(sealed.key == owner).values({sealed.column: fresh})
        )
        done += 1
    return done


def _old_values(tx: Transaction, current: bytes) -> Iterator[tuple[SealedColumn, str, bytes]]:
    head = FORM + current
    for sealed in SEALED:
        begins = func.substr(sealed.column, 1, len(head), type_=LargeBinary)
        old = (
            select(sealed.key, sealed.column)
            .where(sealed.column.is_not(None), begins != head)
            .limit(ROWS_AT_ONCE)
        )
        rows = tx.connection.execute(old).all()
        for owner, value in rows:
            yield sealed, owner, value
        if rows:
            return
