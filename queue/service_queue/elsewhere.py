"""What other processes did, read from the journal: which rows to look at again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from sqlalchemy import Column, Connection, select
from sqlmodel import SQLModel

from service_queue.changes import Changes
from service_queue.consult_tables import ConsultRow
from service_queue.identities import known_identity
from service_queue.identity_tables import IdentityReadRow, IdentityRow
from service_queue.line_tables import EntryCodeRow
from service_queue.mirror import HallMirror
from service_queue.statements import record
from service_queue.store import Elsewhere
from service_queue.tables import (
    CallNoteRow,
    CallRow,
    JournalRow,
    RatingRow,
    SeatRow,
    TicketOfferRow,
    TicketRow,
    table_of,
)
from service_queue.transaction import Sealer

R = TypeVar("R", bound=SQLModel)

MOST_ROWS: Final = 2_000
"""After more rows of the journal, loading the picture anew is the shorter way."""

KEYS_AT_ONCE: Final = 500
"""Databases bound the number of parameters."""

ROLL_CALLS: Final = frozenset({"server.started", "server.lost"})
"""After these nobody counts as attached, until their server says so again."""

_journal = table_of(JournalRow)
_ticket = table_of(TicketRow)
_offer = table_of(TicketOfferRow)
_call = table_of(CallRow)


@dataclass(frozen=True, kw_only=True)
class Missed:
    """What a picture of the hall lacks."""

    changes: Changes
    begun_tickets: frozenset[str]
    begun_calls: frozenset[str]

    def as_seen_by(self, mirror: HallMirror) -> Changes:
        """The changes without what was over, and dropped, before: it is counted already."""
        return replace(
            self.changes,
            tickets=tuple(
                ticket
                for ticket in self.changes.tickets
                if ticket.id in mirror.tickets or ticket.id in self.begun_tickets
            ),
            calls=tuple(
                call
                for call in self.changes.calls
                if call.id in mirror.calls or call.id in self.begun_calls
            ),
        )


BEGINNINGS: Final = frozenset({"ticket.accepted", "ticket.passed_on"})
"""Rows with which a call begins."""


def read_missed(connection: Connection, elsewhere: Elsewhere, sealer: Sealer) -> Missed | None:
    """The rows that were changed elsewhere, as they stand now.

    None where the journal does not name them all, or names too many: then load everything.
    """
    if not 0 < elsewhere.until - elsewhere.since <= MOST_ROWS:
        return None
    rows = connection.execute(select(_journal).where(_between(elsewhere))).all()
    if ROLL_CALLS & {row.kind for row in rows}:
        return None
    ticket_ids = {row.ticket_id for row in rows if row.ticket_id}
    call_ids = {row.call_id for row in rows if row.call_id}
    named = {call.id: call for call in _rows(connection, CallRow, _call.c.id, call_ids)}
    ticket_ids |= {call.ticket_id for call in named.values()}
    tickets = tuple(_rows(connection, TicketRow, _ticket.c.id, ticket_ids))
    calls = {call.id: call for call in _rows(connection, CallRow, _call.c.ticket_id, ticket_ids)}
    offers = {
        offer.id: offer
        for offer in _rows(connection, TicketOfferRow, _offer.c.ticket_id, ticket_ids)
    }
    seat_ids = {row.seat_id for row in rows if row.seat_id}
    seat_ids |= {ticket.seat_id for ticket in tickets if ticket.seat_id}
    seat_ids |= {offer.seat_id for offer in offers.values()}
    seat_ids |= {call.seat_id for call in calls.values()}
    consults = tuple(_rows(connection, ConsultRow, table_of(ConsultRow).c.ticket_id, ticket_ids))
    seat_ids |= {consult.guest_seat_id for consult in consults}
    rated = {row.ticket_id for row in rows if row.kind == "call.rated"}
    noted = {row.call_id for row in rows if row.kind == "call.note_saved"}
    coded = {row.ticket_id for row in rows if row.kind == "return_code.given"}
    identified = {row.ticket_id for row in rows if row.kind.startswith("identity.")}
    unmasked = {row.ticket_id for row in rows if row.kind == "identity.unmasked"}
    return Missed(
        changes=Changes(
            seq=elsewhere.until,
            at=max((row.at for row in rows), default=0.0),
            tickets=tickets,
            seats=tuple(_rows(connection, SeatRow, table_of(SeatRow).c.id, seat_ids)),
            offers=tuple(offers.values()),
            calls=tuple(calls.values()),
            ratings=tuple(_rows(connection, RatingRow, table_of(RatingRow).c.ticket_id, rated)),
            notes=tuple(
                (note.call_id, sealer.open(note.sealed))
                for note in _rows(connection, CallNoteRow, table_of(CallNoteRow).c.call_id, noted)
            ),
            codes=tuple(_rows(connection, EntryCodeRow, table_of(EntryCodeRow).c.ticket_id, coded)),
            consults=consults,
            number_reads=tuple(
                _rows(connection, IdentityReadRow, table_of(IdentityReadRow).c.ticket_id, unmasked)
            ),
            identities=tuple(
                known_identity(row, sealer)
                for row in _rows(
                    connection, IdentityRow, table_of(IdentityRow).c.ticket_id, identified - {None}
                )
            ),
        ),
        begun_tickets=frozenset(row.ticket_id for row in rows if row.kind == "ticket.taken"),
        begun_calls=frozenset(row.call_id for row in rows if row.kind in BEGINNINGS),
    )


def _between(elsewhere: Elsewhere) -> Any:
    return (_journal.c.seq > elsewhere.since) & (_journal.c.seq <= elsewhere.until)


def _rows(
    connection: Connection, model: type[R], key: Column[Any], values: Iterable[str]
) -> Iterator[R]:
    wanted = sorted(values)
    for start in range(0, len(wanted), KEYS_AT_ONCE):
        some = wanted[start : start + KEYS_AT_ONCE]
        for row in connection.execute(select(table_of(model)).where(key.in_(some))):
            yield record(model, row)
