"""Takes the picture of the line from the database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import Connection, func, select
from sqlmodel import SQLModel

from service_queue.hours import local_day
from service_queue.line_picture import BegunCall, LinePicture
from service_queue.line_tables import LineCounterRow
from service_queue.placement import free_seat, waiting_ticket
from service_queue.policy import Policy
from service_queue.rank import CALM
from service_queue.statements import record
from service_queue.tables import (
    AFTER_POSITION,
    STARTS_SINCE_GREEN,
    CallRow,
    LocationRow,
    SeatRow,
    TicketOfferRow,
    TicketRow,
    table_of,
)
from signaling.protocol.words import (
    CallEndReason,
    OfferOutcome,
    SeatState,
    SeatStatus,
    TicketState,
)

R = TypeVar("R", bound=SQLModel)

_call = table_of(CallRow)
_counter = table_of(LineCounterRow)
_location = table_of(LocationRow)
_offer = table_of(TicketOfferRow)
_seat = table_of(SeatRow)
_ticket = table_of(TicketRow)


def read_line(connection: Connection, now: float, *policies: Policy) -> LinePicture:
    """The line as it stands, with all that one of `policies` looks at."""
    locations = {row.id: row for row in connection.execute(select(_location))}
    tickets = _every(connection, TicketRow, _ticket.c.state == TicketState.WAITING)
    seats = _every(
        connection,
        SeatRow,
        _seat.c.status == SeatStatus.AVAILABLE,
        _seat.c.away_since.is_(None),
    )
    counted = {row.name: row.n for row in connection.execute(select(_counter))}
    day = local_day(now, hall_zone(connection))
    return LinePicture(
        now=now,
        waiting=tuple(
            waiting_ticket(ticket, district=locations[ticket.location_id].district)
            for ticket in tickets
        ),
        numbers={ticket.id: ticket.number for ticket in tickets},
        open_seats=tuple(
            free_seat(
                seat,
                day=day,
                district=locations[seat.location_id].district if seat.location_id else "",
            )
            for seat in seats
        ),
        free=frozenset(seat.id for seat in seats if seat.state is SeatState.IDLE),
        declined_at=_declined(connection),
        starts_since_green=counted.get(STARTS_SINCE_GREEN, CALM.starts_since_green),
        after_position=counted.get(AFTER_POSITION, -1),
        calls=_begun_calls(connection, now - _looks_back_s(policies)),
    )


def hall_zone(connection: Connection) -> str:
    """The hall's time zone: that of its first location."""
    first = select(_location.c.time_zone).order_by(_location.c.position, _location.c.id).limit(1)
    zone: str = connection.execute(first).scalar() or "UTC"
    return zone


def _looks_back_s(policies: Iterable[Policy]) -> float:
    """How far back the calls matter."""
    bounded = [one.fairness for one in policies if one.fairness.max_behind_s is not None]
    return max((fairness.over_s for fairness in bounded), default=0.0)


def _declined(connection: Connection) -> dict[tuple[str, str], float]:
    ends = (
        (_offer, _offer.c.outcome == OfferOutcome.DECLINED),
        (_call, _call.c.end_reason == CallEndReason.TRANSFERRED),
    )
    found: dict[tuple[str, str], float] = {}
    for table, ended_so in ends:
        chosen = (
            select(table.c.ticket_id, table.c.seat_id, func.max(table.c.ended_at).label("at"))
            .join(_ticket, _ticket.c.id == table.c.ticket_id)
            .where(_ticket.c.state == TicketState.WAITING, ended_so)
            .group_by(table.c.ticket_id, table.c.seat_id)
        )
        for row in connection.execute(chosen):
            pair = (row.ticket_id, row.seat_id)
            found[pair] = max(row.at, found.get(pair, row.at))
    return found


def _begun_calls(connection: Connection, since: float) -> tuple[BegunCall, ...]:
    chosen = (
        select(_call.c.started_at, _ticket.c.arrived_at, _location.c.id, _location.c.district)
        .join(_ticket, _ticket.c.id == _call.c.ticket_id)
        .join(_location, _location.c.id == _ticket.c.location_id)
        .where(_call.c.started_at > since)
        .order_by(_call.c.started_at)
    )
    return tuple(
        BegunCall(
            at=row.started_at,
            location_id=row.id,
            district=row.district,
            waited_s=row.started_at - row.arrived_at,
        )
        for row in connection.execute(chosen)
    )


def _every(connection: Connection, model: type[R], *tests: Any) -> list[R]:
    chosen = select(table_of(model)).where(*tests)
    return [record(model, row) for row in connection.execute(chosen)]
