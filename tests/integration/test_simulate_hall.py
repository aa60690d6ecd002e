"""`xiaowu simulate` and `xiaowu queue skills` on the database of a server that runs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from service_queue.actor import Actor
from signaling.protocol.commands import (
    AcceptTicket,
    EndCall,
    OpenSeat,
    SignIn,
    StoredCommand,
    TakeTicket,
)
from signaling.protocol.words import Role
from tests.support.hall_builder import agent
from tests.support.server_api import ServerUnderTest, open_server_under_test
from xiaowu.commands import queue, simulate

pytestmark = pytest.mark.integration


async def run(hall: ServerUnderTest, app: typer.Typer, *arguments: str) -> Result:
    environment = {"XIAOWU_DATA_DIR": str(hall.settings.data_dir)}
    return await asyncio.to_thread(CliRunner().invoke, app, arguments, env=environment)


async def answer(hall: ServerUnderTest, app: typer.Typer, *arguments: str) -> Any:
    result = await run(hall, app, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


async def one_visit(hall: ServerUnderTest) -> None:
    """A resident comes to the first kiosk and is served at the first seat."""
    doing = hall.server.hall

    async def do(actor: Actor, command: StoredCommand) -> None:
        await doing.execute(actor, command)

    await do(agent(1), SignIn(op_id="in", seat_id="seat-01"))
    await do(agent(1), OpenSeat(op_id="open"))
    kiosk = Actor(role=Role.KIOSK_PAGE, kiosk_id="qinghe-1")
    await do(kiosk, TakeTicket(op_id="take", item_code="help"))
    ticket = doing.mirror.ticket_at_seat("seat-01")
    assert ticket is not None
    assert ticket.offer_id is not None
    accept = AcceptTicket(op_id="accept", offer_id=ticket.offer_id, epoch=ticket.epoch)
    await do(agent(1), accept)
    await do(agent(1), EndCall(op_id="end", call_id=ticket.offer_id))


async def test_the_journal_of_a_running_hall_is_lived_again_and_its_skills_planned(
    tmp_path: Path,
) -> None:
    async with open_server_under_test(tmp_path / "data") as hall:
        url = hall.settings.database_url
        empty = await run(hall, simulate.app, "--journal", url)
        assert empty.exit_code == 1
        assert "nobody took a ticket" in empty.output

        await one_visit(hall)
        day = await answer(hall, simulate.app, "--journal", url, "--extra-seats", "1@0-24")
        assert day["seats"] == 1
        assert [run["tickets"] for run in day["runs"]] == [1, 1, 1]
        shown = await run(hall, simulate.app, "--journal", url)
        assert "青河镇" in shown.output

        # The one agent of this hall serves everything.
        skills = await answer(hall, queue.app, "skills", "--tickets", "1000")
        assert len(skills["parts"]) == 1
        assert skills["unserved"] == []
        assert skills["trainings"] == []
        assert skills["mix"] == "the catalogue's ranks"
