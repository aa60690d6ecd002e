"""The catalogue and the sample district in a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlmodel import SQLModel

from seat_server.catalogue import ImportReport, import_items
from seat_server.district import FOLDER, District, load_agents, load_district, sample_district
from seat_server.ledger import Ledger, Part
from seat_server.sheet import SheetRefused
from seat_server.tables import AgentRow
from service_queue.store import Store
from service_queue.tables import JournalRow, ServiceItemRow, table_of
from service_queue.transaction import Transaction
from tests.support.hall_builder import ReversingSealer

pytestmark = pytest.mark.integration

ITEMS = (FOLDER / "items.csv").read_text(encoding="utf-8")
EVERY = len(sample_district().items)


class StoppedClock:
    def now(self) -> float:
        return 1_790_000_000.0


@pytest.fixture
def district() -> District:
    return sample_district()


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    store = Store.open(f"sqlite:///{tmp_path / 'xiaowu.db'}")
    try:
        await store.write(SQLModel.metadata.create_all)
        yield Ledger(store, StoppedClock(), ReversingSealer())
    finally:
        await store.close()


async def item(ledger: Ledger, code: str) -> ServiceItemRow | None:
    def unit(tx: Transaction) -> ServiceItemRow | None:
        return tx.find(ServiceItemRow, code=code)

    return await ledger.read(unit)


async def journalled(ledger: Ledger, kind: str) -> int:
    journal = table_of(JournalRow)
    statement = select(func.count()).select_from(journal).where(journal.c.kind == kind)

    def unit(tx: Transaction) -> int:
        return tx.connection.execute(statement).scalar_one()

    return await ledger.read(unit)


async def test_the_sample_district_loads_once(ledger: Ledger, district: District) -> None:
    first = await load_district(ledger, district)
    assert (first.locations, first.seats, first.items) == (10, 20, EVERY)
    revisions = await ledger.revisions()
    assert (await load_district(ledger, district)).total == 0
    assert await ledger.revisions() == revisions
    assert await journalled(ledger, "district.loaded") == 1


async def test_accounts_are_added_once_with_their_skills(
    ledger: Ledger, district: District
) -> None:
    hashes = {seed.login: f"hash of {seed.login}" for seed in district.agents}
    assert len(await load_agents(ledger, district.agents, hashes)) == len(district.agents)
    assert await load_agents(ledger, district.agents, {}) == []

    def unit(tx: Transaction) -> AgentRow | None:
        return tx.find(AgentRow, login="agent09")

    agent = await ledger.read(unit)
    assert agent is not None
    assert (agent.name, agent.password_hash) == ("坐席09", "hash of agent09")
    assert "人社局" in agent.departments.split("|")


async def test_importing_the_same_file_changes_nothing(
    ledger: Ledger, district: District, tmp_path: Path
) -> None:
    await load_district(ledger, district)
    before = await ledger.revisions()
    file = tmp_path / "items.csv"
    file.write_text(ITEMS, encoding="utf-8")
    report = await import_items(ledger, file, actor="admin")
    assert report == ImportReport(added=0, changed=0, unchanged=EVERY, hidden=0)
    assert await ledger.revisions() == before


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
async def test_an_edited_file_adds_changes_and_hides(
    ledger: Ledger, district: District, tmp_path: Path, encoding: str
) -> None:
    await load_district(ledger, district)
    catalogue = (await ledger.revisions())[Part.CATALOGUE]
    lines = ITEMS.splitlines()
    gone = next(line for line in lines if line.startswith("gs001,"))
    lines.remove(gone)
    lines = [line.replace("找人帮我办", "请人帮我办") for line in lines]
    lines.append("gs900,电焊工证查询,Check a welder's card,injury,应急管理局,,,zh,,,,")
    file = tmp_path / "items.csv"
    file.write_text("\r\n".join(lines), encoding=encoding)

    report = await import_items(ledger, file, actor="admin")

    assert report == ImportReport(added=1, changed=1, unchanged=EVERY - 2, hidden=1)
    assert (await ledger.revisions())[Part.CATALOGUE] == catalogue + 1
    added, changed, hidden = [await item(ledger, code) for code in ("gs900", "help", "gs001")]
    assert added is not None
    assert added.initials == "dhgzcx"
    assert changed is not None
    assert changed.name == "请人帮我办"
    assert hidden is not None
    assert (hidden.hidden, hidden.frequent_rank) == (True, None)

    file.write_text("\n".join([*lines, gone]), encoding=encoding)
    report = await import_items(ledger, file, actor="admin")
    assert report == ImportReport(added=0, changed=1, unchanged=EVERY, hidden=0)
    back = await item(ledger, "gs001")
    assert back is not None
    assert not back.hidden


async def test_one_bad_row_and_nothing_is_imported(
    ledger: Ledger, district: District, tmp_path: Path
) -> None:
    await load_district(ledger, district)
    file = tmp_path / "items.csv"
    bad = "gs900,电焊工证查询,Check a welder's card,no-such,应急管理局,,,zh,,,,"
    good = "gs901,叉车证查询,Check a forklift card,injury,应急管理局,,,zh,,,,"
    file.write_text("\n".join([*ITEMS.splitlines(), good, bad]), encoding="utf-8")
    with pytest.raises(SheetRefused) as caught:
        await import_items(ledger, file, actor="admin")
    (error,) = caught.value.errors
    assert (error.line, error.column) == (EVERY + 3, "category")
    assert await item(ledger, "gs901") is None
    assert await journalled(ledger, "catalogue.imported") == 1  # by the district, not by this file
