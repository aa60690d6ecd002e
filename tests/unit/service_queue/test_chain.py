"""The bytes that are hashed are those that are described."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_queue.chain import FIELDS, GENESIS, NULLABLE, Row, RowMalformed, row_bytes, row_hash
from service_queue.tables import JournalRow, table_of
from tests.support.journal_builder import a_row

pytestmark = pytest.mark.unit

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MAYBE = st.none() | TEXTS
ROWS = st.tuples(
    st.integers(1, 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    *(MAYBE if name in NULLABLE else TEXTS for name in FIELDS[2:]),
)


def test_every_column_of_the_journal_is_hashed() -> None:
    assert tuple(column.name for column in table_of(JournalRow).columns) == FIELDS


def test_the_genesis_is_what_the_description_says() -> None:
    assert hashlib.sha256(b"xiaowu.journal.genesis.1\n").digest() == GENESIS


def test_the_bytes_of_a_row_are_written_by_hand_here() -> None:
    row: Row = (7, 1.5, "a", "agent:a07", None, "云", None, None, None, "{}")
    by_hand = (
        b"\x00\x00\x00\x00\x00\x00\x00\x07"
        + struct.pack(">d", 1.5)
        + b"\x01\x00\x00\x00\x01a"
        + b"\x01\x00\x00\x00\x09agent:a07"
        + b"\x00"
        + b"\x01\x00\x00\x00\x03\xe4\xba\x91"
        + b"\x00\x00\x00"
        + b"\x01\x00\x00\x00\x02{}"
    )
    assert row_bytes(row) == by_hand
    wanted = hashlib.sha256(b"xiaowu.journal.row.1\n" + GENESIS + by_hand).digest()
    assert row_hash(GENESIS, row) == wanted


def test_a_hash_that_was_once_made_is_made_for_ever() -> None:
    """Changing this breaks every export that was ever taken away."""
    row: Row = (1, 1.5, "a", "b", None, None, None, None, None, "{}")
    wanted = "0a651089ba7f387f853d44710e318b415851c845fd3104b4e685cfa324192a86"
    assert row_hash(GENESIS, row).hex() == wanted


@given(ROWS, ROWS)
def test_different_rows_have_different_bytes(one: Row, other: Row) -> None:
    zeros = one[1] == other[1] == 0.0  # 0.0 and -0.0 are equal and have different bytes
    assert zeros or (row_bytes(one) == row_bytes(other)) == (one == other)


def test_where_one_text_ends_and_the_next_begins_is_in_the_bytes() -> None:
    first, second = list(a_row(1)), list(a_row(1))
    first[2:4], second[2:4] = ["ab", "c"], ["a", "bc"]
    assert row_bytes(first) != row_bytes(second)


def test_nothing_and_an_empty_text_are_two_things() -> None:
    first, second = list(a_row(1)), list(a_row(1))
    first[8], second[8] = None, ""
    assert row_bytes(first) != row_bytes(second)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seq", "1"),
        ("seq", True),
        ("seq", 2**63),
        ("at", "now"),
        ("at", None),
        ("at", True),
        ("at", 10**400),
        ("kind", None),
        ("kind", b"ticket.taken"),
        ("detail", 3),
        ("reason", 3.5),
        ("reason", "\ud800"),
    ],
    ids=repr,
)
def test_a_value_that_no_program_of_ours_wrote_is_named(field: str, value: object) -> None:
    row = list(a_row(1))
    row[FIELDS.index(field)] = value
    with pytest.raises(RowMalformed, match=field):
        row_bytes(row)


@pytest.mark.parametrize(
    "change",
    [lambda previous: bytes(32), lambda previous: previous[::-1]],
    ids=["nothing before", "another before"],
)
def test_a_hash_depends_on_the_one_before(change: Callable[[bytes], bytes]) -> None:
    assert row_hash(GENESIS, a_row(1)) != row_hash(change(GENESIS), a_row(1))
