"""Rows of the line, as the rules of order and matching see them. Pure."""

from __future__ import annotations

from functools import lru_cache

from service_queue.matching import FreeSeat
from service_queue.rank import WaitingTicket
from service_queue.tables import SeatRow, TicketRow
from signaling.protocol.words import Language

_NONE: frozenset[str] = frozenset()


def waiting_ticket(
    ticket: TicketRow, *, district: str = "", excluded_seats: frozenset[str] = _NONE
) -> WaitingTicket:
    """A ticket in the line. `district`: its location's."""
    known = ticket.wanted_seat_id or ticket.last_seat_id
    was_called = ticket.first_offered_at is not None
    return WaitingTicket(
        id=ticket.id,
        arrived_at=ticket.arrived_at,
        place_at=ticket.place_at,
        lane=ticket.lane,
        green=ticket.green,
        location_id=ticket.location_id,
        district=district,
        department=ticket.department,
        language=ticket.language,
        last_seat_id=known,
        back_at=ticket.state_since if was_called else None,
        wanted=ticket.wanted_seat_id is not None and ticket.hand_overs > 0,
        away=ticket.away_since is not None,
        excluded_seats=excluded_seats,
    )


def free_seat(seat: SeatRow, *, day: str = "", district: str = "") -> FreeSeat:
    """A seat, as if it were free. `day`: today, where its counts are kept; `district`: its own."""
    counts = seat.tally_day == day
    return FreeSeat(
        id=seat.id,
        idle_since=seat.idle_since,
        position=seat.position,
        level=seat.level,
        location_id=seat.location_id,
        district=district,
        departments=_departments(seat.departments),
        languages=_languages(seat.languages),
        calls_today=seat.calls_today if counts else 0,
        talk_today_s=seat.talk_today_s if counts else 0.0,
    )


@lru_cache(maxsize=4096)
def _departments(joined: str) -> frozenset[str]:
    return frozenset(joined.split("|"))


@lru_cache(maxsize=4096)
def _languages(joined: str) -> frozenset[Language]:
    return frozenset(Language(word) for word in joined.split("|") if word)
