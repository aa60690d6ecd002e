"""Tickets of a day, for whoever answers "why did they wait"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping, and_, or_, select

from seat_server.api.endpoint import OVERSEERS, Call, endpoint
from seat_server.ledger import Ledger
from service_queue.errors import TicketUnknown
from service_queue.hours import local_day
from service_queue.tables import (
    CallRow,
    LocationRow,
    RatingRow,
    ServiceItemRow,
    TicketRow,
    table_of,
)
from service_queue.transaction import Transaction
from signaling.protocol.message import Id, Message, Moment
from signaling.protocol.views import ItemRef
from signaling.protocol.words import Language, TicketEndReason, TicketState

_call = table_of(CallRow)
_item = table_of(ServiceItemRow)
_location = table_of(LocationRow)
_rating = table_of(RatingRow)
_ticket = table_of(TicketRow)


class TicketQuery(BaseModel):
    """Which tickets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    day: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None
    """A day as YYYY-MM-DD in the locations' time zone; today when left out."""
    location: Id | None = None
    """Of one location only."""
    state: TicketState | None = None
    """In one state only."""
    after: Id | None = None
    """The `next` of the page before."""
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class TicketLine(Message):
    """One ticket."""

    id: Id
    day: str
    number: str
    location_id: Id
    kiosk_id: Id
    item: ItemRef
    language: Language
    state: TicketState
    arrived_at: Moment
    first_offered_at: Moment | None
    accepted_at: Moment | None
    """When a seat first took it."""
    ended_at: Moment | None
    end_reason: TicketEndReason | None
    seat_id: Id | None
    calls: int
    score: int | None
    """Its rating, 1 to 5."""


class TicketPage(Message):
    """Some tickets, the earliest first."""

    day: str
    tickets: tuple[TicketLine, ...]
    next: Id | None
    """Ask for more with `after`; null when there are none."""


class TicketApi:
    """Tickets."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @endpoint("GET", "/api/tickets", roles=OVERSEERS, refusals=(TicketUnknown,))
    async def list_tickets(self, call: Call, query: TicketQuery) -> TicketPage:
        """List the tickets of a day."""
        return await self._ledger.read(lambda tx: _page(tx, query))


def _page(tx: Transaction, query: TicketQuery) -> TicketPage:
    day = query.day or _today(tx)
    statement = (
        select(
            _ticket,
            _item.c.name.label("item_name"),
            _item.c.name_en.label("item_name_en"),
            _rating.c.score,
        )
        .join(_item, _item.c.code == _ticket.c.item_code)
        .outerjoin(_rating, _rating.c.ticket_id == _ticket.c.id)
        .where(_ticket.c.day == day)
        .order_by(_ticket.c.arrived_at, _ticket.c.id)
        .limit(query.limit + 1)
    )
    if query.location is not None:
        statement = statement.where(_ticket.c.location_id == query.location)
    if query.state is not None:
        statement = statement.where(_ticket.c.state == query.state)
    if query.after is not None:
        last = tx.find(TicketRow, id=query.after)
        if last is None:
            raise TicketUnknown
        same_time = and_(_ticket.c.arrived_at == last.arrived_at, _ticket.c.id > last.id)
        statement = statement.where(or_(_ticket.c.arrived_at > last.arrived_at, same_time))
    rows = tx.connection.execute(statement).mappings().all()
    shown = rows[: query.limit]
    calls = _calls(tx, [row["id"] for row in shown])
    return TicketPage(
        day=day,
        tickets=tuple(_line(row, calls.get(row["id"], [])) for row in shown),
        next=shown[-1]["id"] if len(rows) > query.limit else None,
    )


def _today(tx: Transaction) -> str:
    """Today where the first location stands."""
    first = select(_location.c.time_zone).order_by(_location.c.position, _location.c.id).limit(1)
    return local_day(tx.now, tx.connection.execute(first).scalar() or "UTC")


def _calls(tx: Transaction, ticket_ids: Iterable[str]) -> dict[str, list[float]]:
    """When the calls of each ticket began."""
    begun: dict[str, list[float]] = {}
    found = select(_call.c.ticket_id, _call.c.started_at).where(_call.c.ticket_id.in_(ticket_ids))
    for ticket_id, started_at in tx.connection.execute(found.order_by(_call.c.started_at)):
        begun.setdefault(ticket_id, []).append(started_at)
    return begun


def _line(row: RowMapping, calls: list[float]) -> TicketLine:
    columns: dict[str, Any] = {name: row[name] for name in TicketRow.model_fields}
    ticket = TicketRow(**columns)
    return TicketLine(
        id=ticket.id,
        day=ticket.day,
        number=ticket.number,
        location_id=ticket.location_id,
        kiosk_id=ticket.kiosk_id,
        item=ItemRef(code=ticket.item_code, name=row["item_name"], name_en=row["item_name_en"]),
        language=ticket.language,
        state=ticket.state,
        arrived_at=ticket.arrived_at,
        first_offered_at=ticket.first_offered_at,
        accepted_at=calls[0] if calls else None,
        ended_at=ticket.ended_at,
        end_reason=ticket.end_reason,
        seat_id=ticket.seat_id or ticket.last_seat_id,
        calls=len(calls),
        score=row["score"],
    )
