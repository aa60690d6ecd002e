import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_queue.matching import FreeSeat, choose_seat, match
from service_queue.policy import Policy
from service_queue.rank import WaitingTicket, in_order

pytestmark = pytest.mark.unit

POLICY = Policy()

tickets = st.lists(
    st.builds(
        WaitingTicket,
        id=st.uuids().map(str),
        arrived_at=st.floats(0, 1e6),
        last_seat_id=st.none() | st.sampled_from(["s1", "s2"]),
        away=st.booleans(),
        excluded_seats=st.frozensets(st.sampled_from(["s1", "s2", "s3"])),
    ),
    max_size=12,
    unique_by=lambda ticket: ticket.id,
)
seats = st.lists(
    st.builds(FreeSeat, id=st.sampled_from(["s1", "s2", "s3", "s4"]), idle_since=st.floats(0, 1e6)),
    max_size=4,
    unique_by=lambda seat: seat.id,
)


@given(tickets)
def test_who_came_first_is_first(line: list[WaitingTicket]) -> None:
    arrivals = [ticket.arrived_at for ticket in in_order(line, POLICY, 0)]
    assert arrivals == sorted(arrivals)


@given(tickets, seats)
def test_a_match_is_fair_and_leaves_nothing_that_could_be_matched(
    line: list[WaitingTicket], free: list[FreeSeat]
) -> None:
    pairs = match(line, free, POLICY, 0)
    by_id = {ticket.id: ticket for ticket in line}
    assert len({pair.seat_id for pair in pairs}) == len(pairs)
    assert len({pair.ticket_id for pair in pairs}) == len(pairs)
    taken = {pair.seat_id for pair in pairs}
    matched = {pair.ticket_id for pair in pairs}
    for pair in pairs:
        ticket = by_id[pair.ticket_id]
        assert not ticket.away
        assert pair.seat_id not in ticket.excluded_seats
    left = [seat for seat in free if seat.id not in taken]
    for ticket in line:
        if ticket.id not in matched and not ticket.away:
            assert choose_seat(ticket, left, POLICY, 0) is None


def test_the_longest_idle_seat_is_asked_first() -> None:
    free = [FreeSeat(id="b", idle_since=20), FreeSeat(id="a", idle_since=30)]
    assert choose_seat(WaitingTicket(id="t", arrived_at=0), free, POLICY, 0) == free[0]


def test_the_seat_that_knows_the_resident_comes_before_the_longest_idle() -> None:
    free = [FreeSeat(id="b", idle_since=20), FreeSeat(id="a", idle_since=30)]
    chosen = choose_seat(WaitingTicket(id="t", arrived_at=0, last_seat_id="a"), free, POLICY, 0)
    assert chosen is not None
    assert chosen.id == "a"
