"""The kiosk's, the bot's, the tool's line to the server: it never gives up and never forgets.

A link is one client's wish to be connected. It makes a new connection whenever there is none,
waits longer after each failure, and re-sends a command under the same `op_id` until it is
answered, so a command is done once although it may be sent many times.
"""

from __future__ import annotations

import asyncio
import logging
import random as _random
import ssl
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import Final, Self
from uuid import uuid4

from pydantic import ValidationError

from signaling.client.backoff import full_jitter
from signaling.client.connection import Connection
from signaling.client.errors import LinkStopped, LinkUnavailable
from signaling.protocol.commands import Command, ReportHealth, SendSignal, SyncView
from signaling.protocol.errors import Refusal, TokenExpired, rebuild
from signaling.protocol.events import (
    AccessRevoked,
    AttachmentReplaced,
    CommandAnswer,
    Hello,
    Refused,
    ServerClosing,
    ServerEvent,
    Welcomed,
    answer,
    server_event,
)
from signaling.protocol.version import PROTOCOL_VERSION

log = logging.getLogger(__name__)

CONNECT_DEADLINE_S: Final = 8.0
ANSWER_DEADLINE_S: Final = 30.0
RESEND_AFTER_S: Final = 10.0
"""A live connection that has not answered a command for this long is asked again."""
EVENTS_AHEAD: Final = 1000
"""More unhandled events than this and the line is dropped: a fresh view is cheaper."""
STEADY_S: Final = 10.0
"""A connection that lasted this long clears the count of failures."""


class LinkStatus(StrEnum):
    """How the line stands."""

    CONNECTING = "connecting"
    ONLINE = "online"
    OFFLINE = "offline"
    """Lost or refused; the next attempt is being waited for."""
    REPLACED = "replaced"
    """The same kiosk or seat was opened elsewhere. Final."""
    REVOKED = "revoked"
    """The session or device was revoked. Final."""
    CLOSED = "closed"
    """Closed by us. Final."""


_FINAL = frozenset({LinkStatus.REPLACED, LinkStatus.REVOKED, LinkStatus.CLOSED})


def op_id() -> str:
    """A fresh id for one intention."""
    return uuid4().hex


