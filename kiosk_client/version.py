"""The version of this kiosk program."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def kiosk_version() -> str:
    """The installed version; `0` when it runs from a folder that was never installed."""
    try:
        return version("xiaowu")
    except PackageNotFoundError:
        return "0"
