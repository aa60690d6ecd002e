"""The headless kiosk against the real server and a real agent's media."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kiosk_client.app import enrol_kiosk, headless_visit
from kiosk_client.errors import KioskError, NotEnrolled
from kiosk_client.settings import KioskSettings
from kiosk_client.sources import Sources
from kiosk_client.visit import Outcome, Visit, VisitPlan
from seat_server.app import RunningServer
from seat_server.errors import CodeRefused
from service_queue.policy import Policy
from signaling.client.sinks import LastPicture, ToneDetector
from signaling.protocol.words import CallState, KioskPhase, MediaReport, SeatState
from tests.support.media_pair import AGENT_HZ, Both, until
from tests.support.real_hall import DeskBot, enrolled, open_hall_server

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
KIOSK = "qinghe-1"
ITEM = "help"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RunningServer]:
    async with open_hall_server(tmp_path / "server", policy=Policy(wrap_up_s=1.0)) as running:
        yield running


@pytest.fixture
async def settings(server: RunningServer, tmp_path: Path) -> KioskSettings:
    return await enrolled(server, KIOSK, tmp_path / "kiosk")


async def test_a_visit_from_ticket_to_rating(
    server: RunningServer, settings: KioskSettings
) -> None:
    picture, ear = LastPicture(), ToneDetector(AGENT_HZ)
    async with DeskBot(server) as desk:
        visiting = asyncio.create_task(
            headless_visit(
                settings,
                VisitPlan(item_code=ITEM, rate=5),
                Sources(),
                sink=Both(picture, ear),
            )
        )
        view = await desk.until(
            lambda v: v.call is not None and v.call.state is CallState.CONNECTED
        )
        assert view.call is not None
        assert view.call.resident_media is view.call.agent_media is MediaReport.FLOWING
        await until(lambda: ear.share > 0.9 and desk.ear.share > 0.9)
        await until(lambda: picture.count > 5 and desk.picture.count > 5)
        await desk.end_call()
        result = await visiting
    assert result.outcome is Outcome.SERVED
    assert result.connected
    assert result.rating_sent == 5
    assert result.video_frames_received > 5
    assert result.audio_frames_received > 5
    assert result.first_frame_ms is not None
    assert result.waited_s is not None
    assert result.number
    assert result.reconnects == 0


async def test_the_resident_may_hang_up(server: RunningServer, settings: KioskSettings) -> None:
    async with DeskBot(server):
        result = await headless_visit(
            settings, VisitPlan(item_code=ITEM, hang_up_after_s=0.5), Sources()
        )
    assert result.outcome is Outcome.SERVED
    assert result.rating_sent is None


async def test_nobody_comes_and_the_ticket_is_given_back(
    server: RunningServer, settings: KioskSettings
) -> None:
    result = await headless_visit(settings, VisitPlan(item_code=ITEM, max_wait_s=1.0), Sources())
    assert result.outcome is Outcome.NO_AGENT
    assert list(server.hall.mirror.open_tickets()) == []


async def test_an_unknown_item_is_refused_by_code(
    server: RunningServer, settings: KioskSettings
) -> None:
    result = await headless_visit(settings, VisitPlan(item_code="no-such-item"), Sources())
    assert (result.outcome, result.code) == (Outcome.REFUSED, "item_unknown")
    assert list(server.hall.mirror.open_tickets()) == []


async def test_a_resident_who_gives_up_leaves_no_ticket(
    server: RunningServer, settings: KioskSettings
) -> None:
    visits: list[Visit] = []
    phases: list[KioskPhase] = []
    visiting = asyncio.create_task(
        headless_visit(
            settings,
            VisitPlan(item_code=ITEM),
            Sources(),
            on_visit=visits.append,
            on_phase=lambda view: phases.append(view.phase),
        )
    )
    await until(lambda: KioskPhase.WAITING in phases)
    visits[0].leave()
    assert (await visiting).outcome is Outcome.ABANDONED
    assert list(server.hall.mirror.open_tickets()) == []


async def test_a_revoked_kiosk_is_lost(server: RunningServer, settings: KioskSettings) -> None:
    phases: list[KioskPhase] = []
    visiting = asyncio.create_task(
        headless_visit(
            settings,
            VisitPlan(item_code=ITEM),
            Sources(),
            on_phase=lambda view: phases.append(view.phase),
        )
    )
    await until(lambda: KioskPhase.WAITING in phases)
    await server.devices.revoke(KIOSK, actor="test")
    result = await visiting
    assert (result.outcome, result.code) == (Outcome.LOST, "revoked")


async def test_a_code_works_once(
    server: RunningServer, settings: KioskSettings, tmp_path: Path
) -> None:
    code = await server.devices.make_code("qinghe-2", actor="test")
    other = settings.model_copy(update={"data_dir": tmp_path / "other"})
    await enrol_kiosk(other, code.code.lower().replace("-", " "))
    with pytest.raises(CodeRefused):
        await enrol_kiosk(other, code.code)


async def test_a_kiosk_that_is_not_enrolled_says_so(server: RunningServer, tmp_path: Path) -> None:
    fresh = KioskSettings(server_url=server.url, data_dir=tmp_path / "fresh")
    with pytest.raises(NotEnrolled):
        await headless_visit(fresh, VisitPlan(item_code=ITEM), Sources())


async def test_a_key_of_another_server_is_not_used(settings: KioskSettings) -> None:
    moved = settings.model_copy(update={"server_url": "http://127.0.0.1:1"})
    with pytest.raises(KioskError, match="is enrolled at"):
        await headless_visit(moved, VisitPlan(item_code=ITEM), Sources())


class Program:
    """`xiaowu kiosk --headless` as a process of its own."""

    def __init__(self, settings: KioskSettings, *more: str) -> None:
        self._arguments = (
            *("-m", "xiaowu", "kiosk", "--headless", "--json", "--item", ITEM),
            *("--server", settings.server_url, "--data-dir", str(settings.data_dir)),
            *more,
        )

    async def start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *self._arguments,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'queue'}"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )


async def test_a_kiosk_killed_in_the_call_comes_back_to_the_same_call(
    server: RunningServer, settings: KioskSettings
) -> None:
    async with DeskBot(server) as desk:
        first = await Program(settings).start()
        connected = await desk.until(
            lambda v: v.call is not None and v.call.state is CallState.CONNECTED
        )
        assert connected.call is not None
        first.send_signal(signal.SIGKILL)
        await first.communicate()
        second = await Program(settings, "--rate", "4").start()
        again = await desk.until(
            lambda v: (
                v.link is not None
                and v.link.media_epoch > 1
                and v.call is not None
                and v.call.state is CallState.CONNECTED
            )
        )
        assert again.call is not None
        assert again.call.id == connected.call.id
        seen = desk.picture.count
        await until(lambda: desk.picture.count > seen + 3)
        await desk.end_call()
        out, err = await second.communicate()
    result = json.loads(out)
    assert second.returncode == 0, err.decode()
    assert result["outcome"] == "served"
    assert result["resumed"] is True
    assert result["rating_sent"] == 4
    assert result["video_frames_received"] > 0


async def test_a_waiting_kiosk_that_is_stopped_keeps_its_place(
    server: RunningServer, settings: KioskSettings
) -> None:
    first = await Program(settings).start()
    await until(lambda: len(list(server.hall.mirror.open_tickets())) == 1)
    number = next(iter(server.hall.mirror.open_tickets())).number
    first.send_signal(signal.SIGTERM)
    out, _ = await first.communicate()
    assert json.loads(out)["outcome"] == "interrupted"
    async with DeskBot(server):
        second = await Program(settings, "--hang-up-after-s", "0.2").start()
        out, err = await second.communicate()
    result = json.loads(out)
    assert (result["outcome"], result["number"]) == ("served", number), err.decode()


async def test_a_server_that_restarts_does_not_end_the_call(tmp_path: Path) -> None:
    data = tmp_path / "server"
    async with open_hall_server(data) as first:
        port = int(first.url.rsplit(":", 1)[1])
        settings = KioskSettings(server_url=first.url, data_dir=tmp_path / "kiosk")
        code = await first.devices.make_code(KIOSK, actor="test")
        await enrol_kiosk(settings, code.code)
        desk = await DeskBot(first).__aenter__()
        picture = LastPicture()
        visiting = asyncio.create_task(
            headless_visit(settings, VisitPlan(item_code=ITEM), Sources(), sink=picture)
        )
        await desk.until(lambda v: v.call is not None and v.call.state is CallState.CONNECTED)
    before = picture.count
    await until(lambda: picture.count > before + 10)  # media goes on while nobody is there
    async with open_hall_server(data, port=port):
        view = await desk.until(lambda v: v.server_time > 0 and desk.link.connections == 2)
        assert view.state is SeatState.IN_CALL
        assert view.link is not None
        assert view.link.media_epoch == 1
        await desk.end_call()
        result = await visiting
        await desk.__aexit__()
    assert result.outcome is Outcome.SERVED
    # The media epoch above is the first one: the call outlived the server. A rebuild after that is
    # the watchdog's, on a machine too busy to send for three seconds.
    assert result.reconnects == 1
