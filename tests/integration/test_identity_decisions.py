"""What agents decide, and read, about a resident; through the real server, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seat_server.settings import SessionSettings
from service_queue.errors import CallClosed, SecondNeeded
from signaling.protocol.commands import (
    DecideIdentity,
    FinishWrapUp,
)
from signaling.protocol.identity import (
    DecisionReason,
    IdentityDecision,
)
from tests.support.databases import EmptyDatabase
from tests.support.evidence import NAME, NUMBER, alive, evidence, face, holder
from tests.support.identity_visit import (
    into_call,
    kinds,
    open_visit,
    until_wrap_up,
)
from tests.support.server_api import (
    PASSWORD,
    Answer,
    ServerUnderTest,
)

pytestmark = pytest.mark.integration


def confirmed_alone(call_id: str) -> DecideIdentity:
    """What an agent decides who has looked, and has nobody beside them."""
    return DecideIdentity(
        op_id="alone",
        call_id=call_id,
        decision=IdentityDecision.CONFIRMED,
        reason=DecisionReason.LOOKED_AND_SAME,
        note="照片旧",
    )


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
        alone = confirmed_alone(call_id)
        with pytest.raises(SecondNeeded):
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
        alone = confirmed_alone(call_id)
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


async def overrides(under_test: ServerUnderTest) -> int:
    browser = await under_test.signed_in("supervisor")
    shown: int = (await browser.call("GET", "/api/hall")).body["today"]["identity_overrides"]
    return shown
