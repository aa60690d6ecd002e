"""How a call moves."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from service_queue.transitions import Transitions
from signaling.protocol.words import CallState as S
from signaling.protocol.words import MediaReport


class CallEvent(StrEnum):
    """What can happen to a call."""

    FLOW = "flow"
    """Both sides report media from the other."""
    STALL = "stall"
    """One side reports that media stopped."""
    END = "end"
    """Ended, with a reason."""


CALL: Final = Transitions[S, CallEvent](
    "call",
    {
        (S.CONNECTING, CallEvent.FLOW): S.CONNECTED,
        (S.CONNECTED, CallEvent.STALL): S.RECONNECTING,
        (S.RECONNECTING, CallEvent.FLOW): S.CONNECTED,
        (S.CONNECTING, CallEvent.END): S.ENDED,
        (S.CONNECTED, CallEvent.END): S.ENDED,
        (S.RECONNECTING, CallEvent.END): S.ENDED,
    },
)
"""The call's table."""


def media_event(state: S, resident: MediaReport, agent: MediaReport) -> CallEvent | None:
    """What two sides' reports mean for a call in `state`; None when they change nothing."""
    both_flow = resident is agent is MediaReport.FLOWING
    if both_flow and state in (S.CONNECTING, S.RECONNECTING):
        return CallEvent.FLOW
    if not both_flow and state is S.CONNECTED:
        return CallEvent.STALL
    return None
