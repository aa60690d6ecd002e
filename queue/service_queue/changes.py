"""What a commit changed: the rows, as they stand after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from sqlmodel import SQLModel

from service_queue.consult_tables import ConsultRow
from service_queue.identities import KnownIdentity, known_identity
from service_queue.identity_tables import IdentityReadRow, IdentityRow
from service_queue.line_tables import EntryCodeRow, LineCounterRow
from service_queue.tables import (
    STARTS_SINCE_GREEN,
    CallNoteRow,
    CallRow,
    RatingRow,
    SeatRow,
    TicketOfferRow,
    TicketRow,
)
from service_queue.transaction import Transaction
from signaling.protocol.words import EntryKind

R = TypeVar("R", bound=SQLModel)


@dataclass(frozen=True)
class Changes:
    """The rows a commit left changed, as they stand after it."""

    seq: int
    tickets: tuple[TicketRow, ...] = ()
    seats: tuple[SeatRow, ...] = ()
    offers: tuple[TicketOfferRow, ...] = ()
    calls: tuple[CallRow, ...] = ()
    ratings: tuple[RatingRow, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    codes: tuple[EntryCodeRow, ...] = ()
    """Return codes given in live calls."""
    identities: tuple[KnownIdentity, ...] = ()
    number_reads: tuple[IdentityReadRow, ...] = ()
    """Whole numbers that were read."""
    consults: tuple[ConsultRow, ...] = ()
    starts_since_green: int | None = None
    """The quota of the green channel, where it may have changed."""
    at: float = 0.0
    """When; 0 where it is not known."""
    reference: bool = False
    """Locations, kiosks, seats or items changed: everything may look different."""

    @property
    def kiosk_ids(self) -> set[str]:
        """Kiosks whose ticket changed."""
        return {ticket.kiosk_id for ticket in self.tickets}

    @property
    def seat_ids(self) -> set[str]:
        """Seats that changed, or whose ticket, offer or call did."""
        direct = {seat.id for seat in self.seats} | {offer.seat_id for offer in self.offers}
        invited = {consult.guest_seat_id for consult in self.consults}
        return direct | invited | {call.seat_id for call in self.calls}


def read_changes(tx: Transaction) -> Changes:
    """The rows a unit touched, as they stand at its end."""
    touched = tx.touched
    return Changes(
        seq=tx.seq,
        tickets=tuple(_seen(tx, TicketRow, touched.tickets)),
        seats=tuple(_seen(tx, SeatRow, touched.seats)),
        offers=tuple(_seen(tx, TicketOfferRow, touched.offers)),
        calls=tuple(_seen(tx, CallRow, touched.calls)),
        ratings=tuple(tx.need(RatingRow, ticket_id=one) for one in touched.ratings),
        notes=tuple(
            (one, tx.sealer.open(tx.need(CallNoteRow, call_id=one).sealed)) for one in touched.notes
        ),
        codes=tuple(
            tx.need(EntryCodeRow, ticket_id=one, kind=EntryKind.RETURN) for one in touched.codes
        ),
        identities=tuple(
            known_identity(tx.need(IdentityRow, ticket_id=one), tx.sealer)
            for one in touched.identities
        ),
        number_reads=tuple(
            tx.need(IdentityReadRow, agent_id=agent_id, ticket_id=ticket_id)
            for agent_id, ticket_id in touched.number_reads
        ),
        consults=tuple(tx.need(ConsultRow, id=one) for one in sorted(touched.consults)),
        starts_since_green=_starts_since_green(tx) if touched.offers else None,
        at=tx.now,
    )


def _starts_since_green(tx: Transaction) -> int | None:
    return tx.count(LineCounterRow, name=STARTS_SINCE_GREEN)


def _seen(tx: Transaction, model: type[R], ids: set[str]) -> Iterator[R]:
    for each in ids:
        row = tx.rows.get((model, each))
        yield row if isinstance(row, model) else tx.need(model, id=each)
