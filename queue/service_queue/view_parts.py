"""What several screens show alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from service_queue.mirror import HallMirror
from service_queue.prospect import Wait
from service_queue.tables import CallRow, SeatRow, TicketRow
from signaling.protocol.signals import IceServer
from signaling.protocol.views import (
    CallView,
    ItemRef,
    LocationRef,
    MediaLink,
    ReturnCode,
    WaitRange,
)
from signaling.protocol.words import CallState, KioskPhase, Party, SeatStatus, TicketState


def no_wait(_ticket_id: str) -> Wait | None:
    """Where no forecasts are made."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a view needs that is not in the database."""

    kiosk_online: Callable[[str], bool]
    """Is this kiosk's page or program connected."""
    kiosk_restarts_ice: Callable[[str], bool]
    agent_restarts_ice: Callable[[str], bool]
    ice_servers: Callable[[str], tuple[IceServer, ...]]
    """The servers for a kiosk's or an agent's id; short-lived credentials are made per subject."""
    wait_of: Callable[[str], Wait | None] = no_wait
    """What a waiting ticket has to expect."""


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


def takes_tickets(seat: SeatRow) -> bool:
    """It is open and attended, busy or not."""
    return seat.status is SeatStatus.AVAILABLE and seat.away_since is None


def location_ref(mirror: HallMirror, location_id: str) -> LocationRef:
    """A location, by name."""
    row = mirror.locations[location_id]
    return LocationRef(id=row.id, name=row.name, name_en=row.name_en, time_zone=row.time_zone)


def item_ref(mirror: HallMirror, code: str) -> ItemRef:
    """An item, by name."""
    row = mirror.items[code]
    return ItemRef(code=row.code, name=row.name, name_en=row.name_en)


def wait_range(wait: Wait | None) -> WaitRange | None:
    """A wait, as it is shown: whole seconds."""
    if wait is None:
        return None
    return WaitRange(low_s=round(wait.low_s), high_s=round(wait.high_s), at=wait.at)


def return_code(mirror: HallMirror, ticket: TicketRow | None) -> ReturnCode | None:
    """The code given in a ticket's call."""
    code = None if ticket is None else mirror.codes.get(ticket.id)
    return None if code is None else ReturnCode(code=code.code, valid_until=code.valid_until)


def media_link(
    mirror: HallMirror, ticket: TicketRow, side: Party, around: Surroundings
) -> MediaLink | None:
    """What a side of an offer or a call builds its peer connection by."""
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


def live_call(mirror: HallMirror, ticket: TicketRow) -> CallRow | None:
    """A ticket's call while it lives."""
    call = mirror.calls.get(ticket.offer_id) if ticket.offer_id is not None else None
    return call if call is not None and call.state is not CallState.ENDED else None


def call_view(mirror: HallMirror, ticket: TicketRow, side: Party) -> CallView | None:
    """A ticket's live call, as one of its sides sees it."""
    call = live_call(mirror, ticket)
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
