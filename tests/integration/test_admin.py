"""`xiaowu admin` and `xiaowu migrate` on a database, with no server beside."""

from __future__ import annotations

import asyncio
import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from seat_server.district import load_district, sample_district
from seat_server.settings import load_settings
from service_queue.entry_code import is_well_formed
from xiaowu.commands import admin, migrate
from xiaowu.office import open_office

pytestmark = pytest.mark.integration


class Console:
    """A shell on the server."""

    def __init__(self, data_dir: Path) -> None:
        self._environment = {"XIAOWU_DATA_DIR": str(data_dir)}

    def run(self, *arguments: str, typed: str = "") -> Result:
        app = migrate.app if arguments[0] == "migrate" else admin.app
        rest = arguments[1:] if arguments[0] == "migrate" else arguments
        return CliRunner().invoke(app, rest, input=typed, env=self._environment)

    def json(self, *arguments: str, typed: str = "") -> Any:
        result = self.run(*arguments, "--json", typed=typed)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def empty(tmp_path: Path) -> Console:
    return Console(tmp_path / "data")


@pytest.fixture
def console(empty: Console, tmp_path: Path) -> Console:
    """A console on a migrated database with the sample district."""
    assert empty.run("migrate").exit_code == 0

    async def furnish() -> None:
        async with open_office(load_settings(data_dir=tmp_path / "data")) as office:
            await load_district(office.ledger, sample_district())

    asyncio.run(furnish())
    return empty


def test_administration_wants_a_migrated_database(empty: Console, tmp_path: Path) -> None:
    result = empty.run("list-agents")
    assert result.exit_code == 1
    assert not (tmp_path / "data" / "token.key").exists()


def test_a_database_is_migrated_once(empty: Console) -> None:
    assert empty.run("migrate", "--check").exit_code == 1
    assert empty.json("migrate")["before"] is None
    again = empty.json("migrate")
    assert again["before"] == again["head"]
    assert empty.run("migrate", "--check").exit_code == 0


def test_accounts_are_kept(console: Console) -> None:
    added = console.json("add-agent", "Desk77", "--name", "坐席77")
    assert added["login"] == "desk77"
    assert console.json("set-password", "desk77")["password"] != added["password"]
    assert console.run("disable-agent", "desk77").exit_code == 0
    rows = {row["login"]: row for row in console.json("list-agents")["agents"]}
    assert rows["desk77"]["disabled"] is True
    assert console.run("disable-agent", "desk77", "--enable").exit_code == 0
    assert console.json("revoke-sessions", "desk77") == {"login": "desk77", "ended": 0}


def test_a_password_that_is_piped_in_is_not_printed(console: Console) -> None:
    added = console.json("add-agent", "desk78", "--name", "坐席78", typed="piped-in-9-times\n")
    assert "password" not in added


@pytest.mark.parametrize(
    "arguments",
    [
        ("disable-agent", "nobody"),
        ("set-password", "nobody"),
        ("enrol-kiosk", "nowhere-1"),
        ("revoke-kiosk", "qinghe-1"),
        ("import-items", "/nonexistent.csv"),
        ("import-district", "/nonexistent"),
        ("import-appointments", "/nonexistent.csv"),
        ("add-agent", "x", "--name", "x", "--role", "kiosk_page"),
        ("certificate",),
    ],
)
def test_what_cannot_be_done_is_said_and_fails(
    console: Console, arguments: tuple[str, ...]
) -> None:
    result = console.run(*arguments)
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_a_kiosk_gets_a_code_in_groups(console: Console) -> None:
    made = console.json("enrol-kiosk", "qinghe-1")
    assert [len(group) for group in made["code"].split("-")] == [4, 4, 4]
    kiosks = {row["id"]: row for row in console.json("list-kiosks")["kiosks"]}
    assert kiosks["qinghe-1"]["enrolled"] is False


def test_a_bad_sheet_names_its_lines_and_changes_nothing(console: Console, tmp_path: Path) -> None:
    sheet = tmp_path / "items.csv"
    sheet.write_text("code,name\n")
    result = console.run("import-items", str(sheet))
    assert result.exit_code == 1


def test_the_certificate_comes_with_instructions(console: Console) -> None:
    result = console.run("certificate", "--host", "hall.example", "--ip", "10.1.2.3")
    assert result.exit_code == 0
    assert "certutil -addstore" in result.output
    assert "update-ca-certificates" in result.output
    made = console.json("certificate", "--host", "other.example")
    assert made["authority_is_new"] is False
    assert made["fingerprint_sha256"] in result.output


def test_skills_are_kept_and_must_be_departments_of_the_catalogue(console: Console) -> None:
    console.json("add-agent", "desk78", "--name", "坐席78")
    told = console.run(
        "set-skills",
        "desk78",
        *("--department", "税务局", "--department", "人社局"),
        *("--language", "zh", "--language", "en"),
    )
    assert told.exit_code == 0, told.output
    row = next(r for r in console.json("list-agents")["agents"] if r["login"] == "desk78")
    assert set(row["departments"].split("|")) == {"税务局", "人社局"}
    assert row["languages"] == "en|zh"
    refused = console.run("set-skills", "desk78", "--department", "no-such")
    assert refused.exit_code == 1
    assert "no-such" in refused.output
    assert console.run("set-skills", "desk78", "--department", "*").exit_code == 0


def sheet_of(folder: Path, *rows: str) -> Path:
    file = folder / "expected.csv"
    file.write_text("\n".join(("item,location,due_at", *rows)) + "\n", encoding="utf-8")
    return file


def tomorrow_at(time: str) -> str:
    return f"{datetime.date.today() + datetime.timedelta(days=1):%Y-%m-%d} {time}"


def test_appointments_come_from_a_sheet_with_a_code_for_each(
    console: Console, tmp_path: Path
) -> None:
    file = sheet_of(
        tmp_path, f"sb001,qinghe,{tomorrow_at('09:30')}", f"help,baishi,{tomorrow_at('10:00')}"
    )
    made = console.json("import-appointments", str(file))["appointments"]
    assert [(one["line"], one["item"], one["location"]) for one in made] == [
        (2, "sb001", "qinghe"),
        (3, "help", "baishi"),
    ]
    assert all(is_well_formed(one["code"]) for one in made)


def test_a_sheet_with_bad_appointments_makes_none_and_names_every_line(
    console: Console, tmp_path: Path
) -> None:
    file = sheet_of(
        tmp_path,
        f"sb001,qinghe,{tomorrow_at('09:30')}",
        f"none,qinghe,{tomorrow_at('09:30')}",
        f"sb001,nowhere,{tomorrow_at('09:30')}",
        "sb001,qinghe,2001-01-01 09:30",
        "sb001,qinghe,tomorrow",
    )
    result = console.run("import-appointments", str(file))
    assert result.exit_code == 1
    for told in (
        "line 3, item: 'none' is not a service item",
        "line 4, location: 'nowhere' is not a location",
        "line 5, due_at: 2001-01-01 09:30 is over, or more than a year away",
        "line 6, due_at: 'tomorrow' is not a time such as 2025-06-16 09:30",
    ):
        assert told in result.output
    assert "line 2" not in result.output
    good = sheet_of(tmp_path, f"sb001,qinghe,{tomorrow_at('09:30')}")
    assert len(console.json("import-appointments", str(good))["appointments"]) == 1
