"""A seat without a browser: signs in over HTTP, accepts what rings, and talks with aiortc."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from signaling.client.call import CallMedia
from signaling.client.link import Link, op_id
from signaling.client.sinks import LastPicture, ToneDetector
from signaling.client.tracks import LocalMedia
from signaling.protocol.commands import AcceptTicket, EndCall, OpenSeat, SignIn, SignOut
from signaling.protocol.events import DeskUpdated, ServerEvent, Signalled, Welcomed
from signaling.protocol.views import DeskView
from signaling.protocol.words import SeatState, SeatStatus
from tests.support.media_pair import Both
from tests.support.running_hall import RunningHall
from xiaowu.demo.agent_session import AgentSession


class AiortcSeat:
    """An agent who takes whatever rings."""

    def __init__(self, seat_id: str, media: LocalMedia, peer_tone_hz: float) -> None:
        """Sit at `seat_id` and listen for `peer_tone_hz`."""
        self._seat_id = seat_id
        self.picture = LastPicture()
        self.ear = ToneDetector(peer_tone_hz)
        self._media = media
        self._accepted: set[str] = set()
        self._news = asyncio.Condition()
        self.view: DeskView | None = None
        self._tasks: set[asyncio.Task[object]] = set()

    def begin(self, link: Link) -> None:
        """Use `link` from now on."""
        self.link = link
        self.call = CallMedia(send=link.send, media=self._media, sink=Both(self.picture, self.ear))

    async def hear(self, event: ServerEvent) -> None:
        """Follow what the server says."""
        if isinstance(event, Welcomed) and event.seat_id is None:
            self._do(self._sit())
        elif isinstance(event, Signalled):
            self.call.signalled(event)
        elif isinstance(event, DeskUpdated):
            view = self.view = event.view
            self.call.update(view.link, view.call)
            if view.offer is not None and view.offer.id not in self._accepted:
                self._accepted.add(view.offer.id)
                accept = AcceptTicket(op_id=op_id(), offer_id=view.offer.id, epoch=view.offer.epoch)
                self._do(self.link.send(accept))
            async with self._news:
                self._news.notify_all()

    async def is_in(self, state: SeatState, *, within_s: float = 40.0) -> None:
        """Wait until the seat is in `state`."""
        await self._shows(lambda view: view.state is state, within_s)

    async def is_ready(self, *, within_s: float = 40.0) -> None:
        """Wait until the seat is idle and takes residents."""

        def ready(view: DeskView) -> bool:
            return view.state is SeatState.IDLE and view.status is SeatStatus.AVAILABLE

        await self._shows(ready, within_s)

    async def _shows(self, holds: Callable[[DeskView], bool], within_s: float) -> None:
        async with asyncio.timeout(within_s), self._news:
            await self._news.wait_for(lambda: self.view is not None and holds(self.view))

    async def close(self) -> None:
        """Leave the seat, in the middle of a call too, so that a test that fails says why."""
        if self.view is not None and self.view.call is not None:
            await self.link.send(EndCall(op_id=op_id(), call_id=self.view.call.id))
        await self.link.send(SignOut(op_id=op_id()))
        await self.call.close()
        await asyncio.gather(*self._tasks)

    async def _sit(self) -> None:
        await self.link.send(SignIn(op_id=op_id(), seat_id=self._seat_id))
        await self.link.send(OpenSeat(op_id=op_id()))

    def _do(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]  # any awaitable
        self._tasks.add(task)


@asynccontextmanager
async def open_aiortc_seat(
    hall: RunningHall, login: str, seat_id: str, media: LocalMedia, *, peer_tone_hz: float
) -> AsyncIterator[AiortcSeat]:
    """An agent at `seat_id`, ready for residents."""
    seat = AiortcSeat(seat_id, media, peer_tone_hz)
    async with AgentSession(hall.url, login, hall.passwords[login]) as session:
        async with Link(
            url=hall.url,
            origin=hall.url,
            token=session.token,
            client="aiortc seat",
            on_event=seat.hear,
        ) as link:
            seat.begin(link)
            await seat.is_ready()
            try:
                yield seat
            finally:
                await seat.close()
