"""Who serves what, from a sheet of agents."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from seat_server.sheet import decode, read_sheet
from service_queue.simulation.skills import Skills
from signaling.protocol.words import Role

COLUMNS: Final = ("login", "departments")
OTHER_COLUMNS: Final = ("name", "role", "languages")


def read_agents(file: Path) -> dict[str, Skills]:
    """Departments by login, of those in the sheet who are agents.

    Raises:
        SheetRefused: it has errors; with their lines.
        OSError: it cannot be read.
    """
    rows = read_sheet(decode(file.read_bytes()), COLUMNS, OTHER_COLUMNS)
    return {
        row["login"]: skills_in(row["departments"])
        for row in rows
        if row["role"] in ("", Role.AGENT)
    }


def skills_in(departments: str) -> Skills:
    """Departments joined by `|`."""
    return frozenset(part.strip() for part in departments.split("|") if part.strip())
