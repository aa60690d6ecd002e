"""What people do in the line, over the socket: skills, codes, recalls, hand-overs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from signaling.protocol.events import (
    Done,
    Refused,
    ReturnCodeGiven,
    TicketTaken,
    Welcomed,
)
from signaling.protocol.words import Lane, ParkReason, TicketState
from tests.support.server_api import KIOSK, PAGE_ORIGIN, ServerUnderTest, open_server_under_test
from tests.support.wire_hall import Client

pytestmark = pytest.mark.integration

TAX, SOCIAL = "sb002", "sb001"
"""Items of the tax office and of the social office."""


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[ServerUnderTest]:
    async with open_server_under_test(tmp_path) as under_test:
        yield under_test


@asynccontextmanager
async def desk(hall: ServerUnderTest, login: str, seat_id: str) -> AsyncIterator[Client]:
    """A desk that is signed in and open."""
    browser = await hall.signed_in(login)
    token = (await browser.call("POST", "/api/session/token")).body["token"]
    client = Client(hall.url)
    try:
        await client.connect(token, origin=hall.url)
        await client.wait_for(Welcomed)
        assert isinstance(await client.send("seat.sign_in", seat_id=seat_id), Done)
        assert isinstance(await client.send("seat.open"), Done)
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def kiosk(hall: ServerUnderTest) -> AsyncIterator[Client]:
    booth = await hall.kiosk()
    client = Client(hall.url)
    try:
        await client.connect((await booth.token()).body["token"], origin=PAGE_ORIGIN)
        await client.wait_for(Welcomed)
        yield client
    finally:
        await client.close()


async def set_skills(hall: ServerUnderTest, login: str, *departments: str) -> None:
    admin = await hall.signed_in("admin")
    rows = (await admin.call("GET", "/api/agents")).body["agents"]
    agent_id = next(row["id"] for row in rows if row["login"] == login)
    answer = await admin.call("PATCH", f"/api/agents/{agent_id}", {"departments": departments})
    assert answer.status == 200


async def take(client: Client, **wish: object) -> str:
    taken = await client.send("ticket.take", **wish)
    assert isinstance(taken, TicketTaken), taken
    return taken.ticket_id


async def test_an_agents_account_says_what_is_offered_at_the_desk(hall: ServerUnderTest) -> None:
    await set_skills(hall, "agent", "税务局")
    async with kiosk(hall) as booth, desk(hall, "agent", "seat-01"):
        mirror = hall.server.hall.mirror
        assert mirror.seats["seat-01"].departments == "税务局"
        ticket_id = await take(booth, item_code=SOCIAL)
        assert mirror.tickets[ticket_id].state is TicketState.WAITING
        await booth.send("ticket.leave", ticket_id=ticket_id)
        ticket_id = await take(booth, item_code=TAX)
        assert mirror.tickets[ticket_id].seat_id == "seat-01"


async def test_from_a_call_in_vain_to_a_return_code(hall: ServerUnderTest) -> None:
    async with kiosk(hall) as booth, desk(hall, "agent", "seat-01") as agent:
        mirror = hall.server.hall.mirror
        ticket_id = await take(booth, item_code=TAX, green="pregnant")
        call_id = mirror.tickets[ticket_id].offer_id
        await agent.send("ticket.accept", offer_id=call_id, epoch=1)
        assert isinstance(await agent.send("call.no_show", call_id=call_id), Done)
        assert mirror.tickets[ticket_id].parked_because is ParkReason.NO_SHOW
        assert isinstance(await booth.send("ticket.come_back", ticket_id=ticket_id), Done)
        call_id = mirror.tickets[ticket_id].offer_id
        await agent.send("ticket.accept", offer_id=call_id, epoch=2)
        given = await agent.send("call.give_return_code", call_id=call_id)
        assert isinstance(given, ReturnCodeGiven)
        refused = await agent.send(
            "call.transfer", call_id=call_id, reason="wrong_item", to_seat="seat-01"
        )
        assert isinstance(refused, Refused)
        assert refused.code == "transfer_to_self"
        await booth.send("call.end", call_id=call_id)
        back = await take(booth, code=given.code)
        ticket = mirror.tickets[back]
        assert (ticket.lane, ticket.wanted_seat_id) == (Lane.RETURNED, "seat-01")
        assert ticket.kiosk_id == KIOSK
        await booth.send("ticket.leave", ticket_id=back)
        again = await booth.send("ticket.take", code=given.code)
        assert isinstance(again, Refused)
        assert again.code == "code_used"
