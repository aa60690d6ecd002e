"""Call signals, from one side of a live call to the other, and to nobody else."""

from __future__ import annotations

from collections.abc import Callable

from service_queue.errors import CallUnknown, MediaEpochStale
from service_queue.hall import Hall
from service_queue.mirror import HallMirror
from service_queue.tables import SeatRow
from signaling.protocol.commands import SendSignal
from signaling.protocol.errors import MessageMalformed, NotAllowed
from signaling.protocol.events import Signalled
from signaling.protocol.signals import Candidate, Description
from signaling.protocol.words import ConsultState, Role
from signaling.server.candidate import AddressPolicy, parse_candidate
from signaling.server.connection import Connection
from signaling.server.presence import Presence
from signaling.server.sdp import rebuild_sdp

Send = Callable[[Connection, Signalled], bool]


class Relay:
    """Passes parsed and rebuilt SDP and candidates between the two parties of a call."""

    def __init__(
        self, hall: Hall, presence: Presence, send: Send, *, allow_loopback: bool = False
    ) -> None:
        self._hall = hall
        self._presence = presence
        self._send = send
        self._policy = AddressPolicy(allow_loopback=allow_loopback)

    def pass_on(self, sender: Connection, signal: SendSignal) -> bool:
        """Send a signal to the other side; False when it is not there.

        One that is not there has lost its peer connection with its page, so nothing is kept for
        it: it asks for a rebuild when it is back.

        Raises:
            CallUnknown: no live call, or not the sender's.
            MediaEpochStale: the peer connections were built anew since.
            MessageMalformed, MessageTooLarge, NotAllowed: what it carries may not pass.
        """
        mirror = self._hall.mirror
        offer = mirror.live_offer_or_call(signal.call_id)
        if offer is None:
            return self._pass_on_in_threes(sender, signal)
        ticket = mirror.tickets.get(offer.ticket_id)
        seat = mirror.seats.get(offer.seat_id)
        if ticket is None or seat is None:
            raise CallUnknown
        if not _is_party(sender, mirror, kiosk_id=ticket.kiosk_id, seat_id=seat.id):
            raise CallUnknown("not a call of the sender's")
        if signal.media_epoch != offer.media_epoch:
            raise MediaEpochStale
        if sender.role is Role.KIOSK_PAGE:
            return self._send_on(self._desk_at(seat), signal)
        return self._send_on(self._presence.kiosk_page(ticket.kiosk_id), signal)

    def _pass_on_in_threes(self, sender: Connection, signal: SendSignal) -> bool:
        """As `pass_on`, where a colleague is in the call: within one of the other two pairs."""
        mirror = self._hall.mirror
        consult = mirror.invitations.on_link(signal.call_id)
        if consult is None or consult.state is not ConsultState.JOINED:
            raise CallUnknown
        guest, host = mirror.seats[consult.guest_seat_id], mirror.seats[consult.host_seat_id]
        between_desks = signal.call_id == consult.desks_id
        mine = _seat_id(sender, mirror)
        other: Connection | None
        if mine == guest.id:
            kiosk = self._presence.kiosk_page(consult.kiosk_id)
            other = self._desk_at(host) if between_desks else kiosk
        elif mine == host.id if between_desks else sender.principal.kiosk_id == consult.kiosk_id:
            other = self._desk_at(guest)
        else:
            raise CallUnknown("not a call of the sender's")
        epoch = consult.desks_epoch if between_desks else consult.media_epoch
        if signal.media_epoch != epoch:
            raise MediaEpochStale
        return self._send_on(other, signal)

    def _desk_at(self, seat: SeatRow) -> Connection | None:
        return None if seat.agent_id is None else self._presence.desk(seat.agent_id)

    def _send_on(self, other: Connection | None, signal: SendSignal) -> bool:
        rebuilt = self._rebuild(signal)
        return other is not None and other.welcomed and self._send(other, rebuilt)

    def _rebuild(self, signal: SendSignal) -> Signalled:
        if (signal.description is None) is (signal.candidate is None):
            raise MessageMalformed("a signal carries a description or a candidate")
        description = candidate = None
        if signal.description is not None:
            description = _rebuild_description(signal.description, self._policy)
        elif signal.candidate is not None:
            candidate = _rebuild_candidate(signal.candidate, self._policy)
        return Signalled(
            call_id=signal.call_id,
            media_epoch=signal.media_epoch,
            description=description,
            candidate=candidate,
        )


def _is_party(sender: Connection, mirror: HallMirror, *, kiosk_id: str, seat_id: str) -> bool:
    if sender.role is Role.KIOSK_PAGE:
        return sender.principal.kiosk_id == kiosk_id
    return _seat_id(sender, mirror) == seat_id


def _seat_id(sender: Connection, mirror: HallMirror) -> str | None:
    """The seat an agent sends from; None for a kiosk's page, or without a seat."""
    if sender.role is Role.KIOSK_PAGE:
        return None
    if sender.role is not Role.AGENT or sender.principal.agent_id is None:
        raise NotAllowed("only the sides of a call send signals")
    seat = mirror.seat_of_agent(sender.principal.agent_id)
    return None if seat is None else seat.id


def _rebuild_description(description: Description, policy: AddressPolicy) -> Description:
    if description.type == "rollback":
        return Description(type="rollback")
    return Description(type=description.type, sdp=rebuild_sdp(description.sdp, policy))


def _rebuild_candidate(candidate: Candidate, policy: AddressPolicy) -> Candidate:
    mid = candidate.sdp_mid
    if mid is not None and not mid.isprintable():
        raise MessageMalformed("a candidate with a broken mid")
    text = candidate.candidate
    if text:
        text = parse_candidate(text, policy).render()
    return Candidate(candidate=text, sdp_mid=mid, sdp_m_line_index=candidate.sdp_m_line_index)
