"""A county's own district, from a folder of sheets."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from seat_server.district import import_district, load_district, read_district, sample_district
from seat_server.ledger import Ledger
from seat_server.sheet import SheetRefused
from service_queue.store import Store
from service_queue.tables import KioskRow, LocationRow, SeatRow
from tests.support.hall_builder import HandClock, ReversingSealer

pytestmark = pytest.mark.integration

SAMPLE = Path(__file__).resolve().parents[2] / "seat_server" / "district"


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    store = Store.open(f"sqlite:///{tmp_path / 'xiaowu.db'}")
    try:
        await store.write(SQLModel.metadata.create_all)
        yield Ledger(store, HandClock(), ReversingSealer())
    finally:
        await store.close()


@pytest.fixture
def sheets(tmp_path: Path) -> Path:
    folder = tmp_path / "county"
    shutil.copytree(SAMPLE, folder)
    (folder / "agents.csv").unlink()
    return folder


def change(folder: Path, name: str, old: str, new: str) -> None:
    file = folder / f"{name}.csv"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


async def test_a_renamed_location_and_a_new_kiosk_are_taken_over(
    ledger: Ledger, sheets: Path
) -> None:
    await load_district(ledger, sample_district())
    place = sample_district().locations[0]
    change(sheets, "locations", place.name, "新名字")
    with (sheets / "kiosks.csv").open("a", encoding="utf-8") as kiosks:
        kiosks.write(f"K99,{place.id},新晓屋\n")
    changed = await import_district(ledger, read_district(sheets), actor="console")
    assert (changed.locations, changed.kiosks, changed.seats) == (1, 1, 0)
    renamed = await ledger.read(lambda tx: tx.find(LocationRow, id=place.id))
    assert renamed is not None
    assert renamed.name == "新名字"
    assert await ledger.read(lambda tx: tx.find(KioskRow, id="K99")) is not None
    again = await import_district(ledger, read_district(sheets), actor="console")
    assert again.total == 0


def test_a_kiosk_at_no_location_and_a_letter_used_twice_are_named_with_their_lines(
    sheets: Path,
) -> None:
    places = sample_district().locations
    change(sheets, "locations", f",{places[1].prefix},", f",{places[0].prefix},")
    change(sheets, "kiosks", f",{places[2].id},", ",L99,")
    with pytest.raises(SheetRefused) as refused:
        read_district(sheets)
    told = str(refused.value)
    assert "'L99' is not in locations.csv" in told
    assert f"{places[0].id} has the prefix '{places[0].prefix}' already" in told


def add_column(folder: Path, name: str, column: str, *values: str) -> None:
    """Give a sheet one more column: the first rows have these values, the others none."""
    file = folder / f"{name}.csv"
    header, *rows = file.read_text(encoding="utf-8").splitlines()
    told = [*values, *[""] * (len(rows) - len(values))]
    lines = [f"{header},{column}", *(f"{r},{v}" for r, v in zip(rows, told, strict=True))]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


async def test_windows_of_townships_their_levels_and_districts_are_taken_over(
    ledger: Ledger, sheets: Path
) -> None:
    await load_district(ledger, sample_district())
    place, seat = sample_district().locations[0], sample_district().seats[0]
    add_column(sheets, "locations", "district", "东区", "西区")
    add_column(sheets, "seats", "location", place.id)
    add_column(sheets, "seats", "level", "2")
    changed = await import_district(ledger, read_district(sheets), actor="console")
    assert (changed.locations, changed.seats) == (2, 1)
    row = await ledger.read(lambda tx: tx.need(SeatRow, id=seat.id))
    assert (row.location_id, row.level) == (place.id, 2)
    there = await ledger.read(lambda tx: tx.need(LocationRow, id=place.id))
    assert there.district == "东区"


async def test_sheets_that_say_nothing_of_townships_leave_them_as_they_are(
    ledger: Ledger, sheets: Path, tmp_path: Path
) -> None:
    plain = tmp_path / "plain"
    shutil.copytree(sheets, plain)
    add_column(sheets, "seats", "location", sample_district().locations[0].id)
    await load_district(ledger, read_district(sheets))
    assert (await import_district(ledger, read_district(plain), actor="console")).total == 0
    row = await ledger.read(lambda tx: tx.need(SeatRow, id=sample_district().seats[0].id))
    assert row.location_id == sample_district().locations[0].id


def test_a_window_of_nowhere_and_a_level_that_is_none_are_named_with_their_lines(
    sheets: Path,
) -> None:
    add_column(sheets, "seats", "location", "", "L99")
    add_column(sheets, "seats", "level", "x", "1", "0")
    with pytest.raises(SheetRefused) as refused:
        read_district(sheets)
    assert [str(error) for error in refused.value.errors] == [
        "line 2, level: seats.csv: 'x' is not a whole number from 1 to 9",
        "line 3, location: seats.csv: 'L99' is not in locations.csv",
        "line 4, level: seats.csv: '0' is not a whole number from 1 to 9",
    ]


def test_no_item_of_the_sample_district_is_without_a_window_when_all_seats_are_open() -> None:
    district = sample_district()
    skills = {
        word
        for agent in district.agents[: len(district.seats)]
        for word in agent.departments.split("|")
    }
    assert "*" in skills or {item.department for item in district.items} <= skills
