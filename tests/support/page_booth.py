"""A booth whose program runs in this process, and whose page is a link that took a ticket."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from id_verify.alive.words import CueKind
from kiosk_client.app import PageKiosk, device_of, enrol_kiosk, open_page_kiosk
from kiosk_client.hall_api import HallApi
from kiosk_client.settings import CardSettings, KioskSettings
from kiosk_client.tokens import Tokens
from seat_server.app import RunningServer
from signaling.client.link import Link, op_id
from signaling.protocol.commands import TakeTicket
from signaling.protocol.events import KioskUpdated, ServerEvent, TicketTaken
from signaling.protocol.views import KioskView
from tests.support.follower import KnownCues
from tests.support.media_pair import until


@dataclass
class PageBooth:
    """A ticket that waits, and everything its kiosk's page would be shown."""

    kiosk: PageKiosk
    ticket_id: str
    views: list[KioskView]

    async def graded(self) -> KioskView:
        """The first view that shows a grade."""
        await until(lambda: bool(self.views) and _is_graded(self.views[-1]))
        return self.views[-1]


@asynccontextmanager
async def open_page_booth(
    server: RunningServer,
    *,
    kiosk_id: str,
    data_dir: Path,
    card: CardSettings,
    cues: Sequence[CueKind],
) -> AsyncIterator[PageBooth]:
    """Enrol the kiosk, start its program with this card reader, and take a ticket."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = KioskSettings(
        server_url=server.url,
        data_dir=data_dir,
        port=port,
        card=card,
    )
    code = await server.devices.make_code(kiosk_id, actor="test")
    await enrol_kiosk(settings, code.code)
    views: list[KioskView] = []

    async def see(event: ServerEvent) -> None:
        if isinstance(event, KioskUpdated):
            views.append(event.view)

    async with (
        open_page_kiosk(settings, with_browser=False, cues=lambda: KnownCues(cues)) as kiosk,
        HallApi(server.url) as api,
        Link(
            url=server.url,
            token=Tokens(api, device_of(settings), "page").token,
            client="test page",
            on_event=see,
        ) as line,
    ):
        taken = await line.send(TakeTicket(op_id=op_id(), item_code="help", language="zh"))
        assert isinstance(taken, TicketTaken)
        yield PageBooth(kiosk=kiosk, ticket_id=taken.ticket_id, views=views)


def _is_graded(view: KioskView) -> bool:
    return view.identity is not None and view.identity.grade is not None