class Link:
    """A typed connection that renews itself; use it as an async context manager."""

    def __init__(
        self,
        *,
        url: str,
        token: Callable[[], Awaitable[str]],
        client: str,
        on_event: Callable[[ServerEvent], Awaitable[None]],
        on_status: Callable[[LinkStatus, str | None], None] | None = None,
        restarts_ice: bool = False,
        origin: str | None = None,
        ca_file: Path | None = None,
        connect_deadline_s: float = CONNECT_DEADLINE_S,
        random: Callable[[], float] = _random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Make a link; nothing happens until it is entered.

        `token` is asked before every attempt. `on_event` is awaited for one event at a time, in
        order. `on_status` hears every change with the refusal's code, where there is one. People's
        roles are let in only from the server's own pages: a program names that `origin`.
        """
        self._url = url
        self._token = token
        self._client = client
        self._restarts_ice = restarts_ice
        self._origin = origin
        self._on_event = on_event
        self._on_status = on_status
        self._tls = None if ca_file is None else ssl.create_default_context(cafile=ca_file)
        self._connect_deadline_s = connect_deadline_s
        self._random = random
        self._sleep = sleep
        self._status = LinkStatus.CONNECTING
        self._events: asyncio.Queue[ServerEvent] = asyncio.Queue()
        self._changed = asyncio.Condition()
        self._connection: Connection | None = None
        self._retry_after_s = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self._closing: asyncio.Task[None] | None = None
        self.connections = 0
        """How often the line was established."""
        self.welcome: Welcomed | None = None
        """The newest greeting of the server."""

    async def __aenter__(self) -> Self:
        """Start connecting, in the background."""
        self._tasks = [
            asyncio.create_task(self._run(), name="link"),
            asyncio.create_task(self._deliver(), name="link events"),
        ]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Close."""
        await self.close()

    @property
    def status(self) -> LinkStatus:
        """How the line stands now."""
        return self._status

    async def online(self, deadline_s: float = ANSWER_DEADLINE_S) -> None:
        """Return when the line stands, or raise LinkUnavailable, LinkStopped."""
        try:
            async with asyncio.timeout(deadline_s):
                await self._standing()
        except TimeoutError as late:
            raise LinkUnavailable("not connected before the deadline") from late

    async def send(
        self,
        message: Command | SendSignal | SyncView | ReportHealth,
        *,
        deadline_s: float = ANSWER_DEADLINE_S,
    ) -> CommandAnswer:
        """Send `message` and return what the server answered.

        A command is sent again, with its `op_id`, after every loss of the line until it is
        answered or the deadline passes; anything else is sent once. Raises the server's Refusal,
        LinkUnavailable, or LinkStopped.
        """
        raw = message.model_dump(mode="json")
        again = isinstance(message, Command)
        try:
            async with asyncio.timeout(deadline_s):
                while True:
                    connection = await self._standing()
                    try:
                        async with asyncio.timeout(RESEND_AFTER_S if again else None):
                            said = answer.validate_python(await connection.call(raw))
                    except (ConnectionError, TimeoutError) as lost:
                        if not again:
                            raise LinkUnavailable("the line was lost before the answer") from lost
                        continue
                    if not isinstance(said, Refused):
                        return said
                    if said.code != TokenExpired.code:
                        raise rebuild(said.code, said.detail)
                    await connection.close()  # the next one brings a fresh token
        except TimeoutError as late:
            raise LinkUnavailable("no answer before the deadline") from late
        except ValidationError as odd:
            raise LinkUnavailable("the server's answer could not be read") from odd

    async def close(self) -> None:
        """End the link; idempotent, and complete even if the caller is cancelled."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="link close")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        await self._become(LinkStatus.CLOSED)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()

    async def _become(self, status: LinkStatus, code: str | None = None) -> None:
        async with self._changed:
            if self._status in _FINAL:
                return
            self._status = status
            self._changed.notify_all()
        if self._on_status is not None:
            self._on_status(status, code)

    async def _standing(self) -> Connection:
        async with self._changed:
            while True:
                if self._status in _FINAL:
                    raise LinkStopped(f"the link is {self._status}")
                connection = self._connection
                if connection is not None and not connection.is_lost:
                    return connection
                await self._changed.wait()

    async def _run(self) -> None:
        failures = 0
        expired_before = False
        clock = asyncio.get_running_loop().time
        while self._status not in _FINAL:
            code: str | None = None
            steady = False
            await self._become(LinkStatus.CONNECTING)
            try:
                self._connection = await self._connect()
                since = clock()
                self.connections += 1
                await self._become(LinkStatus.ONLINE)
                await self._connection.lost()
                steady = clock() - since >= STEADY_S
            except TokenExpired:
                if not expired_before:  # the clock ran out on the way: one more try at once
                    expired_before = True
                    continue
                code = TokenExpired.code
            except Refusal as refused:
                code = getattr(refused, "peer_code", refused.code)
                log.warning("the server refused the connection", extra={"code": code})
            except Exception as failure:  # whatever it is, the next attempt may work
                log.info("no connection", extra={"kind": type(failure).__name__})
            finally:
                connection, self._connection = self._connection, None
                if connection is not None:
                    await connection.close()
            expired_before = False
            failures = 1 if steady else failures + 1
            await self._become(LinkStatus.OFFLINE, code)
            if self._status not in _FINAL:
                retry_after_s, self._retry_after_s = self._retry_after_s, 0.0
                await self._sleep(retry_after_s + full_jitter(failures, random=self._random))

    async def _connect(self) -> Connection:
        async with asyncio.timeout(self._connect_deadline_s):
            token = await self._token()
        hello = Hello(
            token=token,
            protocol=PROTOCOL_VERSION,
            client=self._client,
            restarts_ice=self._restarts_ice,
        )
        return await Connection.open(
            self._url,
            hello=hello.model_dump(mode="json"),
            tls=self._tls,
            origin=self._origin,
            on_event=self._arrived,
            deadline_s=self._connect_deadline_s,
        )

    def _arrived(self, raw: object) -> None:
        try:
            event = server_event.validate_python(raw)
        except ValidationError:
            log.warning("the server sent an event that this build does not know")
            return
        if isinstance(event, ServerClosing):
            self._retry_after_s = max(0.0, min(event.retry_after_s, 300.0))
        self._events.put_nowait(event)
        if self._events.qsize() > EVENTS_AHEAD:
            log.warning("too many events wait; starting over with a fresh view")
            while not self._events.empty():
                self._events.get_nowait()
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._tasks.append(asyncio.create_task(self._connection.close(), name="link drop"))

    async def _deliver(self) -> None:
        while True:
            event = await self._events.get()
            if isinstance(event, Welcomed):
                self.welcome = event
            try:
                await self._on_event(event)
            except Exception:
                log.exception("an event could not be handled", extra={"type": event.type})
            if isinstance(event, AttachmentReplaced | AccessRevoked):
                final = isinstance(event, AttachmentReplaced)
                await self._become(LinkStatus.REPLACED if final else LinkStatus.REVOKED)
                self._drop()
