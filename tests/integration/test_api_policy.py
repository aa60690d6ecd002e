"""The policy over REST: who may, what is answered, what is refused with its lines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service_queue.actor import Actor
from service_queue.policy_file import read_policy
from signaling.protocol.commands import TakeTicket
from signaling.protocol.events import TicketTaken
from signaling.protocol.words import GreenReason, Role
from tests.support.server_api import ServerUnderTest, open_server_under_test

pytestmark = pytest.mark.integration

BUSY = 'name = "busy"\nceiling_s = 1800\n[green]\nhead_start_s = 0\n'


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[ServerUnderTest]:
    async with open_server_under_test(tmp_path) as under_test:
        yield under_test


async def take(
    hall: ServerUnderTest, kiosk_id: str, green: GreenReason | None = None
) -> TicketTaken:
    command = TakeTicket(op_id=f"op-{kiosk_id}", item_code="help", green=green)
    taken = await hall.server.hall.execute(Actor(role=Role.KIOSK_PAGE, kiosk_id=kiosk_id), command)
    assert isinstance(taken, TicketTaken)
    return taken


async def test_an_administrator_applies_a_policy_and_goes_back(hall: ServerUnderTest) -> None:
    admin = await hall.signed_in("admin")
    first = (await admin.call("GET", "/api/queue/policy")).body
    assert (first["version"], first["applied_by"]) == (0, "settings")
    assert read_policy(first["text"]).policy == hall.server.hall.policy
    await admin.call("POST", "/api/queue/policy", {"text": first["text"]})
    applied = await admin.call("POST", "/api/queue/policy", {"text": BUSY})
    assert (applied.status, applied.body["version"], applied.body["is_new"]) == (201, 2, True)
    assert hall.server.hall.policy.name == "busy"
    shown = (await admin.call("GET", "/api/queue/policy")).body
    assert (shown["text"], shown["sha256"]) == (BUSY, applied.body["sha256"])
    assert shown["applied_by"].startswith("agent:")
    back = await admin.call("POST", "/api/queue/policies/1/rollback")
    assert (back.status, back.body["version"]) == (201, 3)
    assert hall.server.hall.policy.name == "standard"
    listed = (await admin.call("GET", "/api/queue/policies")).body["versions"]
    assert [row["version"] for row in listed] == [3, 2, 1]
    assert (await admin.call("GET", "/api/queue/policies/2")).body["text"] == BUSY
    assert (await admin.call("GET", "/api/queue/policies/9")).code == "policy_version_unknown"


async def test_a_bad_policy_is_refused_with_every_line(hall: ServerUnderTest) -> None:
    admin = await hall.signed_in("admin")
    body = {"text": "ceiling_s = 'x'\n[green]\none_in = 1\n"}
    for path in ("/api/queue/policy", "/api/queue/preview"):
        answer = await admin.call("POST", path, body)
        assert (answer.status, answer.code) == (409, "policy_invalid")
        assert [fault["where"] for fault in answer.body["faults"]] == [
            "line 1 ceiling_s",
            "line 3 green.one_in",
        ]
    assert hall.server.hall.policy.name == "standard"


async def test_only_an_administrator_applies_and_only_overseers_preview(
    hall: ServerUnderTest,
) -> None:
    supervisor, agent = await hall.signed_in("supervisor"), await hall.signed_in("agent")
    body = {"text": BUSY}
    assert (await supervisor.call("POST", "/api/queue/policy", body)).code == "not_allowed"
    assert (await agent.call("POST", "/api/queue/preview", body)).code == "not_allowed"
    assert (await agent.call("GET", "/api/queue/policy")).code == "not_allowed"
    assert (await supervisor.call("POST", "/api/queue/preview", body)).status == 200


async def test_a_preview_changes_nothing(hall: ServerUnderTest) -> None:
    first = await take(hall, "qinghe-1")
    green = await take(hall, "hehua-1", GreenReason.MILITARY)
    supervisor = await hall.signed_in("supervisor")
    found = (await supervisor.call("POST", "/api/queue/preview", {"text": BUSY})).body
    assert {move["number"]: move["why"] for move in found["moves"]} == {
        first.number: "earlier",
        green.number: "earlier",
    }
    # The ceiling, and the minute for which a ticket waits for the window that knows it.
    assert found["longest_wait_s"] == 1860.0
    assert {option["option"] for option in found["options"]} == {
        "name",
        "ceiling_s",
        "green.head_start_s",
    }
    assert hall.server.hall.policy.name == "standard"


@pytest.mark.parametrize("role", ["agent", "supervisor", "admin"])
async def test_everybody_at_a_desk_may_ask_why(hall: ServerUnderTest, role: str) -> None:
    await take(hall, "qinghe-1")
    second = await take(hall, "baishi-1")
    browser = await hall.signed_in(role)
    told = (await browser.call("GET", f"/api/queue/tickets/{second.ticket_id}/explanation")).body
    assert (told["position"], told["before"]) == (
        2,
        [{"why": "earlier", "count": 1, "green": None}],
    )
    assert told["en"] == "You are 2nd: one came earlier. No window is open just now."
    assert told["zh"] == "您排在第2位：1位比您来得早。现在没有窗口开着。"
    assert told["not_yet"]["obstacle"] == "closed"
    by_number = await browser.call("GET", f"/api/queue/tickets/{second.number}/explanation")
    assert by_number.body["ticket_id"] == second.ticket_id
    unknown = await browser.call("GET", "/api/queue/tickets/Z999/explanation")
    assert unknown.code == "ticket_unknown"
