from enum import StrEnum
from itertools import product
from typing import Any

import pytest

from service_queue.call import CALL, CallEvent, media_event
from service_queue.consult import CONSULT, ConsultEvent
from service_queue.errors import TransitionRefused
from service_queue.seat import SEAT, SEAT_STATUS, SeatEvent, SeatWish
from service_queue.ticket import TICKET, TicketEvent
from service_queue.transitions import Transitions
from signaling.protocol.words import (
    CallState,
    ConsultState,
    MediaReport,
    SeatState,
    SeatStatus,
    TicketState,
)

pytestmark = pytest.mark.unit

MACHINES: list[tuple[Transitions[Any, Any], type[StrEnum], type[StrEnum]]] = [
    (TICKET, TicketState, TicketEvent),
    (SEAT, SeatState, SeatEvent),
    (SEAT_STATUS, SeatStatus, SeatWish),
    (CALL, CallState, CallEvent),
    (CONSULT, ConsultState, ConsultEvent),
]

T, S, C = TicketState, SeatState, CallState
OPEN_TICKET = {state for state in T if state.is_open}
OPEN_CALL = set(C) - {C.ENDED}
SIGNED_IN = {SeatStatus.AVAILABLE, SeatStatus.ON_BREAK}

Rule = tuple[set[Any], StrEnum]
RULES: dict[StrEnum, list[Rule]] = {
    TicketEvent.OFFER: [({T.WAITING}, T.OFFERED)],
    TicketEvent.OFFER_FELL: [({T.OFFERED}, T.WAITING)],
    TicketEvent.ACCEPT: [({T.OFFERED}, T.SERVING)],
    TicketEvent.CALL_FELL: [({T.SERVING}, T.WAITING)],
    TicketEvent.HAND_OVER: [({T.SERVING}, T.WAITING)],
    TicketEvent.PASS: [({T.SERVING}, T.SERVING)],
    TicketEvent.PARK: [(OPEN_TICKET - {T.PARKED}, T.PARKED)],
    TicketEvent.UNPARK: [({T.PARKED}, T.WAITING)],
    TicketEvent.SERVE: [({T.SERVING}, T.COMPLETED)],
    TicketEvent.LEAVE: [(OPEN_TICKET, T.ABANDONED)],
    TicketEvent.LOSE_KIOSK: [(OPEN_TICKET, T.ABANDONED)],
    TicketEvent.CLOSE: [(OPEN_TICKET, T.EXPIRED)],
    SeatEvent.RESERVE: [({S.IDLE}, S.RESERVED)],
    SeatEvent.RELEASE: [({S.RESERVED}, S.IDLE)],
    SeatEvent.BEGIN_CALL: [({S.RESERVED}, S.IN_CALL)],
    SeatEvent.END_CALL: [({S.IN_CALL}, S.WRAP_UP)],
    SeatEvent.DROP_CALL: [({S.IN_CALL}, S.IDLE)],
    SeatEvent.FINISH_WRAP_UP: [({S.WRAP_UP}, S.IDLE)],
    SeatWish.SIGN_IN: [({SeatStatus.OFFLINE}, SeatStatus.ON_BREAK)],
    SeatWish.OPEN: [(SIGNED_IN, SeatStatus.AVAILABLE)],
    SeatWish.TAKE_BREAK: [(SIGNED_IN, SeatStatus.ON_BREAK)],
    SeatWish.SIGN_OUT: [(SIGNED_IN, SeatStatus.OFFLINE)],
    CallEvent.FLOW: [({C.CONNECTING, C.RECONNECTING}, C.CONNECTED)],
    CallEvent.STALL: [({C.CONNECTED}, C.RECONNECTING)],
    CallEvent.END: [(OPEN_CALL, C.ENDED)],
    ConsultEvent.JOIN: [({ConsultState.RINGING}, ConsultState.JOINED)],
    ConsultEvent.FALL: [({ConsultState.RINGING}, ConsultState.ENDED)],
    ConsultEvent.GO: [({ConsultState.JOINED}, ConsultState.ENDED)],
    ConsultEvent.TAKE_OVER: [({ConsultState.JOINED}, ConsultState.ENDED)],
}
"""Where each event leads, and from where: the design's words, told without the tables."""

PAIRS = [
    pytest.param(machine, state, event, id=f"{machine.noun}:{state}--{event}")
    for machine, states, events in MACHINES
    for state, event in product(states, events)
]


@pytest.mark.parametrize(("machine", "state", "event"), PAIRS)
def test_every_event_leads_where_the_design_says_and_nowhere_else(
    machine: Transitions[Any, Any], state: StrEnum, event: StrEnum
) -> None:
    targets = [target for sources, target in RULES[event] if state in sources]
    if targets:
        assert [machine.after(state, event)] == targets
    else:
        with pytest.raises(TransitionRefused, match=f"^{machine.noun}: {state} --{event}-->"):
            machine.after(state, event)


def test_an_end_is_an_end() -> None:
    ends = [state for state in TicketState if not state.is_open]
    assert not [move for move in TICKET.moves if move[0] in ends]
    assert not [move for move in CALL.moves if move[0] is CallState.ENDED]


@pytest.mark.parametrize("machine", [m for m, _, _ in MACHINES], ids=lambda m: m.noun)
def test_a_chart_names_every_move(machine: Transitions[Any, Any]) -> None:
    moves = [f"    {state} --> {to}: {event}" for (state, event), to in machine.moves.items()]
    assert list(machine.chart()) == ["stateDiagram-v2", *moves]


@pytest.mark.parametrize("state", CallState, ids=str)
@pytest.mark.parametrize("resident", MediaReport, ids=str)
@pytest.mark.parametrize("agent", MediaReport, ids=str)
def test_a_call_is_connected_only_while_both_sides_receive(
    state: CallState, resident: MediaReport, agent: MediaReport
) -> None:
    both = resident is agent is MediaReport.FLOWING
    expected = {
        (CallState.CONNECTING, True): CallEvent.FLOW,
        (CallState.RECONNECTING, True): CallEvent.FLOW,
        (CallState.CONNECTED, False): CallEvent.STALL,
    }
    assert media_event(state, resident, agent) is expected.get((state, both))
