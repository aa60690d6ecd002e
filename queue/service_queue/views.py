"""What each screen is told, as pure functions of the mirror."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Final

from service_queue.mirror import HallMirror
from service_queue.tables import CallRow, KioskRow, SeatRow, TicketRow
from signaling.protocol.signals import IceServer
from signaling.protocol.views import (
    CallView,
    DeskOffer,
    DeskTicket,
    DeskView,
    ItemGuide,
    ItemRef,
    KioskTicket,
    KioskView,
    LocationRef,
    MediaLink,
    QueueGlance,
    QueueLine,
    RatingDue,
    WallKiosk,
    WallLocation,
    WallSeat,
    WallTicket,
    WallToday,
    WallView,
    WrapUpView,
)
from signaling.protocol.words import (
    CallEndReason,
    CallState,
    KioskPhase,
    OfferOutcome,
    Party,
    SeatState,
    SeatStatus,
    TicketState,
)

GLANCE_LINES: Final = 8
"""How many of the line a desk shows."""

LAST_END_S: Final = 20.0
"""How long a kiosk is told how its last ticket ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a view needs that is not in the database."""

    kiosk_online: Callable[[str], bool]
    """Is this kiosk's page or program connected."""
    kiosk_restarts_ice: Callable[[str], bool]
    agent_restarts_ice: Callable[[str], bool]
    ice_servers: Callable[[str], tuple[IceServer, ...]]
    """The servers for a kiosk's or an agent's id; short-lived credentials are made per subject."""


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
    return KioskView(
        seq=mirror.seq,
        server_time=now,
        kiosk_id=kiosk.id,
        kiosk_name=kiosk.name,
        location=_location(mirror, kiosk.location_id),
        phase=kiosk_phase(ticket, now),
        ticket=_kiosk_ticket(mirror, ticket) if ticket is not None and is_open else None,
        seat_name=seat.name if seat is not None else None,
        link=_link(mirror, ticket, Party.RESIDENT, around) if ticket is not None else None,
        call=_call(mirror, ticket, Party.RESIDENT) if ticket is not None else None,
        rating=_rating(mirror, ticket, now),
        last_end=ticket.end_reason if ticket is not None and ended_lately else None,
        last_end_at=ticket.ended_at if ticket is not None and ended_lately else None,
    )


def kiosk_phase(ticket: TicketRow | None, now: float) -> KioskPhase:
    """Which screen a kiosk with this ticket (open or last) belongs on."""
    if ticket is None:
        return KioskPhase.IDLE
    match ticket.state:
        case TicketState.WAITING:
            return KioskPhase.WAITING
        case TicketState.PARKED:
            return KioskPhase.PARKED
        case TicketState.OFFERED:
            return KioskPhase.RINGING
        case TicketState.SERVING:
            return KioskPhase.IN_CALL
    rated_by = ticket.rating_until
    return KioskPhase.RATING if rated_by is not None and now < rated_by else KioskPhase.IDLE


def desk_view(
    mirror: HallMirror, seat_id: str, now: float, around: Surroundings
) -> DeskView | None:
    """What the desk at a seat shows; None when nobody sits there."""
    seat = mirror.seats.get(seat_id)
    if seat is None or seat.agent_id is None:
        return None
    ticket = mirror.ticket_at_seat(seat.id)
    call_id = ticket.offer_id if ticket is not None else seat.wrap_up_call_id
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
        ticket=_desk_ticket(mirror, ticket) if ticket is not None else None,
        offer=_desk_offer(mirror, ticket),
        link=_link(mirror, ticket, Party.AGENT, around) if ticket is not None else None,
        call=_call(mirror, ticket, Party.AGENT) if ticket is not None else None,
        note=mirror.notes.get(call_id or "", ""),
        wrap_up=_wrap_up(mirror, seat),
        queue=queue_glance(mirror),
        served_today=mirror.tally(now).served_by_seat[seat.id],
    )


def queue_glance(mirror: HallMirror) -> QueueGlance:
    """The line, at a glance."""
    line = [mirror.tickets[ticket_id] for ticket_id in mirror.line()]
    return QueueGlance(
        waiting=len(line),
        oldest_arrival=min((ticket.arrived_at for ticket in line), default=None),
        seats_available=sum(
            1
            for seat in mirror.seats.values()
            if _takes_tickets(seat) and seat.state is SeatState.IDLE
        ),
        seats_in_call=sum(1 for seat in mirror.seats.values() if seat.state is SeatState.IN_CALL),
        first=tuple(
            QueueLine(
                number=ticket.number,
                item=_item(mirror, ticket.item_code),
                location=_location(mirror, ticket.location_id),
                arrived_at=ticket.arrived_at,
                away=ticket.away_since is not None,
            )
            for ticket in line[:GLANCE_LINES]
        ),
    )


