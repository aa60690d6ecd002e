"""A bot at a seat and one at a kiosk, in front of a server that shows them views."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from signaling.protocol.commands import (
    AcceptTicket,
    ClientMessage,
    DeclineTicket,
    EndCall,
    FinishWrapUp,
    OpenSeat,
    RateCall,
    SignIn,
    TakeTicket,
)
from signaling.protocol.events import (
    Answer,
    DeskUpdated,
    Done,
    KioskUpdated,
    Refused,
    TicketTaken,
    Welcomed,
)
from signaling.protocol.version import PROTOCOL_VERSION
from signaling.protocol.views import (
    CallView,
    DeskOffer,
    DeskTicket,
    DeskView,
    ItemGuide,
    ItemRef,
    KioskView,
    LocationRef,
    QueueGlance,
    RatingDue,
    WrapUpView,
)
from signaling.protocol.words import (
    BreakReason,
    CallEndReason,
    CallState,
    KioskPhase,
    Language,
    MediaReport,
    Role,
    SeatState,
    SeatStatus,
)
from tests.support.wire_server import WireServer
from xiaowu.demo.bot import Bot
from xiaowu.demo.bot_plan import Account, BotPlan, KioskBotPlan, Manners, SeatBotPlan
from xiaowu.demo.bot_report import BotReady, BotRefused, BotReport, TicketAcknowledged, TicketOver
from xiaowu.demo.kiosk_bot import KioskBot
from xiaowu.demo.quota import Quota
from xiaowu.demo.seat_bot import SeatBot

pytestmark = pytest.mark.integration

DEADLINE_S = 30.0
AT_ONCE = (0.0, 0.0)
PLACE = LocationRef(id="L", name="点位", name_en="Place")
ITEM = ItemRef(code="item-1", name="事项", name_en="Item")
NOBODY = QueueGlance(waiting=0, oldest_arrival=None, seats_available=1, seats_in_call=0, first=())
M = TypeVar("M")

PROMPT = Manners(
    tickets_at_once=1,
    tickets_in_all=None,
    idle_s=AT_ONCE,
    accept_after_s=AT_ONCE,
    talk_s=AT_ONCE,
    wrap_up_s=AT_ONCE,
    rate_after_s=AT_ONCE,
    break_s=AT_ONCE,
    seats_at_once=1,
    resident_ends=0.0,
    declines=0.0,
    takes_break=0.0,
    skips_rating=0.0,
)


def plan(server: WireServer, **manners: Any) -> BotPlan:
    account = Account(login="agent02", password="p")
    return BotPlan(
        server_url=server.url,
        supervisor=account,
        seed=1,
        manners=PROMPT.model_copy(update=manners),
        kiosks=(KioskBotPlan(kiosk_id="k2", name="晓屋2", number=2, data_dir=Path(), port=1),),
        seats=(SeatBotPlan(seat_id="s2", name="2号", number=2, account=account),),
        item_codes=("item-1",),
        kiosk_numbers={"晓屋2": 2},
        seat_numbers={"2号": 2},
        person_kiosk="晓屋1",
        person_seat="s1",
    )


class Stand:
    """One bot in front of one server."""

    def __init__(self, server: WireServer) -> None:
        self.server = server
        self.reports: list[BotReport] = []
        self.answer: Callable[[ClientMessage], Answer | None] = lambda _message: None
        self._seq = 0
        server.answer = self._answer

    async def _answer(self, _token: str, message: ClientMessage) -> Answer:
        return self.answer(message) or Done(op_id=getattr(message, "op_id", None))

    async def heard(self, kind: type[M], count: int = 1) -> M:
        """The newest message of a kind, when there have been so many."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                found = [message for message in self.server.heard if isinstance(message, kind)]
                if len(found) >= count:
                    return found[-1]
                await asyncio.sleep(0.01)

    async def told(self, kind: type[M]) -> M:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                found = [report for report in self.reports if isinstance(report, kind)]
                if found:
                    return found[-1]
                await asyncio.sleep(0.01)

    async def online(self) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not self.server.tokens:  # noqa: ASYNC110  # the stand-in server has no event for it
                await asyncio.sleep(0.01)

    async def welcome(self, seat_id: str | None) -> None:
        await self.server.push(
            Welcomed(
                protocol=PROTOCOL_VERSION,
                server_version="0",
                server_time=0.0,
                role=Role.AGENT,
                subject="agent02",
                seat_id=seat_id,
            )
        )

    async def show_desk(self, **values: Any) -> None:
        self._seq += 1
        fields: dict[str, Any] = {
            "seq": self._seq, "server_time": 0.0, "seat_id": "s2", "seat_name": "2号",
            "agent_name": "坐席02", "status": SeatStatus.AVAILABLE, "break_reason": None,
            "state": SeatState.IDLE, "state_since": 0.0, "ticket": None, "offer": None,
            "link": None, "call": None, "note": "", "wrap_up": None, "queue": NOBODY,
            "served_today": 0,
        }  # fmt: skip
        await self.server.push(DeskUpdated(view=DeskView(**(fields | values))))

    async def ring(self, kiosk_name: str, offer_id: str = "o1") -> None:
        guide = ItemGuide(
            **ITEM.model_dump(), department="", materials=(), time_limit="", fee="", basis=""
        )
        await self.show_desk(
            state=SeatState.RESERVED,
            ticket=DeskTicket(
                id="t1", number="A001", item=guide, language=Language.ZH, location=PLACE,
                kiosk_name=kiosk_name, arrived_at=0.0,
            ),
            offer=DeskOffer(id=offer_id, epoch=3, offered_at=0.0, expires_at=20.0),
        )  # fmt: skip

    async def show_kiosk(self, phase: KioskPhase, rating: RatingDue | None = None) -> None:
        self._seq += 1
        await self.server.push(
            KioskUpdated(
                view=KioskView(
                    seq=self._seq,
                    server_time=0.0,
                    kiosk_id="k2",
                    kiosk_name="晓屋2",
                    location=PLACE,
                    phase=phase,
                    ticket=None,
                    seat_name=None,
                    link=None,
                    call=None,
                    rating=rating,
                    last_end=None,
                    last_end_at=None,
                )
            )
        )


