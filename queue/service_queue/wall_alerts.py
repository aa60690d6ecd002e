"""What a supervisor should look at, as a pure function of the mirror."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from service_queue.matching import FreeSeat, hindrance, skill_gap
from service_queue.mirror import HallMirror
from service_queue.overdue import OverdueKind
from service_queue.placement import free_seat
from service_queue.rank import WaitingTicket
from service_queue.tables import SeatRow, TicketRow
from service_queue.view_parts import takes_tickets
from signaling.protocol.views import WallAlert
from signaling.protocol.words import SeatState, TicketState

MOST_OF_A_KIND: Final = 10
"""A wall that shows hundreds of alerts shows none."""

BEHIND_S: Final = 600.0
"""From here on a location is behind, where the policy sets no bound of its own."""


def wall_alerts(mirror: HallMirror, now: float) -> tuple[WallAlert, ...]:
    """All alerts of this moment, those that stand longest first within each kind."""
    standings = mirror.standings(now)
    kinds = (
        _unmatched(mirror, standings.order, now),
        _overdue(mirror),
        _without_window(mirror, standings.order),
        _long_waits(mirror, now),
        _handed_over_often(mirror),
        _many_numbers_read(mirror, now),
        _locations_behind(mirror, now),
    )
    return tuple(
        alert
        for kind in kinds
        for alert in sorted(kind, key=lambda each: each.since)[:MOST_OF_A_KIND]
    )


def _unmatched(mirror: HallMirror, line: list[WaitingTicket], now: float) -> Iterator[WallAlert]:
    """Pairs that could be made and are not: a fault of ours, whatever the reason."""
    bound = mirror.policy.unmatched_alarm_s
    before = now - bound
    idle = [
        (row, _as_free(mirror, row))
        for row in mirror.seats.values()
        if takes_tickets(row) and row.state is SeatState.IDLE and _quiet_since(row) <= before
    ]
    if not idle:
        return
    open_seats = frozenset(row.id for row in mirror.seats.values() if takes_tickets(row))
    for ticket in _one_of_each_kind(line):
        row = mirror.waiting_row(ticket.id)
        if row is None or ticket.away or row.state_since > before:
            continue
        for seat_row, seat in idle:
            # Twice: what has only just become possible has not been missed yet.
            possible = all(
                hindrance(ticket, seat, mirror.policy, at, open_seats) is None
                for at in (before, now)
            )
            if possible:
                since = max(row.state_since, _quiet_since(seat_row))
                yield _alert("unmatched", since, row, seat_id=seat.id)
                break


def _overdue(mirror: HallMirror) -> Iterator[WallAlert]:
    """States past their deadline, as the database says: a fault of ours."""
    for each, since in mirror.overdue.items():
        if each.kind is OverdueKind.UNMATCHED:
            # Those of the picture are told already, with the moment from which.
            continue
        ticket = mirror.tickets.get(each.ticket_id or "")
        yield WallAlert(
            kind="overdue",
            since=since,
            ticket_number=None if ticket is None else ticket.number,
            location_id=None if ticket is None else ticket.location_id,
            seat_id=each.seat_id,
        )


def _without_window(mirror: HallMirror, line: list[WaitingTicket]) -> Iterator[WallAlert]:
    """Residents whom no open window may serve, one of each kind."""
    skills = {
        (row.departments, row.languages): row for row in mirror.seats.values() if takes_tickets(row)
    }
    seats = [_as_free(mirror, row) for row in skills.values()]
    for ticket in _one_of_each_kind(line):
        row = mirror.waiting_row(ticket.id)
        gaps = (skill_gap(ticket, seat, mirror.policy) for seat in seats)
        if row is not None and all(gap is not None for gap in gaps):
            yield _alert("no_window", ticket.arrived_at, row)


def _long_waits(mirror: HallMirror, now: float) -> Iterator[WallAlert]:
    bound = mirror.policy.ceiling_s / 2.0
    for ticket in mirror.open_tickets():
        waits = ticket.state in (TicketState.WAITING, TicketState.OFFERED)
        if waits and now - ticket.arrived_at >= bound:
            yield _alert("long_wait", ticket.arrived_at + bound, ticket)


def _handed_over_often(mirror: HallMirror) -> Iterator[WallAlert]:
    for ticket in mirror.open_tickets():
        if ticket.hand_overs >= mirror.policy.hand_over_alarm:
            yield _alert("handed_over_often", ticket.state_since, ticket)


def _many_numbers_read(mirror: HallMirror, now: float) -> Iterator[WallAlert]:
    for reader in mirror.number_reads.beyond(mirror.policy.identity.reads_alarm, now):
        seat = mirror.seat_of_agent(reader.agent_id)
        seat_id = reader.seat_id if seat is None else seat.id
        yield WallAlert(kind="many_numbers_read", since=reader.since, seat_id=seat_id)


def _locations_behind(mirror: HallMirror, now: float) -> Iterator[WallAlert]:
    bound = mirror.policy.fairness.max_behind_s
    bound = BEHIND_S if bound is None else bound
    learnt = mirror.experience
    for location_id, behind_s in learnt.compared.behind(now).items():
        if behind_s > bound:
            since = learnt.last_begun_at.get(location_id, now)
            yield WallAlert(kind="location_behind", since=since, location_id=location_id)


def _one_of_each_kind(line: list[WaitingTicket]) -> list[WaitingTicket]:
    """Of those whom the same windows may serve, the one that came first."""
    kinds: dict[object, WaitingTicket] = {}
    for ticket in line:
        key = (
            *(ticket.department, ticket.language, ticket.location_id),
            *(ticket.last_seat_id, ticket.wanted, ticket.excluded_seats, ticket.away),
        )
        known = kinds.get(key)
        if known is None or ticket.arrived_at < known.arrived_at:
            kinds[key] = ticket
    return list(kinds.values())


def _as_free(mirror: HallMirror, row: SeatRow) -> FreeSeat:
    return free_seat(row, district=mirror.district_of(row.location_id))


def _quiet_since(row: SeatRow) -> float:
    return max(row.idle_since, row.state_since)


def _alert(kind: str, since: float, ticket: TicketRow, *, seat_id: str | None = None) -> WallAlert:
    return WallAlert(
        kind=kind,
        since=since,
        ticket_number=ticket.number,
        location_id=ticket.location_id,
        seat_id=seat_id,
    )
