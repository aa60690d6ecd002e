"""What the desk at a seat is told, as a pure function of the mirror."""

from __future__ import annotations

from typing import Final

from service_queue.consult_views import desk_consult, guest_call, guest_link
from service_queue.identity_views import desk_identity
from service_queue.mirror import HallMirror
from service_queue.tables import SeatRow, TicketRow
from service_queue.view_parts import (
    Surroundings,
    call_view,
    item_ref,
    location_ref,
    media_link,
    return_code,
    takes_tickets,
)
from signaling.protocol.views import (
    Colleague,
    DeskOffer,
    DeskTicket,
    DeskView,
    ItemGuide,
    QueueGlance,
    QueueLine,
    WrapUpView,
)
from signaling.protocol.words import CallEndReason, Party, SeatState, TicketState

GLANCE_LINES: Final = 8
"""How many of the line a desk shows."""

MOST_COLLEAGUES: Final = 60
"""Nobody picks a window out of more; where there are more, those of the own district come first."""


def desk_view(
    mirror: HallMirror, seat_id: str, now: float, around: Surroundings
) -> DeskView | None:
    """What the desk at a seat shows; None when nobody sits there."""
    seat = mirror.seats.get(seat_id)
    if seat is None or seat.agent_id is None:
        return None
    ticket = mirror.ticket_at_seat(seat.id)
    call_id = ticket.offer_id if ticket is not None else seat.wrap_up_call_id
    in_call = seat.state is SeatState.IN_CALL and ticket is not None
    guest = mirror.invitations.at_seat(seat.id)
    if guest is not None:
        ticket = mirror.tickets[guest.ticket_id]
        link, call = guest_link(mirror, guest, around), guest_call(mirror, guest)
    else:
        link = None if ticket is None else media_link(mirror, ticket, Party.AGENT, around)
        call = None if ticket is None else call_view(mirror, ticket, Party.AGENT)
    return DeskView(
        seq=mirror.seq,
        server_time=now,
        seat_id=seat.id,
        seat_name=seat.name,
        agent_name=seat.agent_name or "",
        status=seat.status,
        break_reason=seat.break_reason,
        state=seat.state,
        state_since=seat.state_since,
        ticket=_ticket(mirror, ticket) if ticket is not None else None,
        offer=_offer(mirror, ticket) if guest is None else None,
        link=link,
        call=call,
        note=mirror.notes.get(call_id or "", ""),
        wrap_up=_wrap_up(mirror, seat),
        queue=queue_glance(mirror, now),
        served_today=mirror.tally(now).served_by_seat[seat.id],
        shift_ends_at=seat.shift_ends_at,
        colleagues=_colleagues(mirror, seat) if in_call else (),
        consult=desk_consult(mirror, seat, ticket, around),
        return_code=return_code(mirror, mirror.served_by(seat)),
    )


def queue_glance(mirror: HallMirror, now: float) -> QueueGlance:
    """The line, at a glance; the same on every desk, so made once."""
    standings = mirror.standings(now)
    return mirror.once(("glance", standings.holds_from), lambda: _glance(mirror, now))


def _glance(mirror: HallMirror, now: float) -> QueueGlance:
    order = mirror.standings(now).order
    first = [
        ticket
        for each in order[: 4 * GLANCE_LINES]
        if (ticket := mirror.waiting_row(each.id)) is not None
    ]
    seats = mirror.seats.values()
    return QueueGlance(
        waiting=len(order),
        oldest_arrival=min((each.arrived_at for each in order), default=None),
        seats_available=sum(
            1 for seat in seats if takes_tickets(seat) and seat.state is SeatState.IDLE
        ),
        seats_in_call=sum(1 for seat in seats if seat.state is SeatState.IN_CALL),
        first=tuple(
            QueueLine(
                number=ticket.number,
                item=item_ref(mirror, ticket.item_code),
                location=location_ref(mirror, ticket.location_id),
                arrived_at=ticket.arrived_at,
                away=ticket.away_since is not None,
                lane=ticket.lane,
                green=ticket.green,
            )
            for ticket in first[:GLANCE_LINES]
        ),
    )


def _colleagues(mirror: HallMirror, seat: SeatRow) -> tuple[Colleague, ...]:
    """Who could take a call over: who takes tickets, busy or not."""
    district = mirror.district_of(seat.location_id)
    others = mirror.once(("colleagues", district), lambda: _open_windows(mirror, district))
    return tuple(each for each in others if each.seat_id != seat.id)[:MOST_COLLEAGUES]


def _open_windows(mirror: HallMirror, district: str) -> list[Colleague]:
    rows = [row for row in mirror.seats.values() if takes_tickets(row)]
    rows.sort(
        key=lambda row: (mirror.district_of(row.location_id) != district, row.position, row.id)
    )
    return [
        Colleague(
            seat_id=row.id,
            seat_name=row.name,
            agent_name=row.agent_name or "",
            departments=tuple(row.departments.split("|")),
            status=row.status,
            state=row.state,
        )
        for row in rows[: MOST_COLLEAGUES + 1]
    ]


def _ticket(mirror: HallMirror, ticket: TicketRow) -> DeskTicket:
    item = mirror.items[ticket.item_code]
    handed_over_by = mirror.seats.get(mirror.handed_over_by.get(ticket.id, ""))
    return DeskTicket(
        id=ticket.id,
        number=ticket.number,
        item=ItemGuide(
            code=item.code,
            name=item.name,
            name_en=item.name_en,
            department=item.department,
            materials=tuple(part for part in item.materials.split("|") if part),
            time_limit=item.time_limit,
            fee=item.fee,
            basis=item.basis,
        ),
        language=ticket.language,
        location=location_ref(mirror, ticket.location_id),
        kiosk_name=mirror.kiosks[ticket.kiosk_id].name,
        arrived_at=ticket.arrived_at,
        lane=ticket.lane,
        green=ticket.green,
        recalls=ticket.recalls,
        hand_overs=ticket.hand_overs,
        handed_over_by=None if handed_over_by is None else handed_over_by.name,
        identity=desk_identity(mirror, ticket),
    )


def _offer(mirror: HallMirror, ticket: TicketRow | None) -> DeskOffer | None:
    if ticket is None or ticket.offer_id is None or ticket.state is not TicketState.OFFERED:
        return None
    offer = mirror.offers[ticket.offer_id]
    return DeskOffer(
        id=offer.id, epoch=offer.epoch, offered_at=offer.offered_at, expires_at=offer.expires_at
    )


def _wrap_up(mirror: HallMirror, seat: SeatRow) -> WrapUpView | None:
    if seat.wrap_up_call_id is None or seat.wrap_up_until is None:
        return None
    call = mirror.calls[seat.wrap_up_call_id]
    ticket = mirror.tickets[call.ticket_id]
    may_decide = ticket.offer_id == call.id
    return WrapUpView(
        call_id=call.id,
        number=ticket.number,
        item=item_ref(mirror, ticket.item_code),
        until=seat.wrap_up_until,
        extensions_left=mirror.policy.max_wrap_up_extensions - seat.wrap_up_extensions,
        note=mirror.notes.get(call.id, ""),
        call_end=call.end_reason or CallEndReason.AGENT_HUNG_UP,
        may_decide=may_decide,
        identity=desk_identity(mirror, ticket) if may_decide else None,
    )