async def a_token() -> str:
    return "token"


@asynccontextmanager
async def standing(make: Callable[[WireServer, Stand], Bot]) -> AsyncIterator[Stand]:
    async with WireServer() as server:
        stand = Stand(server)
        running = asyncio.create_task(make(server, stand).run())
        try:
            await stand.online()
            yield stand
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def seat_bot(
    *, person_is_free: bool = False, rota: Quota | None = None, **manners: Any
) -> Callable[[WireServer, Stand], Bot]:
    def make(server: WireServer, stand: Stand) -> Bot:
        told = plan(server, **manners)
        return SeatBot(
            told, told.seats[0], token=a_token, rota=rota or Quota(1),
            person_is_free=lambda: person_is_free, tell=stand.reports.append,
            rng=random.Random(1),
        )  # fmt: skip

    return make


def kiosk_bot(
    opened: asyncio.Event, quota: Quota, **manners: Any
) -> Callable[[WireServer, Stand], Bot]:
    def make(server: WireServer, stand: Stand) -> Bot:
        told = plan(server, **manners)
        return KioskBot(
            told, told.kiosks[0], token=a_token, quota=quota, opened=opened,
            tell=stand.reports.append, rng=random.Random(1),
        )  # fmt: skip

    return make


async def test_an_agent_sits_down_opens_accepts_ends_and_wraps_up() -> None:
    async with standing(seat_bot()) as stand:
        await stand.welcome(None)
        assert (await stand.heard(SignIn)).seat_id == "s2"
        await stand.show_desk(status=SeatStatus.ON_BREAK, break_reason=BreakReason.PREPARING)
        await stand.heard(OpenSeat)
        assert (await stand.told(BotReady)).bot == "seat-02"
        await stand.ring("晓屋2")
        accepted = await stand.heard(AcceptTicket)
        assert (accepted.offer_id, accepted.epoch) == ("o1", 3)
        call = CallView(
            id="o1", state=CallState.CONNECTED, started_at=0.0, connected_at=0.0,
            peer_present=True, peer_away_since=None, away_deadline=None,
            resident_media=MediaReport.FLOWING, agent_media=MediaReport.FLOWING,
        )  # fmt: skip
        await stand.show_desk(state=SeatState.IN_CALL, call=call)
        assert (await stand.heard(EndCall)).call_id == "o1"
        wrap_up = WrapUpView(
            call_id="o1", number="A001", item=ITEM, until=9.0, extensions_left=3, note="",
            call_end=CallEndReason.AGENT_HUNG_UP,
        )  # fmt: skip
        await stand.show_desk(state=SeatState.WRAP_UP, wrap_up=wrap_up)
        assert (await stand.heard(FinishWrapUp)).call_id == "o1"


