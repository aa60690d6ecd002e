"""How a seat moves. Its status is the agent's wish; its state is what the server knows."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from service_queue.transitions import Transitions
from signaling.protocol.words import SeatState as S
from signaling.protocol.words import SeatStatus


class SeatEvent(StrEnum):
    """What can happen to a seat's state."""

    RESERVE = "reserve"
    """A ticket was offered to it."""
    RELEASE = "release"
    """The offer ended without a call."""
    BEGIN_CALL = "begin_call"
    """It accepted."""
    END_CALL = "end_call"
    """A call that had connected is over: after-call work begins."""
    DROP_CALL = "drop_call"
    """A call that never connected, or whose agent is gone, is over."""
    FINISH_WRAP_UP = "finish_wrap_up"
    """After-call work is done or its time is up."""


SEAT: Final = Transitions[S, SeatEvent](
    "seat",
    {
        (S.IDLE, SeatEvent.RESERVE): S.RESERVED,
        (S.RESERVED, SeatEvent.RELEASE): S.IDLE,
        (S.RESERVED, SeatEvent.BEGIN_CALL): S.IN_CALL,
        (S.IN_CALL, SeatEvent.END_CALL): S.WRAP_UP,
        (S.IN_CALL, SeatEvent.DROP_CALL): S.IDLE,
        (S.WRAP_UP, SeatEvent.FINISH_WRAP_UP): S.IDLE,
    },
)
"""The table of the seat's state."""


class SeatWish(StrEnum):
    """What an agent can ask for."""

    SIGN_IN = "sign_in"
    OPEN = "open"
    TAKE_BREAK = "take_break"
    SIGN_OUT = "sign_out"


_SEATED = (SeatStatus.AVAILABLE, SeatStatus.ON_BREAK)

SEAT_STATUS: Final = Transitions[SeatStatus, SeatWish](
    "seat status",
    {
        (SeatStatus.OFFLINE, SeatWish.SIGN_IN): SeatStatus.ON_BREAK,
        **{(status, SeatWish.OPEN): SeatStatus.AVAILABLE for status in _SEATED},
        **{(status, SeatWish.TAKE_BREAK): SeatStatus.ON_BREAK for status in _SEATED},
        **{(status, SeatWish.SIGN_OUT): SeatStatus.OFFLINE for status in _SEATED},
    },
)
"""The table of the seat's status."""
