"""Supervisors make appointments; a resident comes with the code."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service_queue.actor import Actor
from service_queue.errors import CodeUnknown
from signaling.protocol.commands import TakeTicket
from signaling.protocol.events import TicketTaken
from signaling.protocol.words import Lane, Role
from tests.support.server_api import KIOSK, ServerUnderTest, open_server_under_test

pytestmark = pytest.mark.integration

PATH = "/api/appointments"


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[ServerUnderTest]:
    async with open_server_under_test(tmp_path) as under_test:
        yield under_test


def wish(hall: ServerUnderTest, **other: object) -> dict[str, object]:
    due_at = hall.server.hall.clock.now() + 60
    return {"item_code": "sb001", "location_id": "qinghe", "due_at": due_at, **other}


async def come(hall: ServerUnderTest, code: str, op_id: str) -> TicketTaken:
    actor = Actor(role=Role.KIOSK_PAGE, kiosk_id=KIOSK)
    taken = await hall.server.hall.execute(actor, TakeTicket(op_id=op_id, code=code))
    assert isinstance(taken, TicketTaken)
    return taken


async def test_who_has_an_appointment_comes_with_its_code(hall: ServerUnderTest) -> None:
    browser = await hall.signed_in("supervisor")
    made = await browser.call("POST", PATH, wish(hall))
    assert made.status == 201
    assert made.body["code"] not in made.body["id"]
    day = time.strftime("%Y-%m-%d", time.gmtime(made.body["due_at"] + 8 * 3600))
    listed = (await browser.call("GET", f"{PATH}?day={day}&location=qinghe")).body
    assert [one["id"] for one in listed["appointments"]] == [made.body["id"]]
    taken = await come(hall, made.body["code"], "t1")
    ticket = hall.server.hall.mirror.tickets[taken.ticket_id]
    assert (ticket.item_code, ticket.lane) == ("sb001", Lane.APPOINTMENT)
    again = (await browser.call("GET", f"{PATH}?day={day}")).body["appointments"]
    assert again[0]["used_at"] is not None
    cancelled = await browser.call("DELETE", f"{PATH}/{made.body['id']}")
    assert (cancelled.status, cancelled.code) == (404, "appointment_unknown")


async def test_a_cancelled_appointment_has_no_code(hall: ServerUnderTest) -> None:
    browser = await hall.signed_in("supervisor")
    made = (await browser.call("POST", PATH, wish(hall))).body
    assert (await browser.call("DELETE", f"{PATH}/{made['id']}")).status == 204
    with pytest.raises(CodeUnknown):
        await come(hall, made["code"], "t1")
    assert (await browser.call("GET", PATH)).body["appointments"] == []


@pytest.mark.parametrize(
    ("other", "status", "code"),
    [
        ({"item_code": "none"}, 404, "item_unknown"),
        ({"location_id": "none"}, 404, "location_unknown"),
        ({"due_at": 1.0}, 409, "appointment_out_of_range"),
        ({"due_at": 1e300}, 409, "appointment_out_of_range"),
        ({"due_at": "soon"}, 422, "malformed"),
        ({"name": "somebody"}, 422, "malformed"),
    ],
    ids=str,
)
async def test_a_bad_appointment_is_refused_with_its_reason(
    hall: ServerUnderTest, other: dict[str, object], status: int, code: str
) -> None:
    browser = await hall.signed_in("supervisor")
    answer = await browser.call("POST", PATH, wish(hall, **other))
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize("day", ["2025-02-30", "0000-01-01", "9999-12-31"])
async def test_a_day_that_no_calendar_has_is_empty(hall: ServerUnderTest, day: str) -> None:
    browser = await hall.signed_in("supervisor")
    answer = await browser.call("GET", f"{PATH}?day={day}")
    assert (answer.status, answer.body["appointments"]) == (200, [])


async def test_agents_make_no_appointments(hall: ServerUnderTest) -> None:
    browser = await hall.signed_in("agent")
    assert (await browser.call("POST", PATH, wish(hall))).code == "not_allowed"
    assert (await browser.call("GET", PATH)).code == "not_allowed"
