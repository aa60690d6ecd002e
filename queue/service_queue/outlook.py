"""What an estimate depends on, taken from the mirror."""

from __future__ import annotations

from typing import Final

from service_queue.hours import local_day
from service_queue.mirror import HallMirror
from service_queue.placement import free_seat
from service_queue.prospect import Doing, OpenSeat, Outlook, Standing
from service_queue.service_times import Visit
from service_queue.tables import SeatRow, TicketRow
from signaling.protocol.words import (
    BreakReason,
    ParkReason,
    SeatState,
    SeatStatus,
    TicketState,
)

NOT_COUNTED_ON: Final = frozenset(
    {BreakReason.NO_ANSWER, BreakReason.DECLINED_OFTEN, BreakReason.SHIFT_OVER}
)
"""Whether and when an agent comes back from these, nobody knows."""

_DOING: Final = {
    SeatState.IDLE: Doing.NOTHING,
    SeatState.RESERVED: Doing.RINGING,
    SeatState.IN_CALL: Doing.TALKING,
    SeatState.WRAP_UP: Doing.WRAPPING_UP,
}


def outlook_of(mirror: HallMirror, now: float) -> Outlook:
    """A picture of this moment that nothing changes any more."""
    learnt = mirror.experience
    times = learnt.times
    line = []
    for ticket in mirror.open_tickets():
        standing = _standing(mirror, ticket, now)
        if standing is not None:
            line.append(standing)
    return Outlook(
        now=now,
        policy=mirror.policy,
        state=mirror.line_state(now),
        line=line,
        seats=[
            open_seat for row in mirror.seats.values() if (open_seat := _seat(mirror, row, now))
        ],
        answer=times.answer,
        leaving_rate=times.leaving_rate,
        pausing_rate=times.pausing_rate,
        pause=times.break_for(BreakReason.REST),
        overtakers=[
            Standing(ticket=mirror.as_waiting(one, now), visit=_visit(mirror, one))
            for one in learnt.overtakers(now)
        ],
    )


def counts_as_open(seat: SeatRow) -> bool:
    """It takes tickets, or will when it is done with whom it serves."""
    return seat.status is SeatStatus.AVAILABLE and (
        seat.away_since is None or seat.state is SeatState.IN_CALL
    )


def _standing(mirror: HallMirror, ticket: TicketRow, now: float) -> Standing | None:
    """None: it is being called or served, and stands in nobody's way."""
    if ticket.state is TicketState.WAITING:
        return Standing(ticket=mirror.as_waiting(ticket, now), visit=_visit(mirror, ticket))
    if ticket.state is not TicketState.PARKED:
        return None
    until = ticket.parked_until or now
    # Who stepped away comes back before; who was called in vain is called again then.
    early = ticket.parked_because is ParkReason.STEPPED_AWAY
    back_at = (now + until) / 2.0 if early else until
    return Standing(
        ticket=mirror.as_waiting(ticket, now),
        visit=_visit(mirror, ticket),
        back_at=max(now, back_at),
    )


def _visit(mirror: HallMirror, ticket: TicketRow) -> Visit:
    return mirror.experience.times.visit(ticket.item_code, ticket.department)


def _seat(mirror: HallMirror, row: SeatRow, now: float) -> OpenSeat | None:
    """None: nobody is there who will take a ticket."""
    on_break = row.status is SeatStatus.ON_BREAK and row.break_reason not in NOT_COUNTED_ON
    if not on_break and not counts_as_open(row):
        return None
    doing, since = _DOING[row.state], row.state_since
    pause = None
    if on_break:
        pause = mirror.experience.times.break_for(row.break_reason or BreakReason.REST)
        if doing is Doing.NOTHING:
            doing, since = Doing.PAUSED, mirror.experience.on_break_since(row)
    guest = mirror.invitations.at_seat(row.id)
    served = mirror.tickets[guest.ticket_id] if guest is not None else mirror.served_by(row)
    day = local_day(now, mirror.time_zone)
    return OpenSeat(
        seat=free_seat(row, day=day, district=mirror.district_of(row.location_id)),
        doing=doing,
        since=since,
        visit=None if served is None else _visit(mirror, served),
        until=row.wrap_up_until,
        shift_ends_at=row.shift_ends_at,
        pause=pause,
        pace=mirror.experience.times.paces.of(row.agent_id),
    )
