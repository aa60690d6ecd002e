"""`xiaowu queue` beside a running server, and without one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from service_queue.actor import Actor
from service_queue.policy import Policy
from service_queue.policy_file import read_policy
from signaling.protocol.commands import TakeTicket
from signaling.protocol.events import TicketTaken
from signaling.protocol.words import GreenReason, Role
from tests.support.server_api import ServerUnderTest, open_server_under_test
from xiaowu.commands import queue

pytestmark = pytest.mark.integration

WITHIN_S = 30.0
BUSY = 'name = "busy morning"\noffer_timeout_s = 9\n[green]\nhead_start_s = 0\n'


class Console:
    """A shell on the server, while the server runs in this process."""

    def __init__(self, hall: ServerUnderTest) -> None:
        self.hall = hall
        self._environment = {"XIAOWU_DATA_DIR": str(hall.settings.data_dir)}

    async def run(self, *arguments: str) -> Result:
        return await asyncio.to_thread(
            CliRunner().invoke, queue.app, arguments, env=self._environment
        )

    async def json(self, *arguments: str) -> Any:
        result = await self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    async def words(self, *arguments: str) -> str:
        result = await self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with open_server_under_test(tmp_path / "data") as hall:
        yield Console(hall)


@pytest.fixture
def busy(tmp_path: Path) -> str:
    file = tmp_path / "busy.toml"
    file.write_text(BUSY, "utf-8")
    return str(file)


async def take(hall: ServerUnderTest, kiosk_id: str, green: GreenReason | None = None) -> str:
    command = TakeTicket(op_id=f"op-{kiosk_id}", item_code="help", green=green)
    actor = Actor(role=Role.KIOSK_PAGE, kiosk_id=kiosk_id)
    taken = await hall.server.hall.execute(actor, command)
    assert isinstance(taken, TicketTaken)
    return taken.number


async def in_force(hall: ServerUnderTest, name: str) -> None:
    """Wait until the server goes by the policy of that name, and shows the line by it.

    The writer takes it up; the picture follows on the loop a moment later.
    """
    server = hall.server.hall
    async with asyncio.timeout(WITHIN_S):
        while server.policy.name != name or server.mirror.policy != server.policy:
            await server.refresh()
            await asyncio.sleep(0)


async def test_a_policy_that_the_console_applies_is_noticed_by_the_server(
    console: Console, busy: str
) -> None:
    applied = await console.json("policy", "apply", busy)
    assert (applied["version"], applied["is_new"], applied["warnings"]) == (1, True, [])
    await in_force(console.hall, "busy morning")
    assert console.hall.server.hall.policy.offer_timeout_s == 9.0
    assert "was in force already" in await console.words("policy", "apply", busy)


async def test_one_goes_back_to_an_earlier_policy(
    console: Console, busy: str, tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    other.write_text('name = "evening"\n')
    await console.json("policy", "apply", busy)
    await console.json("policy", "apply", str(other))
    await in_force(console.hall, "evening")
    assert (await console.json("policy", "rollback", "1"))["version"] == 3
    await in_force(console.hall, "busy morning")
    rows = (await console.json("policy", "history"))["policies"]
    assert [(row["version"], row["name"]) for row in rows] == [
        (3, "busy morning"),
        (2, "evening"),
        (1, "busy morning"),
    ]
    assert {row["applied_by"] for row in rows} == {"console"}
    assert "evening" in await console.words("policy", "history")
    assert await console.words("policy", "show", "--version", "2") == 'name = "evening"\n'
    assert (await console.run("policy", "rollback", "9")).exit_code == 1


async def test_what_is_wrong_is_said_with_its_line_and_nothing_is_applied(
    console: Console, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("[green]\none_in = 1\n[caps.items]\nnothing = 2\n")
    for command in (("policy", "check"), ("policy", "apply"), ("preview",)):
        refused = await console.run(*command, str(bad))
        assert refused.exit_code == 1
        assert "line 2, green.one_in: must be at least 2" in refused.output
        assert "line 4, caps.items.nothing: there is no service item" in refused.output
        as_json = await console.run(*command, str(bad), "--json")
        assert as_json.exit_code == 1
        problems = json.loads(as_json.stdout)["problems"]
        assert [problem["line"] for problem in problems] == [2, 4]
    assert (await console.json("policy", "history"))["policies"] == []


async def test_the_sample_and_what_is_in_force_can_be_applied(
    console: Console, tmp_path: Path
) -> None:
    sample = await console.words("policy", "sample")
    assert read_policy(sample).policy == Policy()
    shown = await console.words("policy", "show")
    assert read_policy(shown).policy == Policy()
    file = tmp_path / "shown.toml"
    file.write_text(shown, "utf-8")
    checked = await console.json("policy", "check", str(file))
    assert (checked["name"], checked["longest_wait_s"]) == ("standard", 3600.0)
    assert "'standard' is sound" in await console.words("policy", "check", str(file))
    assert (await console.json("policy", "apply", str(file)))["version"] == 1
    assert (await console.json("policy", "show"))["text"] == shown


async def test_a_ticket_is_explained_by_its_number_or_its_id(console: Console) -> None:
    await take(console.hall, "qinghe-1")
    await take(console.hall, "baishi-1")
    number = await take(console.hall, "songlin-1")
    await take(console.hall, "hehua-1", GreenReason.DISABLED)
    english = await console.words("explain", number.lower(), "--language", "en")
    assert "You are 4th: two came earlier, one is disabled and in the green channel." in english
    assert "No window is open just now." in english
    chinese = await console.words("explain", number)
    assert "您排在第4位：" in chinese
    told = await console.json("explain", number)
    assert told["standing"]["position"] == 4
    assert sum(group["count"] for group in told["standing"]["before"]) == 3
    assert (await console.json("explain", told["ticket_id"]))["number"] == number
    assert (await console.run("explain", "Z999")).exit_code == 1


async def test_a_preview_shows_who_would_move_and_changes_nothing(
    console: Console, busy: str
) -> None:
    first = await take(console.hall, "qinghe-1")
    green = await take(console.hall, "hehua-1", GreenReason.PREGNANT)
    found = await console.json("preview", busy)
    assert {move["number"]: (move["before"], move["after"]) for move in found["moves"]} == {
        first: (2, 1),
        green: (1, 2),
    }
    assert {option["option"] for option in found["options"]} == {
        "name",
        "offer_timeout_s",
        "green.head_start_s",
    }
    words = await console.words("preview", busy)
    assert "2 waiting, 2 of them would move." in words
    assert (await console.json("policy", "history"))["policies"] == []


async def test_a_file_that_is_not_there_is_named(console: Console) -> None:
    refused = await console.run("policy", "apply", "/nonexistent.toml")
    assert refused.exit_code == 1
    assert "/nonexistent.toml" in refused.output
