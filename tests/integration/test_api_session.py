"""People sign in, are known by a cookie, and are let go."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.hall_builder import HandClock
from tests.support.server_api import PASSWORD, ServerUnderTest, open_server_under_test

pytestmark = pytest.mark.integration


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def hall(tmp_path: Path, clock: HandClock) -> AsyncIterator[ServerUnderTest]:
    async with open_server_under_test(tmp_path, clock=clock) as under_test:
        yield under_test


async def test_signing_in_gives_a_cookie_no_script_can_read(hall: ServerUnderTest) -> None:
    answer = await hall.browser().sign_in("agent")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("xiaowu_session=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert answer.body["agent"]["role"] == "agent"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_the_page_learns_who_is_signed_in(hall: ServerUnderTest) -> None:
    browser = await hall.signed_in("supervisor")
    answer = await browser.call("GET", "/api/session")
    assert answer.body["agent"]["name"] == "测试supervisor"


async def test_nobody_is_signed_in_without_a_cookie(hall: ServerUnderTest) -> None:
    answer = await hall.browser().call("GET", "/api/session")
    assert (answer.status, answer.code) == (401, "not_signed_in")


@pytest.mark.parametrize(("login", "password"), [("agent", "wrong-password"), ("nobody", PASSWORD)])
async def test_wrong_login_and_wrong_password_get_the_same_answer(
    hall: ServerUnderTest, login: str, password: str
) -> None:
    answer = await hall.browser().sign_in(login, password)
    assert (answer.status, answer.code) == (401, "sign_in_failed")


async def test_after_five_wrong_passwords_even_the_right_one_waits(hall: ServerUnderTest) -> None:
    browser = hall.browser()
    for _ in range(5):
        assert (await browser.sign_in("agent", "wrong-password")).status == 401
    answer = await browser.sign_in("agent")
    assert (answer.status, answer.code) == (429, "too_many_tries")
    assert int(answer.headers["Retry-After"]) > 0
    assert (await browser.sign_in("admin")).status == 200


async def test_many_wrong_passwords_at_once_are_counted_too(hall: ServerUnderTest) -> None:
    browser = hall.browser()
    answers = await asyncio.gather(*(browser.sign_in("agent", "wrong-password") for _ in range(30)))
    statuses = [answer.status for answer in answers]
    assert (statuses.count(401), statuses.count(429)) == (5, 25)


async def test_signing_out_ends_the_session(hall: ServerUnderTest) -> None:
    browser = await hall.signed_in("agent")
    assert (await browser.call("DELETE", "/api/session")).status == 204
    assert (await browser.call("GET", "/api/session")).status == 401


async def test_a_stolen_cookie_is_worth_nothing_after_signing_out(hall: ServerUnderTest) -> None:
    browser = hall.browser()
    cookie = (await browser.sign_in("agent")).headers["Set-Cookie"].split(";")[0]
    await browser.call("DELETE", "/api/session")
    thief = await hall.browser().call("GET", "/api/session", Cookie=cookie)
    assert thief.status == 401


async def test_what_is_not_used_for_half_an_hour_is_over(
    hall: ServerUnderTest, clock: HandClock
) -> None:
    browser = await hall.signed_in("agent")
    clock.move(29 * 60)
    assert (await browser.call("GET", "/api/session")).status == 200
    clock.move(29 * 60)
    assert (await browser.call("GET", "/api/session")).status == 200
    clock.move(31 * 60)
    assert (await browser.call("GET", "/api/session")).status == 401


async def test_no_session_outlives_a_shift(hall: ServerUnderTest, clock: HandClock) -> None:
    browser = await hall.signed_in("agent")
    for _ in range(12 * 3):
        clock.move(20 * 60 - 1)
        assert (await browser.call("GET", "/api/session")).status == 200
    clock.move(60)
    assert (await browser.call("GET", "/api/session")).status == 401


async def test_writing_needs_the_csrf_value(hall: ServerUnderTest) -> None:
    browser = await hall.signed_in("agent")
    answer = await browser.call("POST", "/api/session/token", **{"X-CSRF": "guess"})
    assert (answer.status, answer.code) == (403, "csrf_missing")
    assert (await browser.call("POST", "/api/session/token")).status == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_another_sites_page_writes_nothing(hall: ServerUnderTest, origin: str) -> None:
    browser = await hall.signed_in("agent")
    for method, path in (("DELETE", "/api/session"), ("POST", "/api/session/token")):
        answer = await browser.call(method, path, Origin=origin)
        assert (answer.status, answer.code) == (403, "origin_refused")
    assert (await browser.call("GET", "/api/session")).status == 200


async def test_a_forwarded_host_does_not_make_a_foreign_origin_ours(hall: ServerUnderTest) -> None:
    browser = await hall.signed_in("agent")
    answer = await browser.call(
        "DELETE",
        "/api/session",
        Origin="https://evil.example",
        **{"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
    )
    assert answer.code == "origin_refused"


async def test_only_a_hash_of_the_session_is_in_the_database(
    hall: ServerUnderTest, tmp_path: Path
) -> None:
    cookie = (await hall.browser().sign_in("agent")).headers["Set-Cookie"]
    token = cookie.partition("=")[2].partition(";")[0]
    with closing(sqlite3.connect(tmp_path / "xiaowu.sqlite3")) as database:
        rows = database.execute("SELECT token_sha256 FROM agent_session").fetchall()
        text = "\n".join(database.iterdump())
    assert len(rows) == 1
    assert len(rows[0][0]) == 32
    assert token not in text
    assert PASSWORD not in text


async def test_a_new_password_ends_the_other_sessions(hall: ServerUnderTest) -> None:
    here, elsewhere = await hall.signed_in("agent"), await hall.signed_in("agent")
    changed = await here.call(
        "PUT", "/api/session/password", {"current": PASSWORD, "new": "another-long-one-7"}
    )
    assert changed.status == 204
    assert (await here.call("GET", "/api/session")).status == 200
    assert (await elsewhere.call("GET", "/api/session")).status == 401
    assert (await hall.browser().sign_in("agent")).status == 401


async def test_a_new_password_needs_the_old_one(hall: ServerUnderTest) -> None:
    browser = await hall.signed_in("agent")
    answer = await browser.call(
        "PUT", "/api/session/password", {"current": "wrong", "new": "another-long-one-7"}
    )
    assert answer.code == "password_wrong"


async def test_signing_in_again_ends_the_session_before(hall: ServerUnderTest) -> None:
    browser = hall.browser()
    first = (await browser.sign_in("agent")).headers["Set-Cookie"].split(";")[0]
    await browser.sign_in("agent")
    assert (await hall.browser().call("GET", "/api/session", Cookie=first)).status == 401
