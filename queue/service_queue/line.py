"""What a resident can do with a place in the line: take it, leave it, rate what came of it."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import bindparam, select, text

from service_queue import offering
from service_queue.admitting import admit
from service_queue.entering import lane_and_place, redeem, redeemable
from service_queue.errors import (
    ItemUnknown,
    KioskUnknown,
    RatingOver,
    TicketAlreadyOpen,
    TicketUnknown,
    TransitionRefused,
)
from service_queue.hours import local_day
from service_queue.tables import (
    OPEN_TICKET,
    CallRow,
    DayCounterRow,
    KioskRow,
    LocationRow,
    RatingRow,
    ServiceItemRow,
    TicketRow,
    table_of,
)
from service_queue.ticket import TicketEvent
from service_queue.transaction import Transaction
from signaling.protocol.commands import LeaveTicket, RateCall, SkipRating, TakeTicket
from signaling.protocol.words import Lane, OfferOutcome, TicketEndReason, TicketState

_ticket = table_of(TicketRow)

_OPEN: Final = select(_ticket).where(
    # In the words of the index over open tickets, or SQLite would look at every ticket ever taken.
    _ticket.c.kiosk_id == bindparam("kiosk", ""),
    text(OPEN_TICKET),
)
_UNRATED: Final = select(_ticket).where(
    _ticket.c.kiosk_id == bindparam("kiosk", ""), _ticket.c.rating_until.is_not(None)
)


def take(tx: Transaction, kiosk_id: str, command: TakeTicket) -> TicketRow:
    """Give the kiosk a place in the line: at its end, or where its code wants it.

    A green reason that does not count by word alone costs nobody the place: the ticket is then one
    like the others.

    Raises:
        KioskUnknown, ItemUnknown, TicketAlreadyOpen, CodeRejected, LocationClosed, LastTicketGone,
        CapReached.
    """
    kiosk = tx.find(KioskRow, id=kiosk_id)
    if kiosk is None or kiosk.retired:
        raise KioskUnknown
    location = tx.need(LocationRow, id=kiosk.location_id)
    entry = None if command.code is None else redeemable(tx, command.code, location)
    item_code = command.item_code if entry is None else entry.item_code
    item = tx.find(ServiceItemRow, code=item_code or "")
    if item is None or item.hidden:
        raise ItemUnknown
    if open_ticket(tx, kiosk_id) is not None:
        raise TicketAlreadyOpen
    day = local_day(tx.now, location.time_zone)
    admit(tx, location, item, day, promised=entry is not None)
    _let_rating_lapse(tx, kiosk_id)
    lane, place_at = lane_and_place(tx, entry)
    green = command.green if command.green in tx.policy.green.by_word else None
    ticket = TicketRow(
        id=tx.new_id(),
        day=day,
        prefix=location.prefix,
        n=tx.count_up(DayCounterRow, day=day, prefix=location.prefix),
        location_id=location.id,
        kiosk_id=kiosk.id,
        item_code=item.code,
        language=command.language,
        department=item.department,
        arrived_at=tx.now,
        lane=lane,
        place_at=place_at,
        green=green,
        green_wanted=command.green if green is None else None,
        wanted_seat_id=None if entry is None else entry.seat_id,
        entry_code=command.code,
        state_since=tx.now,
    )
    tx.add(ticket)
    tx.touched.tickets.add(ticket.id)
    tx.note(
        "ticket.taken",
        kiosk_id=kiosk.id,
        ticket_id=ticket.id,
        number=ticket.number,
        item=item.code,
        language=command.language,
        location=location.id,
        department=item.department,
        **_told_place(ticket, command),
    )
    if entry is not None:
        redeem(tx, entry, ticket)
    return ticket


def leave(tx: Transaction, kiosk_id: str, command: LeaveTicket) -> None:
    """The resident gives the place up.

    Raises:
        TicketUnknown: it is not this kiosk's.
        TransitionRefused: it is being served (end the call) or over.
    """
    ticket = own(tx, kiosk_id, command.ticket_id)
    if ticket.state is TicketState.SERVING:
        raise TransitionRefused("ticket is being served: end the call")
    give_up(tx, ticket, TicketEvent.LEAVE, TicketEndReason.RESIDENT_LEFT)


def give_up(
    tx: Transaction, ticket: TicketRow, event: TicketEvent, reason: TicketEndReason
) -> None:
    """End a waiting or offered ticket for the resident's side; frees the seat it rang at."""
    offer = offering.live_offer(tx, ticket.id)
    end(tx, ticket, event, reason)
    if offer is not None:
        offering.release(tx, offer, OfferOutcome.REVOKED, reason)


