r"""The chain of hashes over the journal. Pure.

Every row of the journal, in the order of `seq`, has a hash over its own bytes and the hash of the
row before it. Whoever changes, removes, swaps or adds a row in the middle would have to write all
hashes after it anew, and those are also elsewhere: in exports, in checkpoints, on paper.

**For whoever writes a verifier in another language** (`docs/verify_journal.py` is one in Python's
standard library alone). All hashes are SHA-256, 32 bytes, written in lower-case hexadecimal. A
literal in quotes below is its ASCII bytes; `\n` is the one byte 0A; `||` joins bytes.

    genesis      = SHA-256("xiaowu.journal.genesis.1\n")
    hash(row)    = SHA-256("xiaowu.journal.row.1\n" || previous || bytes(row))

`previous` is the 32 bytes of the hash of the row before, that with `seq - 1`, or `genesis` for the
first row. `bytes(row)` is, in this order and with nothing between:

    seq          8 bytes, two's complement, big-endian
    at           8 bytes, IEEE 754 binary64, big-endian; seconds since 1970-01-01T00:00:00Z
    kind         text
    actor        text
    kiosk_id     text or null
    seat_id      text or null
    ticket_id    text or null
    call_id      text or null
    reason       text or null
    detail       text: the JSON as it was written, never parsed and written again

    text         one byte 01 || length of the UTF-8 bytes, 4 bytes unsigned, big-endian || the bytes
    null         one byte 00

The two words at the front keep a hash of one kind from passing as one of the other, and the `1` is
the version of this description. Lengths stand before texts, so no two different rows have the same
bytes. `seq` counts from 1 without gaps. Retention may take rows away from the beginning only; a
checkpoint then names the hash of the last row that is gone.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from typing import Final

FIELDS: Final = (
    "seq",
    "at",
    "kind",
    "actor",
    "kiosk_id",
    "seat_id",
    "ticket_id",
    "call_id",
    "reason",
    "detail",
)
"""What is hashed of a row, in this order; also the order of `Row`."""

NULLABLE: Final = frozenset({"kiosk_id", "seat_id", "ticket_id", "call_id", "reason"})

ROW_DOMAIN: Final = b"xiaowu.journal.row.1\n"
GENESIS: Final = hashlib.sha256(b"xiaowu.journal.genesis.1\n").digest()

Row = Sequence[object]
"""The values of `FIELDS`, as a database gave them; a database that was tampered with, too."""

_NUMBERS: Final = struct.Struct(">qd")
_LENGTH: Final = struct.Struct(">BI")
_NULL: Final = b"\x00"


class RowMalformed(ValueError):
    """A value of a row is of a kind that no row of ours has; the message names the field."""


def row_bytes(row: Row) -> bytes:
    """The canonical bytes of a row.

    Raises:
        RowMalformed: a value is not of its field's kind.
    """
    seq, at, *texts = row
    if isinstance(seq, bool) or not isinstance(seq, int):
        raise RowMalformed("seq is no whole number")
    if isinstance(at, bool) or not isinstance(at, int | float):
        raise RowMalformed("at is no number")
    try:
        parts = [_NUMBERS.pack(seq, at)]
    except (struct.error, OverflowError) as beyond:
        raise RowMalformed("seq or at is out of range") from beyond
    for name, value in zip(FIELDS[2:], texts, strict=True):
        if isinstance(value, str):
            try:
                encoded = value.encode()
            except UnicodeEncodeError as broken:
                raise RowMalformed(f"{name} is no text") from broken
            parts += (_LENGTH.pack(1, len(encoded)), encoded)
        elif value is None and name in NULLABLE:
            parts.append(_NULL)
        else:
            raise RowMalformed(f"{name} is no text")
    return b"".join(parts)


def row_hash(previous: bytes, row: Row) -> bytes:
    """The hash of a row whose predecessor in the chain has the hash `previous`.

    Raises:
        RowMalformed: a value is not of its field's kind.
    """
    return hashlib.sha256(ROW_DOMAIN + previous + row_bytes(row)).digest()


def hash_of(text: object) -> bytes:
    """The bytes of a hash as it is kept; empty when it is none."""
    try:
        made = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        return b""
    return made if made.hex() == text else b""
