"""Whatever is done to a sealed journal is found, and mostly named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service_queue.audit import MOST_FAULTS, Checkpoint, Fault, Finding
from service_queue.chain import FIELDS, NULLABLE
from tests.support.journal_builder import Rows, Seals, a_journal, a_row, audited, seals_of

pytestmark = pytest.mark.unit

LENGTH = 12


def altered(rows: Rows, seq: int, field: str, value: object) -> None:
    values = list(rows[seq])
    values[FIELDS.index(field)] = value
    rows[seq] = tuple(values)


def faults(rows: Rows, seals: Seals, *given: Checkpoint) -> list[tuple[Fault, int, int]]:
    audit = audited(rows, seals, *given)
    assert audit.ok == (not audit.findings)
    return [(found.fault, found.first, found.last) for found in audit.findings]


def test_a_sound_journal_is_sound() -> None:
    rows, seals = a_journal(LENGTH)
    audit = audited(rows, seals)
    assert audit.ok
    assert (audit.rows, audit.first, audit.last, audit.unsealed) == (LENGTH, 1, LENGTH, 0)
    assert audit.last_hash == seals[LENGTH]


def test_a_journal_without_rows_is_sound() -> None:
    assert audited({}, {}).ok


def test_rows_that_are_not_sealed_yet_are_counted() -> None:
    rows, seals = a_journal(LENGTH)
    for seq in (LENGTH, LENGTH - 1):
        del seals[seq]
    audit = audited(rows, seals)
    assert audit.ok
    assert audit.unsealed == 2


@pytest.mark.parametrize("field", FIELDS[1:])
@pytest.mark.parametrize("seq", [1, 5, LENGTH])
def test_a_field_that_was_changed_is_found(field: str, seq: int) -> None:
    rows, seals = a_journal(LENGTH)
    altered(rows, seq, field, 1.25 if field == "at" else "x")
    assert faults(rows, seals) == [(Fault.CHANGED, seq, seq)]


@pytest.mark.parametrize("value", [b"\xff", 3, None], ids=repr)
def test_a_row_that_cannot_be_read_was_changed_and_says_where(value: object) -> None:
    rows, seals = a_journal(LENGTH)
    altered(rows, 5, "kind", value)
    audit = audited(rows, seals)
    assert [str(found) for found in audit.findings] == [
        "row 5 is not what was sealed (kind is no text)"
    ]


@pytest.mark.parametrize("with_seal", [False, True])
@pytest.mark.parametrize("seq", [1, 5])
def test_a_row_that_is_missing_is_found(seq: int, with_seal: bool) -> None:
    rows, seals = a_journal(LENGTH)
    del rows[seq]
    if with_seal:
        del seals[seq]
    assert faults(rows, seals) == [(Fault.MISSING, seq, seq)]


def test_neighbours_that_are_missing_are_one_finding() -> None:
    rows, seals = a_journal(LENGTH)
    for seq in (4, 5, 6):
        del rows[seq]
    del seals[5]
    audit = audited(rows, seals)
    assert [str(found) for found in audit.findings] == ["each row from 4 to 6 is gone"]


def test_an_end_that_was_cut_off_is_found_by_the_seals() -> None:
    rows, seals = a_journal(LENGTH)
    for seq in (LENGTH, LENGTH - 1):
        del rows[seq]
    assert faults(rows, seals) == [(Fault.TRUNCATED, LENGTH - 1, LENGTH)]


@pytest.mark.parametrize("keeps_number", [True, False])
def test_an_end_that_was_cut_off_with_its_seals_is_found_by_a_checkpoint(
    keeps_number: bool,
) -> None:
    rows, seals = a_journal(LENGTH)
    kept = Checkpoint(seals[LENGTH], LENGTH if keeps_number else None)
    for seq in (LENGTH, LENGTH - 1):
        del rows[seq]
        del seals[seq]
    assert faults(rows, seals) == []
    assert faults(rows, seals, kept)[0][:2] == (Fault.TRUNCATED, LENGTH - 1)


def test_rows_that_changed_places_are_named_together() -> None:
    rows, seals = a_journal(LENGTH)
    for a, b in ((3, 4), (6, 10)):
        rows[a], rows[b] = (a, *rows[b][1:]), (b, *rows[a][1:])
    assert faults(rows, seals) == [(Fault.SWAPPED, 3, 4), (Fault.SWAPPED, 6, 10)]


def test_rows_that_changed_places_with_their_seals_are_named_together() -> None:
    rows, seals = a_journal(LENGTH)
    rows[3], rows[4] = (3, *rows[4][1:]), (4, *rows[3][1:])
    seals[3], seals[4] = seals[4], seals[3]
    assert (Fault.SWAPPED, 3, 4) in faults(rows, seals)


def test_a_row_that_was_put_in_front_is_found() -> None:
    rows, seals = a_journal(LENGTH)
    rows[0] = a_row(0)
    assert faults(rows, seals) == [(Fault.INSERTED, 0, 0)]


def test_a_row_put_where_one_was_taken_away_unsealed_is_found() -> None:
    rows, seals = a_journal(LENGTH)
    of_the_others = seals_of({seq: row for seq, row in rows.items() if seq != 5})
    assert faults(rows, of_the_others) == [(Fault.INSERTED, 5, 5)]
    del seals[5]
    assert faults(rows, seals) == [(Fault.SEAL_MISSING, 5, 5)]


def test_a_hash_that_was_changed_is_told_from_a_row_that_was() -> None:
    rows, seals = a_journal(LENGTH)
    seals[5] = bytes(32)
    assert faults(rows, seals) == [(Fault.SEAL_FORGED, 5, 5)]


def test_a_hash_forged_to_fit_its_changed_row_breaks_the_chain_behind_it() -> None:
    rows, seals = a_journal(LENGTH)
    altered(rows, 5, "reason", "x")
    seals[5] = seals_of(rows)[5]
    assert faults(rows, seals) == [(Fault.CHANGED, 6, 6)]


def test_a_journal_that_was_written_anew_is_found_by_a_checkpoint_only() -> None:
    rows, seals = a_journal(LENGTH)
    kept = Checkpoint(seals[8], 8, 8)
    altered(rows, 5, "reason", "x")
    anew = seals_of(rows)
    assert faults(rows, anew) == []
    assert faults(rows, anew, kept) == [(Fault.CHECKPOINT, 8, 8)]
    assert faults(rows, anew, Checkpoint(seals[8])) == [(Fault.TRUNCATED, LENGTH + 1, LENGTH + 1)]


def test_checkpoints_that_agree_are_counted() -> None:
    rows, seals = a_journal(LENGTH)
    kept = [Checkpoint(seals[3], 3, 3), Checkpoint(seals[8]), Checkpoint(seals[9], 9)]
    assert audited(rows, seals, *kept).checkpoints == 3


def test_a_checkpoint_with_another_count_does_not_agree() -> None:
    rows, seals = a_journal(LENGTH)
    assert faults(rows, seals, Checkpoint(seals[8], 8, 7)) == [(Fault.CHECKPOINT, 8, 8)]


def test_rows_that_retention_took_away_are_vouched_for_by_a_checkpoint() -> None:
    rows, seals = a_journal(LENGTH)
    kept = Checkpoint(seals[4], 4, 4)
    later = Checkpoint(seals[9], 9, 9)
    for seq in range(1, 5):
        del rows[seq]
        del seals[seq]
    assert audited(rows, seals).findings[0] == Finding(Fault.MISSING, 1, 4)
    audit = audited(rows, seals, kept, later, begins=kept)
    assert audit.ok
    assert (audit.taken_away, audit.first, audit.checkpoints) == (4, 5, 1)
    assert not audited(rows, seals, begins=Checkpoint(bytes(32), 4, 4)).ok


def test_faults_without_end_are_counted_not_listed() -> None:
    rows, _ = a_journal(MOST_FAULTS + 50)
    audit = audited(rows, dict.fromkeys(rows, bytes(32)))
    assert audit.more == 50


# --- whatever one does -------------------------------------------------------------------------

Tampering = Callable[[Rows, Seals, st.DataObject], None]
SEQS = st.integers(1, LENGTH)


def change(rows: Rows, _seals: Seals, data: st.DataObject) -> None:
    seq, field = data.draw(SEQS), data.draw(st.sampled_from(FIELDS[1:]))
    was = rows[seq][FIELDS.index(field)]
    kinds = {"at": st.floats(allow_nan=False)}
    texts = st.text(max_size=5) | (st.none() if field in NULLABLE else st.nothing())
    altered(rows, seq, field, data.draw(kinds.get(field, texts).filter(lambda it: it != was)))


def remove(rows: Rows, seals: Seals, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, LENGTH - 1))
    for seq in range(first, data.draw(st.integers(first, LENGTH - 1)) + 1):
        del rows[seq]
        if data.draw(st.booleans()):
            del seals[seq]


def renumber(rows: Rows, seals: Seals, data: st.DataObject) -> None:
    """Take one away and move all later ones up, with their seals or without."""
    gone = data.draw(st.integers(1, LENGTH - 1))
    with_seals = data.draw(st.booleans())
    for seq in range(gone, LENGTH):
        rows[seq] = (seq, *rows[seq + 1][1:])
        if with_seals:
            seals[seq] = seals[seq + 1]
    del rows[LENGTH]
    if with_seals:
        del seals[LENGTH]


def insert(rows: Rows, seals: Seals, data: st.DataObject) -> None:
    """Put one in and move all later ones down; the new one has a hash that fits, or none."""
    at = data.draw(SEQS)
    for seq in range(LENGTH, at - 1, -1):
        rows[seq + 1] = (seq + 1, *rows[seq][1:])
        seals[seq + 1] = seals[seq]
    rows[at] = (at, *a_row(99)[1:])
    seals[at] = seals_of(dict(sorted(rows.items())))[at] if data.draw(st.booleans()) else bytes(32)


def permute(rows: Rows, seals: Seals, data: st.DataObject) -> None:
    order = data.draw(st.permutations(list(rows)).filter(lambda it: it != sorted(it)))
    was, hashes = dict(rows), dict(seals)
    with_seals = data.draw(st.booleans())
    for seq, source in zip(sorted(was), order, strict=True):
        rows[seq] = (seq, *was[source][1:])
        if with_seals:
            seals[seq] = hashes[source]


def forge(_rows: Rows, seals: Seals, data: st.DataObject) -> None:
    seq = data.draw(SEQS)
    seals[seq] = data.draw(st.binary(max_size=32).filter(lambda it: it != seals[seq]))


@pytest.mark.parametrize("tamper", [change, remove, renumber, insert, permute, forge])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_is_done_to_it_is_found(tamper: Tampering, data: st.DataObject) -> None:
    rows, seals = a_journal(LENGTH)
    tamper(rows, seals, data)
    assert audited(rows, seals).findings
