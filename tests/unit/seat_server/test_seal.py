from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seat_server.keyring import KeyFileInvalid
from seat_server.seal import Seal, SealBroken, is_sealed_with
from seat_server.seal_keys import FILE_NAME, SealKeyFile

pytestmark = pytest.mark.unit

NOTE = "家属代办，电话下午再打。"


@pytest.fixture
def file(tmp_path: Path) -> SealKeyFile:
    return SealKeyFile(tmp_path)


@pytest.fixture
def seal(file: SealKeyFile) -> Seal:
    return Seal(file.read)


def test_what_is_sealed_can_be_opened_and_not_read(seal: Seal) -> None:
    sealed = seal.seal(NOTE, "note 1")
    assert seal.open(sealed, "note 1") == NOTE
    assert NOTE.encode() not in sealed


def test_the_same_text_is_never_sealed_alike(seal: Seal) -> None:
    assert seal.seal(NOTE) != seal.seal(NOTE)


def test_a_sealed_text_opens_for_its_owner_only(seal: Seal) -> None:
    sealed = seal.seal(NOTE, "holder of one")
    with pytest.raises(SealBroken):
        seal.open(sealed, "holder of another")


@pytest.mark.parametrize("at", [0, 1, 4, 5, 17, -1])
def test_a_changed_byte_is_noticed(seal: Seal, at: int) -> None:
    sealed = bytearray(seal.seal(NOTE))
    sealed[at] ^= 1
    with pytest.raises(SealBroken):
        seal.open(bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"\x02", b"\x02" + bytes(16), b"\x01" + bytes(40)])
def test_what_is_not_sealed_is_refused(seal: Seal, sealed: bytes) -> None:
    with pytest.raises(SealBroken):
        seal.open(sealed)


def test_notes_of_an_earlier_version_are_opened(file: SealKeyFile) -> None:
    key, nonce = bytes(range(32)), bytes(12)
    old = b"\x01" + nonce + AESGCM(key).encrypt(nonce, NOTE.encode(), b"\x01")
    assert Seal(file.read, key).open(old) == NOTE
    with pytest.raises(SealBroken):
        Seal(file.read, bytes(32)).open(old)


def test_a_new_key_seals_at_once_and_the_old_one_still_opens(
    file: SealKeyFile, seal: Seal, tmp_path: Path
) -> None:
    before = seal.seal(NOTE)
    keys = file.read().with_new_key()
    SealKeyFile(tmp_path).write(keys)
    after = seal.seal(NOTE)
    assert is_sealed_with(after, keys.current)
    assert not is_sealed_with(before, keys.current)
    assert seal.open(before) == seal.open(after) == NOTE


def test_without_its_key_nothing_opens(file: SealKeyFile, seal: Seal) -> None:
    before = seal.seal(NOTE)
    file.write(file.read().with_new_key().without_old_keys())
    with pytest.raises(SealBroken, match=r"seal\.keys"):
        seal.open(before)


def test_the_keys_are_made_once_and_are_for_their_owner_only(tmp_path: Path) -> None:
    first = SealKeyFile(tmp_path).read()
    assert SealKeyFile(tmp_path).read() == first
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert first.keys[first.current].hex() not in repr(first)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b'{"current": "00000000", "keys": {}}', b'{"current": 1, "keys": 2}'],
)
def test_a_damaged_file_of_keys_is_refused_in_words(
    file: SealKeyFile, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(KeyFileInvalid, match=r"seal\.keys"):
        file.read()


def test_a_lost_file_of_keys_is_not_made_anew_while_the_server_runs(
    file: SealKeyFile, seal: Seal, tmp_path: Path
) -> None:
    (tmp_path / FILE_NAME).unlink()
    with pytest.raises(KeyFileInvalid):
        seal.seal(NOTE)
