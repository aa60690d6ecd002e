"""The waits of everybody in the line, made anew as the hall changes, and kept once they are quoted.

The sweep (`estimate.waits`) runs on a thread of its own over a picture that nothing changes, so
that the event loop never waits for it; and however long the line is, only a small share of the
processor goes into it: the longer a sweep takes, the longer the next one waits.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import Connection

from service_queue import quotes
from service_queue.changes import Changes
from service_queue.errors import StoreClosed, StoreUnavailable
from service_queue.estimate import flat_s, waits
from service_queue.hall import Hall
from service_queue.line_tables import EstimateRow
from service_queue.outlook import counts_as_open, outlook_of
from service_queue.prospect import Outlook, Wait
from signaling.protocol.words import TicketState

log = logging.getLogger(__name__)

SOONEST_S: Final = 0.2
"""Events that come together make one forecast."""

REST: Final = 12.0
"""After a forecast so many times its own length passes before the next: under a tenth of a core."""

LATEST_S: Final = 15.0
"""Time alone changes what is to be expected: a call that went on for long is likely to go on."""

LOOKED_BACK_S: Final = 86_400.0
"""After a start, waits quoted within this are settled that a crash left open."""

STEADY_S: Final = 8.0
STEADY_SHARE: Final = 0.04
"""A wait that moved by less than this (the larger of both) is the one that was told already:
screens do not flicker by seconds nobody can rely on."""

Listener = Callable[[], None]


class Forecast:
    """What is to be expected just now. Made by `open_forecast`."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._waits: Mapping[str, Wait] = {}
        self._listeners: list[Listener] = []
        self._news = asyncio.Event()
        self._awaited: list[asyncio.Future[None]] = []
        self._quoted: set[str] = set()
        """Open tickets that were quoted already."""
        self._called: set[str] = set()
        """Quoted tickets whose call began, and whose wait is not written down yet."""

    def wait_of(self, ticket_id: str) -> Wait | None:
        """The wait of a ticket in the line; None while none can be told."""
        return self._waits.get(ticket_id)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` on the event loop after each forecast; returns the undo."""
        self._listeners.append(listener)

        def undo() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return undo

    def follow(self) -> Callable[[], None]:
        """Learn of the calls that begin, to settle their quotes; returns the undo."""
        return self._hall.subscribe(self._follow)

    async def made(self) -> None:
        """Wait until a forecast was made and kept."""
        made = asyncio.get_running_loop().create_future()
        self._awaited.append(made)
        self._news.set()
        await made

    async def run(self) -> None:
        """Make forecasts, until cancelled."""
        undo = self.follow()
        try:
            await self._settle_what_was_left()
            while True:
                took_s = await self._once()
                await asyncio.sleep(max(SOONEST_S, REST * took_s))
                await self._until_news()
        finally:
            undo()

    async def refresh(self) -> None:
        """Make one forecast now."""
        hall = self._hall
        outlook = outlook_of(hall.mirror, hall.clock.now())
        made = await asyncio.to_thread(waits, outlook) if outlook.line else {}
        told = self._waits
        self._waits = {one: steady(told.get(one), wait) for one, wait in made.items()}
        for listener in tuple(self._listeners):
            listener()
        await self._keep(outlook)

    # --- parts -----------------------------------------------------------------------------

    async def _once(self) -> float:
        began = time.perf_counter()
        self._news.clear()
        awaited, self._awaited = self._awaited, []
        try:
            await self.refresh()
        except (StoreUnavailable, StoreClosed):
            # What was quoted is still known, and is written once the database is back.
            log.warning("estimates could not be kept")
        except Exception:
            # Screens say "no estimate" then; the hall goes on, and so does the next forecast.
            log.exception("a forecast failed")
            self._waits = {}
        for each in awaited:
            if not each.done():
                each.set_result(None)
        return time.perf_counter() - began

    async def _until_news(self) -> None:
        try:
            async with asyncio.timeout(LATEST_S):
                await self._news.wait()
        except TimeoutError:
            return

    def _follow(self, changes: Changes) -> None:
        for call in changes.calls:
            if call.ticket_id in self._quoted:
                self._called.add(call.ticket_id)
        for ticket in changes.tickets:
            if not ticket.state.is_open and ticket.id not in self._called:
                self._quoted.discard(ticket.id)
        self._news.set()

    async def _keep(self, outlook: Outlook) -> None:
        """Write down what was quoted for the first time, and the waits that are over."""
        new, called = self._new_quotes(outlook), sorted(self._called)
        if not new and not called:
            return

        def write(connection: Connection) -> bool:
            quotes.keep(connection, new)
            quotes.settle(connection, called)
            return True

        if await self._hall.store.chore(quotes.CHORE, write):
            self._quoted |= {quote.ticket_id for quote in new}
            self._called -= set(called)
            self._quoted -= set(called)

    def _new_quotes(self, outlook: Outlook) -> list[EstimateRow]:
        mirror = self._hall.mirror
        windows = sum(counts_as_open(seat) for seat in mirror.seats.values())
        mean_visit_s = mirror.experience.times.mean_visit_s
        positions = mirror.standings(outlook.now).positions
        new = []
        for ticket_id, wait in self._waits.items():
            ticket, ahead = mirror.tickets.get(ticket_id), positions.get(ticket_id)
            if ticket_id in self._quoted or ticket is None or ahead is None:
                continue
            flat = flat_s(ahead, windows, mean_visit_s)
            if flat is None or ticket.state is not TicketState.WAITING:
                continue
            new.append(
                EstimateRow(
                    ticket_id=ticket_id,
                    quoted_at=wait.at,
                    ahead=ahead,
                    windows=windows,
                    least_s=wait.least_s,
                    low_s=wait.low_s,
                    high_s=wait.high_s,
                    flat_s=flat,
                )
            )
        return new

    async def _settle_what_was_left(self) -> None:
        since = self._hall.clock.now() - LOOKED_BACK_S
        try:
            left = await self._hall.store.read(lambda c: quotes.unsettled(c, since))
        except (StoreUnavailable, StoreClosed):
            return
        self._called |= set(left)


def steady(told: Wait | None, made: Wait) -> Wait:
    """What to tell now: what was told before, while it still says the same."""
    if told is None:
        return made
    room = max(STEADY_S, STEADY_SHARE * made.high_s)
    since = made.at - told.at
    moved = (
        abs(told.low_s - since - made.low_s),
        abs(told.high_s - since - made.high_s),
    )
    return told if max(moved) <= room else made


@asynccontextmanager
async def open_forecast(hall: Hall) -> AsyncIterator[Forecast]:
    """Forecasts for a hall, made while the block runs."""
    forecast = Forecast(hall)
    maker = asyncio.create_task(forecast.run(), name="forecast")
    try:
        yield forecast
    finally:
        maker.cancel()
        await asyncio.gather(maker, return_exceptions=True)
