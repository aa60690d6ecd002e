"""Waits told over the socket, kept by the server, and judged by `xiaowu queue estimates`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from service_queue.actor import Actor
from service_queue.quotes import read_quotes
from signaling.protocol.commands import AcceptTicket, OpenSeat, SignIn, TakeTicket
from signaling.protocol.events import KioskUpdated, TicketTaken, Welcomed
from signaling.protocol.words import Role
from tests.support.server_api import KIOSK, PAGE_ORIGIN, ServerUnderTest, open_server_under_test
from tests.support.wire_hall import Client
from xiaowu.commands import queue

pytestmark = pytest.mark.integration

WITHIN_S = 30.0


def agent(n: int) -> Actor:
    return Actor(role=Role.AGENT, agent_id=f"a{n}", agent_name=f"坐席{n:02d}", departments="*")


async def take(under_test: ServerUnderTest, kiosk_id: str) -> str:
    actor = Actor(role=Role.KIOSK_PAGE, kiosk_id=kiosk_id)
    command = TakeTicket(op_id=f"take-{kiosk_id}", item_code="help")
    taken = await under_test.server.hall.execute(actor, command)
    assert isinstance(taken, TicketTaken)
    return taken.ticket_id


async def serve(under_test: ServerUnderTest, n: int) -> None:
    """A seat opens and accepts what rings there at once."""
    hall = under_test.server.hall
    seat_id = sorted(hall.mirror.seats)[n]
    await hall.execute(agent(n), SignIn(op_id=f"in-{n}", seat_id=seat_id))
    await hall.execute(agent(n), OpenSeat(op_id=f"open-{n}"))
    ticket = hall.mirror.ticket_at_seat(seat_id)
    assert ticket is not None
    assert ticket.offer_id is not None
    accept = AcceptTicket(op_id=f"accept-{n}", offer_id=ticket.offer_id, epoch=ticket.epoch)
    await hall.execute(agent(n), accept)


async def estimates(under_test: ServerUnderTest, *arguments: str) -> Result:
    environment = {"XIAOWU_DATA_DIR": str(under_test.settings.data_dir)}
    return await asyncio.to_thread(
        CliRunner().invoke, queue.app, ["estimates", *arguments], env=environment
    )


async def test_a_wait_is_told_kept_and_judged(tmp_path: Path) -> None:
    async with open_server_under_test(tmp_path) as under_test:
        nothing = await estimates(under_test)
        assert nothing.exit_code == 0
        assert "Nobody was told" in nothing.stdout

        hall = under_test.server.hall
        other = next(one for one in sorted(hall.mirror.kiosks) if one != KIOSK)
        await take(under_test, other)
        booth, client = await under_test.kiosk(), Client(under_test.url)
        try:
            await client.connect((await booth.token()).body["token"], origin=PAGE_ORIGIN)
            await client.wait_for(Welcomed)
            taken = await client.send("ticket.take", item_code="help")
            assert isinstance(taken, TicketTaken)
            await serve(under_test, 0)
            told = await client.wait_for(
                KioskUpdated, lambda e: e.view.ticket is not None and e.view.ticket.wait is not None
            )
            assert told.view.ticket is not None
            wait = told.view.ticket.wait
            assert wait is not None
            assert 0.0 < wait.low_s < wait.high_s
            assert told.view.ticket.ahead == 0
            await serve(under_test, 1)
        finally:
            await client.close()

        async with asyncio.timeout(WITHIN_S):
            while not (kept := await hall.store.read(read_quotes)):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert len(kept) == 1

        result = await estimates(under_test, "--json")
        assert result.exit_code == 0, result.output
        shown = json.loads(result.stdout)
        assert shown["whole"]["quotes"] == 1
        assert list(shown["hours"].values()) == [shown["whole"]]
        assert shown["whole"]["error_s"] > 0.0
        table = await estimates(under_test)
        assert "held" in table.stdout
        assert "all" in table.stdout


async def test_a_day_that_is_none_is_refused(tmp_path: Path) -> None:
    async with open_server_under_test(tmp_path) as under_test:
        result = await estimates(under_test, "--day", "yesterday")
        assert result.exit_code == 1
