from __future__ import annotations

import stat
from pathlib import Path

import pytest

from seat_server.keyring import NOTE_KEY, KeyFileInvalid, open_keyring, write_private

pytestmark = pytest.mark.unit


def test_keys_are_made_once_and_found_again(tmp_path: Path) -> None:
    first = open_keyring(tmp_path / "data")
    assert first == open_keyring(tmp_path / "data")
    assert first.note_key is None


def test_a_note_key_of_an_earlier_version_is_found(tmp_path: Path) -> None:
    (tmp_path / NOTE_KEY).write_bytes(bytes(range(32)))
    assert open_keyring(tmp_path).note_key == bytes(range(32))


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    open_keyring(tmp_path / "data")
    assert stat.S_IMODE((tmp_path / "data" / "token.key").stat().st_mode) == 0o600


def test_a_key_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    open_keyring(tmp_path)
    (tmp_path / "token.key").write_bytes(b"short")
    with pytest.raises(KeyFileInvalid, match=r"token\.key"):
        open_keyring(tmp_path)


def test_keys_are_not_shown(tmp_path: Path) -> None:
    assert "key=" not in repr(open_keyring(tmp_path))


def test_of_two_that_start_together_the_first_key_stands(tmp_path: Path) -> None:
    path = tmp_path / "some.key"
    write_private(path, b"first", replace=False)
    write_private(path, b"second", replace=False)
    assert path.read_bytes() == b"first"
    write_private(path, b"third", replace=True)
    assert path.read_bytes() == b"third"
    assert [file.name for file in tmp_path.iterdir()] == ["some.key"]
