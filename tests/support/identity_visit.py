"""A resident at an enrolled booth, whose verdicts reach a real server, and an agent for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from id_verify.evidence.signature import signed
from id_verify.evidence.verdict import Verdict
from seat_server.settings import DatabaseSettings
from service_queue.actor import Actor
from service_queue.identity_tables import IdentityVerdictRow
from service_queue.tables import table_of
from signaling.protocol.commands import (
    AcceptTicket,
    EndCall,
    OpenSeat,
    ReportMedia,
    SignIn,
    TakeTicket,
)
from signaling.protocol.events import TicketTaken
from signaling.protocol.identity import (
    CardHolder,
    IdentityState,
    SubmitVerdict,
)
from signaling.protocol.words import MediaReport, Role
from tests.support.databases import EmptyDatabase
from tests.support.evidence import consent, verdict
from tests.support.server_api import (
    KIOSK,
    Answer,
    KioskKey,
    ServerUnderTest,
    open_server_under_test,
    unpadded,
)

SEAT = "seat-01"


@dataclass
class Visit:
    """A resident with a ticket at an enrolled booth."""

    under_test: ServerUnderTest
    booth: KioskKey
    ticket_id: str
    kiosk_id: str = KIOSK

    async def begin(self, **values: Any) -> Answer:
        token = await self.booth.token(self.kiosk_id, "device")
        body = {
            "token": token.body["token"],
            "ticket_id": self.ticket_id,
            "way": "face",
            "consent": consent().model_dump(mode="json"),
        }
        return await self.post("nonce", body | values)

    async def submit(self, made: Verdict, owner: CardHolder | None = None) -> Answer:
        return await self.post("verdicts", self.signed(made, owner).model_dump(mode="json"))

    async def verdict(self, owner: CardHolder | None = None, **values: Any) -> Verdict:
        """A verdict with a fresh nonce."""
        begun = await self.begin()
        assert begun.status == 200, begun.body
        return verdict(
            kiosk_id=self.kiosk_id,
            ticket_id=self.ticket_id,
            nonce=begun.body["nonce"],
            holder=owner,
            **values,
        )

    def signed(self, made: Verdict, owner: CardHolder | None = None) -> SubmitVerdict:
        return signed(made, lambda text: unpadded(self.booth.key.sign(text)), owner)

    async def post(self, what: str, body: Any) -> Answer:
        return await self.booth.browser.call("POST", f"/api/identity/{what}", body, Origin="")

    def state(self) -> IdentityState | None:
        known = self.under_test.server.hall.mirror.identities.get(self.ticket_id)
        return None if known is None else known.row.state


@asynccontextmanager
async def open_visit(database: EmptyDatabase, folder: Path, **options: Any) -> AsyncIterator[Visit]:
    settings = DatabaseSettings(url=database.url)
    async with open_server_under_test(folder, database=settings, **options) as under_test:
        booth = await under_test.kiosk()
        answer = await under_test.server.hall.execute(
            page(), TakeTicket(op_id="take", item_code="help")
        )
        assert isinstance(answer, TicketTaken)
        yield Visit(under_test, booth, answer.ticket_id)


def page(kiosk_id: str = KIOSK) -> Actor:
    return Actor(role=Role.KIOSK_PAGE, kiosk_id=kiosk_id)


async def into_call(visit: Visit, login: str = "agent") -> tuple[Actor, str]:
    """The account sits down and takes the resident; returns who that is, and the call."""
    hall = visit.under_test.server.hall
    agent = await visit.under_test.server.accounts.find_login(login)
    actor = Actor(role=Role.AGENT, agent_id=agent.id, agent_name=agent.name)
    await hall.refresh()  # another server that came up counted everybody as away
    await hall.attached(page())
    await hall.execute(actor, SignIn(op_id="in", seat_id=SEAT))
    await hall.execute(actor, OpenSeat(op_id="open"))
    ticket = hall.mirror.tickets[visit.ticket_id]
    assert ticket.offer_id is not None
    await hall.execute(
        actor, AcceptTicket(op_id="accept", offer_id=ticket.offer_id, epoch=ticket.epoch)
    )
    return actor, ticket.offer_id


async def kept(visit: Visit) -> list[IdentityVerdictRow]:
    statement = select(table_of(IdentityVerdictRow))
    return await visit.under_test.server.ledger.read(
        lambda tx: tx.every(IdentityVerdictRow, statement)
    )


async def kinds(visit: Visit, prefix: str = "identity.") -> list[str]:
    browser = await visit.under_test.signed_in("supervisor")
    answer = await browser.call("GET", f"/api/journal?ticket={visit.ticket_id}")
    return [row["kind"] for row in answer.body["entries"] if row["kind"].startswith(prefix)]


async def until_wrap_up(visit: Visit, actor: Actor, call_id: str) -> None:
    """Both ends see each other, then the agent hangs up."""
    hall = visit.under_test.server.hall
    for who in (page(), actor):
        flows = ReportMedia(
            op_id="flows", call_id=call_id, media_epoch=1, media=MediaReport.FLOWING
        )
        await hall.execute(who, flows)
    await hall.execute(actor, EndCall(op_id="end", call_id=call_id))
    wrapped = hall.mirror.seats[SEAT].wrap_up_call_id
    assert wrapped == call_id
