from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from seat_server.settings import SAMPLE_FILE, Settings, SettingsInvalid, load_settings
from service_queue.policy import NUMBER_OPTIONS, Policy

pytestmark = pytest.mark.unit


def options(model: type[BaseModel], table: str = "") -> Iterator[tuple[str, str, object]]:
    """Every option: its table, its name, its default."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from options(kind, name)
        elif kind is Policy:
            yield from ((name, inner, getattr(field.default, inner)) for inner in NUMBER_OPTIONS)
        else:
            yield table, name, field.default


def uncommented() -> str:
    """The sample with every option in force."""
    return re.sub(r"^# (\w+ = .*)$", r"\1", SAMPLE_FILE.read_text("utf-8"), flags=re.MULTILINE)


@pytest.mark.parametrize(("table", "name", "default"), list(options(Settings)))
def test_the_sample_lists_every_option(table: str, name: str, default: object) -> None:
    sample = tomllib.loads(uncommented())
    section = sample[table] if table else sample
    assert name in section
    if isinstance(default, bool | int | float):
        assert section[name] == default


def test_the_sample_says_why_before_each_option() -> None:
    for paragraph in SAMPLE_FILE.read_text("utf-8").split("\n\n"):
        lines = [line for line in paragraph.splitlines() if not line.startswith("[")]
        if any(re.match(r"# \w+ = ", line) for line in lines) and "failure_window" not in paragraph:
            assert not re.match(r"# \w+ = ", lines[0]), f"no reason before {lines[0]!r}"


def test_the_sample_in_force_is_valid(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(uncommented(), "utf-8")
    assert load_settings(file).port == 8443


def test_no_secret_has_a_default() -> None:
    secrets = [value for _, name, value in options(Settings) if "secret" in name or "key" in name]
    assert secrets
    assert set(secrets) == {None}


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('port = 1\nhost = "127.0.0.2"\n[session]\nidle_minutes = 7\n')
    monkeypatch.setenv("XIAOWU_PORT", "2")
    monkeypatch.setenv("XIAOWU_SESSION__ABSOLUTE_HOURS", "3")
    settings = load_settings(file, port=3)
    assert (settings.port, settings.host) == (3, "127.0.0.2")
    assert (settings.session.idle_minutes, settings.session.absolute_hours) == (7, 3)


def test_a_number_of_the_policy_is_set_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIAOWU_QUEUE__OFFER_TIMEOUT_S", "7.5")
    assert load_settings().queue == Policy(offer_timeout_s=7.5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour = 1", "colour: there is no such option"),
        ("[queue]\noffer_timeout = 1", "queue.offer_timeout: there is no such option"),
        ("[queue]\noffer_timeout_s = -1", "offer_timeout_s must be more than 0"),
        ("[queue.green]\none_in = 3", "green is set in a policy file: xiaowu queue policy sample"),
        ("[queue]\nname = 'x'", "name is set in a policy file: xiaowu queue policy sample"),
        ("[queue]\nceiling_s = 600", "green.head_start_s is longer than the ceiling (600 s)"),
        ("port = 70000", "port: "),
        ("port = ", "Invalid value"),
    ],
)
def test_what_is_wrong_is_said_by_name(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    with pytest.raises(SettingsInvalid, match=re.escape(words)):
        load_settings(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"nothing\.toml"):
        load_settings(tmp_path / "nothing.toml")


def test_a_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIAOWU_ICE__TURN_SECRET", "planted-secret")
    assert "planted-secret" not in repr(load_settings())


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("hall", False)],
)
def test_loopback_is_known(host: str, loopback: bool) -> None:
    assert Settings(host=host).is_loopback is loopback
