"""Who is told what, and when.

Whoever a change concerns is told at once. The others who could see it (the line on every desk,
the places before a waiting resident, the walls) are told together a few times a second. A view is
the state, so to a client that is behind only the newest one is sent, once it has caught up.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Final

from service_queue.changes import Changes
from service_queue.desk_views import desk_view
from service_queue.forecast import Forecast
from service_queue.hall import Hall
from service_queue.kiosk_views import kiosk_view, waiting_key
from service_queue.view_parts import Surroundings, no_wait
from signaling.protocol.events import DeskUpdated, KioskUpdated, Welcomed
from signaling.protocol.message import Message
from signaling.protocol.signals import IceServer
from signaling.protocol.version import PROTOCOL_VERSION
from signaling.protocol.words import Role
from signaling.server.audience import Audience
from signaling.server.client_table import ClientTable
from signaling.server.connection import Connection
from signaling.server.ice import ice_servers
from signaling.server.metrics import WireMetrics
from signaling.server.presence import Presence
from signaling.server.rounds import REST, Rounds
from signaling.server.settings import SignalingSettings
from signaling.server.wall_feed import WallFeed

_BEHIND_BYTES: Final = 64 * 1024
"""A client with more than this unread gets no further views until it has read them."""


class Publisher:
    """Builds views from the hall's mirror and pushes them."""

    def __init__(
        self,
        *,
        hall: Hall,
        presence: Presence,
        table: ClientTable,
        settings: SignalingSettings,
        metrics: WireMetrics,
        forecast: Forecast | None = None,
    ) -> None:
        self._hall = hall
        self._presence = presence
        self._table = table
        self._settings = settings
        self._metrics = metrics
        self._wall = WallFeed()
        self._audience = Audience(hall, presence)
        self._concerned: dict[Connection, None] = {}
        self._behind: set[Connection] = set()
        self._at_once: asyncio.Handle | None = None
        self._soon: asyncio.TimerHandle | None = None
        self._around = Surroundings(
            kiosk_online=self._kiosk_online,
            kiosk_restarts_ice=lambda kiosk_id: _restarts_ice(presence.kiosk_page(kiosk_id)),
            agent_restarts_ice=lambda agent_id: _restarts_ice(presence.desk(agent_id)),
            ice_servers=self._ice_servers,
            wait_of=no_wait if forecast is None else forecast.wait_of,
        )
        self._rest_s = 0.0
        """How long the loop is left alone before the rest is told again."""
        self._rounds = Rounds()
        self._undo = [hall.subscribe(self._follow)]
        if forecast is not None:
            self._undo.append(forecast.subscribe(self._news))

    def close(self) -> None:
        """Tell nobody anything any more."""
        for undo in self._undo:
            undo()
        for handle in (self._at_once, self._soon):
            if handle is not None:
                handle.cancel()

    # --- for the hub -----------------------------------------------------------------------

    def welcome(self, connection: Connection) -> None:
        """Greet a connection, and send it what it shows."""
        connection.welcomed = True
        self._greet(connection)
        self.sync(connection)
        if connection.role in (Role.KIOSK_PAGE, Role.AGENT):
            self._at_once_to(self._audience.peers_of(connection))
        if self._presence.walls():
            self._tell_the_rest_soon()

    def forget(self, connection: Connection) -> None:
        """A connection is gone."""
        self._concerned.pop(connection, None)
        self._behind.discard(connection)
        self._audience.stand_up(connection)
        if self._presence.walls():
            self._tell_the_rest_soon()

    def sync(self, connection: Connection) -> None:
        """Send a connection its view whether or not it changed."""
        connection.last_view = connection.last_key = None
        if connection.place is None:
            self._behind.add(connection)  # no step before the picture it starts from
            self._advance_walls()
            self._reset_wall(connection)
        else:
            self._send_view(connection)

    def send(self, connection: Connection, event: Message) -> bool:
        """Send an event; False when nobody is there to read it."""
        if not connection.welcomed or connection.ending:
            return False
        sent = self._table.push(connection.sid, event.model_dump_json())
        if sent:
            self._metrics.pushes.labels(_type(event)).inc()
        return sent

    def tick(self) -> None:
        """Once a second: the walls learn how far they must be."""
        walls = self._presence.walls()
        if not walls:
            return
        self._advance_walls()
        tick = self._wall.tick(self._hall.clock.now())
        for wall in walls:
            if wall not in self._behind:
                self.send(wall, tick)

    # --- following the hall ----------------------------------------------------------------

    def _follow(self, changes: Changes) -> None:
        if changes.reference:
            self._at_once_to(self._presence)
        else:
            self._at_once_to(self._audience.concerned_by(changes))
        self._news()

    def _news(self) -> None:
        self._rounds.hear()
        self._tell_the_rest_soon()

    def _at_once_to(self, connections: Iterable[Connection]) -> None:
        self._concerned.update(dict.fromkeys(connections))
        if self._at_once is None and self._concerned:
            # Commits that arrive together in one turn of the loop make one view.
            self._at_once = asyncio.get_running_loop().call_soon(self._tell_concerned)

    def _tell_concerned(self) -> None:
        self._at_once = None
        concerned, self._concerned = self._concerned, {}
        for connection in concerned:
            self._send_view(connection)

    def _tell_the_rest_soon(self) -> None:
        if self._soon is None:
            after = max(self._settings.wall_interval_s, self._rest_s)
            self._soon = asyncio.get_running_loop().call_later(after, self._tell_the_rest)

    def _tell_the_rest(self) -> None:
        self._soon = None
        began = time.perf_counter()
        behind, self._behind = self._behind, set()
        for connection in behind:
            if connection.place is None:
                self._reset_wall(connection)
        self._tell_next()
        for connection in behind:
            self._send_view(connection)
        if self._presence.walls():
            self._advance_walls()
        self._rest_s = REST * (time.perf_counter() - began)
        if self._behind or self._rounds.goes_on:
            self._tell_the_rest_soon()

    def _tell_next(self) -> None:
        mirror, now = self._hall.mirror, self._hall.clock.now()
        tickets, desks = self._rounds.take(mirror.line(now), self._audience.desks())
        for ticket_id in tickets:
            ticket = mirror.waiting_row(ticket_id)
            page = None if ticket is None else self._presence.kiosk_page(ticket.kiosk_id)
            if ticket is None or page is None:
                continue
            key = waiting_key(mirror, ticket, now, self._around)
            if key != page.last_key:
                self._send_view(page)
                page.last_key = key
        for desk in desks:
            self._send_view(desk)

    # --- sending ---------------------------------------------------------------------------

    def _greet(self, connection: Connection) -> None:
        principal = connection.principal
        seat = None if principal.agent_id is None else self._seat_of(connection)
        self.send(
            connection,
            Welcomed(
                protocol=PROTOCOL_VERSION,
                server_version=self._settings.server_version,
                server_time=self._hall.clock.now(),
                role=connection.role,
                subject=principal.subject,
                seat_id=seat,
            ),
        )

    def _seat_of(self, connection: Connection) -> str | None:
        if connection.role is not Role.AGENT or connection.principal.agent_id is None:
            return None
        seat = self._hall.mirror.seat_of_agent(connection.principal.agent_id)
        return None if seat is None else seat.id

    def _send_view(self, connection: Connection) -> None:
        """Send the newest view, unless it says what the last one said."""
        if not connection.welcomed or not self._presence.holds(connection):
            return
        if connection.role is Role.AGENT:
            self._note_seat(connection)
        event = self._view_event(connection)
        if event is None:
            return
        timeless = _without_times(event)
        if timeless == connection.last_view:
            return
        if self._table.backlog(connection.sid) > _BEHIND_BYTES:
            self._behind.add(connection)
            self._tell_the_rest_soon()
        elif self.send(connection, event):
            connection.last_view = timeless

    def _view_event(self, connection: Connection) -> KioskUpdated | DeskUpdated | None:
        mirror, now = self._hall.mirror, self._hall.clock.now()
        if connection.role is Role.KIOSK_PAGE:
            kiosk = kiosk_view(mirror, connection.principal.subject, now, self._around)
            return None if kiosk is None else KioskUpdated(view=kiosk)
        seat_id = self._seat_of(connection)
        desk = None if seat_id is None else desk_view(mirror, seat_id, now, self._around)
        return None if desk is None else DeskUpdated(view=desk)

    def _note_seat(self, connection: Connection) -> None:
        """Follow an agent from seat to seat; one who lost the seat is greeted anew, without one."""
        seat_id = self._seat_of(connection)
        if connection.seat_id not in (None, seat_id):
            self._audience.stand_up(connection)
            connection.last_view = None
            if seat_id is None:
                self._greet(connection)
        if seat_id is not None:
            self._audience.sit(connection, seat_id)

    def _advance_walls(self) -> None:
        step = self._wall.advance(self._hall.mirror, self._hall.clock.now(), self._around)
        if step is None:
            return
        for wall in self._presence.walls():
            if wall in self._behind:
                continue
            if self._table.backlog(wall.sid) > _BEHIND_BYTES:
                self._behind.add(wall)
            else:
                self.send(wall, step)
        if self._behind:
            self._tell_the_rest_soon()

    def _reset_wall(self, wall: Connection) -> None:
        if not self._presence.holds(wall):
            return
        if self._table.backlog(wall.sid) > _BEHIND_BYTES:
            self._behind.add(wall)
            self._tell_the_rest_soon()
        else:
            self._behind.discard(wall)
            self.send(wall, self._wall.reset(self._hall.clock.now()))

    # --- surroundings ----------------------------------------------------------------------

    def _kiosk_online(self, kiosk_id: str) -> bool:
        presence = self._presence
        return (presence.kiosk_page(kiosk_id) or presence.kiosk_device(kiosk_id)) is not None

    def _ice_servers(self, subject: str) -> tuple[IceServer, ...]:
        settings = self._settings
        return ice_servers(settings.stun_urls, settings.turn, subject, self._hall.clock.now())


def _restarts_ice(connection: Connection | None) -> bool:
    """What is not there will most likely come back as a browser."""
    return connection is None or connection.restarts_ice


def _type(event: Message) -> str:
    kind: str = getattr(event, "type", "")
    return kind


def _without_times(event: KioskUpdated | DeskUpdated) -> KioskUpdated | DeskUpdated:
    """The event without what differs each time."""
    times = {"seq": 0, "server_time": 0.0}
    return event.model_copy(update={"view": event.view.model_copy(update=times)})
