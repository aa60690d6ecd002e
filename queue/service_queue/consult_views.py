"""What screens are told of a colleague who is asked into a call, or in it."""

from __future__ import annotations

from service_queue.consult_tables import ConsultRow
from service_queue.mirror import HallMirror
from service_queue.tables import SeatRow, TicketRow
from service_queue.view_parts import Surroundings, item_ref
from signaling.protocol.views import CallView, DeskConsult, KioskColleague, MediaLink
from signaling.protocol.words import (
    CallState,
    ConsultEnd,
    ConsultState,
    Party,
)

_TOLD = frozenset(
    {
        ConsultEnd.DECLINED,
        ConsultEnd.TIMED_OUT,
        ConsultEnd.LEFT,
        ConsultEnd.SEAT_LOST,
        ConsultEnd.MEDIA_LOST,
    }
)
"""Ends that who invited did not bring about."""


def desk_consult(
    mirror: HallMirror, seat: SeatRow, ticket: TicketRow | None, around: Surroundings
) -> DeskConsult | None:
    """The colleague in a seat's call, or the invitation at a seat; None when there is neither."""
    consult = mirror.invitations.at_seat(seat.id)
    if consult is None and ticket is not None and ticket.offer_id is not None:
        consult = mirror.invitations.last_into(ticket.offer_id)
        over = consult is not None and consult.state is ConsultState.ENDED
        if consult is None or (over and consult.end_reason not in _TOLD):
            return None
    if consult is None:
        return None
    host = consult.host_seat_id == seat.id
    other = mirror.seats[consult.guest_seat_id if host else consult.host_seat_id]
    return DeskConsult(
        id=consult.id,
        state=consult.state,
        host=host,
        seat_name=other.name,
        agent_name=other.agent_name or "",
        reason=consult.reason,
        item=item_ref(mirror, consult.item_code),
        department=consult.department,
        invited_at=consult.invited_at,
        expires_at=consult.expires_at,
        ready=consult.state is ConsultState.JOINED and consult.stalled_since is None,
        link=_desks_link(consult, seat, other, around, host=host),
        end_reason=consult.end_reason,
    )


def kiosk_colleague(
    mirror: HallMirror, ticket: TicketRow, around: Surroundings
) -> KioskColleague | None:
    """The second agent of a kiosk's call; None when nobody is asked."""
    consult = mirror.invitations.into(ticket.offer_id)
    if consult is None:
        return None
    seat = mirror.seats[consult.guest_seat_id]
    link = None
    if consult.state is ConsultState.JOINED:
        link = MediaLink(
            call_id=consult.id,
            media_epoch=consult.media_epoch,
            you_are=Party.RESIDENT,
            attach=True,
            peer_present=seat.away_since is None,
            peer_restarts_ice=around.agent_restarts_ice(consult.guest_agent_id),
            ice_servers=around.ice_servers(consult.kiosk_id),
        )
    return KioskColleague(seat_name=seat.name, link=link)


def guest_link(mirror: HallMirror, consult: ConsultRow, around: Surroundings) -> MediaLink | None:
    """What a colleague in the call builds the peer connection to the resident by."""
    if consult.state is not ConsultState.JOINED:
        return None
    return MediaLink(
        call_id=consult.id,
        media_epoch=consult.media_epoch,
        you_are=Party.AGENT,
        attach=True,
        peer_present=mirror.tickets[consult.ticket_id].away_since is None,
        peer_restarts_ice=around.kiosk_restarts_ice(consult.kiosk_id),
        ice_servers=around.ice_servers(consult.guest_agent_id),
    )


def guest_call(mirror: HallMirror, consult: ConsultRow) -> CallView | None:
    """The call as the colleague in it sees it: how it stands between them and the resident."""
    if consult.state is not ConsultState.JOINED:
        return None
    away = mirror.tickets[consult.ticket_id].away_since
    state = CallState.CONNECTED
    if consult.stalled_since is not None:
        never = consult.connected_at is None
        state = CallState.CONNECTING if never else CallState.RECONNECTING
    grace = mirror.policy.call_away_grace_s
    return CallView(
        id=consult.id,
        state=state,
        started_at=consult.invited_at,
        connected_at=consult.connected_at,
        peer_present=away is None,
        peer_away_since=away,
        away_deadline=None if away is None else away + grace,
        resident_media=consult.resident_media,
        agent_media=consult.agent_media,
    )


def _desks_link(
    consult: ConsultRow, seat: SeatRow, other: SeatRow, around: Surroundings, *, host: bool
) -> MediaLink | None:
    if consult.state is not ConsultState.JOINED:
        return None
    return MediaLink(
        call_id=consult.desks_id,
        media_epoch=consult.desks_epoch,
        you_are=Party.AGENT if host else Party.RESIDENT,
        attach=True,
        peer_present=other.away_since is None,
        peer_restarts_ice=around.agent_restarts_ice(other.agent_id or ""),
        ice_servers=around.ice_servers(seat.agent_id or ""),
    )
