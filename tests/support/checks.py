"""What kiosks, residents and agents do about identity in a hall on a temporary database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from service_queue import identifying
from service_queue.identifying import GradedVerdict
from service_queue.identity_tables import IdentityRow, IdentityVerdictRow
from service_queue.policy import GreenPolicy, IdentityPolicy, Policy
from service_queue.tables import table_of
from signaling.protocol.commands import AskIdentity, DecideIdentity
from signaling.protocol.identity import (
    AgeGroup,
    CardEvidence,
    CardSource,
    ConsentGiven,
    DecisionReason,
    IdentityDecision,
    IdentityEvidence,
    IdentityGrade,
    IdentityPart,
    IdentityWay,
    Mark,
    Wiped,
)
from signaling.protocol.views import DeskView, KioskView
from signaling.protocol.words import GreenReason, Language
from tests.support.hall_builder import HallDriver, agent, open_district
from tests.support.views import desk_of, kiosk_of

GOOD = dict.fromkeys(IdentityPart, Mark.GOOD)
NO_MATCH = GOOD | {IdentityPart.FACE: Mark.BAD}
EVIDENCE = IdentityEvidence(
    card=CardEvidence(
        source=CardSource.CHIP,
        outcome="ok",
        number_valid=True,
        masked_name="测***",
        masked_number="**************002X",
        age=76,
    )
)
HOLDER = '{"name":"测试人甲","number":"11010519491231002X","salt":"…"}'
CONSENT = ConsentGiven(
    text_version="face-1",
    text_sha256="0" * 64,
    language=Language.ZH,
    given_at=1.0,
    read_aloud=True,
    age_group=AgeGroup.FROM_14,
)

POLICY = Policy(
    green=GreenPolicy(by_word=frozenset(GreenReason) - {GreenReason.ELDERLY}),
    identity=IdentityPolicy(max_tries=2, reads_alarm=2),
    waiting_kiosk_grace_s=1e9,
    call_away_grace_s=1e9,
    idle_seat_grace_s=1e9,
)
"""Nobody is ever lost; who says that they are old has to show a card."""


@asynccontextmanager
async def open_checked_district(folder: Path) -> AsyncIterator[HallDriver]:
    """A district run by `POLICY`, where checks of identity are the matter."""
    async with open_district(folder, policy=POLICY, keep_deadlines=False) as driver:
        yield driver


async def begin(
    d: HallDriver,
    ticket_id: str,
    *,
    n: int = 1,
    way: IdentityWay = IdentityWay.FACE,
    consent: ConsentGiven | None = CONSENT,
    nonce: str = "n1",
) -> float:
    return await d.hall.carry(
        f"kiosk:K{n:02d}",
        lambda tx: identifying.begin(
            tx, kiosk_id=f"K{n:02d}", ticket_id=ticket_id, way=way, consent=consent, nonce=nonce
        ),
    )


async def submit(d: HallDriver, ticket_id: str, **values: Any) -> str:
    usual: dict[str, Any] = {
        "kiosk_id": "K01",
        "ticket_id": ticket_id,
        "nonce": "n1",
        "device_id": "d1",
        "way": IdentityWay.FACE,
        "grade": IdentityGrade.CLEAR,
        "marks": GOOD,
        "evidence": EVIDENCE,
        "proven_age": 76,
        "text": '{"form":1}',
        "signature": "sig",
        "holder": HOLDER,
        "wiped": Wiped(frames=90, vectors=5),
        "rule": "grade-2",
    }
    verdict = GradedVerdict(**usual | values)
    return await d.hall.carry("kiosk:K01", lambda tx: identifying.keep_verdict(tx, verdict))


async def graded(d: HallDriver, ticket_id: str, nonce: str = "n1", **values: Any) -> str:
    await begin(d, ticket_id, nonce=nonce, way=values.get("way", IdentityWay.FACE))
    return await submit(d, ticket_id, nonce=nonce, **values)


async def in_call(d: HallDriver) -> tuple[str, str]:
    """A ticket of kiosk 1 that seat 1 serves, and its call."""
    ticket_id = await d.take(1)
    await d.open_seat(1)
    return ticket_id, await d.serve(1)


async def ask(d: HallDriver, call_id: str, n: int = 1) -> None:
    await d.hall.execute(agent(n), AskIdentity(op_id=d.op(), call_id=call_id))


def decision(
    d: HallDriver,
    call_id: str,
    what: IdentityDecision = IdentityDecision.CONFIRMED,
    reason: DecisionReason = DecisionReason.LOOKED_AND_SAME,
    note: str = "",
) -> DecideIdentity:
    return DecideIdentity(op_id=d.op(), call_id=call_id, decision=what, reason=reason, note=note)


async def verdict_rows(d: HallDriver) -> list[IdentityVerdictRow]:
    statement = select(table_of(IdentityVerdictRow))
    found = await d.hall.store.read(lambda c: c.execute(statement).mappings().all())
    return [IdentityVerdictRow(**row) for row in found]


async def row_of(d: HallDriver, ticket_id: str) -> IdentityRow:
    table = table_of(IdentityRow)
    statement = select(table).where(table.c.ticket_id == ticket_id)
    found = await d.hall.store.read(lambda c: c.execute(statement).mappings().one())
    return IdentityRow(**found)


def screens(d: HallDriver) -> tuple[DeskView, KioskView]:
    return desk_of(d, 1), kiosk_of(d, 1)