def end(
    tx: Transaction,
    ticket: TicketRow,
    event: TicketEvent,
    reason: TicketEndReason,
    rating_until: float | None = None,
) -> None:
    """Move a ticket to an end, with its reason; the journal says how long one waited in vain."""
    tx.move_ticket(
        ticket,
        event,
        ended_at=tx.now,
        end_reason=reason,
        rating_until=rating_until,
        parked_because=None,
        parked_until=None,
    )
    served = reason is TicketEndReason.SERVED
    in_vain: dict[str, Any] = {} if served else {"waited_s": round(tx.now - ticket.arrived_at, 3)}
    tx.note(
        f"ticket.{ticket.state}",
        kiosk_id=ticket.kiosk_id,
        seat_id=ticket.seat_id,
        ticket_id=ticket.id,
        reason=reason,
        **in_vain,
    )


def rate(tx: Transaction, kiosk_id: str, command: RateCall) -> None:
    """Keep the resident's rating, once.

    Raises:
        TicketUnknown, RatingOver.
    """
    ticket = own(tx, kiosk_id, command.ticket_id)
    if ticket.rating_until is None or ticket.offer_id is None:
        raise RatingOver
    call = tx.need(CallRow, id=ticket.offer_id)
    tx.add(
        RatingRow(
            ticket_id=ticket.id,
            call_id=call.id,
            seat_id=call.seat_id,
            score=command.score,
            rated_at=tx.now,
        )
    )
    tx.touched.ratings.add(ticket.id)
    tx.set_ticket(ticket, rating_until=None)
    tx.note(
        "call.rated",
        kiosk_id=kiosk_id,
        seat_id=call.seat_id,
        ticket_id=ticket.id,
        call_id=call.id,
        score=command.score,
    )


def skip_rating(tx: Transaction, kiosk_id: str, command: SkipRating) -> None:
    """The resident goes without rating. Skipping what is over already is fine.

    Raises:
        TicketUnknown: it is not this kiosk's.
    """
    ticket = own(tx, kiosk_id, command.ticket_id)
    if ticket.rating_until is not None:
        lapse_rating(tx, ticket)


def lapse_rating(tx: Transaction, ticket: TicketRow) -> None:
    """Nobody rated; the kiosk is free for the next."""
    tx.set_ticket(ticket, rating_until=None)
    tx.note("call.not_rated", kiosk_id=ticket.kiosk_id, ticket_id=ticket.id)


def open_ticket(tx: Transaction, kiosk_id: str) -> TicketRow | None:
    """The kiosk's open ticket, or None."""
    return next((ticket for ticket in _at_kiosk(tx, kiosk_id) if ticket.state.is_open), None)


def own(tx: Transaction, kiosk_id: str, ticket_id: str) -> TicketRow:
    """A ticket of this kiosk.

    Raises:
        TicketUnknown: it is not this kiosk's.
    """
    ticket = tx.find(TicketRow, id=ticket_id)
    if ticket is None or ticket.kiosk_id != kiosk_id:
        raise TicketUnknown
    return ticket


def _let_rating_lapse(tx: Transaction, kiosk_id: str) -> None:
    for ticket in _at_kiosk(tx, kiosk_id):
        if ticket.rating_until is not None:
            lapse_rating(tx, ticket)


def _at_kiosk(tx: Transaction, kiosk_id: str) -> list[TicketRow]:
    """The kiosk's open ticket and those that may be rated."""
    return tx.at_kiosk(
        kiosk_id,
        lambda kiosk: [
            *tx.fixed(TicketRow, _OPEN, kiosk=kiosk),
            *tx.fixed(TicketRow, _UNRATED, kiosk=kiosk),
        ],
    )


def _told_place(ticket: TicketRow, command: TakeTicket) -> dict[str, Any]:
    """What the journal says of a place that is not an ordinary one."""
    told: dict[str, Any] = {}
    if ticket.place_at != ticket.arrived_at or ticket.lane is not Lane.ORDINARY:
        told |= {"lane": ticket.lane, "place_at": ticket.place_at}
    if ticket.wanted_seat_id is not None:
        told["wanted_seat"] = ticket.wanted_seat_id
    if command.green is not None:
        told |= {"green": command.green, "proof": "none" if ticket.green is None else "word"}
    return told
