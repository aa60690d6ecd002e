from enum import StrEnum
from itertools import product
from typing import Any

import pytest

from service_queue.call import CALL, CallEvent, media_event
from service_queue.errors import TransitionRefused
from service_queue.seat import SEAT, SEAT_STATUS, SeatEvent, SeatWish
from service_queue.ticket import TICKET, TicketEvent
from service_queue.transitions import Transitions
from signaling.protocol.words import (
    CallState,
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
]
PAIRS = [
    pytest.param(machine, state, event, id=f"{machine.noun}:{state}--{event}")
    for machine, states, events in MACHINES
    for state, event in product(states, events)
]


@pytest.mark.parametrize(("machine", "state", "event"), PAIRS)
def test_only_listed_moves_are_allowed(
    machine: Transitions[Any, Any], state: StrEnum, event: StrEnum
) -> None:
    if (state, event) in machine.moves:
        assert machine.after(state, event) is machine.moves[state, event]
    else:
        with pytest.raises(TransitionRefused, match=f"{state} --{event}-->"):
            machine.after(state, event)


@pytest.mark.parametrize(
    ("state", "event", "target"),
    [
        (TicketState.WAITING, TicketEvent.OFFER, TicketState.OFFERED),
        (TicketState.OFFERED, TicketEvent.OFFER_FELL, TicketState.WAITING),
        (TicketState.SERVING, TicketEvent.CALL_FELL, TicketState.WAITING),
        (TicketState.SERVING, TicketEvent.SERVE, TicketState.COMPLETED),
        (TicketState.SERVING, TicketEvent.LOSE_KIOSK, TicketState.ABANDONED),
    ],
    ids=str,
)
def test_a_ticket_goes_where_the_design_says(
    state: TicketState, event: TicketEvent, target: TicketState
) -> None:
    assert TICKET.after(state, event) is target


def test_an_end_is_an_end() -> None:
    ends = [state for state in TicketState if not state.is_open]
    assert not [move for move in TICKET.moves if move[0] in ends]
    assert not [move for move in CALL.moves if move[0] is CallState.ENDED]


@pytest.mark.parametrize("machine", [m for m, _, _ in MACHINES], ids=lambda m: m.noun)
def test_a_chart_names_every_move(machine: Transitions[Any, Any]) -> None:
    lines = list(machine.chart())
    assert lines[0] == "stateDiagram-v2"
    assert len(lines) == 1 + len(machine.moves)


@pytest.mark.parametrize("state", CallState, ids=str)
@pytest.mark.parametrize("resident", MediaReport, ids=str)
@pytest.mark.parametrize("agent", MediaReport, ids=str)
def test_a_call_is_connected_only_while_both_sides_receive(
    state: CallState, resident: MediaReport, agent: MediaReport
) -> None:
    event = media_event(state, resident, agent)
    after = state if event is None else CALL.after(state, event)
    both = resident is agent is MediaReport.FLOWING
    if state is CallState.ENDED:
        assert after is CallState.ENDED
    elif both:
        assert after is CallState.CONNECTED
    else:
        assert after is not CallState.CONNECTED
