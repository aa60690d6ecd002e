import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk_client.device_key import FILE_NAME, DeviceKey
from kiosk_client.errors import KeyUnreadable, NotEnrolled

pytestmark = pytest.mark.unit


@pytest.fixture
def key() -> DeviceKey:
    return DeviceKey(
        kiosk_id="k-1", server_url="http://127.0.0.1:8080", key=Ed25519PrivateKey.generate()
    )


def test_a_key_that_was_saved_is_the_same_key(key: DeviceKey, tmp_path: Path) -> None:
    key.save(tmp_path)
    found = DeviceKey.load(tmp_path)
    assert (found.kiosk_id, found.server_url, found.public) == (
        key.kiosk_id,
        key.server_url,
        key.public,
    )
    assert found.sign(b"text") == key.sign(b"text")


def test_only_this_user_may_read_the_key(key: DeviceKey, tmp_path: Path) -> None:
    key.save(tmp_path / "data")
    assert stat.S_IMODE((tmp_path / "data" / FILE_NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_key_that_others_can_read_is_not_used(key: DeviceKey, tmp_path: Path) -> None:
    key.save(tmp_path)
    (tmp_path / FILE_NAME).chmod(0o644)
    with pytest.raises(KeyUnreadable, match="chmod 600"):
        DeviceKey.load(tmp_path)


def test_no_key_means_not_enrolled(tmp_path: Path) -> None:
    with pytest.raises(NotEnrolled):
        DeviceKey.load(tmp_path)


@pytest.mark.parametrize(
    "damaged",
    ["", "{}", "[]", '{"kiosk_id": "k"}', '{"kiosk_id":"k","server_url":"","private_key":"AA"}'],
)
def test_a_damaged_key_is_said_in_words(damaged: str, tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(damaged)
    path.chmod(0o600)
    with pytest.raises(KeyUnreadable, match="enrol again"):
        DeviceKey.load(tmp_path)


def test_a_new_key_replaces_the_old_one_whole(key: DeviceKey, tmp_path: Path) -> None:
    key.save(tmp_path)
    other = DeviceKey(kiosk_id="k-2", server_url="x", key=Ed25519PrivateKey.generate())
    (tmp_path / f"{FILE_NAME}.new").write_text("half a key from a power cut")
    other.save(tmp_path)
    assert DeviceKey.load(tmp_path).kiosk_id == "k-2"
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_the_key_is_not_in_its_own_name(key: DeviceKey) -> None:
    assert "Ed25519" not in repr(key)
    assert "key=" not in repr(key)
