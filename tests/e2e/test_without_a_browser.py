"""One end a browser, the other aiortc: the content arrives both ways."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from kiosk_client.app import headless_visit
from kiosk_client.settings import load_settings
from kiosk_client.sources import Sources
from kiosk_client.visit import Outcome, VisitPlan
from signaling.client.pictures import FilePictures
from signaling.client.sinks import LastPicture, ToneDetector
from signaling.client.sounds import sound_of_file
from signaling.client.tracks import LocalMedia
from signaling.protocol.words import SeatState
from tests.support.aiortc_seat import open_aiortc_seat
from tests.support.clips import Person
from tests.support.faces import FaceReader
from tests.support.floor import THIRD_AGENT, THIRD_SEAT, Floor
from tests.support.media_pair import Both, until
from tests.support.meeting import face_is, meets
from tests.support.program import run_to_end
from tests.support.running_hall import Booth, RunningHall

pytestmark = [pytest.mark.e2e, pytest.mark.data, pytest.mark.asyncio(loop_scope="session")]

PATIENCE_S = 60.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def headless_booth(running_hall: RunningHall) -> AsyncIterator[Booth]:
    yield await running_hall.enrol("qinghe-2")


async def test_a_headless_kiosk_is_served_at_a_desk_and_says_so(
    floor: Floor,
    headless_booth: Booth,
    resident: Person,
    agent: Person,
    face_reader: FaceReader,
) -> None:
    visit = asyncio.create_task(
        run_to_end(
            *("kiosk", "--headless", "--item", "sb001", "--json", "--rate", "4"),
            *("--video", str(resident.video), "--audio", str(resident.voice)),
            environment=headless_booth.environment,
            within_s=120,
        )
    )
    number = await floor.desk.rings()
    await floor.desk.accept()
    await floor.desk.flows()
    await meets(floor.desk, resident, stranger=agent, reader=face_reader)
    await floor.desk.end()
    code, out = await visit
    told = json.loads(out)
    assert code == 0, told
    assert told["outcome"] == "served"
    assert told["number"] == number
    assert told["connected"] is True
    assert told["video_frames_received"] > 10
    assert told["audio_frames_received"] > 50
    assert told["rating_sent"] == 4
    assert told["waited_s"] > 0


async def test_a_headless_kiosk_sees_and_hears_the_agent_at_the_desk(
    floor: Floor, headless_booth: Booth, resident: Person, agent: Person, face_reader: FaceReader
) -> None:
    environment = headless_booth.environment
    settings = load_settings(
        server_url=environment["KIOSK_SERVER_URL"],
        data_dir=environment["KIOSK_DATA_DIR"],
        port=int(environment["KIOSK_PORT"]),
    )
    eye, ear = LastPicture(), ToneDetector(agent.tone_hz)
    visit = asyncio.create_task(
        headless_visit(
            settings,
            VisitPlan(item_code="sb002"),
            Sources(video=resident.video, camera=None, audio=resident.voice, label="KIOSK"),
            sink=Both(eye, ear),
        )
    )
    await floor.desk.rings()
    await floor.desk.accept()
    await floor.desk.flows()
    await until(lambda: eye.count > 30, within_s=PATIENCE_S)
    # Listened to while the beep lasts: between two beeps there is nothing to hear.
    await until(lambda: ear.share > 0.5, within_s=PATIENCE_S)
    picture = eye.bgr()
    assert picture is not None
    face_is(picture, agent, stranger=resident, reader=face_reader)
    await floor.desk.end()
    result = await visit
    assert result.outcome is Outcome.SERVED
    assert result.media_rebuilds == 0
    assert result.first_frame_ms is not None


async def test_a_touch_page_and_an_agent_without_a_browser_see_and_hear_each_other(
    floor: Floor, resident: Person, agent: Person, face_reader: FaceReader
) -> None:
    hall = floor.hall
    await floor.desk.press("b")
    await floor.desk.press("1")
    available = floor.desk.part("status-available")
    await expect(available).to_have_attribute("aria-pressed", "false")
    pictures = FilePictures(agent.video).start()
    media = LocalMedia(pictures=pictures, sound=await sound_of_file(agent.voice))
    try:
        async with open_aiortc_seat(
            hall, THIRD_AGENT, THIRD_SEAT, media, peer_tone_hz=resident.tone_hz
        ) as seat:
            await floor.kiosk.choose("pension", "sb001")
            await seat.is_in(SeatState.IN_CALL)
            await floor.kiosk.is_on("call")
            await floor.kiosk.flows()
            await meets(floor.kiosk, agent, stranger=resident, reader=face_reader)
            await until(lambda: seat.picture.count > 30, within_s=PATIENCE_S)
            await until(lambda: seat.ear.share > 0.5, within_s=PATIENCE_S)
            picture = seat.picture.bgr()
            assert picture is not None
            face_is(picture, resident, stranger=agent, reader=face_reader)
            await floor.kiosk.tap("end")
            await floor.kiosk.tap("end-sure")
            await seat.is_in(SeatState.WRAP_UP)
    finally:
        pictures.close()