def wall_view(mirror: HallMirror, now: float, around: Surroundings) -> WallView:
    """What the wall shows."""
    return WallView(
        seq=mirror.seq,
        server_time=now,
        locations=tuple(wall_locations(mirror, now, around)),
        seats=tuple(wall_seats(mirror, now)),
        tickets=tuple(wall_tickets(mirror)),
        today=wall_today(mirror, now),
    )


def wall_locations(mirror: HallMirror, now: float, around: Surroundings) -> list[WallLocation]:
    """The locations, in their order."""
    waiting: dict[str, list[float]] = {}
    in_call: dict[str, int] = {}
    for ticket in mirror.open_tickets():
        if ticket.state is TicketState.SERVING:
            in_call[ticket.location_id] = in_call.get(ticket.location_id, 0) + 1
        else:
            waiting.setdefault(ticket.location_id, []).append(ticket.arrived_at)
    kiosks: dict[str, list[KioskRow]] = {}
    for kiosk in sorted(mirror.kiosks.values(), key=lambda row: (row.position, row.id)):
        if not kiosk.retired:
            kiosks.setdefault(kiosk.location_id, []).append(kiosk)
    served = mirror.tally(now).served_by_location
    return [
        WallLocation(
            id=place.id,
            name=place.name,
            name_en=place.name_en,
            kiosks=tuple(
                WallKiosk(
                    id=kiosk.id,
                    name=kiosk.name,
                    online=around.kiosk_online(kiosk.id),
                    phase=kiosk_phase(mirror.ticket_of_kiosk(kiosk.id), now),
                )
                for kiosk in kiosks.get(place.id, [])
            ),
            waiting=len(waiting.get(place.id, [])),
            in_call=in_call.get(place.id, 0),
            oldest_arrival=min(waiting.get(place.id, []), default=None),
            served_today=served[place.id],
        )
        for place in sorted(mirror.locations.values(), key=lambda row: (row.position, row.id))
    ]


def wall_seats(mirror: HallMirror, now: float) -> list[WallSeat]:
    """The seats, in their order."""
    served = mirror.tally(now).served_by_seat
    rows = []
    for seat in sorted(mirror.seats.values(), key=lambda row: (row.position, row.id)):
        ticket = mirror.ticket_at_seat(seat.id)
        rows.append(
            WallSeat(
                id=seat.id,
                name=seat.name,
                agent_name=seat.agent_name,
                status=seat.status,
                break_reason=seat.break_reason,
                state=seat.state,
                state_since=seat.state_since,
                away=seat.away_since is not None,
                location=_location(mirror, ticket.location_id) if ticket is not None else None,
                item=_item(mirror, ticket.item_code) if ticket is not None else None,
                served_today=served[seat.id],
            )
        )
    return rows


def wall_tickets(mirror: HallMirror) -> list[WallTicket]:
    """The open tickets, who came first first."""
    return [
        WallTicket(
            id=ticket.id,
            number=ticket.number,
            item=_item(mirror, ticket.item_code),
            location_id=ticket.location_id,
            state=ticket.state,
            arrived_at=ticket.arrived_at,
            state_since=ticket.state_since,
            seat_id=ticket.seat_id,
            away=ticket.away_since is not None,
        )
        for ticket in sorted(mirror.open_tickets(), key=lambda row: (row.arrived_at, row.id))
    ]


def wall_today(mirror: HallMirror, now: float) -> WallToday:
    """The day so far."""
    tally = mirror.tally(now)
    still_waiting = [
        now - ticket.arrived_at
        for ticket in mirror.open_tickets()
        if ticket.state is not TicketState.SERVING
    ]
    waits = [*tally.waits[-1:], *still_waiting]
    one, two, three, four, five = tally.ratings
    return WallToday(
        taken=tally.taken,
        waiting=len(still_waiting),
        serving=tally.by_state[TicketState.SERVING],
        completed=tally.by_state[TicketState.COMPLETED],
        abandoned=tally.by_state[TicketState.ABANDONED],
        expired=tally.by_state[TicketState.EXPIRED],
        longest_wait_s=round(max(waits), 1) if waits else None,
        median_wait_s=round(median(tally.waits), 1) if tally.waits else None,
        ratings=(one, two, three, four, five),
    )


# --- parts -------------------------------------------------------------------------------------


def _takes_tickets(seat: SeatRow) -> bool:
    return seat.status is SeatStatus.AVAILABLE and seat.away_since is None


def _location(mirror: HallMirror, location_id: str) -> LocationRef:
    row = mirror.locations[location_id]
    return LocationRef(id=row.id, name=row.name, name_en=row.name_en)


def _item(mirror: HallMirror, code: str) -> ItemRef:
    row = mirror.items[code]
    return ItemRef(code=row.code, name=row.name, name_en=row.name_en)


