"""The server program, put together: everything is opened here and closed in reverse."""

from __future__ import annotations

import asyncio
import datetime
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry

from seat_server.accounts import Accounts
from seat_server.admission import Admission
from seat_server.api.administration import AdministrationApi
from seat_server.api.appointments import AppointmentApi
from seat_server.api.devices import DeviceApi
from seat_server.api.document import DocumentApi
from seat_server.api.hall import HallApi
from seat_server.api.identity import IdentityApi
from seat_server.api.items import ItemApi
from seat_server.api.journal import JournalApi
from seat_server.api.policy import PolicyApi
from seat_server.api.router import MAX_BODY_BYTES, ApiRouter
from seat_server.api.session import SessionApi
from seat_server.api.tickets import TicketApi
from seat_server.api.visit import LOOPBACK_COOKIE, TLS_COOKIE, Reception
from seat_server.attempts import Attempts
from seat_server.database import Database
from seat_server.devices import Devices
from seat_server.health import ChainFigures, HallFigures, Health
from seat_server.http import answer_failures, stamp_headers, write_log
from seat_server.identity import IdentityChecks
from seat_server.keyring import open_keyring
from seat_server.ledger import Ledger, Part
from seat_server.listener import Listener, open_listener
from seat_server.lock import hold_data_dir
from seat_server.pages import STATIC_DIR, Pages, security_headers
from seat_server.passwords import Passwords
from seat_server.revisions import RevisionWatch
from seat_server.seal import Seal
from seat_server.seal_keys import SealKeyFile
from seat_server.sessions import Sessions
from seat_server.settings import Settings
from seat_server.tokens import TokenMint
from service_queue.chain_keeper import open_chain_keeper
from service_queue.clock import Clock, SteadyClock
from service_queue.forecast import Forecast, open_forecast
from service_queue.hall import Hall, open_hall
from service_queue.store import Store
from service_queue.view_parts import Surroundings
from service_queue.wall_views import wall_view
from signaling.protocol.views import WallView
from signaling.server.ice import TurnSecret
from signaling.server.settings import SignalingSettings
from signaling.server.signaling import Signaling, open_signaling
from signaling.server.tuning import LISTEN_BACKLOG, tune_for_many_sockets

log = logging.getLogger(__name__)

EXIT_FORCED: Final = 70
"""The stop took longer than allowed; nothing is lost by it, answers are given after commits."""

DRAIN_S: Final = 2.0
"""How long a request under way may take once the sockets are closed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningServer:
    """A server that listens."""

    url: str
    origins: frozenset[str]
    hall: Hall
    signaling: Signaling
    accounts: Accounts
    admission: Admission
    devices: Devices
    ledger: Ledger
    pages_built: bool


async def serve(
    settings: Settings, *, version: str, on_ready: Callable[[RunningServer], None]
) -> None:
    """Run the server until SIGTERM or SIGINT; then stop within `stop_within_s`, come what may."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_server(settings, version=version) as server:
        tune_for_many_sockets()
        on_ready(server)
        await stop.wait()
        log.info("stopping")
        deadline = threading.Timer(settings.stop_within_s, os._exit, (EXIT_FORCED,))
        deadline.daemon = True
        deadline.start()
    deadline.cancel()
    log.info("stopped")


