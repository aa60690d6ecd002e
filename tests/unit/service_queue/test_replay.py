"""Told to its end, the journal gives the hall as the mirror has it; told half, the hall of then."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sqlalchemy import Connection

from service_queue.journal_entry import JournalEntry
from service_queue.journal_reader import read_entries
from service_queue.mirror import HallMirror
from service_queue.replay import Replay
from service_queue.tables import TicketRow, table_of
from signaling.protocol.words import CallState, SeatStatus, TicketState
from tests.support.hall_builder import HallDriver, agent, open_district
from tests.support.random_day import KIOSKS, SEATS, live_through

pytestmark = pytest.mark.unit


async def told(d: HallDriver, until_time: float | None = None) -> Replay:
    def unit(connection: Connection) -> Replay:
        replay = Replay()
        replay.tell(read_entries(connection, until_time=until_time))
        return replay

    return await d.hall.store.read(unit)


def picture(mirror: HallMirror) -> dict[str, object]:
    """What a mirror has, in the words of a replay."""
    line = [row for row in mirror.open_tickets() if row.state is TicketState.WAITING]
    at_seat = {seat_id: mirror.ticket_at_seat(seat_id) for seat_id in mirror.seats}
    return {
        "seq": mirror.seq,
        "line": [row.id for row in sorted(line, key=lambda row: (row.arrived_at, row.id))],
        "tickets": {
            row.id: (row.state, row.kiosk_id, row.number, row.location_id, row.item_code,
                     row.arrived_at, row.state_since, row.epoch, row.seat_id, row.lane,
                     row.away_since is not None)
            for row in mirror.open_tickets()
        },
        "seats": {
            row.id: (row.status, row.state, row.agent_id, row.break_reason,
                     row.away_since is not None, ticket.id if (ticket := at_seat[row.id]) else None)
            for row in mirror.seats.values()
        },
        "calls": {
            row.id: (row.state, row.ticket_id, row.seat_id, row.started_at)
            for row in mirror.calls.values()
            if row.state is not CallState.ENDED
        },
    }  # fmt: skip


def replayed(replay: Replay) -> dict[str, object]:
    return {
        "seq": replay.seq,
        "line": [ticket.id for ticket in replay.line()],
        "tickets": {
            one.id: (one.state, one.kiosk_id, one.number, one.location_id, one.item_code,
                     one.arrived_at, one.state_since, one.epoch, one.seat_id, one.lane, one.away)
            for one in replay.tickets.values()
            if one.state.is_open
        },
        "seats": {
            seat_id: (one.status, one.state, one.agent_id, one.break_reason, one.away,
                      one.ticket_id)
            for seat_id, one in replay.seats.items()
        },
        "calls": {
            call_id: (one.state, one.ticket_id, one.seat_id, one.started_at)
            for call_id, one in replay.calls.items()
            if one.state is not CallState.ENDED
        },
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
async def test_told_to_now_it_is_what_the_mirror_has(seed: int, tmp_path: Path) -> None:
    async with open_district(tmp_path, kiosks=KIOSKS, seats=SEATS) as d:
        for n in range(1, SEATS + 1):
            await d.open_seat(n)
        await live_through(d, random.Random(seed))
        replay = await told(d)
        assert replay.oddities == []
        assert len(replay.tickets) > 10, "a day without tickets proves nothing"
        assert replayed(replay) == picture(d.hall.mirror)

        def ends(connection: Connection) -> dict[str, TicketState]:
            table = table_of(TicketRow)
            rows = connection.execute(table.select()).all()
            return {row.id: TicketState(row.state) for row in rows}

        states = {one.id: one.state for one in replay.tickets.values()}
        assert states == await d.hall.store.read(ends)


async def test_told_to_a_moment_it_is_what_the_mirror_had_then(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        await d.open_seat(1)
        await d.take(1)
        call_id = await d.accept(1)
        await d.connect(1, call_id)
        await d.take(2)
        then, had = d.clock.now(), picture(d.hall.mirror)
        d.clock.move(5)
        await d.open_seat(2)
        await d.accept(2)
        await d.hall.detached(agent(1))
        assert picture(d.hall.mirror) != had
        replay = await told(d, until_time=then)
        seats = had["seats"]
        assert isinstance(seats, dict)
        closed = {key for key, seat in seats.items() if seat[0] is SeatStatus.OFFLINE}
        for key in closed:
            del seats[key]
        assert replayed(replay) == had


async def test_before_the_first_row_there_was_nothing(tmp_path: Path) -> None:
    async with open_district(tmp_path) as d:
        replay = await told(d, until_time=0.0)
        assert (replay.seq, replay.tickets, replay.seats) == (0, {}, {})


def test_a_row_that_makes_no_sense_is_odd_and_the_rest_is_told() -> None:
    replay = Replay()
    replay.tell(
        [
            JournalEntry(seq=1, at=1.0, kind="seat.opened", seat_id="01"),
            JournalEntry(seq=2, at=2.0, kind="ticket.offered", ticket_id="t9", seat_id="01"),
            JournalEntry(
                seq=3, at=3.0, kind="ticket.taken", ticket_id="t1", detail={"lane": "no lane"}
            ),
            JournalEntry(seq=4, at=4.0, kind="ticket.taken", ticket_id="t2", kiosk_id="K1"),
        ]
    )
    assert [odd.seq for odd in replay.oddities] == [1, 2, 3]
    assert [ticket.id for ticket in replay.line()] == ["t2"]
