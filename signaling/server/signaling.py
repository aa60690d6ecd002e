"""The hall's end of the wire, put together."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry

from service_queue.forecast import Forecast
from service_queue.hall import Hall
from signaling.server.closing import close_politely
from signaling.server.fault import log_fault
from signaling.server.gate import Gate
from signaling.server.health import KioskHealth
from signaling.server.hub import Hub
from signaling.server.metrics import WireMetrics
from signaling.server.principal import TokenVerifier
from signaling.server.settings import SignalingSettings

log = logging.getLogger(__name__)

SOCKET_PATH: Final = "/socket.io/"

_TICK_S: Final = 1.0
_LATE_S: Final = 0.5
"""A tick later than this says that this process was busy: then silence is no one's fault."""


class Signaling:
    """What the rest of the server may ask of the wire. Made by `open_signaling`."""

    def __init__(self, hub: Hub, settings: SignalingSettings, rng: random.Random) -> None:
        self._hub = hub
        self._settings = settings
        self._rng = rng
        self._closing: asyncio.Task[None] | None = None

    @property
    def connections(self) -> int:
        """How many clients are admitted."""
        return len(self._hub.presence)

    def revoke(self, grant: str) -> int:
        """End every connection that stands on a session id or a kiosk id, telling it why.

        To be called after the session or the device key was revoked where tokens are verified.
        """
        return self._hub.revoke(grant)

    def is_kiosk_online(self, kiosk_id: str) -> bool:
        """True while the page or the program of a kiosk is connected."""
        presence = self._hub.presence
        return (presence.kiosk_page(kiosk_id) or presence.kiosk_device(kiosk_id)) is not None

    def sessions_in_use(self) -> frozenset[str]:
        """The sign-ins with an open connection."""
        sessions = (each.principal.session_id for each in self._hub.presence)
        return frozenset(session for session in sessions if session is not None)

    def kiosk_health(self) -> Mapping[str, KioskHealth]:
        """The latest word of each kiosk's program since the start."""
        return self._hub.health.all()

    async def close(self) -> None:
        """Tell everybody that the server goes down, and end all connections. Safe to call again."""
        if self._closing is None:
            self._closing = asyncio.create_task(
                close_politely(self._hub, self._settings.closing_spread_s, self._rng)
            )
        await asyncio.shield(self._closing)


@asynccontextmanager
async def open_signaling(
    app: web.Application,
    *,
    hall: Hall,
    verifier: TokenVerifier,
    settings: SignalingSettings,
    registry: CollectorRegistry | None = None,
    rng: random.Random | None = None,
    forecast: Forecast | None = None,
) -> AsyncIterator[Signaling]:
    """Serve the wire under `/socket.io/` of `app`, which must not have started yet.

    With a `forecast`, kiosks and walls are told the waits.

    The app's own shutdown closes the connections first: aiohttp alone would wait a minute for them.
    """
    hub = Hub(
        hall=hall,
        gate=Gate(verifier, settings.own_origins),
        clock=hall.clock,
        settings=settings,
        metrics=WireMetrics(registry or CollectorRegistry()),
        forecast=forecast,
    )
    hub.server.attach(app, socketio_path=SOCKET_PATH.strip("/"))
    signaling = Signaling(hub, settings, rng or random.Random())

    async def close(_app: web.Application) -> None:
        await signaling.close()

    app.on_shutdown.append(close)
    keeper = asyncio.create_task(_keep_time(hub), name="signaling-ticks")
    try:
        yield signaling
    finally:
        await signaling.close()
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        hub.publisher.close()


async def _keep_time(hub: Hub) -> None:
    """Once a second: walls get their tick, and dead connections are ended."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _TICK_S
        await asyncio.sleep(_TICK_S)
        try:
            hub.server.ping()
            if loop.time() - due < _LATE_S:
                hub.server.sweep()
            hub.publisher.tick()
        except Exception as fault:  # the next tick must come whatever this one met
            log_fault(log, "a tick failed", fault)
