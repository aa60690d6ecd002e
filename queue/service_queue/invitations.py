"""The colleagues invited into calls that go on, as the picture of the hall keeps them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import Connection, select

from service_queue.consult_tables import ConsultRow
from service_queue.statements import record
from service_queue.tables import table_of
from signaling.protocol.words import ConsultState

_consult = table_of(ConsultRow)


class Invitations:
    """By call, the colleague invited last; live ones also by the seat they are of."""

    def __init__(self) -> None:
        self._last: dict[str, ConsultRow] = {}
        self._guests: dict[str, str] = {}
        """Seat → the call it is invited into."""

    def put(self, consult: ConsultRow) -> None:
        """An invitation into a call that goes on, or was just ended, as it stands now."""
        seat_id, call_id = consult.guest_seat_id, consult.call_id
        known = self._last.get(call_id)
        if known is not None and known.invited_at > consult.invited_at:
            return
        if consult.state is not ConsultState.ENDED:
            self._guests[seat_id] = call_id
        elif self._guests.get(seat_id) == call_id:
            del self._guests[seat_id]
        self._last[call_id] = consult

    def forget(self, call_id: str) -> None:
        """Nobody looks at the call any more."""
        self._last.pop(call_id, None)

    def last_into(self, call_id: str) -> ConsultRow | None:
        """The last one into a call, over or not."""
        return self._last.get(call_id)

    def into(self, call_id: str | None) -> ConsultRow | None:
        """The one into a call that rings, or whose colleague is there."""
        consult = self._last.get(call_id or "")
        return None if consult is None or consult.state is ConsultState.ENDED else consult

    def at_seat(self, seat_id: str) -> ConsultRow | None:
        """The one that rings at a seat, or by which it is in a colleague's call."""
        consult = self.into(self._guests.get(seat_id))
        return consult if consult is not None and consult.guest_seat_id == seat_id else None

    def on_link(self, link_id: str) -> ConsultRow | None:
        """The one one of whose pairs has this name on the wire."""
        pairs = (one for one in self.live() if link_id in (one.id, one.desks_id))
        return next(pairs, None)

    def live(self) -> Iterator[ConsultRow]:
        """All that ring or are joined."""
        return (one for one in self._last.values() if one.state is not ConsultState.ENDED)

    @classmethod
    def read(cls, connection: Connection, calls: Collection[str]) -> Invitations:
        """Those into some calls, from the database."""
        found = cls()
        of_calls = select(_consult).where(_consult.c.call_id.in_(list(calls)))
        for row in connection.execute(of_calls.order_by(_consult.c.invited_at, _consult.c.id)):
            found.put(record(ConsultRow, row))
        return found
