"""What an operator may set, from a TOML file and from the environment."""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from service_queue.policy import NUMBER_OPTIONS, Policy
from service_queue.starvation import check_fairness

SAMPLE_FILE: Final = Path(__file__).with_name("settings.sample.toml")
"""Every option, commented out, with its reason."""

PLAIN_PORT: Final = 8080
TLS_PORT: Final = 8443

Minutes = Annotated[int, Field(ge=1, le=7 * 1_440)]


class SettingsInvalid(Exception):
    """The settings cannot be used; the message says which option and why, a line each."""


class Section(BaseModel):
    """A table of the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TlsSettings(Section):
    """The certificate the server shows."""

    certificate_file: Path | None = None
    key_file: Path | None = None


class DatabaseSettings(Section):
    """Where rows are kept."""

    url: str | None = None
    auto_migrate: bool = True

    @field_validator("url")
    @classmethod
    def _is_known_kind(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("must be sqlite:///PATH or postgresql://USER@HOST/NAME")
        return url


class SessionSettings(Section):
    """How long people stay signed in, and how often they may guess."""

    idle_minutes: Minutes = 30
    absolute_hours: Annotated[int, Field(ge=1, le=24)] = 12
    socket_token_s: Annotated[float, Field(ge=10, le=600)] = 60
    failures_per_login: Annotated[int, Field(ge=3, le=100)] = 5
    failures_per_address: Annotated[int, Field(ge=3, le=10_000)] = 50
    failure_window_minutes: Minutes = 15


class DeviceSettings(Section):
    """How booths are enrolled and proven."""

    code_minutes: Minutes = 10
    code_tries: Annotated[int, Field(ge=1, le=20)] = 5
    challenge_s: Annotated[float, Field(ge=10, le=600)] = 60
    token_minutes: Minutes = 10


class IceSettings(Section):
    """How the two browsers of a call find a way to each other."""

    stun_urls: tuple[str, ...] = ()
    turn_urls: tuple[str, ...] = ()
    turn_secret: SecretStr | None = None
    turn_minutes: Annotated[int, Field(ge=1, le=1_440)] = 360
    allow_loopback: bool = False


class LogSettings(Section):
    """What is written down about the running of the program."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "json"


class Settings(BaseSettings):
    """Everything an operator may set. Frozen; made once, in the composition root."""

    model_config = SettingsConfigDict(
        env_prefix="XIAOWU_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
    )

    data_dir: Path = Path("var/server")
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] | None = None
    origins: tuple[str, ...] = ()
    static_dir: Path | None = None
    stop_within_s: Annotated[float, Field(ge=1, le=60)] = 10
    tls: TlsSettings = TlsSettings()
    database: DatabaseSettings = DatabaseSettings()
    session: SessionSettings = SessionSettings()
    devices: DeviceSettings = DeviceSettings()
    ice: IceSettings = IceSettings()
    queue: Policy = Policy()
    """Its numbers: the policy until one is applied."""
    log: LogSettings = LogSettings()

    @field_validator("queue", mode="before")
    @classmethod
    def _the_rest_is_in_the_policy_file(cls, queue: object) -> object:
        """Only numbers are set here; order, rings, hours and the like belong to a policy file."""
        known = {option.name for option in fields(Policy)}
        for name in queue if isinstance(queue, Mapping) else ():
            if name in known and name not in NUMBER_OPTIONS:
                raise ValueError(f"{name} is set in a policy file: xiaowu queue policy sample")
        return queue

    @field_validator("queue")
    @classmethod
    def _nobody_starves(cls, queue: Policy) -> Policy:
        for name in NUMBER_OPTIONS:
            if not 0 < getattr(queue, name) < float("inf"):
                raise ValueError(f"{name} must be more than 0")
        for fault in check_fairness(queue):
            raise ValueError(f"{fault.option} {fault.reason}")
        return queue

    @property
    def database_url(self) -> str:
        """Where the database is: the one set, or a file in the data folder."""
        return self.database.url or f"sqlite:///{self.data_dir / 'xiaowu.sqlite3'}"

    @property
    def shares_database(self) -> bool:
        """True when other servers may use the same database at once."""
        return not self.database_url.startswith("sqlite")

    @property
    def is_loopback(self) -> bool:
        """True when only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def load_settings(file: Path | None = None, **overrides: Any) -> Settings:
    """Read `file`, then the environment, then `overrides`; the later wins.

    Raises:
        SettingsInvalid: the file cannot be read, or an option is unknown or out of range.
    """
    try:
        options: dict[str, Any] = {} if file is None else tomllib.loads(file.read_text("utf-8"))
    except OSError as unreadable:
        raise SettingsInvalid(f"{file}: {unreadable.strerror}") from unreadable
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise SettingsInvalid(f"{file}: {broken}") from broken
    try:
        for layer in (EnvSettingsSource(Settings)(), overrides):
            options = _merged(options, layer)
        return Settings(**options)
    except ValidationError as invalid:
        raise SettingsInvalid(_in_words(invalid)) from invalid
    except SettingsError as unparsable:
        raise SettingsInvalid(f"environment: {unparsable}") from unparsable


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` over `below`, table by table."""
    result = dict(below)
    for name, value in above.items():
        under = result.get(name)
        if isinstance(value, Mapping) and isinstance(under, Mapping):
            result[name] = _merged(under, value)
        else:
            result[name] = value
    return result


def _in_words(invalid: ValidationError) -> str:
    """One line an option; the value stays out, it may be a secret."""
    lines = []
    for error in invalid.errors(include_input=False, include_url=False, include_context=False):
        option = ".".join(str(part) for part in error["loc"])
        unknown = error["type"] in {"extra_forbidden", "unexpected_keyword_argument"}
        lines.append(f"{option}: {'there is no such option' if unknown else error['msg']}")
    return "\n".join(lines)
