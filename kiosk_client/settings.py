"""The settings of one kiosk: command line, then environment (`KIOSK_…`), then a TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from signaling.protocol.words import Language

Seconds = Annotated[float, Field(gt=0)]


class CardSettings(BaseModel):
    """Where a resident puts the ID card."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reader: Literal["simulated", "camera", "none"] = "none"
    path: Path | None = None
    """The folder of the simulated reader."""
    camera: Annotated[int, Field(ge=0)] | Path = 1
    """The camera that looks down on the card: its number or its device file. To try it out, a
    picture that is looked at again and again, or a film."""

    @field_validator("camera", mode="before")
    @classmethod
    def _a_number_in_the_environment(cls, camera: object) -> object:
        return int(camera) if isinstance(camera, str) and camera.isdecimal() else camera

    @model_validator(mode="after")
    def _has_its_folder(self) -> Self:
        if self.reader == "simulated" and self.path is None:
            raise ValueError('reader = "simulated" needs a path')
        return self


class KioskSettings(BaseSettings):
    """Everything that may differ from booth to booth; `settings.sample.toml` says why."""

    model_config = SettingsConfigDict(
        env_prefix="KIOSK_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    server_url: str = "http://127.0.0.1:8080"
    ca_file: Path | None = None
    data_dir: Path = Path("var/kiosk")
    port: Annotated[int, Field(ge=0, le=65535)] = 7180
    languages: tuple[Language, ...] = (Language.ZH, Language.EN)
    idle_reset_s: Seconds = 60.0
    health_every_s: Seconds = 15.0
    page_dir: Path = Path(__file__).parent / "static"
    browser_path: Path | None = None
    browser_arguments: tuple[str, ...] = ()
    card: CardSettings = CardSettings()

    @field_validator("server_url")
    @classmethod
    def _an_origin(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
            raise ValueError("must be like https://hall.example:8443, without a path")
        return f"{parts.scheme}://{parts.netloc}"

    @field_validator("languages")
    @classmethod
    def _at_least_one(cls, languages: tuple[Language, ...]) -> tuple[Language, ...]:
        if not languages:
            raise ValueError("must name at least one language")
        return languages

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The command line wins over the environment, the environment over the file."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def page_origin(self) -> str:
        """Where the touch page lives."""
        return f"http://127.0.0.1:{self.port}"


def load_settings(file: Path | None = None, **given: object) -> KioskSettings:
    """The settings, with those `given` on the command line (None means not given) on top.

    Raises pydantic.ValidationError, FileNotFoundError, or tomllib.TOMLDecodeError.
    """
    if file is not None and not file.is_file():
        raise FileNotFoundError(f"there is no settings file {file}")

    class _WithFile(KioskSettings):
        model_config = SettingsConfigDict(toml_file=file)

    named = {name: value for name, value in given.items() if value is not None}
    return _WithFile(**named)  # type: ignore[arg-type]  # checked by pydantic, field by field
