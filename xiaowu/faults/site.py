"""The small district that the runs take place in."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import insert
from sqlmodel import SQLModel

from service_queue.backend import open_engine
from service_queue.tables import (
    CategoryRow,
    KioskRow,
    LocationRow,
    SeatRow,
    ServiceItemRow,
    table_of,
)

KIOSKS: Final = 6
SEATS: Final = 3
LOCATIONS: Final = 3
ITEMS: Final = ("pension", "hukou", "help")
START: Final = 1_760_000_000.0
"""A Thursday in October 2025, in the afternoon in China."""


def build(url: str, *, with_tables: bool = True) -> None:
    """Make the rows of the district in an empty database, and its tables."""
    engine = open_engine(url)
    try:
        if with_tables:
            SQLModel.metadata.create_all(engine)
        with engine.begin() as connection:
            for model, rows in _rows().items():
                connection.execute(insert(table_of(model)), [row.model_dump() for row in rows])
    finally:
        engine.dispose()


def template(folder: Path) -> Path:
    """An SQLite file of the district, to be copied for each run."""
    file = folder / "template.sqlite3"
    build(f"sqlite:///{file}")
    return file


def _rows() -> dict[type[SQLModel], list[SQLModel]]:
    departments = dict(zip(ITEMS, ("人社局", "公安局", "人社局"), strict=True))
    return {
        LocationRow: [
            LocationRow(id=f"L{n}", name=f"点位{n}", name_en=f"Place {n}", prefix=chr(65 + n))
            for n in range(LOCATIONS)
        ],
        KioskRow: [
            KioskRow(id=f"K{n}", location_id=f"L{n % LOCATIONS}", name=f"晓屋{n}")
            for n in range(KIOSKS)
        ],
        SeatRow: [
            SeatRow(id=f"S{n}", name=f"{n}号云窗口", position=n, location_id=f"L{n}")
            for n in range(SEATS)
        ],
        CategoryRow: [CategoryRow(id="all", name="全部", name_en="All")],
        ServiceItemRow: [
            ServiceItemRow(
                code=code,
                name=code,
                name_en=code,
                category_id="all",
                department=department,
                initials="",
            )
            for code, department in departments.items()
        ],
    }
