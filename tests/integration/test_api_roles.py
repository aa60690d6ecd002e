"""A role can do what it must, and no more; and what it asks for is answered from the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service_queue.actor import Actor
from service_queue.transaction import Transaction
from signaling.protocol.commands import TakeTicket
from signaling.protocol.events import TicketTaken
from signaling.protocol.words import Role
from tests.support.server_api import KIOSK, PASSWORD, ServerUnderTest, open_server_under_test

pytestmark = pytest.mark.integration

OPEN = {
    ("GET", "/api/items"),
    ("POST", "/api/session"),
    ("POST", "/api/devices/enrol"),
    ("POST", "/api/devices/challenge"),
    ("POST", "/api/devices/token"),
    ("POST", "/api/identity/nonce"),
    ("POST", "/api/identity/verdicts"),
    ("POST", "/api/identity/endings"),
}
"""Endpoints for whoever has no session yet, or never has one."""

ONLY_ADMIN = ("/api/agents", "/api/kiosks")
ONLY_OVERSEERS = ("/api/hall", "/api/tickets", "/api/journal")


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[ServerUnderTest]:
    async with open_server_under_test(tmp_path) as under_test:
        yield under_test


async def test_without_a_session_only_the_open_endpoints_answer(hall: ServerUnderTest) -> None:
    browser = hall.browser()
    document = (await browser.call("GET", "/api/openapi.json")).body
    for path, operations in document["paths"].items():
        for method in operations:
            if (method.upper(), path) in OPEN:
                continue
            answer = await browser.call(method.upper(), path.replace("{", "").replace("}", ""))
            assert answer.status == 401, f"{method} {path}"


@pytest.mark.parametrize("role", ["agent", "supervisor", "admin"])
async def test_each_role_reads_what_is_its_own(hall: ServerUnderTest, role: str) -> None:
    browser = await hall.signed_in(role)
    for path in ONLY_ADMIN:
        expected = 200 if role == "admin" else 403
        assert (await browser.call("GET", path)).status == expected, path
    for path in ONLY_OVERSEERS:
        expected = 403 if role == "agent" else 200
        assert (await browser.call("GET", path)).status == expected, path
    for path in ("/api/seats", "/api/locations"):
        assert (await browser.call("GET", path)).status == 200, path


async def test_a_supervisor_can_change_nobodys_account(hall: ServerUnderTest) -> None:
    browser = await hall.signed_in("supervisor")
    new = {"login": "eve", "name": "坐席99", "role": "admin", "password": PASSWORD}
    assert (await browser.call("POST", "/api/agents", new)).code == "not_allowed"


async def test_an_administrator_adds_changes_and_disables_an_account(
    hall: ServerUnderTest,
) -> None:
    admin = await hall.signed_in("admin")
    new = {"login": "desk21", "name": "坐席21", "role": "agent", "password": PASSWORD}
    added = await admin.call("POST", "/api/agents", new)
    assert added.status == 201
    assert (await admin.call("POST", "/api/agents", new)).code == "login_taken"
    path = f"/api/agents/{added.body['id']}"
    renamed = await admin.call("PATCH", path, {"name": "坐席22"})
    assert (renamed.body["name"], renamed.body["role"]) == ("坐席22", "agent")
    agent = await hall.signed_in("desk21")
    await admin.call("PATCH", path, {"disabled": True})
    assert (await agent.call("GET", "/api/session")).status == 401
    assert (await hall.browser().sign_in("desk21")).code == "sign_in_failed"


async def test_an_administrator_says_what_an_agent_may_serve(hall: ServerUnderTest) -> None:
    admin = await hall.signed_in("admin")
    rows = (await admin.call("GET", "/api/agents")).body["agents"]
    path = f"/api/agents/{next(row['id'] for row in rows if row['role'] == 'agent')}"
    skills = {"departments": ["税务局"], "languages": ["zh", "bo"]}
    changed = (await admin.call("PATCH", path, skills)).body
    assert (changed["departments"], changed["languages"]) == (["税务局"], ["bo", "zh"])
    for departments in (["no-such"], ["*", "税务局"]):
        answer = await admin.call("PATCH", path, {"departments": departments})
        assert (answer.status, answer.code) == (409, "department_unknown")
    assert (await admin.call("PATCH", path, {"departments": []})).code == "malformed"


async def test_the_last_administrator_stays(hall: ServerUnderTest) -> None:
    admin = await hall.signed_in("admin")
    rows = (await admin.call("GET", "/api/agents")).body["agents"]
    own = next(row["id"] for row in rows if row["login"] == "admin")
    for change in ({"disabled": True}, {"role": "agent"}):
        answer = await admin.call("PATCH", f"/api/agents/{own}", change)
        assert (answer.status, answer.code) == (409, "last_administrator")


@pytest.mark.parametrize("password", ["password1", "88888888", "aaaaaaaaaa"])
async def test_passwords_everybody_tries_are_refused(hall: ServerUnderTest, password: str) -> None:
    admin = await hall.signed_in("admin")
    new = {"login": "desk21", "name": "坐席21", "role": "agent", "password": password}
    assert (await admin.call("POST", "/api/agents", new)).code == "password_weak"


async def test_tickets_of_a_day_come_in_pages(hall: ServerUnderTest) -> None:
    kiosks = ["qinghe-1", "qinghe-2", "baishi-1"]
    numbers = [await take(hall, kiosk_id) for kiosk_id in kiosks]
    browser = await hall.signed_in("supervisor")
    first = (await browser.call("GET", "/api/tickets?limit=2")).body
    assert [line["number"] for line in first["tickets"]] == numbers[:2]
    rest = (await browser.call("GET", f"/api/tickets?limit=2&after={first['next']}")).body
    assert [line["number"] for line in rest["tickets"]] == numbers[2:]
    assert rest["next"] is None
    assert rest["tickets"][0]["item"]["name"]
    other_day = (await browser.call("GET", "/api/tickets?day=2001-01-01")).body
    assert other_day["tickets"] == []
    one_place = (await browser.call("GET", "/api/tickets?location=baishi")).body
    assert [line["kiosk_id"] for line in one_place["tickets"]] == ["baishi-1"]


async def test_the_journal_is_read_on_from_where_one_was(hall: ServerUnderTest) -> None:
    await take(hall, KIOSK)
    browser = await hall.signed_in("supervisor")
    entries = []
    after: int | None = 0
    while after is not None:
        page = (await browser.call("GET", f"/api/journal?limit=3&after={after}")).body
        entries += page["entries"]
        after = page["next"]
    assert [entry["seq"] for entry in entries] == sorted({entry["seq"] for entry in entries})
    kinds = [entry["kind"] for entry in entries]
    assert "ticket.taken" in kinds
    assert "agent.added" in kinds
    assert "session.started" in kinds


async def test_the_hall_shows_what_the_wall_shows(hall: ServerUnderTest) -> None:
    number = await take(hall, KIOSK)
    browser = await hall.signed_in("supervisor")
    view = (await browser.call("GET", "/api/hall")).body
    assert [ticket["number"] for ticket in view["tickets"]] == [number]
    assert (len(view["locations"]), len(view["seats"])) == (10, 20)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/session", '{"login": 1', 422),
        ("POST", "/api/session", '{"login": "a", "password": "b", "role": "admin"}', 422),
        ("POST", "/api/session", "[" * 60_000, 422),
        ("POST", "/api/session", '{"login": "' + "x" * 1_000_000 + '"}', 413),
        ("GET", "/api/items?lang=zh", None, 422),
        ("TRACE", "/api/items", None, 405),
        ("GET", "/api/nothing", None, 404),
    ],
)
async def test_bad_requests_get_a_problem_and_nothing_else(
    hall: ServerUnderTest, method: str, path: str, body: str | None, status: int
) -> None:
    browser = hall.browser()
    headers = {"Content-Type": "application/json", "Origin": hall.url}
    async with browser.http.request(
        method, hall.url + path, data=body, headers=headers
    ) as response:
        assert response.status == status
        assert response.content_type == "application/problem+json"
        assert (await response.json())["status"] == status


async def test_a_problem_does_not_repeat_what_was_sent(hall: ServerUnderTest) -> None:
    browser = hall.browser()
    answer = await browser.call(
        "POST", "/api/session", {"login": "agent", "password": "planted-secret" * 20}
    )
    assert answer.status == 422
    assert "planted-secret" not in str(answer.body)


async def take(hall: ServerUnderTest, kiosk_id: str) -> str:
    actor = Actor(role=Role.KIOSK_PAGE, kiosk_id=kiosk_id)
    command = TakeTicket(op_id=f"op-{kiosk_id}", item_code="help")
    taken = await hall.server.hall.execute(actor, command)
    assert isinstance(taken, TicketTaken)
    return taken.number


async def test_a_full_disk_is_the_servers_trouble_and_says_so(hall: ServerUnderTest) -> None:
    def shrink(tx: Transaction) -> None:
        (pages,) = tx.connection.exec_driver_sql("PRAGMA page_count").one()
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    await hall.server.ledger.write("test", shrink)
    admin = hall.browser()
    answers = [await admin.sign_in("admin") for _ in range(40)]
    refused = [answer for answer in answers if answer.status != 200]
    assert refused, "the database never filled up"
    assert {(answer.status, answer.code) for answer in refused} == {(503, "store_unavailable")}
