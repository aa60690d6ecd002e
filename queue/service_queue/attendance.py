"""Who is there: kiosks' pages and agents' desks come and go; their tickets and calls stay."""

from __future__ import annotations

from sqlalchemy import select

from service_queue.line import open_ticket
from service_queue.tables import SeatRow, TicketRow, table_of
from service_queue.transaction import Transaction
from signaling.protocol.words import TicketState

_seat = table_of(SeatRow)
_ticket = table_of(TicketRow)


def kiosk_attached(tx: Transaction, kiosk_id: str) -> None:
    """A kiosk's page is there (again)."""
    ticket = open_ticket(tx, kiosk_id)
    if ticket is not None and ticket.away_since is not None:
        away_s = round(tx.now - ticket.away_since, 3)
        tx.set_ticket(ticket, away_since=None)
        tx.note("kiosk.returned", kiosk_id=kiosk_id, ticket_id=ticket.id, away_s=away_s)


def kiosk_detached(tx: Transaction, kiosk_id: str) -> None:
    """A kiosk's page is gone; matters only while it holds a ticket."""
    ticket = open_ticket(tx, kiosk_id)
    if ticket is not None and ticket.away_since is None:
        tx.set_ticket(ticket, away_since=tx.now)
        tx.note("kiosk.went_away", kiosk_id=kiosk_id, ticket_id=ticket.id)


def agent_attached(tx: Transaction, agent_id: str) -> None:
    """An agent's desk is there (again)."""
    seat = tx.find(SeatRow, agent_id=agent_id)
    if seat is not None and seat.away_since is not None:
        away_s = round(tx.now - seat.away_since, 3)
        tx.set_seat(seat, away_since=None)
        tx.note("seat.returned", seat_id=seat.id, away_s=away_s)


def agent_detached(tx: Transaction, agent_id: str) -> None:
    """An agent's desk is gone."""
    seat = tx.find(SeatRow, agent_id=agent_id)
    if seat is not None and seat.away_since is None:
        tx.set_seat(seat, away_since=tx.now)
        tx.note("seat.went_away", seat_id=seat.id)


def everyone_away(tx: Transaction, kind: str = "server.started") -> None:
    """After a server started, or was lost: nobody is attached until they come back.

    Their grace runs from now, not from when the server died. Where other servers live, each says
    who is attached to it.
    """
    open_states = [state for state in TicketState if state.is_open]
    tickets = select(_ticket).where(_ticket.c.state.in_(open_states))
    for ticket in tx.every(TicketRow, tickets):
        tx.set_ticket(ticket, away_since=tx.now)
    for seat in tx.every(SeatRow, select(_seat).where(_seat.c.agent_id.is_not(None))):
        tx.set_seat(seat, away_since=tx.now)
    tx.note(kind, tickets=len(tx.touched.tickets), seats=len(tx.touched.seats))
