"""A wall that is followed row by row is the wall."""

from __future__ import annotations

import pytest

from signaling.protocol.events import WallUpdated
from signaling.protocol.views import ItemRef, WallSeat, WallTicket, WallToday, WallView
from signaling.protocol.words import SeatState, SeatStatus, TicketState
from xiaowu.demo.wall_watch import moved_on

pytestmark = pytest.mark.unit

TODAY = WallToday(
    taken=1, waiting=1, serving=0, completed=0, abandoned=0, expired=0,
    longest_wait_s=None, median_wait_s=None, ratings=(0, 0, 0, 0, 0),
)  # fmt: skip


def seat(n: int, state: SeatState = SeatState.IDLE) -> WallSeat:
    return WallSeat(
        id=f"s{n}", name=f"{n}号云窗口", agent_name=None, status=SeatStatus.AVAILABLE,
        break_reason=None, state=state, state_since=0.0, away=False, location=None, item=None,
        served_today=0,
    )  # fmt: skip


def ticket(n: int, state: TicketState = TicketState.WAITING) -> WallTicket:
    return WallTicket(
        id=f"t{n}", number=f"A{n:03d}", item=ItemRef(code="i", name="i", name_en="i"),
        location_id="L", state=state, arrived_at=float(n), state_since=0.0, seat_id=None,
        away=False,
    )  # fmt: skip


def test_newer_rows_take_the_place_of_older_ones() -> None:
    wall = WallView(
        seq=4, server_time=1.0, locations=(), seats=(seat(1), seat(2)),
        tickets=(ticket(1), ticket(2)), today=TODAY,
    )  # fmt: skip
    after = moved_on(
        wall,
        WallUpdated(
            seq=6,
            prev_seq=4,
            server_time=2.0,
            seats=(seat(2, SeatState.RESERVED),),
            tickets=(ticket(2, TicketState.OFFERED), ticket(3)),
            tickets_gone=("t1",),
        ),
    )
    assert (after.seq, after.server_time) == (6, 2.0)
    assert after.seats == (seat(1), seat(2, SeatState.RESERVED))
    assert after.tickets == (ticket(2, TicketState.OFFERED), ticket(3))
    assert after.today == TODAY
