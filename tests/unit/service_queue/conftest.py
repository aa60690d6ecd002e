"""What several modules of this folder start from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.checks import open_checked_district
from tests.support.hall_builder import HallDriver


@pytest.fixture
async def d(tmp_path: Path) -> AsyncIterator[HallDriver]:
    """A district where checks of identity are the matter, and nobody is ever lost."""
    async with open_checked_district(tmp_path) as driver:
        yield driver
