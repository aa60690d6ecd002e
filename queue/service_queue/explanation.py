"""What there is to say about one ticket, from the database: for a resident, and for an auditor."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from service_queue import sentences
from service_queue.errors import TicketUnknown
from service_queue.explain import Standing, explain
from service_queue.hours import local_day
from service_queue.line_picture import LineView
from service_queue.line_reader import read_line
from service_queue.policy import Policy
from service_queue.statements import record
from service_queue.tables import LocationRow, SeatRow, TicketRow, table_of
from signaling.protocol.words import Language, TicketState

_location = table_of(LocationRow)
_seat = table_of(SeatRow)
_ticket = table_of(TicketRow)

_NUMBER: Final = re.compile(r"([A-Za-z]+)([0-9]{1,6})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One ticket, explained."""

    ticket_id: str
    number: str
    state: TicketState
    at: float
    standing: Standing | None
    """None when it is not in the line."""
    text: Mapping[Language, str]
    """The same in each language there are sentences in."""


def find_ticket(connection: Connection, name: str, now: float) -> TicketRow:
    """A ticket by its id, or by the number on its slip among today's.

    Raises:
        TicketUnknown: there is none.
    """
    found = connection.execute(select(_ticket).where(_ticket.c.id == name)).first()
    numbered = _NUMBER.fullmatch(name)
    if found is None and numbered is not None:
        prefix, n = numbered[1].upper(), int(numbered[2])
        zones = select(_location.c.time_zone).where(_location.c.prefix == prefix)
        zone = connection.execute(zones).scalar()
        today = _ticket.c.day == local_day(now, zone or "UTC")
        same = (_ticket.c.prefix == prefix) & (_ticket.c.n == n)
        found = connection.execute(select(_ticket).where(today, same)).first()
    if found is None:
        raise TicketUnknown(f"there is no ticket {name!r}")
    return record(TicketRow, found)


def explain_ticket(
    connection: Connection, ticket: TicketRow, policy: Policy, now: float
) -> Explanation:
    """Where a ticket stands and why, or what became of it."""
    standing = None
    if ticket.state is TicketState.WAITING:
        view = LineView(read_line(connection, now, policy), policy)
        standing = explain(view, ticket.id)
    say = _sayer(connection, ticket, standing)
    return Explanation(
        ticket_id=ticket.id,
        number=ticket.number,
        state=ticket.state,
        at=now,
        standing=standing,
        text={language: say(language) for language in sentences.LANGUAGES},
    )


def _sayer(
    connection: Connection, ticket: TicketRow, standing: Standing | None
) -> Callable[[Language], str]:
    """What says it in a language."""
    if standing is not None:
        return lambda language: sentences.say_standing(
            standing, language, department=ticket.department, spoken=ticket.language
        )
    if ticket.parked_because is not None and ticket.state is TicketState.PARKED:
        why, until = ticket.parked_because, _clock(connection, ticket)
        return lambda language: sentences.say_parked(why, until, language)
    if ticket.end_reason is not None:
        ended = ticket.end_reason
        return lambda language: sentences.say_ended(ended, language)
    names = select(_seat.c.name).where(_seat.c.id == ticket.seat_id)
    seat: Any = connection.execute(names).scalar() or ""
    if ticket.state is TicketState.OFFERED:
        return lambda language: sentences.say_offered(seat, language)
    return lambda language: sentences.say_serving(seat, language)


def _clock(connection: Connection, ticket: TicketRow) -> str:
    """Until when it is parked, as a clock at its place shows it."""
    zones = select(_location.c.time_zone).where(_location.c.id == ticket.location_id)
    zone = connection.execute(zones).scalar() or "UTC"
    shown = datetime.datetime.fromtimestamp(ticket.parked_until or 0.0, ZoneInfo(zone))
    return f"{shown:%H:%M}"
