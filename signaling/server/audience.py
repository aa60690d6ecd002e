"""Whom a change concerns."""

from __future__ import annotations

from collections.abc import Iterator

from service_queue.changes import Changes
from service_queue.hall import Hall
from service_queue.mirror import HallMirror
from signaling.server.connection import Connection
from signaling.server.presence import Presence


class Audience:
    """Finds the connections that show a ticket, a seat, a call."""

    def __init__(self, hall: Hall, presence: Presence) -> None:
        self._hall = hall
        self._presence = presence
        self._desks: dict[str, Connection] = {}
        """Which desk showed a seat last: it is told, too, that the seat is no longer its own."""

    def desks(self) -> list[Connection]:
        """The desks that show a seat."""
        return list(self._desks.values())

    def sit(self, connection: Connection, seat_id: str) -> None:
        """A desk shows a seat from now on."""
        connection.seat_id = seat_id
        self._desks[seat_id] = connection

    def stand_up(self, connection: Connection) -> None:
        """A desk shows no seat any more."""
        seat_id, connection.seat_id = connection.seat_id, None
        if seat_id is not None and self._desks.get(seat_id) is connection:
            del self._desks[seat_id]

    def concerned_by(self, changes: Changes) -> Iterator[Connection]:
        """Whose own thing changed: a kiosk's ticket or call, a desk's seat, offer or call."""
        mirror = self._hall.mirror
        kiosk_ids = changes.kiosk_ids | {call.kiosk_id for call in changes.calls}
        seat_ids = changes.seat_ids | {
            ticket.seat_id for ticket in changes.tickets if ticket.seat_id is not None
        }
        for offer in changes.offers:
            ticket = mirror.tickets.get(offer.ticket_id)
            if ticket is not None:
                kiosk_ids.add(ticket.kiosk_id)
        for seat_id in seat_ids:
            ticket = mirror.ticket_at_seat(seat_id)
            if ticket is not None:
                kiosk_ids.add(ticket.kiosk_id)
        for consult in mirror.invitations.live():
            if seat_ids & {consult.host_seat_id, consult.guest_seat_id}:
                kiosk_ids.add(consult.kiosk_id)
            if consult.kiosk_id in kiosk_ids:
                seat_ids |= {consult.host_seat_id, consult.guest_seat_id}
        for seat_id in seat_ids:
            yield from self.desks_of(mirror, seat_id)
        for kiosk_id in kiosk_ids:
            page = self._presence.kiosk_page(kiosk_id)
            if page is not None:
                yield page

    def desks_of(self, mirror: HallMirror, seat_id: str) -> Iterator[Connection]:
        """Who sits at a seat, and who did until now."""
        before = self._desks.get(seat_id)
        if before is not None:
            yield before
        seat = mirror.seats.get(seat_id)
        desk = self._presence.desk(seat.agent_id) if seat is not None and seat.agent_id else None
        if desk is not None and desk is not before:
            yield desk

    def peers_of(self, connection: Connection) -> Iterator[Connection]:
        """The other sides of a connection's call: they must know what they now talk to."""
        mirror = self._hall.mirror
        principal = connection.principal
        for consult in mirror.invitations.live():
            seats = (consult.host_seat_id, consult.guest_seat_id)
            agents = {mirror.seats[seat_id].agent_id for seat_id in seats}
            if principal.kiosk_id != consult.kiosk_id and principal.agent_id not in agents:
                continue
            for seat_id in seats:
                yield from (
                    each for each in self.desks_of(mirror, seat_id) if each is not connection
                )
            page = self._presence.kiosk_page(consult.kiosk_id)
            if page is not None and page is not connection:
                yield page
        if principal.kiosk_id is not None:
            ticket = mirror.ticket_of_kiosk(principal.kiosk_id)
            if ticket is not None and ticket.seat_id is not None and ticket.state.is_open:
                yield from self.desks_of(mirror, ticket.seat_id)
        elif principal.agent_id is not None:
            seat = mirror.seat_of_agent(principal.agent_id)
            ticket = mirror.ticket_at_seat(seat.id) if seat is not None else None
            page = self._presence.kiosk_page(ticket.kiosk_id) if ticket is not None else None
            if page is not None:
                yield page
