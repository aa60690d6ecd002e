"""Telling the hall: what was sent and not answered is sent again as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from id_verify.evidence.consent import Consent
from id_verify.evidence.verdict import Verdict, canonical
from kiosk_client.errors import HallUnreachable
from kiosk_client.identity import check as checks
from kiosk_client.identity.card_slot import open_card_slot
from kiosk_client.identity.check import CheckParts, IdentityCheck
from kiosk_client.identity.hall_report import HallReport
from kiosk_client.identity.messages import (
    CancelIdentity,
    Failed,
    IdentityOver,
    ProgramMessage,
    ResultTold,
    StartIdentity,
    TryAgain,
)
from kiosk_client.identity.stage import Stage
from kiosk_client.settings import CardSettings
from signaling.protocol.errors import RefusedByPeer
from signaling.protocol.identity import (
    CardHolder,
    EndingReason,
    IdentityGrade,
    IdentityWay,
    VerdictStored,
    Wiped,
)
from signaling.protocol.words import Language
from tests.support.media_pair import until

pytestmark = pytest.mark.unit


class Hall:
    """A hall that answers as it is told to; by itself it takes everything."""

    kiosk_id = "k-1"

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.begun: list[IdentityWay] = []
        self.submitted: list[Verdict] = []
        self.ended: list[EndingReason] = []

    async def begin(self, ticket_id: str, way: IdentityWay, consent: Consent | None) -> str:
        del ticket_id, consent
        self.begun.append(way)
        return f"{len(self.begun):022d}"

    async def submit(self, verdict: Verdict, holder: CardHolder | None) -> VerdictStored:
        del holder
        self.submitted.append(verdict)
        if self.failures:
            raise self.failures.pop(0)
        return VerdictStored(verdict_id="v-1", grade=verdict.grade)

    async def end(self, nonce: str, reason: EndingReason, wiped: Wiped | None) -> None:
        del nonce, wiped
        self.ended.append(reason)


class Page:
    """Hears what the program says."""

    def __init__(self) -> None:
        self.heard: list[ProgramMessage] = []

    async def tell(self, message: ProgramMessage) -> None:
        self.heard.append(message)

    def last(self, kind: type[ProgramMessage]) -> bool:
        return bool(self.heard) and isinstance(self.heard[-1], kind)


def a_check(hall: Hall, page: Page, *, clock: Callable[[], float] | None = None) -> IdentityCheck:
    parts = CheckParts(
        slot=open_card_slot(CardSettings()),
        hall=cast(HallReport, hall),
        wall_clock=clock or iter(range(1_800_000_000, 1_900_000_000)).__next__,
    )
    start = StartIdentity(ticket_id="t-1", way=IdentityWay.FACE, language=Language.ZH)
    return IdentityCheck(parts, start, page.tell)


@pytest.fixture(autouse=True)
def _brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "SEND_AGAIN_S", 0.0)


async def test_a_booth_without_a_reader_leaves_it_to_the_agent() -> None:
    hall, page = Hall(), Page()
    await a_check(hall, page).run()
    assert hall.begun == [IdentityWay.NO_FACE]
    [result] = [said for said in page.heard if isinstance(said, ResultTold)]
    assert (result.way, result.grade) == (IdentityWay.NO_FACE, IdentityGrade.MANUAL)
    assert hall.ended == []


async def test_a_verdict_whose_answer_was_lost_is_sent_as_it_was() -> None:
    hall, page = Hall(HallUnreachable("no"), HallUnreachable("no")), Page()
    await a_check(hall, page).run()
    assert len(hall.submitted) == 3
    assert len({canonical(verdict) for verdict in hall.submitted}) == 1
    assert len(hall.begun) == 1
    assert page.last(ResultTold)


async def test_a_nonce_that_is_refused_is_asked_for_anew() -> None:
    hall, page = Hall(RefusedByPeer("identity_nonce_refused")), Page()
    await a_check(hall, page).run()
    assert len(hall.begun) == 2
    assert len({verdict.nonce for verdict in hall.submitted}) == 2
    assert page.last(ResultTold)


async def test_a_hall_that_stays_away_can_be_tried_again_by_a_touch() -> None:
    hall, page = Hall(*[HallUnreachable("no")] * 3), Page()
    check = a_check(hall, page)
    running = asyncio.create_task(check.run())
    await until(lambda: page.last(Failed))
    assert page.heard[-1] == Failed(code="hall_unreachable", again=True)
    assert check.stage is Stage.UNSENT
    check.hear(TryAgain())
    await running
    assert page.last(ResultTold)


async def test_who_breaks_off_before_the_hall_has_it_leaves_nothing() -> None:
    hall, page = Hall(*[HallUnreachable("no")] * 3), Page()
    check = a_check(hall, page)
    running = asyncio.create_task(check.run())
    await until(lambda: page.last(Failed))
    check.hear(CancelIdentity())
    await running
    assert page.heard[-1] == IdentityOver(why="cancelled")
    assert hall.ended == [EndingReason.CANCELLED]


async def test_a_check_that_nobody_goes_on_with_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "LONGEST_S", 0.3)
    hall, page = Hall(*[HallUnreachable("no")] * 3), Page()
    await a_check(hall, page).run()
    assert page.heard[-1] == IdentityOver(why="expired")
    assert hall.ended == [EndingReason.TIMED_OUT]
