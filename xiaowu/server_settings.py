"""The server's settings as its commands read them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from seat_server.settings import Settings, SettingsInvalid, load_settings

OWNER_ONLY: Final = 0o077
"""The umask of programs that write into the data folder: it holds keys and people's names."""

SettingsOption = Annotated[
    Path | None,
    typer.Option("--settings", help="A TOML file; see seat_server/settings.sample.toml."),
]


def load_or_exit(file: Path | None, **overrides: Any) -> Settings:
    """The settings of `file`, the environment and `overrides`; ends in words when they are bad."""
    try:
        return load_settings(file, **overrides)
    except SettingsInvalid as invalid:
        sys.exit(f"The settings cannot be used:\n{invalid}")
