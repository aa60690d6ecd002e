"""Two people talk: from the idle screen to the idle screen, and the content that arrives."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.support.clips import Person
from tests.support.faces import FaceReader
from tests.support.floor import LOCATION, SEAT, Floor
from tests.support.meeting import meets

pytestmark = [pytest.mark.e2e, pytest.mark.data, pytest.mark.asyncio(loop_scope="session")]


async def test_a_resident_and_an_agent_see_and_hear_each_other_from_ticket_to_rating(
    floor: Floor, resident: Person, agent: Person, face_reader: FaceReader
) -> None:
    kiosk, desk, wall = floor.kiosk, floor.desk, floor.wall
    await kiosk.choose("pension", "sb001")
    number = await desk.rings()
    await expect(wall.seat(SEAT)).to_have_attribute("data-state", "reserved")
    assert await kiosk.number() == number
    await desk.accept()
    await kiosk.is_on("call")
    await kiosk.flows()
    await desk.flows()
    await expect(wall.seat(SEAT)).to_have_attribute("data-state", "in_call")
    await expect(wall.location(LOCATION)).to_have_attribute("data-in-call", "1")

    await meets(desk, resident, stranger=agent, reader=face_reader)
    await meets(kiosk, agent, stranger=resident, reader=face_reader)

    await desk.end()
    await kiosk.is_on("rating")
    await expect(wall.seat(SEAT)).to_have_attribute("data-state", "wrap_up")
    await kiosk.tap("rate-5")
    await kiosk.is_on("farewell")
    await kiosk.tap("home")
    await kiosk.sees("help")
    await desk.finish()
    await expect(wall.seat(SEAT)).to_have_attribute("data-state", "idle")
    await expect(wall.location(LOCATION)).to_have_attribute("data-in-call", "0")
