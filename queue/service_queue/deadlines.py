"""When something is due in a hall: each state has a deadline; the sweep moves what is past it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from service_queue import closing
from service_queue.consult_tables import ConsultRow
from service_queue.policy import HoursPolicy, Policy
from service_queue.tables import CallRow, LocationRow, SeatRow, TicketRow
from signaling.protocol.words import (
    CallState,
    ConsultState,
    MediaReport,
    SeatState,
    TicketState,
)

EVERY_DAY: Final = HoursPolicy().days
BEFORE_CALL: Final = frozenset({TicketState.WAITING, TicketState.OFFERED})
WITHOUT_CALL: Final = frozenset({SeatState.IDLE, SeatState.WRAP_UP})


def ticket_deadlines(
    tickets: Collection[TicketRow],
    locations: Mapping[str, LocationRow],
    policy: Policy,
    *,
    staffed: bool,
) -> Iterator[float]:
    """Of open tickets. `staffed`: somebody is there who serves residents."""
    for ticket in tickets:
        if ticket.parked_until is not None and ticket.state is TicketState.PARKED:
            yield ticket.parked_until
        elif ticket.away_since is not None and ticket.state in BEFORE_CALL:
            yield ticket.away_since + policy.waiting_kiosk_grace_s
    if not policy.hours.closes and policy.hours.days == EVERY_DAY:
        return
    # Closing times are the same for all of a day and a location: looked up once.
    left = {(t.day, t.location_id) for t in tickets if t.state is not TicketState.SERVING}
    for day, location_id in left:
        if location_id in locations:
            zone = locations[location_id].time_zone
            yield closing.deadline(policy.hours, day, zone, staffed=staffed)


def seat_deadlines(seats: Iterable[SeatRow], policy: Policy) -> Iterator[float]:
    """Of after-call work, shifts, and desks nobody is at."""
    for seat in seats:
        if seat.wrap_up_until is not None:
            yield seat.wrap_up_until
        if seat.shift_ends_at is not None:
            yield seat.shift_ends_at
        if seat.agent_id is None or seat.away_since is None:
            continue
        if seat.state in WITHOUT_CALL:
            yield seat.away_since + policy.idle_seat_grace_s


def consult_deadlines(consults: Iterable[ConsultRow], policy: Policy) -> Iterator[float]:
    """Of colleagues who are invited into a call, or are in it without seeing the resident."""
    for consult in consults:
        if consult.state is ConsultState.RINGING:
            yield consult.expires_at
        elif consult.stalled_since is not None:
            yield consult.stalled_since + consult_patience_s(consult, policy)


def consult_patience_s(consult: ConsultRow, policy: Policy) -> float:
    """How long the media between resident and colleague may take to come, or to come back."""
    if consult.connected_at is None:
        return policy.connect_timeout_s
    return policy.stalled_timeout_s


def call_deadlines(
    calls: Iterable[CallRow],
    tickets: Mapping[str, TicketRow],
    seats: Mapping[str, SeatRow],
    policy: Policy,
) -> Iterator[float]:
    """Of live calls: a side that is gone and not seen by the other; with both there, no media.

    It says when `sweep.why_over` will find a reason. A moment that is past and moves nothing would
    have the sweep spin, and the server say that it does not keep its deadlines.
    """
    for call in calls:
        if call.state is CallState.ENDED:
            continue
        kiosk_away = tickets[call.ticket_id].away_since
        desk_away = seats[call.seat_id].away_since
        if kiosk_away is not None and call.agent_media is not MediaReport.FLOWING:
            yield kiosk_away + policy.call_away_grace_s
        if desk_away is not None and call.resident_media is not MediaReport.FLOWING:
            yield desk_away + policy.call_away_grace_s
        if kiosk_away is not None or desk_away is not None:
            continue
        if call.state is CallState.CONNECTING:
            yield call.state_since + policy.connect_timeout_s
        elif call.state is CallState.RECONNECTING:
            yield call.state_since + policy.stalled_timeout_s
