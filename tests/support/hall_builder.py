"""A hall on a temporary database, with a clock that tests move by hand."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import Connection, insert, select
from sqlmodel import SQLModel

from service_queue.actor import Actor
from service_queue.consult_tables import ConsultRow
from service_queue.hall import Hall, open_hall
from service_queue.journal_entry import JournalEntry
from service_queue.policy import Policy
from service_queue.store import Store
from service_queue.tables import (
    CategoryRow,
    JournalRow,
    KioskRow,
    LocationRow,
    SeatRow,
    ServiceItemRow,
    table_of,
)
from service_queue.transaction import unguessable_id
from signaling.protocol.commands import (
    AcceptTicket,
    ComeBack,
    EndCall,
    GiveReturnCode,
    InviteColleague,
    JoinCall,
    LeaveTicket,
    MarkNoShow,
    OpenSeat,
    ReportMedia,
    SignIn,
    StepAway,
    TakeTicket,
    TransferCall,
)
from signaling.protocol.events import ReturnCodeGiven, TicketTaken
from signaling.protocol.words import GreenReason, MediaReport, Role, TransferReason

_journal = table_of(JournalRow)

START = 1_750_000_000.0


class HandClock:
    """Stands still until moved."""

    def __init__(self, now: float = START) -> None:
        self._now = now

    def now(self) -> float:
        return self._now

    def move(self, seconds: float) -> None:
        self._now += seconds


class ReversingSealer:
    """Seals so that the text cannot be found by its bytes; enough for tests of storage."""

    def seal(self, text: str, about: str = "") -> bytes:
        return f"{about}\n{text}".encode()[::-1]

    def open(self, sealed: bytes, about: str = "") -> str:
        owner, text = sealed[::-1].decode().split("\n", 1)
        assert owner == about
        return text


def kiosk(n: int) -> Actor:
    return Actor(role=Role.KIOSK_PAGE, kiosk_id=f"K{n:02d}")


def agent(n: int, departments: str = "*", languages: str = "zh") -> Actor:
    return Actor(
        role=Role.AGENT,
        agent_id=f"a{n:02d}",
        agent_name=f"坐席{n:02d}",
        departments=departments,
        languages=languages,
    )


def fill_district(connection: Connection, *, locations: int, seats: int, kiosks: int) -> None:
    """Rows of a small district: K01… stand in turn at L01…, seats are 01…"""
    connection.execute(
        insert(table_of(LocationRow)),
        [
            LocationRow(
                id=f"L{i:02d}", name=f"点位{i}", name_en=f"Place {i}", prefix=chr(64 + i)
            ).model_dump()
            for i in range(1, locations + 1)
        ],
    )
    connection.execute(
        insert(table_of(KioskRow)),
        [
            KioskRow(
                id=f"K{i:02d}", location_id=f"L{(i - 1) % locations + 1:02d}", name=f"晓屋{i}"
            ).model_dump()
            for i in range(1, kiosks + 1)
        ],
    )
    connection.execute(
        insert(table_of(SeatRow)),
        [
            SeatRow(id=f"{i:02d}", name=f"{i}号云窗口", position=i).model_dump()
            for i in range(1, seats + 1)
        ],
    )
    connection.execute(insert(table_of(CategoryRow)).values(id="c", name="社保", name_en="Social"))
    connection.execute(
        insert(table_of(ServiceItemRow)),
        [
            ServiceItemRow(
                code=code,
                name=code,
                name_en=code,
                category_id="c",
                department=department,
                initials="",
                hidden=code == "gone",
            ).model_dump()
            for code, department in (
                ("help", "人社局"),
                ("pension", "人社局"),
                ("hidden", "人社局"),
                ("housing", "住建局"),
                ("gone", "人社局"),
            )
        ],
    )


def is_empty(connection: Connection) -> bool:
    """True while nobody has built a district there."""
    return connection.execute(select(table_of(LocationRow))).first() is None


class HallDriver:
    """A hall with shorthand for what people do in it."""

    def __init__(self, hall: Hall, clock: HandClock) -> None:
        self.hall = hall
        self.clock = clock
        self._op = count(1)

    def op(self) -> str:
        return f"op{next(self._op)}"

    async def take(
        self,
        n: int,
        item: str | None = "pension",
        *,
        code: str | None = None,
        green: GreenReason | None = None,
    ) -> str:
        answer = await self.hall.execute(
            kiosk(n), TakeTicket(op_id=self.op(), item_code=item, code=code, green=green)
        )
        assert isinstance(answer, TicketTaken)
        self.clock.move(1)
        return answer.ticket_id

    async def leave(self, n: int, ticket_id: str) -> None:
        await self.hall.execute(kiosk(n), LeaveTicket(op_id=self.op(), ticket_id=ticket_id))

    async def step_away(self, n: int, ticket_id: str) -> None:
        await self.hall.execute(kiosk(n), StepAway(op_id=self.op(), ticket_id=ticket_id))

    async def come_back(self, n: int, ticket_id: str) -> None:
        await self.hall.execute(kiosk(n), ComeBack(op_id=self.op(), ticket_id=ticket_id))

    async def open_seat(self, n: int, departments: str = "*") -> None:
        actor = agent(n, departments)
        await self.hall.execute(actor, SignIn(op_id=self.op(), seat_id=f"{n:02d}"))
        await self.hall.execute(agent(n), OpenSeat(op_id=self.op()))
        self.clock.move(1)

    async def accept(self, n: int) -> str:
        """Seat n accepts what rings there; returns the call's id."""
        ticket = self.hall.mirror.ticket_at_seat(f"{n:02d}")
        assert ticket is not None
        assert ticket.offer_id is not None
        await self.hall.execute(
            agent(n), AcceptTicket(op_id=self.op(), offer_id=ticket.offer_id, epoch=ticket.epoch)
        )
        return ticket.offer_id

    async def serve(self, n: int) -> str:
        """Seat n accepts what rings there, and media flows both ways; returns the call's id."""
        call_id = await self.accept(n)
        await self.connect(n, call_id)
        return call_id

    async def no_show(self, n: int, call_id: str) -> None:
        await self.hall.execute(agent(n), MarkNoShow(op_id=self.op(), call_id=call_id))

    async def end_call(self, n: int, call_id: str) -> None:
        await self.hall.execute(agent(n), EndCall(op_id=self.op(), call_id=call_id))

    async def hand_over(self, n: int, call_id: str, **target: str) -> None:
        """Seat n hands its call on; `target`: `item`, `department` or `seat`."""
        await self._ask_elsewhere(TransferCall, n, call_id, target)

    async def invite(self, n: int, call_id: str, **target: str) -> ConsultRow:
        """Seat n asks a colleague into its call; returns the invitation. `target` as above."""
        await self._ask_elsewhere(InviteColleague, n, call_id, target)
        consult = self.hall.mirror.invitations.into(call_id)
        assert consult is not None
        return consult

    async def _ask_elsewhere(
        self,
        kind: type[TransferCall | InviteColleague],
        n: int,
        call_id: str,
        target: Mapping[str, str],
    ) -> None:
        address = {f"to_{what}": value for what, value in target.items()}
        command = kind(
            op_id=self.op(), call_id=call_id, reason=TransferReason.NEEDS_SPECIALIST, **address
        )
        await self.hall.execute(agent(n), command)

    async def join(self, n: int, consult: ConsultRow, *, kiosk_n: int | None = None) -> None:
        """Seat n joins; with `kiosk_n` it and that kiosk's resident see each other."""
        await self.hall.execute(agent(n), JoinCall(op_id=self.op(), consult_id=consult.id))
        if kiosk_n is not None:
            await self.report(kiosk(kiosk_n), consult.id, MediaReport.FLOWING)
            await self.report(agent(n), consult.id, MediaReport.FLOWING)

    async def return_code(self, n: int, call_id: str) -> ReturnCodeGiven:
        given = await self.hall.execute(agent(n), GiveReturnCode(op_id=self.op(), call_id=call_id))
        assert isinstance(given, ReturnCodeGiven)
        return given

    async def pass_time(self, seconds: float) -> None:
        """Move the clock, then keep what is due."""
        self.clock.move(seconds)
        await self.hall.tick()

    async def journal(self, *kinds: str) -> list[JournalEntry]:
        """The rows of the journal, the oldest first; of these kinds only, if any are named."""
        rows = await self.hall.store.read(
            lambda c: c.execute(select(_journal).order_by(_journal.c.seq)).mappings().all()
        )
        entries = [JournalEntry(**{**row, "detail": json.loads(row["detail"])}) for row in rows]
        return [entry for entry in entries if not kinds or entry.kind in kinds]

    async def report(self, actor: Actor, call_id: str, media: MediaReport) -> None:
        offer = self.hall.mirror.offers.get(call_id)
        epoch = 1 if offer is None else offer.media_epoch
        await self.hall.execute(
            actor, ReportMedia(op_id=self.op(), call_id=call_id, media_epoch=epoch, media=media)
        )

    async def connect(self, n: int, call_id: str) -> None:
        """Both sides of seat n's call report media."""
        call = self.hall.mirror.calls[call_id]
        resident = Actor(role=Role.KIOSK_PAGE, kiosk_id=call.kiosk_id)
        await self.report(resident, call_id, MediaReport.FLOWING)
        await self.report(agent(n), call_id, MediaReport.FLOWING)


@asynccontextmanager
async def open_district(
    folder: Path,
    *,
    locations: int = 3,
    seats: int = 3,
    kiosks: int = 6,
    policy: Policy | None = None,
    clock: HandClock | None = None,
    url: str | None = None,
    new_id: Callable[[], str] = unguessable_id,
    keep_deadlines: bool = True,
) -> AsyncIterator[HallDriver]:
    """A district on a database in `folder`: made if it is not there, else as it was left.

    `url`: on this database instead, which has its tables. `keep_deadlines`: False for a test that
    calls `tick` itself, and wants nobody else to.
    """
    path = folder / "hall.db"
    fresh = url is None and not path.exists()
    store = Store.open(url or f"sqlite:///{path}")
    clock = clock or HandClock()
    try:
        if fresh:
            SQLModel.metadata.create_all(store.engine)
        if fresh or await store.read(is_empty):
            await store.write(
                lambda c: fill_district(c, locations=locations, seats=seats, kiosks=kiosks)
            )
        async with open_hall(
            store,
            clock=clock,
            sealer=ReversingSealer(),
            policy=policy,
            new_id=new_id,
            keep_deadlines=keep_deadlines,
        ) as hall:
            yield HallDriver(hall, clock)
    finally:
        await store.close()
