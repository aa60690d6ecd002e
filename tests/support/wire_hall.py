"""The real hall behind the real wire on a real port, and plain Socket.IO clients for it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import socketio
from aiohttp import web
from prometheus_client import CollectorRegistry

from service_queue.policy import Policy
from signaling.protocol.errors import TokenExpired, TokenInvalid
from signaling.protocol.events import (
    Answer,
    DeskUpdated,
    KioskUpdated,
    ServerEvent,
    answer,
    server_event,
)
from signaling.protocol.message import Message
from signaling.protocol.version import PROTOCOL_VERSION
from signaling.protocol.words import Role
from signaling.server import Principal, Signaling, SignalingSettings, open_signaling
from tests.support.hall_builder import HallDriver, HandClock, open_district

OWN_ORIGIN = "https://hall.example:8443"
PATIENCE_S = 15.0
"""Longer than anything here takes; a test that waits for so long has failed."""

E = TypeVar("E", bound=Message)


class TableVerifier:
    """Knows tokens by heart: `kiosk:K01`, `device:K01`, `agent:a01`, `supervisor:s01`, `admin:x01`.

    A token of an agent stands on the session `session-a01`.
    """

    def __init__(self) -> None:
        self.expired: set[str] = set()
        self.revoked: set[str] = set()

    async def verify(self, token: str) -> Principal:
        kind, _, subject = token.partition(":")
        if token in self.expired:
            raise TokenExpired
        if not subject or kind not in _ROLES or token in self.revoked:
            raise TokenInvalid
        role = _ROLES[kind]
        if role in (Role.KIOSK_PAGE, Role.KIOSK_DEVICE):
            origin = "http://127.0.0.1:7180"
            return Principal(role=role, kiosk_id=subject, page_origin=origin, expires_at=1e12)
        return Principal(
            role=role,
            agent_id=subject,
            agent_name=f"坐席{subject[1:]}",
            session_id=f"session-{subject}",
            expires_at=1e12,
        )


_ROLES = {
    "kiosk": Role.KIOSK_PAGE,
    "device": Role.KIOSK_DEVICE,
    "agent": Role.AGENT,
    "supervisor": Role.SUPERVISOR,
    "admin": Role.ADMIN,
}


class ConnectRefused(Exception):
    """The server answered CONNECT with a code."""


class Client:
    """A Socket.IO client that keeps every event and waits for the one a test wants."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.events: list[ServerEvent] = []
        self.gone = asyncio.Event()
        self._news = asyncio.Condition()
        self._op = 0
        self._refusal: object = None
        self._sio: Any = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        self._sio.on("event", self._on_event)
        self._sio.on("connect_error", self._on_connect_error)
        self._sio.on("disconnect", self._on_disconnect)

    async def connect(
        self,
        token: str,
        *,
        origin: str | None = None,
        protocol: int = PROTOCOL_VERSION,
        **hello: Any,
    ) -> None:
        headers = {} if origin is None else {"Origin": origin}
        auth = {"token": token, "protocol": protocol, "client": "test", **hello}
        try:
            await self._sio.connect(self.url, auth=auth, headers=headers, transports=["websocket"])
        except socketio.exceptions.ConnectionError as failure:
            raise ConnectRefused(self._refusal or str(failure)) from None

    async def send(self, kind: str, **fields: Any) -> Answer:
        """Send a command that carries an operation id."""
        self._op += 1
        return await self.send_raw({"type": kind, "op_id": f"{id(self)}-{self._op}", **fields})

    async def send_raw(self, payload: Any, event: str = "command") -> Answer:
        return answer.validate_python(await self._sio.call(event, payload, timeout=PATIENCE_S))

    async def wait_for(self, kind: type[E], that: Callable[[E], bool] = lambda _: True) -> E:
        """The newest event of a kind that fits, waited for if it is not there yet."""

        def newest() -> E | None:
            fitting = (e for e in reversed(self.events) if isinstance(e, kind) and that(e))
            return next(fitting, None)

        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(lambda: newest() is not None)
        found = newest()
        assert found is not None
        return found

    def heard(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until_gone(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.gone.wait()

    async def close(self) -> None:
        await self._sio.disconnect()
        await self._sio.shutdown()

    async def _on_event(self, raw: object) -> None:
        async with self._news:
            self.events.append(server_event.validate_python(raw))
            self._news.notify_all()

    async def _on_connect_error(self, reason: object) -> None:
        self._refusal = reason.get("message") if isinstance(reason, dict) else reason

    async def _on_disconnect(self, _reason: object) -> None:
        self.gone.set()


class WireHall:
    """A running server, and what a test may reach of it."""

    def __init__(
        self,
        district: HallDriver,
        signaling: Signaling,
        verifier: TableVerifier,
        registry: CollectorRegistry,
        port: int,
    ) -> None:
        self.district = district
        self.signaling = signaling
        self.verifier = verifier
        self.port = port
        self._registry = registry
        self._clients: list[Client] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def kiosk(self, n: int, **options: Any) -> Client:
        return await self.client(f"kiosk:K{n:02d}", **options)

    async def agent(self, n: int, **options: Any) -> Client:
        return await self.client(f"agent:a{n:02d}", origin=OWN_ORIGIN, **options)

    async def wall(self) -> Client:
        return await self.client("supervisor:s01", origin=OWN_ORIGIN)

    async def client(self, token: str, **options: Any) -> Client:
        client = Client(self.url)
        self._clients.append(client)
        await client.connect(token, **options)
        return client

    async def ringing(self, **hello: Any) -> tuple[Client, Client, str]:
        """A kiosk and a desk whose ticket offer rings; its id, which is the call's."""
        agent, kiosk = await self.agent(1), await self.kiosk(1, **hello)
        await agent.send("seat.sign_in", seat_id="01")
        await agent.send("seat.open")
        await kiosk.send("ticket.take", item_code="pension")
        desk = await agent.wait_for(DeskUpdated, lambda e: e.view.link is not None)
        await kiosk.wait_for(KioskUpdated, lambda e: e.view.link is not None)
        assert desk.view.link is not None
        return kiosk, agent, desk.view.link.call_id

    @asynccontextmanager
    async def raw_socket(
        self, origin: str | None = None
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A WebSocket without any Socket.IO library, opened and not yet introduced."""
        headers = {} if origin is None else {"Origin": origin}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.ws_connect(f"{self.url}/socket.io/?EIO=4&transport=websocket") as socket,
        ):
            assert (await socket.receive_str()).startswith("0{")
            yield socket

    def count(self, name: str, **labels: str) -> float:
        """The value of a metric."""
        return self._registry.get_sample_value(f"xiaowu_wire_{name}", labels) or 0.0

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something that announces itself nowhere has come true."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():  # noqa: ASYNC110  there is no event to wait for
                await asyncio.sleep(0.01)

    async def close_clients(self) -> None:
        for client in self._clients:
            await client.close()


@asynccontextmanager
async def open_wire_hall(
    folder: Path,
    *,
    policy: Policy | None = None,
    clock: HandClock | None = None,
    kiosks: int = 6,
    **settings: Any,
) -> AsyncIterator[WireHall]:
    """Open a district and serve its wire on a free port of 127.0.0.1."""
    chosen = replace(
        SignalingSettings(
            own_origins=frozenset({OWN_ORIGIN}),
            server_version="9.9",
            allow_loopback_media=True,
            closing_spread_s=1.0,
        ),
        **settings,
    )
    verifier, registry = TableVerifier(), CollectorRegistry()
    async with open_district(folder, policy=policy, clock=clock, kiosks=kiosks) as district:
        app = web.Application()
        async with open_signaling(
            app,
            hall=district.hall,
            verifier=verifier,
            settings=chosen,
            registry=registry,
            rng=random.Random(1),
        ) as signaling:
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            assert site._server is not None
            port: int = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # asyncio's
            hall = WireHall(district, signaling, verifier, registry, port)
            try:
                yield hall
            finally:
                await hall.close_clients()
                await runner.cleanup()
