"""Is the program up, can it serve, and its figures."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from aiohttp import web
from alembic.runtime.migration import MigrationContext
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from seat_server.ledger import Part, mark_changed
from service_queue.chain_keeper import ChainKeeper
from service_queue.hall import Hall
from service_queue.store import Store
from signaling.protocol.errors import Refusal
from signaling.protocol.words import SeatState, SeatStatus, TicketState
from signaling.server.signaling import Signaling

ANSWER_WITHIN_S: Final = 3.0
OVERDUE_S: Final = 5.0
"""A deadline of the hall may be so late before the hall counts as stuck."""


class Health:
    """Answers probes."""

    def __init__(self, store: Store, hall: Hall, registry: CollectorRegistry, head: str) -> None:
        """`head`: the shape of database this version wants."""
        self._store = store
        self._hall = hall
        self._registry = registry
        self._head = head

    def routes(self) -> list[web.RouteDef]:
        """What to add to an application."""
        return [
            web.get("/healthz", self._up),
            web.get("/readyz", self._ready),
            web.get("/metrics", self._metrics),
        ]

    async def _up(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "up"}, headers={"Cache-Control": "no-store"})

    async def _ready(self, _request: web.Request) -> web.Response:
        amiss = await self._amiss()
        return web.json_response(
            {"status": "not ready" if amiss else "ready", "amiss": amiss},
            status=HTTPStatus.SERVICE_UNAVAILABLE if amiss else HTTPStatus.OK,
            headers={"Cache-Control": "no-store"},
        )

    async def _amiss(self) -> list[str]:
        """What keeps the server from serving; empty when nothing does."""
        amiss = []
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                revision = await self._store.write(_probe)
                if revision != self._head:
                    amiss.append("the database has another shape: run xiaowu migrate")
        except (Refusal, SQLAlchemyError, TimeoutError):
            amiss.append("the database cannot be written")
        overdue_s = self._hall.clock.now() - self._hall.mirror.next_deadline()
        if overdue_s > OVERDUE_S:
            amiss.append("the hall does not keep its deadlines")
        return amiss

    async def _metrics(self, request: web.Request) -> web.Response:
        if not _is_local(request):
            raise web.HTTPNotFound
        body = generate_latest(self._registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


class HallFigures(Collector):
    """The hall in numbers, read from its picture when asked."""

    def __init__(self, hall: Hall, signaling: Signaling) -> None:
        self._hall = hall
        self._signaling = signaling

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Give the figures of this moment."""
        mirror = self._hall.mirror
        tickets = GaugeMetricFamily("xiaowu_tickets", "Open tickets", labels=["state"])
        open_tickets = [ticket for ticket in list(mirror.tickets.values()) if ticket.state.is_open]
        for state in TicketState:
            if state.is_open:
                count = sum(ticket.state is state for ticket in open_tickets)
                tickets.add_metric([state], count)
        yield tickets
        seats = GaugeMetricFamily("xiaowu_seats", "Seats", labels=["status", "state"])
        rows = list(mirror.seats.values())
        for status in SeatStatus:
            for seat_state in SeatState:
                count = sum(row.status is status and row.state is seat_state for row in rows)
                seats.add_metric([status, seat_state], count)
        yield seats
        waiting = [
            ticket.arrived_at for ticket in open_tickets if ticket.state is TicketState.WAITING
        ]
        longest = self._hall.clock.now() - min(waiting) if waiting else 0.0
        yield GaugeMetricFamily(
            "xiaowu_longest_wait_seconds", "How long the first in the line waits", value=longest
        )
        yield GaugeMetricFamily(
            "xiaowu_sockets", "Admitted connections", value=self._signaling.connections
        )


class ChainFigures(Collector):
    """How far the journal is sealed, as its keeper saw it last."""

    def __init__(self, chain: ChainKeeper) -> None:
        self._chain = chain

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Give the figures of this moment."""
        end = self._chain.end
        yield GaugeMetricFamily(
            "xiaowu_journal_unsealed_rows",
            "Rows not in the chain of hashes yet",
            value=end.unsealed,
        )
        yield GaugeMetricFamily(
            "xiaowu_journal_sealed_rows", "Rows in the chain of hashes", value=end.count
        )


def _probe(connection: Connection) -> str | None:
    """Write something for real, and say which shape the database has."""
    mark_changed(connection, Part.PROBE)
    return MigrationContext.configure(connection).get_current_revision()


def _is_local(request: web.Request) -> bool:
    """True when a program on this machine asks, and not a proxy for somebody else."""
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
