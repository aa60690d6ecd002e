"""What a kiosk's page is told, as a pure function of the mirror."""

from __future__ import annotations

from typing import Final

from service_queue.consult_views import kiosk_colleague
from service_queue.hours import hours_at
from service_queue.identity_views import kiosk_identity
from service_queue.mirror import HallMirror
from service_queue.tables import TicketRow
from service_queue.view_parts import (
    Surroundings,
    call_view,
    item_ref,
    kiosk_phase,
    location_ref,
    media_link,
    return_code,
    takes_tickets,
    wait_range,
)
from signaling.protocol.views import Ahead, KioskTicket, KioskView, RatingDue
from signaling.protocol.words import CallEndReason, KioskPhase, OfferOutcome, Party, TicketState

LAST_END_S: Final = 20.0
"""How long a kiosk is told how its last ticket ended."""


def kiosk_view(
    mirror: HallMirror, kiosk_id: str, now: float, around: Surroundings
) -> KioskView | None:
    """What a kiosk's page shows; None when there is no such kiosk."""
    kiosk = mirror.kiosks.get(kiosk_id)
    if kiosk is None:
        return None
    ticket = mirror.ticket_of_kiosk(kiosk_id)
    is_open = ticket is not None and ticket.state.is_open
    seat = mirror.seats.get(ticket.seat_id) if is_open and ticket and ticket.seat_id else None
    ended_lately = (
        ticket is not None and ticket.ended_at is not None and now - ticket.ended_at < LAST_END_S
    )
    phase = kiosk_phase(ticket, now)
    coded = phase in (KioskPhase.IN_CALL, KioskPhase.RATING) or ended_lately
    zone = mirror.locations[kiosk.location_id].time_zone
    return KioskView(
        seq=mirror.seq,
        server_time=now,
        kiosk_id=kiosk.id,
        kiosk_name=kiosk.name,
        location=location_ref(mirror, kiosk.location_id),
        phase=phase,
        ticket=_ticket(mirror, ticket, now, around) if ticket is not None and is_open else None,
        seat_name=seat.name if seat is not None else None,
        link=media_link(mirror, ticket, Party.RESIDENT, around) if ticket is not None else None,
        call=call_view(mirror, ticket, Party.RESIDENT) if ticket is not None else None,
        rating=_rating(mirror, ticket, now),
        last_end=ticket.end_reason if ticket is not None and ended_lately else None,
        last_end_at=ticket.ended_at if ticket is not None and ended_lately else None,
        colleague=None if ticket is None else kiosk_colleague(mirror, ticket, around),
        return_code=return_code(mirror, ticket) if coded else None,
        hours=hours_at(mirror.policy.hours, zone, now).as_shown(now),
        identity=None if ticket is None else kiosk_identity(mirror, ticket),
    )


def waiting_key(
    mirror: HallMirror, ticket: TicketRow, now: float, around: Surroundings
) -> tuple[object, ...]:
    """What the screen of one who waits depends on, and is cheap to know.

    While it is the same, `kiosk_view` says the same.
    """
    standings = mirror.standings(now)
    zone = mirror.locations[ticket.location_id].time_zone
    return (
        *(ticket, standings.before(mirror.as_waiting(ticket, now))),
        mirror.identities.get(ticket.id),
        *(standings.first_present == ticket.id, windows_open(mirror)),
        around.wait_of(ticket.id),
        *(mirror.policy, hours_at(mirror.policy.hours, zone, now).as_shown(now)),
    )


def windows_open(mirror: HallMirror) -> int:
    """Seats that take tickets, busy or not."""
    return mirror.once(
        "windows_open", lambda: sum(1 for seat in mirror.seats.values() if takes_tickets(seat))
    )


def _ticket(mirror: HallMirror, ticket: TicketRow, now: float, around: Surroundings) -> KioskTicket:
    standings, park = mirror.standings(now), mirror.policy.park
    waits = ticket.state is TicketState.WAITING
    before = standings.before(mirror.as_waiting(ticket, now)) if waits else ()
    returned = ticket.returned_because
    return KioskTicket(
        id=ticket.id,
        number=ticket.number,
        item=item_ref(mirror, ticket.item_code),
        language=ticket.language,
        state=ticket.state,
        arrived_at=ticket.arrived_at,
        ahead=sum(count for _, count in before),
        soon=ticket.state is TicketState.OFFERED or standings.first_present == ticket.id,
        windows_open=windows_open(mirror),
        returned_because=_returned(returned) if returned is not None else None,
        lane=ticket.lane,
        green=ticket.green,
        green_wanted=ticket.green_wanted,
        wait=wait_range(around.wait_of(ticket.id)) if waits else None,
        before=tuple(Ahead(why=why, count=count) for why, count in before),
        parked_because=ticket.parked_because,
        parked_until=ticket.parked_until,
        may_step_away=(
            ticket.state in (TicketState.WAITING, TicketState.OFFERED)
            and ticket.times_parked < park.max_times
        ),
        recalls_left=max(0, park.max_recalls - ticket.recalls),
        hand_overs=ticket.hand_overs,
    )


def _returned(word: str) -> CallEndReason | OfferOutcome:
    return OfferOutcome(word) if word in set(OfferOutcome) else CallEndReason(word)


def _rating(mirror: HallMirror, ticket: TicketRow | None, now: float) -> RatingDue | None:
    if ticket is None or kiosk_phase(ticket, now) is not KioskPhase.RATING:
        return None
    seat = mirror.seats.get(ticket.seat_id or "")
    return RatingDue(
        ticket_id=ticket.id,
        seat_name=seat.name if seat is not None else "",
        until=ticket.rating_until or now,
    )
