"""What holds for every test: a declared kind, and the data folder found, skipped or demanded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = ["tests.support.databases"]

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("XIAOWU_DATA", ROOT.parent / "shared" / "data"))
"""Pictures, videos and catalogues outside the repository; XIAOWU_DATA names another place."""
KINDS = frozenset({"unit", "integration", "e2e"})
DEMAND_DATA = "XIAOWU_DEMAND_DATA"
"""Set to 1 where the data folder must be there, so that no test is skipped in silence."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse modules of no kind or of several; skip tests whose data is absent, unless demanded."""
    demanded = os.environ.get(DEMAND_DATA) == "1"
    if demanded and not DATA.is_dir():
        raise pytest.UsageError(f"{DEMAND_DATA}=1, but there is no folder {DATA}")
    amiss = {os.path.relpath(item.path, ROOT) for item in items if len(_kinds(item)) != 1}
    if amiss:
        raise pytest.UsageError(
            "each test module declares one of pytest.mark.unit, .integration, .e2e: "
            + ", ".join(sorted(amiss))
        )
    if DATA.is_dir():
        return
    absent = pytest.mark.skip(reason=f"needs the folder {DATA}, which is absent")
    for item in items:
        if item.get_closest_marker("data"):
            item.add_marker(absent)


def _kinds(item: pytest.Item) -> set[str]:
    return {mark.name for mark in item.iter_markers()} & KINDS


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Return the folder of pictures, videos and catalogues outside the repository."""
    return DATA
