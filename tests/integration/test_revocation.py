"""Who may come in over the socket, and how fast whoever may no more is out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from seat_server.settings import Settings
from signaling.protocol.events import AccessRevoked, Welcomed
from tests.support.server_api import (
    KIOSK,
    PAGE_ORIGIN,
    Browser,
    ServerUnderTest,
    open_server_under_test,
)
from tests.support.wire_hall import Client, ConnectRefused
from xiaowu.office import open_office

pytestmark = pytest.mark.integration

GONE_WITHIN_S = 10.0
"""About a second on an idle machine; this one may be busy."""


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[ServerUnderTest]:
    async with open_server_under_test(tmp_path) as under_test:
        yield under_test


@asynccontextmanager
async def socket_of(hall: ServerUnderTest, browser: Browser) -> AsyncIterator[Client]:
    token = (await browser.call("POST", "/api/session/token")).body["token"]
    client = Client(hall.url)
    try:
        await client.connect(token, origin=hall.url)
        await client.wait_for(Welcomed)
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def kiosk_socket(hall: ServerUnderTest) -> AsyncIterator[tuple[Client, str]]:
    booth = await hall.kiosk()
    token = (await booth.token()).body["token"]
    client = Client(hall.url)
    try:
        await client.connect(token, origin=PAGE_ORIGIN)
        await client.wait_for(Welcomed)
        yield client, token
    finally:
        await client.close()


async def gone(client: Client) -> float:
    """How long until the connection is told why, and closed."""
    begun = time.monotonic()
    async with asyncio.timeout(GONE_WITHIN_S):
        await client.wait_for(AccessRevoked)
        await client.until_gone()
    return time.monotonic() - begun


async def test_every_role_gets_its_own_socket(hall: ServerUnderTest) -> None:
    for role in ("agent", "supervisor", "admin"):
        async with socket_of(hall, await hall.signed_in(role)) as client:
            assert (await client.wait_for(Welcomed)).role == role


async def test_signing_out_closes_the_socket(hall: ServerUnderTest) -> None:
    browser = await hall.signed_in("agent")
    async with socket_of(hall, browser) as client:
        await browser.call("DELETE", "/api/session")
        await gone(client)


async def test_an_administrator_signs_somebody_out_at_once(hall: ServerUnderTest) -> None:
    agent, admin = await hall.signed_in("agent"), await hall.signed_in("admin")
    accounts = (await admin.call("GET", "/api/agents")).body["agents"]
    agent_id = next(row["id"] for row in accounts if row["login"] == "agent")
    async with socket_of(hall, agent) as client:
        answer = await admin.call("DELETE", f"/api/agents/{agent_id}/sessions")
        assert answer.body == {"ended": 1}
        await gone(client)


async def test_disabling_an_account_from_a_console_closes_its_sockets(
    hall: ServerUnderTest,
) -> None:
    agent = await hall.signed_in("agent")
    async with socket_of(hall, agent) as client:
        await disable(hall.settings, "agent")
        await gone(client)
    assert (await hall.browser().sign_in("agent")).code == "sign_in_failed"


async def test_a_token_of_an_ended_session_opens_nothing(hall: ServerUnderTest) -> None:
    browser = await hall.signed_in("agent")
    token = (await browser.call("POST", "/api/session/token")).body["token"]
    await browser.call("DELETE", "/api/session")
    await hall.server.admission.refresh()
    client = Client(hall.url)
    with pytest.raises(ConnectRefused, match="token_invalid"):
        await client.connect(token, origin=hall.url)
    await client.close()


async def test_a_kiosk_revoked_from_a_console_is_out_and_stays_out(hall: ServerUnderTest) -> None:
    async with kiosk_socket(hall) as (client, token):
        async with open_office(hall.settings) as office:
            await office.devices.revoke(KIOSK, actor="console")
        await gone(client)
    again = Client(hall.url)
    with pytest.raises(ConnectRefused, match="token_invalid"):
        await again.connect(token, origin=PAGE_ORIGIN)
    await again.close()


async def test_a_kiosks_token_is_no_use_on_another_page(hall: ServerUnderTest) -> None:
    token = (await (await hall.kiosk()).token()).body["token"]
    client = Client(hall.url)
    with pytest.raises(ConnectRefused, match="origin_refused"):
        await client.connect(token, origin="http://127.0.0.1:9999")
    await client.close()


async def disable(settings: Settings, login: str) -> None:
    async with open_office(settings) as office:
        agent = await office.accounts.find_login(login)
        await office.accounts.change(agent.id, actor="console", disabled=True)
