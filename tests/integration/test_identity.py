"""Verdicts through the real server, on SQLite and on PostgreSQL: what is kept, refused, deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from id_verify.evidence.signature import signed, verified
from id_verify.evidence.verdict import Verdict
from seat_server.app import open_server
from seat_server.settings import DatabaseSettings, SessionSettings, Settings
from service_queue.actor import Actor
from service_queue.errors import CallClosed, SecondNeeded
from service_queue.identities import verdict_of
from service_queue.identity_tables import IdentityVerdictRow
from service_queue.tables import table_of
from service_queue.transaction import Transaction
from signaling.protocol.commands import (
    AcceptTicket,
    AskIdentity,
    DecideIdentity,
    EndCall,
    FinishWrapUp,
    OpenSeat,
    ReportMedia,
    SignIn,
    TakeTicket,
    WithdrawIdentity,
)
from signaling.protocol.events import TicketTaken
from signaling.protocol.identity import (
    CardHolder,
    DecisionReason,
    IdentityDecision,
    IdentityGrade,
    IdentityState,
    SubmitVerdict,
)
from signaling.protocol.words import MediaReport, Role
from tests.support.databases import EmptyDatabase
from tests.support.evidence import NAME, NUMBER, alive, consent, evidence, face, holder, verdict
from tests.support.server_api import (
    KIOSK,
    PASSWORD,
    Answer,
    KioskKey,
    ServerUnderTest,
    open_server_under_test,
    unpadded,
)

pytestmark = pytest.mark.integration

OTHER_KIOSK = "qinghe-2"
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


async def test_a_verdict_is_verified_kept_sealed_and_shown(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    async with open_visit(database, tmp_path) as visit:
        owner = holder()
        made = await visit.verdict(owner)
        assert visit.state() is IdentityState.IN_PROGRESS
        answer = await visit.submit(made, owner)
        assert (answer.status, answer.body["grade"]) == (201, "clear")
        assert visit.state() is IdentityState.GRADED
        [row] = await kept(visit)
        assert row.id == answer.body["verdict_id"]
        assert row.sealed_verdict is not None
        assert row.signature is not None

        def unsealed(tx: Transaction) -> str:
            assert row.sealed_verdict is not None
            return tx.sealer.open(row.sealed_verdict, verdict_of(row.id))

        text = await visit.under_test.server.ledger.read(unsealed)
        again = SubmitVerdict(
            kiosk_id=row.kiosk_id, verdict=text, signature=row.signature, holder=owner
        )
        assert verified(again, visit.booth.key.public_key().public_bytes_raw()) == made
        assert await kinds(visit) == ["identity.begun", "identity.graded"]


async def test_replays_and_foreign_hands_change_nothing(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    async with open_visit(database, tmp_path) as visit:
        other = Visit(
            visit.under_test,
            await visit.under_test.kiosk(OTHER_KIOSK),
            visit.ticket_id,
            OTHER_KIOSK,
        )
        owner = holder()
        made = await visit.verdict(owner)
        sent = visit.signed(made, owner).model_dump(mode="json")

        async def refused(body: Any, code: str, status: int = 403) -> None:
            answer = await visit.post("verdicts", body)
            assert (answer.status, answer.code) == (status, code)

        bare = verdict(kiosk_id=OTHER_KIOSK, ticket_id=visit.ticket_id, nonce=made.nonce)
        foreign = other.signed(bare).model_dump(mode="json")
        await refused(foreign, "ticket_unknown", 404)
        await refused(sent | {"kiosk_id": OTHER_KIOSK}, "signature_wrong")
        await refused(sent | {"kiosk_id": "nowhere"}, "device_unknown", 404)
        await refused(sent | {"signature": foreign["signature"]}, "signature_wrong")
        await refused(sent | {"holder": None}, "holder_foreign")
        await refused(sent | {"verdict": sent["verdict"] + " "}, "signature_wrong")
        old = verdict(kiosk_id=KIOSK, ticket_id=visit.ticket_id, nonce="guessed")
        await refused(visit.signed(old).model_dump(mode="json"), "nonce_refused")
        assert await kept(visit) == []
        assert visit.state() is IdentityState.IN_PROGRESS
        assert await kinds(visit) == ["identity.begun"]

        taken = await visit.post("verdicts", sent)
        assert taken.status == 201
        again = await visit.post("verdicts", sent)
        assert (again.status, again.body) == (201, taken.body), "its answer may have been lost"
        better = verdict(
            kiosk_id=KIOSK,
            ticket_id=visit.ticket_id,
            nonce=made.nonce,
            found=evidence(face=face("no")),
        )
        await refused(visit.signed(better).model_dump(mode="json"), "nonce_refused")
        assert len(await kept(visit)) == 1
        assert await kinds(visit) == ["identity.begun", "identity.graded"]


async def test_a_verdict_that_is_handed_in_many_times_at_once_is_kept_once(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    async with open_visit(database, tmp_path) as visit:
        made = await visit.verdict()
        answers = await asyncio.gather(*(visit.submit(made) for _ in range(8)))
        assert {answer.status for answer in answers} == {201}
        assert len({answer.body["verdict_id"] for answer in answers}) == 1
        assert len(await kept(visit)) == 1


async def test_a_check_begins_with_consent_and_with_the_kiosks_own_key(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    async with open_visit(database, tmp_path) as visit:
        child = consent().model_dump(mode="json") | {"age_group": "under_14"}
        other_words = consent().model_dump(mode="json") | {"text_sha256": "0" * 64}
        page_token = (await visit.booth.token(KIOSK, "page")).body["token"]
        for values, status, code in (
            ({"consent": None}, 403, "consent_missing"),
            ({"consent": child}, 403, "guardian_missing"),
            ({"consent": other_words}, 403, "consent_text_unknown"),
            ({"token": "made-up"}, 401, "token_invalid"),
            ({"token": page_token}, 403, "not_allowed"),
            ({"ticket_id": "nothing"}, 404, "ticket_unknown"),
        ):
            answer = await visit.begin(**values)
            assert (answer.status, answer.code) == (status, code), values
        assert visit.state() is None
        assert (await visit.begin(way="no_face", consent=None)).status == 200


async def test_a_revoked_booth_proves_nothing(database: EmptyDatabase, tmp_path: Path) -> None:
    async with open_visit(database, tmp_path) as visit:
        made = await visit.verdict()
        await visit.under_test.server.devices.revoke(KIOSK, actor="test")
        answer = await visit.submit(made)
        assert (answer.status, answer.code) == (404, "device_unknown")


async def test_a_key_that_was_replaced_signs_nothing(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    async with open_visit(database, tmp_path) as visit:
        made = await visit.verdict()
        old = visit.booth.key
        visit.booth.key = Ed25519PrivateKey.generate()
        answer = await visit.submit(made)
        assert (answer.status, answer.code) == (403, "signature_wrong")
        visit.booth.key = old
        assert (await visit.submit(made)).status == 201


async def test_a_check_that_ended_without_a_verdict_is_told(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    async with open_visit(database, tmp_path) as visit:
        nonce = (await visit.begin()).body["nonce"]
        token = (await visit.booth.token(KIOSK, "device")).body["token"]
        body = {
            "token": token,
            "nonce": nonce,
            "reason": "cancelled",
            "wiped": {"frames": 3, "vectors": 1, "portraits": 1},
        }
        assert (await visit.post("endings", body)).status == 204
        assert visit.state() is IdentityState.ENDED
        again = await visit.post("endings", body)
        assert (again.status, again.code) == (403, "nonce_refused")


async def test_an_agent_reads_the_whole_number_in_the_call_and_says_why(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    async with open_visit(database, tmp_path) as visit:
        owner = holder()
        await visit.submit(await visit.verdict(owner), owner)
        _, call_id = await into_call(visit)
        body = {"call_id": call_id, "reason": "fill_form"}

        async def ask(login: str, sent: Any = body, **headers: str) -> Answer:
            browser = await visit.under_test.signed_in(login)
            return await browser.call("POST", "/api/identity/unmask", sent, **headers)

        shown = await ask("agent")
        assert shown.body == {"name": NAME, "number": NUMBER}
        assert shown.headers["Cache-Control"] == "no-store"
        for login in ("supervisor", "admin"):
            assert (await ask(login)).status == 403
        assert (await ask("agent", body | {"reason": "curious"})).status == 422
        assert (await ask("agent", {**body, "X-CSRF": "no"})).status == 422
        csrf = await ask("agent", body, **{"X-CSRF": "made up"})
        assert csrf.code == "csrf_missing"
        assert (await ask("agent", body | {"call_id": "another"})).status == 404
        stranger = await visit.under_test.browser().call("POST", "/api/identity/unmask", body)
        assert stranger.status == 401
        assert (await kinds(visit)).count("identity.unmasked") == 1


async def test_against_the_evidence_a_second_person_signs_with_their_own_password(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    patient = SessionSettings(failures_per_login=3)
    async with open_visit(database, tmp_path, session=patient) as visit:
        found = evidence(face=face("no"))
        answer = await visit.submit(await visit.verdict(found=found))
        assert answer.body["grade"] == "refused"
        actor, call_id = await into_call(visit)
        hall = visit.under_test.server.hall
        alone = DecideIdentity(
            op_id="alone",
            call_id=call_id,
            decision=IdentityDecision.CONFIRMED,
            reason=DecisionReason.LOOKED_AND_SAME,
            note="照片旧",
        )
        with pytest.raises(Exception, match="second person"):
            await hall.execute(actor, alone)

        browser = await visit.under_test.signed_in("agent")
        body = {
            "call_id": call_id,
            "reason": "looked_and_same",
            "note": "照片是二十年前的",
            "login": "supervisor",
            "password": PASSWORD,
        }

        async def override(**values: str) -> Answer:
            return await browser.call("POST", "/api/identity/overrides", body | values)

        for values, status, code in (
            ({"login": "agent"}, 403, "second_person_refused"),
            ({"login": "admin"}, 403, "second_person_refused"),
            ({"note": " "}, 409, "note_missing"),
            ({"reason": "not_the_same"}, 409, "reason_unfit"),
            ({"login": "nobody"}, 403, "password_wrong"),
        ):
            answer = await override(**values)
            assert (answer.status, answer.code) == (status, code), values
        codes = [(await override(password="wrong")).code for _ in range(4)]
        assert codes == [*["password_wrong"] * 3, "too_many_tries"]
        signs_in_too = await visit.under_test.browser().sign_in("supervisor")
        assert signs_in_too.code == "too_many_tries", "both doors count together"
        known = hall.mirror.identities[visit.ticket_id].row
        assert known.decision is None


async def test_two_people_accept_a_resident_against_the_evidence(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    async with open_visit(database, tmp_path) as visit:
        await visit.submit(await visit.verdict(found=evidence(alive=alive("attack"))))
        _, call_id = await into_call(visit)
        browser = await visit.under_test.signed_in("agent")
        answer = await browser.call(
            "POST",
            "/api/identity/overrides",
            {
                "call_id": call_id,
                "reason": "looked_and_same",
                "note": "屏幕反光，本人在场",
                "login": "supervisor",
                "password": PASSWORD,
            },
        )
        assert answer.status == 204, answer.body
        row = visit.under_test.server.hall.mirror.identities[visit.ticket_id].row
        assert row.decision is IdentityDecision.CONFIRMED
        assert (row.decided_by_name, row.seconded_by_name) == ("测试agent", "测试supervisor")
        assert await overrides(visit.under_test) == 1


async def test_two_people_may_still_decide_while_the_agent_wraps_up_and_no_later(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    async with open_visit(database, tmp_path) as visit:
        owner = holder()
        await visit.submit(await visit.verdict(owner, found=evidence(face=face("no"))), owner)
        actor, call_id = await into_call(visit)
        hall = visit.under_test.server.hall
        await until_wrap_up(visit, actor, call_id)
        browser = await visit.under_test.signed_in("agent")
        number = {"call_id": call_id, "reason": "search_record"}
        second = {
            "call_id": call_id,
            "reason": "looked_and_same",
            "note": "照片是二十年前的",
            "login": "supervisor",
            "password": PASSWORD,
        }
        shown = await browser.call("POST", "/api/identity/unmask", number)
        assert shown.body == {"name": NAME, "number": NUMBER}
        alone = DecideIdentity(
            op_id="alone",
            call_id=call_id,
            decision=IdentityDecision.CONFIRMED,
            reason=DecisionReason.LOOKED_AND_SAME,
            note="照片旧",
        )
        with pytest.raises(SecondNeeded):
            await hall.execute(actor, alone)
        answer = await browser.call("POST", "/api/identity/overrides", second)
        assert answer.status == 204, answer.body
        assert await overrides(visit.under_test) == 1

        await hall.execute(actor, FinishWrapUp(op_id="done", call_id=call_id))
        rows = await kinds(visit)
        for path, body in (("unmask", number), ("overrides", second)):
            late = await browser.call("POST", f"/api/identity/{path}", body)
            assert (late.status, late.code) == (409, "call_closed")
        with pytest.raises(CallClosed):
            await hall.execute(actor, alone.model_copy(update={"op_id": "late"}))
        assert await kinds(visit) == rows
        assert "identity.left_undecided" not in rows


async def test_a_wrap_up_that_ends_without_a_decision_is_in_the_journal(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    async with open_visit(database, tmp_path) as visit:
        await visit.submit(await visit.verdict())
        actor, call_id = await into_call(visit)
        await until_wrap_up(visit, actor, call_id)
        assert "identity.left_undecided" not in await kinds(visit)
        hall = visit.under_test.server.hall
        await hall.execute(actor, FinishWrapUp(op_id="done", call_id=call_id))
        assert (await kinds(visit))[-1] == "identity.left_undecided"


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


async def overrides(under_test: ServerUnderTest) -> int:
    browser = await under_test.signed_in("supervisor")
    shown: int = (await browser.call("GET", "/api/hall")).body["today"]["identity_overrides"]
    return shown


async def test_who_withdraws_is_forgotten_but_for_a_line(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    async with open_visit(database, tmp_path) as visit:
        owner = holder()
        await visit.submit(await visit.verdict(owner), owner)
        hall = visit.under_test.server.hall
        await hall.execute(page(), WithdrawIdentity(op_id="w", ticket_id=visit.ticket_id))
        [row] = await kept(visit)
        assert (row.sealed_holder, row.sealed_verdict, row.signature) == (None, None, None)
        assert (await kinds(visit))[-1] == "identity.withdrawn"
        _, call_id = await into_call(visit)
        browser = await visit.under_test.signed_in("agent")
        body = {"call_id": call_id, "reason": "fill_form"}
        answer = await browser.call("POST", "/api/identity/unmask", body)
        assert answer.code == "nothing_to_read"


async def test_a_restart_in_the_middle_of_a_check_loses_nothing(
    database: EmptyDatabase, tmp_path: Path
) -> None:
    settings = DatabaseSettings(url=database.url)
    async with open_visit(database, tmp_path) as visit:
        owner = holder()
        made = await visit.verdict(owner)
        sent = visit.signed(made, owner).model_dump(mode="json")
    again = Settings(data_dir=tmp_path, port=0, database=settings)
    async with open_server(again, version="test") as server:
        under_test = ServerUnderTest(server, again, [])
        browser = under_test.browser()
        try:
            answer = await browser.call("POST", "/api/identity/verdicts", sent, Origin="")
            assert (answer.status, answer.body["grade"]) == (201, "clear")
        finally:
            await browser.http.close()
        known = server.hall.mirror.identities[made.ticket_id]
        assert known.row.grade is IdentityGrade.CLEAR
        assert known.evidence == made.evidence


async def test_the_agent_asks_and_another_server_shows_it(
    postgres: EmptyDatabase, tmp_path: Path
) -> None:
    async with open_visit(postgres, tmp_path) as visit:
        other_settings = Settings(
            data_dir=tmp_path, port=0, database=DatabaseSettings(url=postgres.url)
        )
        async with open_server(other_settings, version="test") as other:
            actor, call_id = await into_call(visit)
            await visit.under_test.server.hall.execute(
                actor, AskIdentity(op_id="ask", call_id=call_id)
            )
            owner = holder()
            await visit.submit(await visit.verdict(owner), owner)
            await other.hall.refresh()
            known = other.hall.mirror.identities[visit.ticket_id]
            assert known.row.state is IdentityState.GRADED
            assert known.evidence is not None
            assert known.evidence.card is not None
            assert known.evidence.card.masked_number.endswith("002X")
            browser = await visit.under_test.signed_in("agent")
            body = {"call_id": call_id, "reason": "fill_form"}
            assert (await browser.call("POST", "/api/identity/unmask", body)).status == 200
            await other.hall.refresh()
            [reader] = other.hall.mirror.number_reads.beyond(0, other.hall.clock.now())
            assert (reader.agent_id, reader.seat_id) == (actor.agent_id, SEAT)
