"""A wall that a program looks at: the newest picture, kept by the same events as the page's."""

from __future__ import annotations

import asyncio
from typing import Self, TypeVar

from signaling.client.link import Link
from signaling.protocol.commands import SyncView
from signaling.protocol.events import ServerEvent, Ticked, WallReset, WallUpdated
from signaling.protocol.views import WallLocation, WallSeat, WallTicket, WallView
from signaling.protocol.words import SeatState, SeatStatus
from xiaowu.demo.agent_session import AgentSession
from xiaowu.demo.bot_plan import Account

Row = TypeVar("Row", WallLocation, WallSeat, WallTicket)


class WallWatch:
    """Signs in as a supervisor and follows the wall. An async context manager."""

    def __init__(self, server_url: str, supervisor: Account) -> None:
        """Watch the wall of `server_url`."""
        self.view: WallView | None = None
        self._session = AgentSession(server_url, supervisor.login, supervisor.password)
        self._link = Link(
            url=server_url,
            token=self._session.token,
            client="xiaowu-demo-wall",
            on_event=self._on_event,
            origin=server_url,
        )
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Begin to watch."""
        await self._session.__aenter__()
        await self._link.__aenter__()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Stop."""
        await self._link.close()
        await self._session.__aexit__()

    async def changed(self) -> WallView:
        """Return the picture after the next change of it."""
        while True:
            self._changed.clear()
            await self._changed.wait()
            if self.view is not None:
                return self.view

    async def refresh(self) -> None:
        """Ask for the whole picture anew; it comes as a change."""
        await self._link.send(SyncView())

    def is_free(self, seat_id: str) -> bool:
        """Tell whether somebody sits at the seat and could take a ticket now."""
        seats = () if self.view is None else self.view.seats
        return any(
            seat.id == seat_id
            and seat.status is SeatStatus.AVAILABLE
            and seat.state is SeatState.IDLE
            and not seat.away
            for seat in seats
        )

    async def _on_event(self, event: ServerEvent) -> None:
        if isinstance(event, WallReset):
            self.view = event.view
        elif isinstance(event, WallUpdated) and self.view is not None:
            if event.prev_seq == self.view.seq:
                self.view = moved_on(self.view, event)
            elif event.seq > self.view.seq:
                await self.refresh()
                return
        elif isinstance(event, Ticked) and self.view is not None and event.seq != self.view.seq:
            await self.refresh()
            return
        else:
            return
        self._changed.set()


def moved_on(view: WallView, event: WallUpdated) -> WallView:
    """Return `view` with the rows of `event` in place of the older ones."""
    gone = set(event.tickets_gone)
    tickets = _with(view.tickets, event.tickets)
    return WallView(
        seq=event.seq,
        server_time=event.server_time,
        locations=_with(view.locations, event.locations),
        seats=_with(view.seats, event.seats),
        tickets=tuple(ticket for ticket in tickets if ticket.id not in gone),
        today=event.today or view.today,
    )


def _with(rows: tuple[Row, ...], newer: tuple[Row, ...]) -> tuple[Row, ...]:
    by_id: dict[str, Row] = {row.id: row for row in rows}
    by_id.update({row.id: row for row in newer})
    return tuple(by_id.values())
