"""A province in a database, with the two events of the matching benchmark and what each costs."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, insert
from sqlmodel import SQLModel

from benchmarks.province import (
    DEPARTMENTS,
    KIOSKS,
    LOCATIONS,
    SEATS,
    SPAN_S,
    SPECIALISTS,
    Province,
    district_of,
    location_id,
)
from service_queue import line, offering
from service_queue.matcher import Matcher
from service_queue.matching import FreeSeat
from service_queue.policy import Policy
from service_queue.rank import WaitingTicket
from service_queue.store import Store
from service_queue.tables import (
    CategoryRow,
    KioskRow,
    LocationRow,
    SeatRow,
    ServiceItemRow,
    TicketRow,
    table_of,
)
from service_queue.transaction import Transaction
from signaling.protocol.commands import TakeTicket
from signaling.protocol.words import SeatStatus
from xiaowu.faults.world import PlainSealer

START: Final = 1_750_000_000.0


@dataclass(frozen=True)
class Spent:
    """CPU seconds of the writer's thread for one event, without the commit."""

    matching_s: float
    unit_s: float
    pairs: int


class ProvinceHall:
    """A store with a matcher; made by `open_province`."""

    def __init__(self, store: Store, policy: Policy, waiting: int) -> None:
        self._store = store
        self._policy = policy
        self._now = START + SPAN_S
        self._every_s = SPAN_S / waiting
        self._matcher = Matcher()
        self._kiosks = (f"K{n:05d}" for n in count(waiting))
        self._seats = count(SPECIALISTS)
        self._items = count()

    async def take(self) -> Spent:
        """A ticket is taken at the next kiosk that has none."""
        item = f"item{next(self._items) % len(DEPARTMENTS)}"
        command = TakeTicket(op_id="op", item_code=item)
        kiosk_id = next(self._kiosks)
        return await self._event(lambda tx: line.take(tx, kiosk_id, command))

    async def free_a_seat(self) -> Spent:
        """The next of the windows has nobody any more."""
        seat_id = f"s{next(self._seats):04d}"

        def unit(tx: Transaction) -> None:
            seat = tx.need(SeatRow, id=seat_id)
            tx.set_seat(seat, status=SeatStatus.AVAILABLE, idle_since=tx.now, state_since=tx.now)

        return await self._event(unit)

    async def read_anew(self) -> float:
        """CPU seconds to read the whole line, as after a start."""
        return (await self._event(lambda _: None)).matching_s

    async def _event(self, change: Callable[[Transaction], Any]) -> Spent:
        self._now += self._every_s / 2

        def unit(connection: Connection) -> Spent:
            tx = Transaction(
                connection,
                now=self._now,
                policy=self._policy,
                sealer=PlainSealer(),
                matcher=self._matcher,
            )
            begun = time.thread_time()
            with self._matcher.following(tx):
                change(tx)
                changed = time.thread_time()
                pairs = offering.match_all(tx)
            ended = time.thread_time()
            return Spent(ended - changed, ended - begun, pairs)

        return await self._store.write(unit)


@asynccontextmanager
async def open_province(folder: Path, policy: Policy, waiting: int) -> AsyncIterator[ProvinceHall]:
    """A province with so many tickets waiting, all windows but the specialists on break."""
    store = Store.open(f"sqlite:///{folder / 'province.db'}")
    try:
        SQLModel.metadata.create_all(store.engine)
        await store.write(lambda connection: _fill(connection, waiting))
        yield ProvinceHall(store, policy, waiting)
    finally:
        await store.close()


def _fill(connection: Connection, waiting: int) -> None:
    province = Province()
    tickets = [province.ticket(n, START + n * SPAN_S / waiting) for n in range(waiting)]
    rows: list[list[SQLModel]] = [
        [_location(n) for n in range(LOCATIONS)],
        [
            KioskRow(id=f"K{n:05d}", location_id=location_id(n % LOCATIONS), name="")
            for n in range(KIOSKS)
        ],
        [CategoryRow(id="c", name="", name_en="")],
        [_item(n) for n in range(len(DEPARTMENTS))],
        [_seat(province.seat(n, START + SPAN_S)) for n in range(SEATS)],
        [_ticket(n, ticket) for n, ticket in enumerate(tickets)],
    ]
    for kind in rows:
        if kind:
            connection.execute(insert(table_of(type(kind[0]))), [row.model_dump() for row in kind])


def _location(n: int) -> LocationRow:
    name = location_id(n)
    return LocationRow(
        id=name, name=name, name_en=name, prefix=name, position=n, district=district_of(n)
    )


def _item(n: int) -> ServiceItemRow:
    return ServiceItemRow(
        code=f"item{n}",
        name="",
        name_en="",
        category_id="c",
        department=DEPARTMENTS[n],
        initials="",
    )


def _seat(seat: FreeSeat) -> SeatRow:
    is_idle = seat.position < SPECIALISTS
    return SeatRow(
        id=seat.id,
        name=seat.id,
        position=seat.position,
        status=SeatStatus.AVAILABLE if is_idle else SeatStatus.ON_BREAK,
        agent_id=f"a{seat.position}",
        level=seat.level,
        location_id=seat.location_id,
        departments="|".join(sorted(seat.departments)),
    )


def _ticket(n: int, ticket: WaitingTicket) -> TicketRow:
    return TicketRow(
        id=ticket.id,
        day="2025-06-15",
        prefix=ticket.location_id,
        n=n,
        location_id=ticket.location_id,
        kiosk_id=f"K{n:05d}",
        item_code=f"item{DEPARTMENTS.index(ticket.department)}",
        department=ticket.department,
        arrived_at=ticket.arrived_at,
        place_at=ticket.place,
        state_since=ticket.arrived_at,
        lane=ticket.lane,
        green=ticket.green,
    )
