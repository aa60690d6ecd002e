"""What a visit makes of views, without media and without a server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from kiosk_client.visit import EXIT_CODE, Outcome, Visit, VisitPlan, VisitResult
from signaling.client.errors import LinkUnavailable
from signaling.client.link import LinkStatus
from signaling.client.tracks import LocalMedia
from signaling.protocol.commands import (
    Command,
    LeaveTicket,
    RateCall,
    ReportHealth,
    SendSignal,
    SkipRating,
    SyncView,
    TakeTicket,
)
from signaling.protocol.errors import RefusedByPeer
from signaling.protocol.events import CommandAnswer, Done, KioskUpdated, TicketTaken
from signaling.protocol.views import (
    ItemRef,
    KioskTicket,
    KioskView,
    LocationRef,
    RatingDue,
)
from signaling.protocol.words import KioskPhase, Language, TicketEndReason, TicketState

pytestmark = pytest.mark.unit

TICKET = KioskTicket(
    id="t1",
    number="A001",
    item=ItemRef(code="i", name="事项", name_en="item"),
    language=Language.ZH,
    state=TicketState.WAITING,
    arrived_at=100.0,
    ahead=0,
    soon=True,
    windows_open=1,
    returned_because=None,
)


@dataclass
class FakeLine:
    connections: int = 1
    sent: list[object] = field(default_factory=list)
    take_fails: Exception | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(
        self,
        message: Command | SendSignal | SyncView | ReportHealth,
        *,
        deadline_s: float = 30.0,
    ) -> CommandAnswer:
        await asyncio.sleep(0)
        self.sent.append(message)
        self.asked.set()
        if isinstance(message, TakeTicket):
            if self.take_fails is not None:
                raise self.take_fails
            return TicketTaken(op_id=message.op_id, ticket_id="t1", number="A001")
        return Done()

    def kinds(self) -> tuple[type[object], ...]:
        return tuple(type(message) for message in self.sent)


class Stage:
    """A visit and the views it is shown."""

    def __init__(self, **plan: object) -> None:
        self.line = FakeLine()
        self.visit = Visit(
            VisitPlan(item_code="i", **plan),  # type: ignore[arg-type]  # each test names its own
            media=LocalMedia(pictures=None, sound=None),
        )
        self._seq = 0

    async def show(
        self,
        phase: KioskPhase,
        *,
        ticket: KioskTicket | None = None,
        rating: RatingDue | None = None,
        last_end: TicketEndReason | None = None,
        seq: int | None = None,
    ) -> None:
        self._seq += 1
        view = KioskView(
            seq=self._seq if seq is None else seq,
            server_time=0.0,
            kiosk_id="k",
            kiosk_name="k",
            location=LocationRef(id="l", name="l", name_en="l"),
            phase=phase,
            ticket=ticket,
            seat_name=None,
            link=None,
            call=None,
            rating=rating,
            last_end=last_end,
            last_end_at=None,
        )
        await self.visit.on_event(KioskUpdated(view=view))

    def begin(self) -> asyncio.Task[VisitResult]:
        return asyncio.create_task(self.visit.run(self.line))

    async def waiting(self) -> asyncio.Task[VisitResult]:
        """A visit whose ticket waits."""
        await self.show(KioskPhase.IDLE)
        task = self.begin()
        async with asyncio.timeout(10):
            await self.line.asked.wait()
        await self.show(KioskPhase.WAITING, ticket=TICKET)
        return task


@pytest.mark.parametrize(
    ("reason", "outcome", "code"),
    [
        (TicketEndReason.SERVED, Outcome.SERVED, None),
        (TicketEndReason.RESIDENT_LEFT, Outcome.ABANDONED, None),
        (TicketEndReason.SERVICE_CLOSED, Outcome.CLOSED, None),
        (TicketEndReason.KIOSK_LOST, Outcome.LOST, "kiosk_lost"),
        (TicketEndReason.MEDIA_FAILED, Outcome.LOST, "media_failed"),
        (None, Outcome.LOST, None),
    ],
)
async def test_every_end_of_a_ticket_is_an_outcome(
    reason: TicketEndReason | None, outcome: Outcome, code: str | None
) -> None:
    stage = Stage()
    task = await stage.waiting()
    await stage.show(KioskPhase.IDLE, last_end=reason)
    result = await task
    assert (result.outcome, result.code, result.number) == (outcome, code, "A001")


def test_every_outcome_has_an_exit_code_of_its_own() -> None:
    assert set(EXIT_CODE) == set(Outcome)
    assert len(set(EXIT_CODE.values())) == len(EXIT_CODE)
    assert EXIT_CODE[Outcome.SERVED] == 0


async def test_the_call_is_rated_when_asked_for() -> None:
    stage = Stage(rate=4)
    task = await stage.waiting()
    due = RatingDue(ticket_id="t1", seat_name="1", until=0.0)
    await stage.show(KioskPhase.RATING, rating=due, last_end=TicketEndReason.SERVED)
    result = await task
    assert result.rating_sent == 4
    assert stage.line.kinds() == (TakeTicket, RateCall)


async def test_without_a_wish_the_rating_is_skipped_so_that_the_kiosk_is_free() -> None:
    stage = Stage()
    task = await stage.waiting()
    due = RatingDue(ticket_id="t1", seat_name="1", until=0.0)
    await stage.show(KioskPhase.RATING, rating=due, last_end=TicketEndReason.SERVED)
    assert (await task).rating_sent is None
    assert stage.line.kinds() == (TakeTicket, SkipRating)


async def test_an_open_ticket_is_gone_on_with() -> None:
    stage = Stage()
    await stage.show(KioskPhase.WAITING, ticket=TICKET)
    task = stage.begin()
    await asyncio.sleep(0)
    await stage.show(KioskPhase.IDLE, last_end=TicketEndReason.SERVED)
    result = await task
    assert result.resumed
    assert stage.line.sent == []


async def test_a_view_from_before_the_ticket_does_not_end_the_visit() -> None:
    stage = Stage()
    await stage.show(KioskPhase.IDLE)
    task = stage.begin()
    async with asyncio.timeout(10):
        await stage.line.asked.wait()
    await stage.show(KioskPhase.IDLE)  # still without the ticket
    await asyncio.sleep(0)
    assert not task.done()
    await stage.show(KioskPhase.WAITING, ticket=TICKET)
    await stage.show(KioskPhase.IDLE, seq=1)  # an old one, late
    await stage.show(KioskPhase.IDLE, last_end=TicketEndReason.SERVED)
    assert (await task).outcome is Outcome.SERVED


@pytest.mark.parametrize(
    ("status", "code"), [(LinkStatus.REPLACED, "replaced"), (LinkStatus.REVOKED, "revoked")]
)
async def test_a_kiosk_opened_elsewhere_or_revoked_is_lost(status: LinkStatus, code: str) -> None:
    stage = Stage()
    task = await stage.waiting()
    stage.visit.on_status(status, None)
    result = await task
    assert (result.outcome, result.code) == (Outcome.LOST, code)


async def test_a_refusal_is_told_by_its_code() -> None:
    stage = Stage()
    stage.line.take_fails = RefusedByPeer("item_closed_next_year")
    await stage.show(KioskPhase.IDLE)
    result = await stage.begin()
    assert (result.outcome, result.code) == (Outcome.REFUSED, "item_closed_next_year")


async def test_a_server_that_is_not_there_is_told() -> None:
    stage = Stage(max_wait_s=0.05)
    assert (await stage.begin()).outcome is Outcome.UNREACHABLE
    other = Stage()
    other.line.take_fails = LinkUnavailable("gone")
    await other.show(KioskPhase.IDLE)
    assert (await other.begin()).outcome is Outcome.UNREACHABLE


async def test_a_wait_that_is_too_long_gives_the_ticket_back() -> None:
    stage = Stage(max_wait_s=0.05)
    task = await stage.waiting()
    assert (await task).outcome is Outcome.NO_AGENT
    assert stage.line.kinds() == (TakeTicket, LeaveTicket)


async def test_leaving_gives_the_ticket_back_and_an_interruption_does_not() -> None:
    leaving = Stage()
    task = await leaving.waiting()
    leaving.visit.leave()
    assert (await task).outcome is Outcome.ABANDONED
    assert leaving.line.kinds() == (TakeTicket, LeaveTicket)
    interrupted = Stage()
    task = await interrupted.waiting()
    interrupted.visit.interrupt()
    assert (await task).outcome is Outcome.INTERRUPTED
    assert interrupted.line.kinds() == (TakeTicket,)
