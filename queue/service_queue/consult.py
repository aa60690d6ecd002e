"""How an invitation moves: a colleague is asked into a call that goes on (warm hand-over)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from service_queue.transitions import Transitions
from signaling.protocol.words import ConsultState as S


class ConsultEvent(StrEnum):
    """What can happen to an invitation."""

    JOIN = "join"
    """The colleague accepted in time: three are in the call."""
    FALL = "fall"
    """Nobody joins: declined, rung out, taken back, or the call is over."""
    GO = "go"
    """The colleague is out of the call again; it goes on between the other two, or is over."""
    TAKE_OVER = "take_over"
    """The call is the colleague's from now on."""


CONSULT: Final = Transitions[S, ConsultEvent](
    "invitation",
    {
        (S.RINGING, ConsultEvent.JOIN): S.JOINED,
        (S.RINGING, ConsultEvent.FALL): S.ENDED,
        (S.JOINED, ConsultEvent.GO): S.ENDED,
        (S.JOINED, ConsultEvent.TAKE_OVER): S.ENDED,
    },
)
"""The invitation's table."""
