"""Journal, tables and wall of a real hall agree after a random day; a change of one is seen."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from service_queue.hall import Hall
from service_queue.policy import Policy
from service_queue.view_parts import Surroundings
from service_queue.wall_views import wall_view
from signaling.protocol.views import WallView
from signaling.protocol.words import SeatStatus
from tests.support.hall_builder import open_district
from tests.support.random_day import KIOSKS, SEATS, live_through
from xiaowu.demo.agreement import table_violations, wall_violations
from xiaowu.demo.hall_record import HallRecord, hall_database, read_record
from xiaowu.demo.invariants import History, Rule

pytestmark = pytest.mark.unit

AROUND = Surroundings(
    kiosk_online=lambda _: True,
    kiosk_restarts_ice=lambda _: True,
    agent_restarts_ice=lambda _: True,
    ice_servers=lambda _: (),
)


@dataclass
class Day:
    """What is left of a day."""

    url: str
    record: HallRecord
    wall: WallView
    policy: Policy

    def history(self) -> History:
        history = History(policy=self.policy, day_of=self.record.day_of)
        history.tell(self.record.journal)
        return history

    def read_again(self) -> HallRecord:
        with hall_database(self.url) as engine:
            return read_record(engine)


def shown(hall: Hall, now: float) -> WallView:
    return wall_view(hall.mirror, now, AROUND)


@pytest.fixture(params=range(4))
async def day(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Day]:
    url = f"sqlite:///{tmp_path / 'hall.db'}"
    async with open_district(tmp_path, kiosks=KIOSKS, seats=SEATS) as d:
        await live_through(d, random.Random(request.param))
        with hall_database(url) as engine:
            yield Day(
                url=url,
                record=read_record(engine),
                wall=shown(d.hall, d.clock.now()),
                policy=d.hall.policy,
            )


def change(url: str, statement: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        assert connection.exec_driver_sql(statement).rowcount > 0
    engine.dispose()


async def test_a_real_day_breaks_no_rule(day: Day) -> None:
    history = day.history()
    assert history.violations == []
    assert history.looked_at[Rule.ORDER] > 10, "a day without offers proves nothing"
    assert any(ticket.declined_by for ticket in history.tickets.values())
    assert table_violations(history, day.record) == []
    assert wall_violations(day.wall, day.record) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ticket SET state = 'expired' WHERE id = (SELECT min(id) FROM ticket "
        "WHERE state IN ('completed', 'abandoned'))",
        "UPDATE ticket SET epoch = epoch + 1 WHERE id = (SELECT min(id) FROM ticket)",
        "UPDATE ticket SET kiosk_id = 'K01' WHERE id = (SELECT min(id) FROM ticket "
        "WHERE kiosk_id <> 'K01' AND state = 'completed')",
        "UPDATE seat SET status = 'offline', state = 'wrap_up' WHERE id = '01'",
        "UPDATE call SET seat_id = CASE seat_id WHEN '01' THEN '02' ELSE '01' END "
        "WHERE id = (SELECT min(id) FROM call WHERE state = 'ended')",
        "DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal "
        "WHERE kind = 'ticket.completed')",
    ],
)
async def test_a_table_that_was_changed_behind_the_journals_back_is_seen(
    day: Day, statement: str
) -> None:
    change(day.url, statement)
    record = day.read_again()
    history = History(policy=day.policy, day_of=record.day_of)
    history.tell(record.journal)
    assert Rule.TABLES_AGREE in {v.rule for v in table_violations(history, record)}


def lies(wall: WallView) -> Iterator[tuple[str, WallView]]:
    seat, place, today = wall.seats[0], wall.locations[0], wall.today
    status = SeatStatus.OFFLINE if seat.status is not SeatStatus.OFFLINE else SeatStatus.AVAILABLE
    for what, rows in (
        ("status", {"status": status}),
        ("away", {"away": not seat.away}),
        ("served", {"served_today": seat.served_today + 1}),
    ):
        seats = (seat.model_copy(update=rows), *wall.seats[1:])
        yield what, wall.model_copy(update={"seats": seats})
    served = place.model_copy(update={"served_today": place.served_today + 1})
    yield "location", wall.model_copy(update={"locations": (served, *wall.locations[1:])})
    for name in ("taken", "completed", "abandoned", "expired", "serving"):
        counted = today.model_copy(update={name: getattr(today, name) + 1})
        yield name, wall.model_copy(update={"today": counted})
    yield (
        "ratings",
        wall.model_copy(update={"today": today.model_copy(update={"ratings": (99, 0, 0, 0, 0)})}),
    )
    if wall.tickets:
        yield "a ticket less", wall.model_copy(update={"tickets": wall.tickets[1:]})


async def test_a_wall_that_shows_something_else_is_seen(day: Day) -> None:
    for what, wall in lies(day.wall):
        assert wall_violations(wall, day.record), what
