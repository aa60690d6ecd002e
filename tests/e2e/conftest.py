"""One hall, two people, three pages for the whole run; every test finds them at rest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright, async_playwright

from tests.conftest import DATA
from tests.support.browser import Watch, open_chromium, open_page
from tests.support.clips import Person, make_person
from tests.support.faces import FaceReader
from tests.support.fault_proxy import TcpFaultProxy
from tests.support.floor import AGENT, KIOSK, SEAT, SECOND_AGENT, SECOND_SEAT, Floor
from tests.support.pages import DeskPage, KioskPage, WallPage
from tests.support.program import free_port
from tests.support.running_hall import SUPERVISOR, Booth, RunningHall, open_running_hall


@pytest.fixture(scope="session")
def face_reader() -> FaceReader:
    return FaceReader()


@pytest.fixture(scope="session")
def resident(tmp_path_factory: pytest.TempPathFactory, face_reader: FaceReader) -> Person:
    return make_person(
        DATA / "videos" / "liveportrait_d10.mp4",
        tmp_path_factory.mktemp("resident"),
        tone_hz=660.0,
        reader=face_reader,
    )


@pytest.fixture(scope="session")
def agent(tmp_path_factory: pytest.TempPathFactory, face_reader: FaceReader) -> Person:
    return make_person(
        DATA / "videos" / "tpsmm_driving.mp4",
        tmp_path_factory.mktemp("agent"),
        tone_hz=1250.0,
        reader=face_reader,
    )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as playwright:
        yield playwright


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def resident_browser(playwright: Playwright, resident: Person) -> AsyncIterator[Browser]:
    async with open_chromium(playwright, resident) as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def agent_browser(playwright: Playwright, agent: Person) -> AsyncIterator[Browser]:
    async with open_chromium(playwright, agent) as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def walls_line() -> AsyncIterator[TcpFaultProxy]:
    """The line between the wall and the server; a test may cut it."""
    async with TcpFaultProxy(free_port()) as line:
        yield line


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running_hall(
    tmp_path_factory: pytest.TempPathFactory, walls_line: TcpFaultProxy
) -> AsyncIterator[RunningHall]:
    folder: Path = tmp_path_factory.mktemp("hall")
    kiosks = (KIOSK, "qinghe-2", "baishi-1")
    origins = {"XIAOWU_ORIGINS": f'["http://127.0.0.1:{walls_line.port}"]'}
    async with open_running_hall(
        folder, kiosks=kiosks, environment=origins, port=walls_line.target_port
    ) as hall:
        yield hall


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def booth(running_hall: RunningHall) -> Booth:
    booth = await running_hall.enrol(KIOSK)
    await booth.start()
    return booth


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def open_floor(
    running_hall: RunningHall,
    booth: Booth,
    walls_line: TcpFaultProxy,
    resident_browser: Browser,
    agent_browser: Browser,
) -> AsyncIterator[Floor]:
    hall = running_hall
    walls_url = f"http://127.0.0.1:{walls_line.port}"
    watch = Watch(allowed=frozenset({hall.url, booth.origin, walls_url}))
    async with AsyncExitStack() as stack:
        _, kiosk_page = await stack.enter_async_context(open_page(resident_browser, watch))
        _, desk_page = await stack.enter_async_context(open_page(agent_browser, watch))
        _, wall_page = await stack.enter_async_context(open_page(agent_browser, watch))
        kiosk, desk, wall = KioskPage(kiosk_page), DeskPage(desk_page), WallPage(wall_page)
        await wall.sign_in(walls_url, SUPERVISOR, hall.passwords[SUPERVISOR])
        await desk.sign_in(hall.url, AGENT, hall.passwords[AGENT])
        await desk.sit(SEAT)
        await desk.open_seat()
        await kiosk.open(booth.origin)
        yield Floor(hall=hall, booth=booth, kiosk=kiosk, desk=desk, wall=wall, watch=watch)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def second_desk(open_floor: Floor, agent_browser: Browser) -> AsyncIterator[DeskPage]:
    """Another agent at another desk, on a break."""
    hall = open_floor.hall
    async with open_page(agent_browser, open_floor.watch) as (_, page):
        desk = DeskPage(page)
        await desk.sign_in(hall.url, SECOND_AGENT, hall.passwords[SECOND_AGENT])
        await desk.sit(SECOND_SEAT)
        yield desk


@pytest_asyncio.fixture(loop_scope="session")
async def floor(open_floor: Floor) -> AsyncIterator[Floor]:
    """The three pages at rest, and at rest again afterwards."""
    await open_floor.rest()
    yield open_floor
    open_floor.watch.assert_clean()