def _kiosk_ticket(mirror: HallMirror, ticket: TicketRow) -> KioskTicket:
    line = mirror.line()
    ahead = line.index(ticket.id) if ticket.state is TicketState.WAITING else 0
    present = [other for other in line if mirror.tickets[other].away_since is None]
    returned = ticket.returned_because
    return KioskTicket(
        id=ticket.id,
        number=ticket.number,
        item=_item(mirror, ticket.item_code),
        language=ticket.language,
        state=ticket.state,
        arrived_at=ticket.arrived_at,
        ahead=ahead,
        soon=ticket.state is TicketState.OFFERED or present[:1] == [ticket.id],
        windows_open=sum(1 for seat in mirror.seats.values() if _takes_tickets(seat)),
        returned_because=_returned(returned) if returned is not None else None,
    )


def _returned(word: str) -> CallEndReason | OfferOutcome:
    return OfferOutcome(word) if word in set(OfferOutcome) else CallEndReason(word)


def _desk_ticket(mirror: HallMirror, ticket: TicketRow) -> DeskTicket:
    item = mirror.items[ticket.item_code]
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
        location=_location(mirror, ticket.location_id),
        kiosk_name=mirror.kiosks[ticket.kiosk_id].name,
        arrived_at=ticket.arrived_at,
    )


def _desk_offer(mirror: HallMirror, ticket: TicketRow | None) -> DeskOffer | None:
    if ticket is None or ticket.offer_id is None or ticket.state is not TicketState.OFFERED:
        return None
    offer = mirror.offers[ticket.offer_id]
    return DeskOffer(
        id=offer.id, epoch=offer.epoch, offered_at=offer.offered_at, expires_at=offer.expires_at
    )


def _link(
    mirror: HallMirror, ticket: TicketRow, side: Party, around: Surroundings
) -> MediaLink | None:
    offer = mirror.live_offer_or_call(ticket.offer_id) if ticket.offer_id is not None else None
    if offer is None or not ticket.state.is_open:
        return None
    seat = mirror.seats[offer.seat_id]
    if side is Party.RESIDENT:
        present = seat.away_since is None
        restarts = around.agent_restarts_ice(seat.agent_id or "")
        subject = ticket.kiosk_id
    else:
        present = ticket.away_since is None
        restarts = around.kiosk_restarts_ice(ticket.kiosk_id)
        subject = seat.agent_id or ""
    return MediaLink(
        call_id=offer.id,
        media_epoch=offer.media_epoch,
        you_are=side,
        attach=ticket.state is TicketState.SERVING,
        peer_present=present,
        peer_restarts_ice=restarts,
        ice_servers=around.ice_servers(subject),
    )


def _live_call(mirror: HallMirror, ticket: TicketRow) -> CallRow | None:
    call = mirror.calls.get(ticket.offer_id) if ticket.offer_id is not None else None
    return call if call is not None and call.state is not CallState.ENDED else None


def _call(mirror: HallMirror, ticket: TicketRow, side: Party) -> CallView | None:
    call = _live_call(mirror, ticket)
    if call is None:
        return None
    seat = mirror.seats[call.seat_id]
    away = seat.away_since if side is Party.RESIDENT else ticket.away_since
    grace = mirror.policy.call_away_grace_s
    return CallView(
        id=call.id,
        state=call.state,
        started_at=call.started_at,
        connected_at=call.connected_at,
        peer_present=away is None,
        peer_away_since=away,
        away_deadline=away + grace if away is not None else None,
        resident_media=call.resident_media,
        agent_media=call.agent_media,
    )


def _rating(mirror: HallMirror, ticket: TicketRow | None, now: float) -> RatingDue | None:
    if ticket is None or kiosk_phase(ticket, now) is not KioskPhase.RATING:
        return None
    seat = mirror.seats.get(ticket.seat_id or "")
    return RatingDue(
        ticket_id=ticket.id,
        seat_name=seat.name if seat is not None else "",
        until=ticket.rating_until or now,
    )


def _wrap_up(mirror: HallMirror, seat: SeatRow) -> WrapUpView | None:
    if seat.wrap_up_call_id is None or seat.wrap_up_until is None:
        return None
    call = mirror.calls[seat.wrap_up_call_id]
    ticket = mirror.tickets[call.ticket_id]
    return WrapUpView(
        call_id=call.id,
        number=ticket.number,
        item=_item(mirror, ticket.item_code),
        until=seat.wrap_up_until,
        extensions_left=mirror.policy.max_wrap_up_extensions - seat.wrap_up_extensions,
        note=mirror.notes.get(call.id, ""),
        call_end=call.end_reason or CallEndReason.AGENT_HUNG_UP,
    )
