"""The door between the page and the checks: `/identity`, a WebSocket on loopback, one at a time.

The page's own guard stands before it (Host, Origin, Sec-Fetch-Site); a WebSocket besides has to
say where it comes from, which every browser does and a page from elsewhere cannot change.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import BaseModel, ValidationError

from kiosk_client.identity.check import CheckParts, IdentityCheck
from kiosk_client.identity.messages import (
    LONGEST_MESSAGE,
    IdentityOver,
    ProgramMessage,
    StartIdentity,
    page_message,
)

log = logging.getLogger(__name__)

HEARTBEAT_S: Final = 10.0
"""A browser that died without a word is noticed within two of these."""
GOODBYE_S: Final = 2.0


class IdentityDoor:
    """Serves the page's checks; the newest page wins, and the older one is told so."""

    def __init__(self, parts: CheckParts) -> None:
        """Check with `parts`."""
        self._parts = parts
        self._line: web.WebSocketResponse | None = None
        self._check: IdentityCheck | None = None
        self._running: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def reader(self) -> dict[str, object]:
        """What the page may know of the card reader before a check begins."""
        slot = self._parts.slot
        return {"reader": slot.kind, "sample_card": slot.has_sample}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Talk with one page until it goes, or another one comes."""
        if "Origin" not in request.headers:
            raise web.HTTPForbidden(reason="origin_missing")
        line = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, max_msg_size=LONGEST_MESSAGE, timeout=GOODBYE_S
        )
        await line.prepare(request)
        before, self._line = self._line, line
        if before is not None:
            await self._stop_check()
            await self._say(before, IdentityOver(why="replaced"))
            await before.close(code=WSCloseCode.POLICY_VIOLATION)
        try:
            await self._listen(line)
        finally:
            if self._line is line:
                self._line = None
                await self._stop_check()
        return line

    async def close(self, _app: web.Application | None = None) -> None:
        """Break off what is going on, and the line to the page."""
        await self._stop_check()
        if self._line is not None:
            await self._line.close(code=WSCloseCode.GOING_AWAY)

    async def _listen(self, line: web.WebSocketResponse) -> None:
        async for message in line:
            if message.type is not WSMsgType.TEXT:
                break
            try:
                said = page_message.validate_json(message.data)
            except ValidationError as odd:
                log.warning("the page said something else", extra={"faults": odd.error_count()})
                break
            if isinstance(said, StartIdentity):
                await self._stop_check()
                self._start_check(line, said)
            elif self._check is not None:
                self._check.hear(said)
        await line.close(code=WSCloseCode.UNSUPPORTED_DATA)

    def _start_check(self, line: web.WebSocketResponse, start: StartIdentity) -> None:
        async def tell(message: ProgramMessage) -> None:
            await self._say(line, message)

        self._check = IdentityCheck(self._parts, start, tell)
        self._running = asyncio.create_task(self._check.run(), name="identity check")
        self._running.add_done_callback(_told_if_broken)

    async def _stop_check(self) -> None:
        """Break off the check that is going on; back when it has forgotten what it saw."""
        running, self._running, self._check = self._running, None, None
        if running is not None:
            # Once: a second cancellation would break off the forgetting.
            running.cancel()
            self._ending.add(running)
            running.add_done_callback(self._ending.discard)
        if self._ending:
            await asyncio.wait(set(self._ending))

    @staticmethod
    async def _say(line: web.WebSocketResponse, message: BaseModel) -> None:
        if line.closed:
            return
        try:
            await line.send_str(message.model_dump_json())
        except ConnectionError:
            log.info("the page is gone", extra={"type": getattr(message, "type", "")})


def _told_if_broken(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (failure := task.exception()) is not None:
        # The kind only: the text of an exception may quote what is nobody's business.
        log.error("a check of identity broke", extra={"kind": type(failure).__name__})
