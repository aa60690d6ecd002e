"""The index over the line of a database, kept by the thread that writes it.

The database is the truth: the index follows the rows that each unit touched, and whatever may have
gone another way is read again (the rows of a unit that failed, those that another process wrote) or
makes it start over (a commit that failed). Pairs are held against the rows before they are used.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from sqlalchemy import bindparam, select

from service_queue.hours import local_day
from service_queue.late_calls import LateCalls
from service_queue.line_index import LineIndex
from service_queue.line_tables import LineCounterRow
from service_queue.matching import Pair
from service_queue.placement import free_seat, waiting_ticket
from service_queue.policy import Policy, SeatStrategy
from service_queue.rank import CALM, LineState
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
from service_queue.transaction import Transaction
from signaling.protocol.words import (
    CallEndReason,
    OfferOutcome,
    SeatState,
    SeatStatus,
    TicketState,
)

SET_BACK_S: Final = 60.0
"""Units are timed before they queue, so a later one may be timed a little earlier: the index goes
on from the latest time. A clock that is further back was set."""

log = logging.getLogger(__name__)

_call = table_of(CallRow)
_offer = table_of(TicketOfferRow)
_seat = table_of(SeatRow)
_ticket = table_of(TicketRow)

_WAITING: Final = select(_ticket).where(_ticket.c.state == TicketState.WAITING)
_OPEN: Final = select(_seat).where(
    _seat.c.status == SeatStatus.AVAILABLE, _seat.c.away_since.is_(None)
)
_DECLINED: Final = select(_offer.c.seat_id, _offer.c.ended_at).where(
    _offer.c.ticket_id == bindparam("ticket", ""),
    _offer.c.outcome == OfferOutcome.DECLINED,
    _offer.c.ended_at > bindparam("horizon", 0.0),
)
_HANDED_ON: Final = select(_call.c.seat_id, _call.c.ended_at).where(
    _call.c.ticket_id == bindparam("ticket", ""),
    _call.c.end_reason == CallEndReason.TRANSFERRED,
    _call.c.ended_at > bindparam("horizon", 0.0),
)


class Matcher:
    """Finds the pairs for a hall. Belongs to the store's writer thread."""

    def __init__(self) -> None:
        self._index: LineIndex | None = None
        """None: read everything anew."""
        self._lineage: object = None
        self._policy = Policy()
        self._now = 0.0
        self._zone = "UTC"
        self._day = ""
        self._districts: dict[str, str] = {}
        self._late = LateCalls()
        self._counted: dict[str, int] | None = None
        """The counters as the database has them; None: read them."""
        self._taken: list[Pair] = []
        """Out of the index, in the unit that runs."""
        self._tickets: set[str] = set()
        self._seats: set[str] = set()
        """Of whom the index may be wrong."""

    # --- following -------------------------------------------------------------------------

    @contextmanager
    def following(self, tx: Transaction) -> Iterator[None]:
        """Follow what the unit inside does; if it fails, nothing of it happened."""
        try:
            yield
            self._follow(tx)
        except BaseException:
            self.doubt(
                tx.touched.tickets | {pair.ticket_id for pair in self._taken},
                tx.touched.seats | {pair.seat_id for pair in self._taken},
            )
            raise
        finally:
            self._taken = []

    def doubt(self, tickets: Iterable[str], seats: Iterable[str]) -> None:
        """Somebody else may have changed these rows: look at them before the next pairs."""
        self._tickets.update(tickets)
        self._seats.update(seats)
        self._counted = None

    def distrust(self) -> None:
        """Anything may have changed: read everything before the next pairs."""
        self._index = None

    # --- pairing ---------------------------------------------------------------------------

    def pairs(self, tx: Transaction) -> Iterator[tuple[TicketRow, SeatRow]]:
        """The pairs that can be made now; the caller makes the offer before it asks for the next.

        The unit must run inside `following`.
        """
        index = self._up_to_date(tx)
        now = self._now = max(self._now, tx.now)
        index.state = self._state(tx, now)
        while found := index.pairs(tx.policy, now):
            self._taken += found
            for pair in found:
                ticket = tx.need(TicketRow, id=pair.ticket_id)
                seat = tx.need(SeatRow, id=pair.seat_id)
                if _waits(ticket) and _is_free(seat):
                    yield ticket, seat
                else:
                    log.warning(
                        "the index was not in step",
                        extra={"ticket_id": ticket.id, "seat_id": seat.id},
                    )
                    self._put_ticket(tx, index, ticket)
                    self._put_seat(index, seat)
            self._count(tx, index)

    def _up_to_date(self, tx: Transaction) -> LineIndex:
        # Of a commit that failed, what the index followed is undone.
        lost = tx.lineage is not self._lineage
        today = local_day(max(tx.now, self._now), self._zone)
        set_back = tx.now < self._now - SET_BACK_S
        if self._index is None or lost or set_back or today != self._day:
            return self._read(tx)
        if tx.policy is not self._policy and tx.policy != self._policy:
            if tx.policy.decline_exclusion_s != self._policy.decline_exclusion_s:
                return self._read(tx)
            self._policy = tx.policy
        self._follow(tx)
        return self._index

    def _follow(self, tx: Transaction) -> None:
        index = self._index
        if index is None or tx.lineage is not self._lineage:
            return
        doubted_tickets, self._tickets = self._tickets, set()
        doubted_seats, self._seats = self._seats, set()
        for ticket_id in doubted_tickets | tx.touched.tickets:
            ticket = tx.rows.get((TicketRow, ticket_id)) or tx.find(TicketRow, id=ticket_id)
            if isinstance(ticket, TicketRow):
                self._put_ticket(tx, index, ticket)
            else:
                index.drop_ticket(ticket_id)
        for seat_id in doubted_seats | tx.touched.seats:
            seat = tx.rows.get((SeatRow, seat_id)) or tx.find(SeatRow, id=seat_id)
            if isinstance(seat, SeatRow):
                self._put_seat(index, seat)
            else:
                index.drop_seat(seat_id)

    def _read(self, tx: Transaction) -> LineIndex:
        """Everything, from the database."""
        index = self._index = LineIndex()
        self._lineage, self._policy, self._now = tx.lineage, tx.policy, tx.now
        self._tickets, self._seats, self._counted = set(), set(), None
        locations = tx.every(LocationRow, select(table_of(LocationRow)))
        self._districts = {location.id: location.district for location in locations}
        first = min(locations, key=lambda location: (location.position, location.id), default=None)
        self._zone = first.time_zone if first is not None else "UTC"
        self._day = local_day(tx.now, self._zone)
        self._late = LateCalls()
        index.after_position = self._counters(tx).get(AFTER_POSITION, -1)
        for seat in tx.fixed(SeatRow, _OPEN):
            self._put_seat(index, seat)
        for ticket in tx.fixed(TicketRow, _WAITING):
            self._put_ticket(tx, index, ticket)
        return index

    def _put_ticket(self, tx: Transaction, index: LineIndex, ticket: TicketRow) -> None:
        if ticket.state is not TicketState.WAITING:
            index.drop_ticket(ticket.id)
            return
        waiting = waiting_ticket(ticket, district=self._district(tx, ticket.location_id))
        index.put_ticket(waiting, excluded_until(tx, ticket))

    def _put_seat(self, index: LineIndex, seat: SeatRow) -> None:
        index.set_open(seat.id, _is_open(seat))
        if _is_free(seat):
            district = self._districts.get(seat.location_id or "", "")
            index.put_seat(free_seat(seat, day=self._day, district=district))
        else:
            index.drop_seat(seat.id)

    def _district(self, tx: Transaction, location_id: str) -> str:
        district = self._districts.get(location_id)
        if district is None:
            district = tx.need(LocationRow, id=location_id).district
            self._districts[location_id] = district
        return district

    # --- what the order depends on ---------------------------------------------------------

    def _state(self, tx: Transaction, now: float) -> LineState:
        starts = self._counters(tx).get(STARTS_SINCE_GREEN, CALM.starts_since_green)
        return LineState(
            starts_since_green=starts, behind=self._late.behind(tx, self._districts, now)
        )

    def _counters(self, tx: Transaction) -> dict[str, int]:
        if self._counted is None:
            rows = tx.every(LineCounterRow, select(table_of(LineCounterRow)))
            self._counted = {row.name: row.n for row in rows}
        return self._counted

    def _count(self, tx: Transaction, index: LineIndex) -> None:
        """Keep what the next pairs go on from.

        Starts are counted up to what the quota asks for: a hall without a green channel writes
        nothing.
        """
        enough = tx.policy.green.one_in
        starts = min(index.state.starts_since_green, enough)
        if starts < enough or STARTS_SINCE_GREEN in self._counters(tx):
            self._keep(tx, STARTS_SINCE_GREEN, starts)
        if tx.policy.seats.strategy is SeatStrategy.ROUND_ROBIN:
            self._keep(tx, AFTER_POSITION, index.after_position)

    def _keep(self, tx: Transaction, name: str, n: int) -> None:
        counters = self._counters(tx)
        if counters.get(name) != n:
            tx.set_count(LineCounterRow, n, name=name)
            counters[name] = n


def excluded_until(tx: Transaction, ticket: TicketRow) -> Mapping[str, float]:
    """Seats that declined a ticket or handed it on a short while ago, and how long that counts."""
    if ticket.first_offered_at is None:
        return {}
    window_s = tx.policy.decline_exclusion_s
    horizon = tx.now - window_s
    until: dict[str, float] = {}
    for statement in (_DECLINED, _HANDED_ON):
        for seat_id, ended_at in tx.rows_of(statement, ticket=ticket.id, horizon=horizon):
            until[seat_id] = max(ended_at + window_s, until.get(seat_id, 0.0))
    return until


def _waits(ticket: TicketRow) -> bool:
    return ticket.state is TicketState.WAITING and ticket.away_since is None


def _is_open(seat: SeatRow) -> bool:
    return seat.status is SeatStatus.AVAILABLE and seat.away_since is None


def _is_free(seat: SeatRow) -> bool:
    return _is_open(seat) and seat.state is SeatState.IDLE
