"""Who is attached to what, right now.

Kiosks and desks are durable; connections attach to them. The newest attachment wins. The hall is
told when a place is attached and when nobody is any more, in the order in which it happened.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Iterator

from service_queue.hall import Hall
from signaling.protocol.words import Role
from signaling.server.connection import Connection, Place

_TOLD: frozenset[Role] = frozenset({Role.KIOSK_PAGE, Role.AGENT})
"""Whose coming and going the hall keeps."""


class Presence:
    """The connections of this process, and which of them holds which place."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._closing = False
        self._connections: dict[str, Connection] = {}
        self._walls: dict[str, Connection] = {}
        self._holders: dict[Place, Connection] = {}
        self._locks: weakref.WeakValueDictionary[Place, asyncio.Lock] = (
            weakref.WeakValueDictionary()
        )

    # --- looking ---------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._connections)

    def __iter__(self) -> Iterator[Connection]:
        return iter(tuple(self._connections.values()))

    def find(self, sid: str) -> Connection | None:
        """The connection with this id."""
        return self._connections.get(sid)

    def kiosk_page(self, kiosk_id: str) -> Connection | None:
        """Who shows this kiosk's page."""
        return self._holders.get(Place(Role.KIOSK_PAGE, kiosk_id))

    def kiosk_device(self, kiosk_id: str) -> Connection | None:
        """The program of this kiosk."""
        return self._holders.get(Place(Role.KIOSK_DEVICE, kiosk_id))

    def desk(self, agent_id: str) -> Connection | None:
        """Who shows this agent's desk."""
        return self._holders.get(Place(Role.AGENT, agent_id))

    def walls(self) -> list[Connection]:
        """Those who watch the wall."""
        return list(self._walls.values())

    def holds(self, connection: Connection) -> bool:
        """True while `connection` is known and nobody has taken its place."""
        if self._connections.get(connection.sid) is not connection:
            return False
        place = connection.place
        return place is None or self._holders.get(place) is connection

    def granted_by(self, grant: str) -> list[Connection]:
        """Connections that stand on a session or on a kiosk's device key."""
        return [
            each
            for each in self._connections.values()
            if grant in (each.principal.session_id, each.principal.kiosk_id)
        ]

    # --- coming and going ------------------------------------------------------------------

    async def attach(self, connection: Connection) -> Connection | None:
        """Give `connection` its place; returns who held it until now.

        Raises:
            Refusal: the hall cannot take it; then whoever held the place still does.
        """
        place = connection.place
        self._connections[connection.sid] = connection
        if place is None:
            self._walls[connection.sid] = connection
            return None
        older = self._holders.get(place)
        self._holders[place] = connection
        if place.role not in _TOLD:
            return older
        try:
            async with self._lock(place):
                await self._hall.attached(connection.principal.actor)
        except BaseException:
            self._give_back(connection, place, older)
            if place not in self._holders:
                # Who held it went meanwhile, and was not reported, as somebody had come.
                await self._hall.detached(connection.principal.actor)
            raise
        return older

    def close(self) -> None:
        """From now on nobody counts as gone: the server is.

        Everybody is given their time anew when it is back.
        """
        self._closing = True

    async def detach(self, sid: str) -> Connection | None:
        """Forget a connection; tells the hall when its place is empty now. Safe to call again."""
        connection = self._connections.pop(sid, None)
        if connection is None:
            return None
        self._walls.pop(sid, None)
        place = connection.place
        if place is None or self._holders.get(place) is not connection:
            return connection
        del self._holders[place]
        if place.role in _TOLD and not self._closing:
            # The hall skips what it believes to be so already, and it believes what is committed:
            # whoever comes back while this is on its way waits until it has landed.
            async with self._lock(place):
                if place not in self._holders:
                    await self._hall.detached(connection.principal.actor)
        return connection

    def _give_back(self, connection: Connection, place: Place, older: Connection | None) -> None:
        self._connections.pop(connection.sid, None)
        if self._holders.get(place) is not connection:
            return
        if older is not None and older.sid in self._connections:
            self._holders[place] = older
        else:
            del self._holders[place]

    def _lock(self, place: Place) -> asyncio.Lock:
        return self._locks.setdefault(place, asyncio.Lock())
