"""What the page said: some of it is waited for, some of it breaks off whatever is going on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from kiosk_client.identity.messages import PageMessage
from signaling.protocol.identity import IdentityWay

log = logging.getLogger(__name__)

T = TypeVar("T")
M = TypeVar("M", bound=PageMessage)

AHEAD: Final = 16
"""Messages that may wait: a page that sends more of them is not ours."""


class BrokenOff(Exception):
    """The resident does not go on; `way` says how instead, None not at all."""

    def __init__(self, way: IdentityWay | None) -> None:
        """Go on in this `way`, or end."""
        super().__init__(way)
        self.way = way


class Inbox:
    """Messages of one page for one check."""

    def __init__(self) -> None:
        """Start empty."""
        self._messages: asyncio.Queue[PageMessage] = asyncio.Queue(AHEAD)
        self._broken_off: BrokenOff | None = None
        self._news = asyncio.Event()

    def put(self, message: PageMessage) -> None:
        """Keep `message` for who waits for its kind."""
        try:
            self._messages.put_nowait(message)
        except asyncio.QueueFull:
            log.warning("the page says too much", extra={"type": message.type})

    def break_off(self, way: IdentityWay | None) -> None:
        """Drop whatever is going on, and go on in this way; None: end."""
        self._broken_off = BrokenOff(way)
        self._news.set()

    async def during(self, work: Coroutine[Any, Any, T]) -> T:
        """Do `work`; raises BrokenOff, with the work cancelled, when the page says so."""
        doing = asyncio.create_task(work, name="identity work")
        hearing = asyncio.create_task(self._news.wait(), name="identity inbox")
        try:
            await asyncio.wait({doing, hearing}, return_when=asyncio.FIRST_COMPLETED)
            if self._broken_off is not None:
                broken_off, self._broken_off = self._broken_off, None
                self._news.clear()
                raise broken_off
            return doing.result()
        finally:
            for task in (doing, hearing):
                task.cancel()
            await asyncio.gather(doing, hearing, return_exceptions=True)

    async def next(self, kind: type[M]) -> M:
        """The next message of this kind; what does not fit by now is let go. Raises BrokenOff."""
        return await self.during(self.wait_for(kind))

    async def wait_for(self, kind: type[M]) -> M:
        """As `next`, inside a `during`."""
        while True:
            message = await self._messages.get()
            if isinstance(message, kind):
                return message
            log.info("a message of the page does not fit", extra={"type": message.type})
