from __future__ import annotations

import pytest

from seat_server.note_seal import NoteSeal, NoteUnreadable

pytestmark = pytest.mark.unit

KEY = bytes(range(32))
NOTE = "家属代办，电话下午再打。"


def test_what_is_sealed_can_be_opened_and_not_read() -> None:
    sealed = NoteSeal(KEY).seal(NOTE)
    assert NoteSeal(KEY).open(sealed) == NOTE
    assert NOTE.encode() not in sealed


def test_the_same_note_is_never_sealed_alike() -> None:
    seal = NoteSeal(KEY)
    assert seal.seal(NOTE) != seal.seal(NOTE)


@pytest.mark.parametrize("at", [0, 1, 13, -1])
def test_a_changed_byte_is_noticed(at: int) -> None:
    sealed = bytearray(NoteSeal(KEY).seal(NOTE))
    sealed[at] ^= 1
    with pytest.raises(NoteUnreadable):
        NoteSeal(KEY).open(bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + bytes(12)])
def test_what_is_no_sealed_note_is_refused(sealed: bytes) -> None:
    with pytest.raises(NoteUnreadable):
        NoteSeal(KEY).open(sealed)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(NoteUnreadable):
        NoteSeal(bytes(32)).open(NoteSeal(KEY).seal(NOTE))
