import re
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from kiosk_client.settings import CardSettings, KioskSettings, load_settings
from signaling.protocol.words import Language

pytestmark = pytest.mark.unit

SAMPLE = Path(__file__).parents[3] / "kiosk_client" / "settings.sample.toml"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KioskSettings.model_fields:
        monkeypatch.delenv(f"KIOSK_{name.upper()}", raising=False)


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text('port = 7001\nserver_url = "http://127.0.0.1:1"\nidle_reset_s = 30')
    monkeypatch.setenv("KIOSK_PORT", "7002")
    monkeypatch.setenv("KIOSK_SERVER_URL", "http://127.0.0.1:2")
    settings = load_settings(file, server_url="http://127.0.0.1:3", port=None)
    assert (settings.server_url, settings.port, settings.idle_reset_s) == (
        "http://127.0.0.1:3",
        7002,
        30.0,
    )


def test_the_page_lives_on_loopback() -> None:
    assert load_settings(None, port=7181).page_origin == "http://127.0.0.1:7181"


@pytest.mark.parametrize("url", ["hall.example", "ftp://hall", "http://hall/path", "https://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        load_settings(None, server_url=url)


def test_a_slash_at_the_end_of_the_address_does_no_harm() -> None:
    assert load_settings(None, server_url="https://h:8443/").server_url == "https://h:8443"


def test_an_option_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text("idle_rest_s = 5")
    with pytest.raises(ValidationError):
        load_settings(file)


def test_a_settings_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_settings(tmp_path / "no.toml")


def test_a_kiosk_speaks_at_least_one_language() -> None:
    with pytest.raises(ValidationError):
        load_settings(None, languages=())


def test_the_sample_names_every_option_and_its_default() -> None:
    lines = re.findall(r"^# (\w+ = .+|\[\w+\])$", SAMPLE.read_text(), flags=re.MULTILINE)
    shown = tomllib.loads("\n".join(lines))
    assert set(shown) == set(KioskSettings.model_fields)
    assert set(shown["card"]) == set(CardSettings.model_fields)
    defaults = load_settings(None)
    assert shown["port"] == defaults.port
    assert shown["idle_reset_s"] == defaults.idle_reset_s
    assert shown["health_every_s"] == defaults.health_every_s
    assert shown["server_url"] == defaults.server_url
    assert tuple(map(Language, shown["languages"])) == defaults.languages
    assert Path(shown["data_dir"]) == defaults.data_dir
    assert (shown["card"]["reader"], shown["card"]["camera"]) == (
        defaults.card.reader,
        defaults.card.camera,
    )


def test_a_simulated_reader_needs_a_folder() -> None:
    with pytest.raises(ValidationError):
        load_settings(None, card={"reader": "simulated"})


def test_the_card_reader_is_named_in_the_environment_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIOSK_CARD__READER", "simulated")
    monkeypatch.setenv("KIOSK_CARD__PATH", "/somewhere")
    card = load_settings(None).card
    assert (card.reader, card.path) == ("simulated", Path("/somewhere"))


@pytest.mark.parametrize(
    ("given", "camera"),
    [
        ("camera = 2", 2),
        ('camera = "2"', 2),
        ('camera = "/dev/v4l/by-id/usb-x"', Path("/dev/v4l/by-id/usb-x")),
        ('camera = "desk.png"', Path("desk.png")),
        ("", 1),
    ],
)
def test_the_camera_over_the_card_is_a_number_a_device_or_a_file(
    tmp_path: Path, given: str, camera: int | Path
) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(f'[card]\nreader = "camera"\n{given}')
    assert load_settings(file).card.camera == camera


def test_the_camera_over_the_card_may_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KIOSK_CARD__READER", "camera")
    monkeypatch.setenv("KIOSK_CARD__CAMERA", "3")
    assert load_settings(None).card.camera == 3


@pytest.mark.parametrize("camera", ["-1", "1.5"])
def test_a_camera_that_cannot_be_is_refused(tmp_path: Path, camera: str) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(f'[card]\nreader = "camera"\ncamera = {camera}')
    with pytest.raises(ValidationError):
        load_settings(file)
