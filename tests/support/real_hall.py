"""The real server on a real port with the sample district, and an agent who is a program."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import aiohttp

from kiosk_client.app import enrol_kiosk
from kiosk_client.settings import KioskSettings
from seat_server.app import RunningServer, open_server
from seat_server.district import load_district, sample_district
from seat_server.settings import Settings
from service_queue.policy import Policy
from signaling.client.call import CallMedia
from signaling.client.link import Link, op_id
from signaling.client.mesh import CallMesh
from signaling.client.pictures import ArtificialPictures
from signaling.client.sinks import LastPicture, ToneDetector
from signaling.client.sounds import PackedSound, Tone
from signaling.client.tracks import LocalMedia
from signaling.protocol.commands import (
    AcceptTicket,
    Command,
    EndCall,
    FinishWrapUp,
    JoinCall,
    OpenSeat,
    SignIn,
)
from signaling.protocol.errors import Refusal
from signaling.protocol.events import DeskUpdated, ServerEvent, Signalled
from signaling.protocol.views import DeskView
from signaling.protocol.words import ConsultState, Role, SeatStatus
from tests.support.media_pair import AGENT_HZ, RESIDENT_HZ, Both

PASSWORD = "correct-horse-9-battery"


@asynccontextmanager
async def open_hall_server(
    data_dir: Path, *, port: int = 0, policy: Policy | None = None
) -> AsyncIterator[RunningServer]:
    """The server with the sample district; a second start on the same folder finds the first's."""
    settings = Settings(data_dir=data_dir, port=port, queue=policy or Policy())
    async with open_server(settings, version="test") as server:
        await load_district(server.ledger, sample_district())
        yield server


async def enrolled(server: RunningServer, kiosk_id: str, data_dir: Path) -> KioskSettings:
    """The settings of a kiosk that has its key in `data_dir`."""
    settings = KioskSettings(server_url=server.url, data_dir=data_dir)
    code = await server.devices.make_code(kiosk_id, actor="test")
    device = await enrol_kiosk(settings, code.code)
    assert device.kiosk_id == kiosk_id
    return settings


class DeskBot:
    """An agent at a seat, with real media; accepts everything unless told not to."""

    def __init__(self, server: RunningServer, seat_id: str = "seat-01") -> None:
        self._server = server
        self._seat_id = seat_id
        self._login = f"bot-{seat_id}"
        self._csrf = ""
        self.accepts = True
        self.view: DeskView | None = None
        self.picture = LastPicture()
        self.ear = ToneDetector(RESIDENT_HZ)
        self._accepted: set[str] = set()
        self._news = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        await self._server.accounts.add(
            login=self._login,
            name=f"坐席 {self._seat_id}",
            role=Role.AGENT,
            password=PASSWORD,
            actor="test",
        )
        self._csrf = (await self._post("/api/session", login=self._login, password=PASSWORD))[
            "csrf"
        ]
        self.link = Link(
            url=self._server.url,
            token=self._token,
            client="desk bot",
            on_event=self._on_event,
            origin=self._server.url,
        )
        media = LocalMedia(
            pictures=ArtificialPictures(self._seat_id.upper(), hue=60),
            sound=PackedSound(Tone(AGENT_HZ)),
        )
        self.call = CallMesh(
            make=lambda sink: CallMedia(send=self.link.send, media=media, sink=sink),
            sink=Both(self.picture, self.ear),
        )
        await self.link.__aenter__()
        await self.link.send(SignIn(op_id=op_id(), seat_id=self._seat_id))
        await self.link.send(OpenSeat(op_id=op_id()))
        await self.until(lambda view: view.status is SeatStatus.AVAILABLE)
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.call.close()
        await self.link.close()
        await self._http.close()
        for task in set(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def end_call(self) -> None:
        """Hang up."""
        assert self.view is not None
        assert self.view.link is not None
        await self.link.send(EndCall(op_id=op_id(), call_id=self.view.link.call_id))

    async def until(self, true: Callable[[DeskView], bool], within_s: float = 30.0) -> DeskView:
        """Wait for a view that fits."""
        async with asyncio.timeout(within_s):
            while self.view is None or not true(self.view):
                self._news.clear()
                await self._news.wait()
        return self.view

    async def _on_event(self, event: ServerEvent) -> None:
        if isinstance(event, DeskUpdated):
            self.view = event.view
            consult = event.view.consult
            colleague = None if consult is None else consult.link
            self.call.update([event.view.link, colleague], event.view.call)
            self._react(event.view)
            self._news.set()
        elif isinstance(event, Signalled):
            self.call.signalled(event)

    def _react(self, view: DeskView) -> None:
        if view.offer is not None and self.accepts and view.offer.id not in self._accepted:
            self._accepted.add(view.offer.id)
            self._do(AcceptTicket(op_id=op_id(), offer_id=view.offer.id, epoch=view.offer.epoch))
        asked = view.consult
        if asked is not None and not asked.host and asked.state is ConsultState.RINGING:
            self._do(JoinCall(op_id=op_id(), consult_id=asked.id))
        if view.wrap_up is not None and view.wrap_up.call_id not in self._accepted:
            self._accepted.add(view.wrap_up.call_id)
        if view.wrap_up is not None:
            self._do(FinishWrapUp(op_id=op_id(), call_id=view.wrap_up.call_id))

    def _do(self, command: Command) -> None:
        async def run() -> None:
            try:
                await self.link.send(command)
            except Refusal:
                return  # somebody or something was faster; the next view says what is

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _token(self) -> str:
        return str((await self._post("/api/session/token"))["token"])

    async def _post(self, path: str, **body: str) -> dict[str, Any]:
        headers = {"Origin": self._server.url, "X-CSRF": self._csrf}
        async with self._http.post(
            self._server.url + path, json=body or None, headers=headers
        ) as response:
            response.raise_for_status()
            said: dict[str, Any] = await response.json()
            return said
