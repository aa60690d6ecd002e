"""Checks of identity as the picture of the hall begins with them, read from the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, select

from service_queue.identities import KnownIdentity, known_identity
from service_queue.identity_tables import IdentityRow
from service_queue.statements import record
from service_queue.tables import TicketRow, table_of
from service_queue.transaction import Sealer
from signaling.protocol.words import TicketState

_identity = table_of(IdentityRow)
_ticket = table_of(TicketRow)
_joined = _identity.join(_ticket, _ticket.c.id == _identity.c.ticket_id)


def read_shown(
    connection: Connection, wrapped: Iterable[str], sealer: Sealer
) -> Iterator[KnownIdentity]:
    """Of residents who are still there, and of those whose call is `wrapped` up."""
    there = (
        _ticket.c.state.in_([state for state in TicketState if state.is_open])
        | _ticket.c.rating_until.is_not(None)
        | _ticket.c.offer_id.in_(list(wrapped))
    )
    for row in connection.execute(select(_identity).select_from(_joined).where(there)):
        yield known_identity(record(IdentityRow, row), sealer)


def read_seconded(connection: Connection, days: set[str]) -> Iterator[tuple[str, IdentityRow]]:
    """Of these days, with the day: who was accepted by two people."""
    columns = (*_identity.columns, _ticket.c.day)
    found = _identity.c.seconded_by.is_not(None) & _ticket.c.day.in_(days)
    for row in connection.execute(select(*columns).select_from(_joined).where(found)):
        yield row[-1], record(IdentityRow, row[:-1])
