"""Verdicts through the real server, on SQLite and on PostgreSQL: what is kept, refused, deleted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from id_verify.evidence.signature import verified
from seat_server.app import open_server
from seat_server.settings import DatabaseSettings, Settings
from service_queue.identities import verdict_of
from service_queue.transaction import Transaction
from signaling.protocol.commands import (
    AskIdentity,
    WithdrawIdentity,
)
from signaling.protocol.identity import (
    IdentityGrade,
    IdentityState,
    SubmitVerdict,
)
from tests.support.databases import EmptyDatabase
from tests.support.evidence import consent, evidence, face, holder, verdict
from tests.support.identity_visit import (
    SEAT,
    Visit,
    into_call,
    kept,
    kinds,
    open_visit,
    page,
)
from tests.support.server_api import (
    KIOSK,
    ServerUnderTest,
)

pytestmark = pytest.mark.integration

OTHER_KIOSK = "qinghe-2"


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
