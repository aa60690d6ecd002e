"""A small real Socket.IO server that speaks the protocol, for tests of the client side.

It is python-socketio on aiohttp on a real port; what it answers is up to the test. It keeps what
it heard, can push events, and can be stopped and started again on the same port.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Self

import socketio
from aiohttp import web

from signaling.protocol.commands import ClientMessage, client_message
from signaling.protocol.events import Answer, Done, Hello, Refused, ServerEvent

Answerer = Callable[[str, ClientMessage], Awaitable[Answer | None]]
"""Gets the token and the message; None answers nothing at all."""


async def say_done(_token: str, message: ClientMessage) -> Answer:
    """Answer `done` to everything."""
    return Done(op_id=getattr(message, "op_id", None))


class WireServer:
    """The server; `async with WireServer() as server:` then `server.url`."""

    def __init__(self, *, answer: Answerer = say_done, ping_s: float = 5.0) -> None:
        self.answer = answer
        self.port = 0
        self.refuse_with: Callable[[Hello], str | None] = lambda _hello: None
        """Gives the code to refuse a CONNECT with, or None to let it in."""
        self.hellos: list[Hello] = []
        self.heard: list[ClientMessage] = []
        self.on_connect: Callable[[str, Hello], Awaitable[None]] | None = None
        self.on_disconnect: Callable[[str], Awaitable[None]] | None = None
        self.tokens: dict[str, str] = {}
        self._ping_s = ping_s
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, on the port of last time if there was one."""
        sio: Any = socketio.AsyncServer(
            async_mode="aiohttp",
            transports=["websocket"],
            cors_allowed_origins="*",
            async_handlers=False,
            ping_interval=self._ping_s,
            ping_timeout=self._ping_s,
        )
        sio.on("connect", self._connect)
        sio.on("disconnect", self._disconnect)
        sio.on("command", self._command)
        app = web.Application()
        sio.attach(app)
        self._sio = sio
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        assert site._server is not None
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # asyncio's server

    async def stop(self) -> None:
        """Drop everybody and stop listening."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            for sid in list(self.tokens):
                await self._sio.disconnect(sid)
            await runner.cleanup()
            await self._sio.shutdown()

    async def push(self, event: ServerEvent, *, to: str | None = None) -> None:
        """Send `event` to the connection `to`, or to everybody."""
        await self._sio.emit("event", event.model_dump(mode="json"), to=to)

    async def kick(self) -> None:
        """Disconnect everybody, politely."""
        for sid in list(self.tokens):
            await self._sio.disconnect(sid)

    async def _connect(self, sid: str, _environ: object, auth: object) -> None:
        hello = Hello.model_validate(auth)
        self.hellos.append(hello)
        code = self.refuse_with(hello)
        if code is not None:
            raise socketio.exceptions.ConnectionRefusedError(code)
        self.tokens[sid] = hello.token
        if self.on_connect is not None:
            await self.on_connect(sid, hello)

    async def _disconnect(self, sid: str, _reason: str) -> None:
        self.tokens.pop(sid, None)
        if self.on_disconnect is not None:
            await self.on_disconnect(sid)

    async def _command(self, sid: str, raw: object) -> Any:
        message = client_message.validate_python(raw)
        self.heard.append(message)
        said = await self.answer(self.tokens[sid], message)
        return None if said is None else said.model_dump(mode="json")


def refuse(code: str) -> Answerer:
    """An answerer that refuses everything with `code`."""

    async def answer(_token: str, message: ClientMessage) -> Answer:
        return Refused(op_id=getattr(message, "op_id", None), code=code)

    return answer
