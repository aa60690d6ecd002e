from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_queue.policy import Policy
from service_queue.rank import LineState, WaitingTicket, in_order, rank, why_before
from service_queue.standings import Standings
from signaling.protocol.words import GreenReason, Lane, Precedence

pytestmark = pytest.mark.unit

NOW = 10_000.0
POLICY = Policy(ceiling_s=2_400.0)

arrivals = st.floats(NOW - 3_000.0, NOW)
lines = st.lists(
    st.builds(
        WaitingTicket,
        id=st.uuids().map(str),
        arrived_at=arrivals,
        place_at=st.none() | arrivals,
        lane=st.sampled_from(Lane),
        green=st.none() | st.just(GreenReason.ELDERLY),
        location_id=st.sampled_from(["L1", "L2"]),
        away=st.booleans(),
    ),
    max_size=14,
    unique_by=(lambda ticket: ticket.id, lambda ticket: ticket.arrived_at),
)
states = st.builds(
    LineState,
    starts_since_green=st.integers(0, 4),
    behind=st.sampled_from([{}, {"L1": 200.0}]),
)


@given(lines, states)
def test_the_reasons_add_up_to_the_position_and_are_those_of_each_pair(
    line: list[WaitingTicket], state: LineState
) -> None:
    standings = Standings(line, POLICY, NOW, state)
    assert standings.order == in_order(line, POLICY, NOW, state)
    for position, ticket in enumerate(standings.order):
        told = dict(standings.before(ticket))
        assert sum(told.values()) == position == standings.position_of(ticket)
        assert told == Counter(
            why_before(other, ticket, POLICY, NOW, state) for other in standings.order[:position]
        )


@given(lines, states)
def test_who_is_next_is_the_first_who_is_there(line: list[WaitingTicket], state: LineState) -> None:
    standings = Standings(line, POLICY, NOW, state)
    present = [ticket.id for ticket in standings.order if not ticket.away]
    assert standings.first_present == (present[0] if present else None)


@given(lines, states)
def test_the_order_holds_until_it_says(line: list[WaitingTicket], state: LineState) -> None:
    standings = Standings(line, POLICY, NOW, state)
    before = min(standings.holds_until, NOW + 5_000.0) - 0.01
    if before > NOW:
        assert standings.order == in_order(line, POLICY, before, state)


@given(lines, arrivals)
def test_who_came_since_finds_a_place_all_the_same(
    line: list[WaitingTicket], arrived_at: float
) -> None:
    standings = Standings(line, POLICY, NOW, LineState())
    late = WaitingTicket(id="late", arrived_at=arrived_at)
    mine = rank(late, POLICY, NOW)
    assert standings.position_of(late) == sum(rank(one, POLICY, NOW) < mine for one in line)


def test_one_in_the_green_channel_and_two_who_came_earlier() -> None:
    line = [
        WaitingTicket(id="a", arrived_at=NOW - 300.0),
        WaitingTicket(id="b", arrived_at=NOW - 200.0),
        WaitingTicket(id="me", arrived_at=NOW - 100.0),
        WaitingTicket(id="old", arrived_at=NOW - 50.0, green=GreenReason.ELDERLY),
    ]
    standings = Standings(line, POLICY, NOW, LineState())
    assert standings.before(line[2]) == ((Precedence.EARLIER, 2), (Precedence.GREEN, 1))
