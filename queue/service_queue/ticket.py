"""How a ticket moves."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from service_queue.transitions import Transitions
from signaling.protocol.words import TicketState as S


class TicketEvent(StrEnum):
    """What can happen to a ticket."""

    OFFER = "offer"
    """The matcher reserved it for a seat."""
    OFFER_FELL = "offer_fell"
    """The offer was declined, rang out, or the seat went away: back in its place."""
    ACCEPT = "accept"
    """The seat accepted in time."""
    CALL_FELL = "call_fell"
    """The call was lost and not ended: back in its place, first to the same seat."""
    PARK = "park"
    """The resident steps away, or nobody came when it was called."""
    UNPARK = "unpark"
    """The resident is back, or its recall is due."""
    HAND_OVER = "hand_over"
    """The agent hands it on: back in its place, for somebody else."""
    PASS = "pass"
    """The agent hands it to the colleague who is in the call: nobody waits again."""
    SERVE = "serve"
    """A person ended the call."""
    LEAVE = "leave"
    """The resident gave the place up, or left a call that had not connected."""
    LOSE_KIOSK = "lose_kiosk"
    """The kiosk stayed away longer than the grace."""
    CLOSE = "close"
    """The service closed, or could not connect it at all."""


TICKET: Final = Transitions[S, TicketEvent](
    "ticket",
    {
        (S.WAITING, TicketEvent.OFFER): S.OFFERED,
        (S.OFFERED, TicketEvent.OFFER_FELL): S.WAITING,
        (S.OFFERED, TicketEvent.ACCEPT): S.SERVING,
        (S.SERVING, TicketEvent.CALL_FELL): S.WAITING,
        (S.SERVING, TicketEvent.HAND_OVER): S.WAITING,
        (S.SERVING, TicketEvent.PASS): S.SERVING,
        (S.WAITING, TicketEvent.PARK): S.PARKED,
        (S.OFFERED, TicketEvent.PARK): S.PARKED,
        (S.SERVING, TicketEvent.PARK): S.PARKED,
        (S.PARKED, TicketEvent.UNPARK): S.WAITING,
        (S.SERVING, TicketEvent.SERVE): S.COMPLETED,
        (S.WAITING, TicketEvent.LEAVE): S.ABANDONED,
        (S.PARKED, TicketEvent.LEAVE): S.ABANDONED,
        (S.OFFERED, TicketEvent.LEAVE): S.ABANDONED,
        (S.SERVING, TicketEvent.LEAVE): S.ABANDONED,
        (S.WAITING, TicketEvent.LOSE_KIOSK): S.ABANDONED,
        (S.PARKED, TicketEvent.LOSE_KIOSK): S.ABANDONED,
        (S.OFFERED, TicketEvent.LOSE_KIOSK): S.ABANDONED,
        (S.SERVING, TicketEvent.LOSE_KIOSK): S.ABANDONED,
        (S.WAITING, TicketEvent.CLOSE): S.EXPIRED,
        (S.PARKED, TicketEvent.CLOSE): S.EXPIRED,
        (S.OFFERED, TicketEvent.CLOSE): S.EXPIRED,
        (S.SERVING, TicketEvent.CLOSE): S.EXPIRED,
    },
)
"""The ticket's table."""
