"""Pages, probes and figures, as a browser and a monitor see them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service_queue.transaction import Transaction
from tests.support.server_api import ServerUnderTest, open_server_under_test

pytestmark = pytest.mark.integration


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "desk.html").write_text("<!doctype html><title>desk</title>")
    (folder / "wall.html").write_text("<!doctype html><title>wall</title>")
    (folder / "assets" / "desk-abc123.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("not yours")
    return folder


@pytest.fixture
async def hall(tmp_path: Path, built: Path) -> AsyncIterator[ServerUnderTest]:
    async with open_server_under_test(tmp_path / "data", static_dir=built) as under_test:
        yield under_test


async def test_the_front_door_leads_to_the_desk(hall: ServerUnderTest) -> None:
    answer = await hall.browser().call("GET", "/")
    assert (answer.status, answer.headers["Location"]) == (302, "/desk")


@pytest.mark.parametrize("page", ["desk", "wall"])
async def test_pages_are_asked_for_again_and_what_is_hashed_is_not(
    hall: ServerUnderTest, page: str
) -> None:
    browser = hall.browser()
    answer = await browser.call("GET", f"/{page}")
    assert f"<title>{page}" in answer.body
    assert answer.headers["Cache-Control"] == "no-cache"
    asset = await browser.call("GET", "/static/assets/desk-abc123.js")
    assert "immutable" in asset.headers["Cache-Control"]
    assert "javascript" in asset.headers["Content-Type"]


@pytest.mark.parametrize("path", ["/desk", "/api/session", "/healthz", "/nothing"])
async def test_every_answer_says_what_a_page_may_do(hall: ServerUnderTest, path: str) -> None:
    headers = (await hall.browser().call("GET", path)).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert hall.url.replace("http", "ws", 1) in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "aiohttp" not in headers["Server"]


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", "assets/..%2f..%2fsecret.txt", "%00"],
)
async def test_nothing_beside_the_static_folder_is_served(hall: ServerUnderTest, path: str) -> None:
    answer = await hall.browser().call("GET", f"/static/{path}")
    assert answer.status == 404


async def test_pages_that_are_not_built_say_so(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    async with open_server_under_test(tmp_path / "data", static_dir=nowhere) as under_test:
        assert not under_test.server.pages_built
        answer = await under_test.browser().call("GET", "/desk")
        assert answer.status == 503
        assert "make setup" in answer.body


async def test_the_server_is_up_and_ready(hall: ServerUnderTest) -> None:
    browser = hall.browser()
    assert (await browser.call("GET", "/healthz")).body == {"status": "up"}
    assert (await browser.call("GET", "/readyz")).body == {"status": "ready", "amiss": []}


async def test_a_server_whose_database_is_of_another_shape_is_not_ready(
    hall: ServerUnderTest,
) -> None:
    def spoil(tx: Transaction) -> None:

        tx.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    await hall.server.ledger.write("test", spoil)
    answer = await hall.browser().call("GET", "/readyz")
    assert answer.status == 503
    assert "xiaowu migrate" in answer.body["amiss"][0]


async def test_figures_are_for_this_machine_only(hall: ServerUnderTest) -> None:
    browser = hall.browser()
    await browser.call("GET", "/api/session")
    figures = (await browser.call("GET", "/metrics")).body
    assert 'xiaowu_tickets{state="waiting"} 0.0' in figures
    assert "xiaowu_journal_unsealed_rows" in figures
    assert 'xiaowu_api_refusals_total{code="not_signed_in"} 1.0' in figures
    passed_on = await browser.call("GET", "/metrics", **{"X-Forwarded-For": "10.0.0.9"})
    assert passed_on.status == 404


async def test_the_api_is_described_for_people_too(hall: ServerUnderTest) -> None:
    page = (await hall.browser().call("GET", "/api/")).body
    assert "/api/tickets" in page
    assert "<script" not in page