async def test_a_bot_leaves_the_persons_ticket_to_the_persons_own_desk() -> None:
    async with standing(seat_bot(person_is_free=True)) as stand:
        await stand.ring("晓屋1")
        assert (await stand.heard(DeclineTicket)).offer_id == "o1"
        assert not any(isinstance(message, AcceptTicket) for message in stand.server.heard)


async def test_a_bot_serves_the_person_who_has_no_desk_open() -> None:
    async with standing(seat_bot(person_is_free=False)) as stand:
        await stand.ring("晓屋1")
        await stand.heard(AcceptTicket)


async def test_a_free_desk_of_the_person_does_not_keep_bots_from_each_other() -> None:
    async with standing(seat_bot(person_is_free=True)) as stand:
        await stand.ring("晓屋2")
        await stand.heard(AcceptTicket)


async def test_an_offer_that_was_withdrawn_is_not_accepted() -> None:
    async with standing(seat_bot(accept_after_s=(3600.0, 3600.0))) as stand:
        await stand.ring("晓屋2")
        await stand.show_desk()
        await stand.ring("晓屋1", offer_id="o2")
        await stand.show_desk(status=SeatStatus.ON_BREAK, break_reason=BreakReason.REST)
        await stand.heard(OpenSeat)
        assert not any(isinstance(message, AcceptTicket) for message in stand.server.heard)


async def test_an_agent_waits_for_a_place_on_the_rota() -> None:
    rota = Quota(1)
    assert await rota.take()
    async with standing(seat_bot(rota=rota)) as stand:
        await stand.show_desk(status=SeatStatus.ON_BREAK, break_reason=BreakReason.REST)
        await stand.told(BotReady)
        assert not any(isinstance(message, OpenSeat) for message in stand.server.heard)
        rota.give_back()
        await stand.heard(OpenSeat)


async def test_a_refusal_is_told_by_its_code() -> None:
    async with standing(seat_bot()) as stand:
        stand.answer = lambda message: Refused(
            op_id=getattr(message, "op_id", None), code="offer_stale"
        )
        await stand.ring("晓屋2")
        refused = await stand.told(BotRefused)
        assert (refused.command, refused.code) == ("ticket.accept", "offer_stale")


async def test_a_resident_comes_when_the_hall_is_open_and_rates_in_the_end() -> None:
    opened, quota = asyncio.Event(), Quota(1)
    async with standing(kiosk_bot(opened, quota)) as stand:
        stand.answer = lambda message: (
            TicketTaken(op_id=message.op_id, ticket_id="t1", number="A001")
            if isinstance(message, TakeTicket)
            else None
        )
        await stand.show_kiosk(KioskPhase.IDLE)
        await stand.told(BotReady)
        assert not any(isinstance(message, TakeTicket) for message in stand.server.heard)
        opened.set()
        assert (await stand.heard(TakeTicket)).item_code == "item-1"
        assert (await stand.told(TicketAcknowledged)).number == "A001"
        due = RatingDue(ticket_id="t1", seat_name="2号", until=60.0)
        await stand.show_kiosk(KioskPhase.RATING, due)
        assert (await stand.heard(RateCall)).ticket_id == "t1"


async def test_a_ticket_that_was_refused_costs_nobody_a_place() -> None:
    opened, quota = asyncio.Event(), Quota(1, in_all=1)
    opened.set()
    async with standing(kiosk_bot(opened, quota)) as stand:
        stand.answer = lambda message: (
            Refused(op_id=message.op_id, code="store_unavailable")
            if isinstance(message, TakeTicket)
            else None
        )
        await stand.show_kiosk(KioskPhase.IDLE)
        await stand.heard(TakeTicket, count=2)
        assert not any(isinstance(report, TicketOver) for report in stand.reports)