@asynccontextmanager
async def open_server(
    settings: Settings,
    *,
    version: str,
    clock: Clock | None = None,
    passwords: Passwords | None = None,
) -> AsyncIterator[RunningServer]:
    """Open everything and listen; close it in reverse. `passwords` hashes at other costs.

    Raises:
        AlreadyRunning, DatabaseRefused, KeyFileInvalid, ListenRefused, StoreUnavailable.
    """
    clock = clock or SteadyClock()
    async with AsyncExitStack() as stack:
        stack.enter_context(hold_data_dir(settings.data_dir, shared=settings.shares_database))
        keys = open_keyring(settings.data_dir)
        database = _ready_database(settings)
        listener = open_listener(settings)
        stack.callback(listener.socket.close)
        store = Store.open(settings.database_url)
        stack.push_async_callback(store.close)
        # Before the hall, so that it seals also what the hall writes at its end.
        chain = await stack.enter_async_context(open_chain_keeper(store, clock))
        seal = Seal(SealKeyFile(settings.data_dir).read, keys.note_key)
        ledger = Ledger(store, clock, seal)
        watch = RevisionWatch(ledger, await ledger.revisions())
        hall = await stack.enter_async_context(
            open_hall(store, clock=clock, sealer=seal, policy=settings.queue)
        )
        forecast = await stack.enter_async_context(open_forecast(hall))
        registry = CollectorRegistry()
        sessions = Sessions(ledger, settings.session, keys.token_key)
        devices = Devices(ledger, settings.devices, keys.token_key)
        accounts = Accounts(ledger, passwords or Passwords())
        mint = TokenMint(keys.token_key, clock)
        admission = Admission(sessions, devices, mint)
        await admission.refresh()

        app = _application(listener)
        signaling = await stack.enter_async_context(
            open_signaling(
                app,
                hall=hall,
                verifier=admission,
                settings=_wire_settings(settings, listener, version),
                registry=registry,
                forecast=forecast,
            )
        )
        registry.register(HallFigures(hall, signaling))
        registry.register(ChainFigures(chain))
        cookie = LOOPBACK_COOKIE if listener.tls is None else TLS_COOKIE
        document = DocumentApi(version=version, cookie=cookie)
        attempts = _attempts("sign-in", settings)
        router = ApiRouter(
            [
                ItemApi(ledger),
                SessionApi(
                    accounts,
                    sessions,
                    mint,
                    attempts,
                    socket_token_s=settings.session.socket_token_s,
                ),
                DeviceApi(
                    devices,
                    mint,
                    _attempts("enrol", settings),
                    token_s=settings.devices.token_minutes * 60.0,
                ),
                HallApi(ledger, _wall(hall, signaling, forecast)),
                IdentityApi(IdentityChecks(hall, devices, admission), accounts, attempts),
                TicketApi(ledger),
                AppointmentApi(ledger),
                JournalApi(ledger),
                PolicyApi(ledger, hall),
                AdministrationApi(accounts, sessions, devices),
            ],
            reception=Reception(sessions, own_origins=listener.origins, cookie=cookie),
            kiosk_origins=admission.kiosk_origins,
            registry=registry,
        )
        pages = Pages(settings.static_dir or STATIC_DIR)
        app.add_routes(router.routes())
        app.add_routes(document.routes(router.endpoints))
        app.add_routes(pages.routes())
        app.add_routes(Health(store, hall, registry, database.head()).routes())
        admission.guard(in_use=signaling.sessions_in_use, revoke=signaling.revoke)
        # The picture first: who is let in is at a place that it knows.
        watch.follow(hall.reload, Part.CATALOGUE, Part.DISTRICT)
        watch.follow(admission.refresh, Part.ACCESS, Part.DISTRICT, by_time=True)
        _keep(stack, watch.run(), name="revision-watch")
        await _listen(stack, app, listener)
        log.info("listening", extra={"url": listener.url, "version": version})
        yield RunningServer(
            url=listener.url,
            origins=listener.origins,
            hall=hall,
            signaling=signaling,
            accounts=accounts,
            admission=admission,
            devices=devices,
            ledger=ledger,
            pages_built=pages.are_built,
        )


def _ready_database(settings: Settings) -> Database:
    """The database in this version's shape; brought there if the settings allow."""
    database = Database(settings.database_url, settings.data_dir)
    if settings.database.auto_migrate:
        copy = database.migrate(datetime.datetime.now(datetime.UTC))
        if copy is not None:
            log.info("database upgraded", extra={"copy": str(copy)})
    database.require_head()
    return database


def _application(listener: Listener) -> web.Application:
    app = web.Application(middlewares=[write_log, answer_failures], client_max_size=MAX_BODY_BYTES)
    headers = security_headers(listener.origins, tls=listener.tls is not None)
    app.on_response_prepare.append(stamp_headers(headers))
    return app


def _wire_settings(settings: Settings, listener: Listener, version: str) -> SignalingSettings:
    ice = settings.ice
    turn = None
    if ice.turn_urls and ice.turn_secret is not None:
        turn = TurnSecret(
            urls=ice.turn_urls,
            secret=ice.turn_secret.get_secret_value(),
            lifetime_s=ice.turn_minutes * 60,
        )
    return SignalingSettings(
        own_origins=listener.origins,
        server_version=version,
        stun_urls=ice.stun_urls,
        turn=turn,
        allow_loopback_media=ice.allow_loopback or settings.is_loopback,
    )


def _attempts(kind: str, settings: Settings) -> Attempts:
    return Attempts(
        kind,
        per_name=settings.session.failures_per_login,
        per_address=settings.session.failures_per_address,
        window_minutes=settings.session.failure_window_minutes,
    )


def _wall(hall: Hall, signaling: Signaling, forecast: Forecast) -> Callable[[], WallView]:
    """The wall's picture of any moment, for whoever asks over REST."""
    around = Surroundings(
        kiosk_online=signaling.is_kiosk_online,
        kiosk_restarts_ice=lambda _kiosk_id: True,
        agent_restarts_ice=lambda _agent_id: True,
        ice_servers=lambda _subject: (),
        wait_of=forecast.wait_of,
    )
    return lambda: wall_view(hall.mirror, hall.clock.now(), around)


def _keep(stack: AsyncExitStack, work: Coroutine[object, object, None], *, name: str) -> None:
    """Run `work` until the stack is closed, and wait for its end then."""
    task = asyncio.create_task(work, name=name)

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)


async def _listen(stack: AsyncExitStack, app: web.Application, listener: Listener) -> None:
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=DRAIN_S)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.SockSite(runner, listener.socket, ssl_context=listener.tls, backlog=LISTEN_BACKLOG)
    await site.start()
