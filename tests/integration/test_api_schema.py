"""The API is what its OpenAPI document says, whatever is sent to it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from yarl import URL

from seat_server.settings import SessionSettings
from tests.support.server_api import Browser, ServerUnderTest, open_server_under_test

pytestmark = pytest.mark.integration

WITHIN_S = 400.0
ENDS_THE_SESSION = ("/api/session", "/api/session/password")
"""Left out where all requests share one session; the run without one walks them too."""


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[ServerUnderTest]:
    patient = SessionSettings(failures_per_login=100, failures_per_address=10_000)
    async with open_server_under_test(tmp_path / "data", session=patient) as under_test:
        yield under_test


async def test_the_document_is_valid_openapi(hall: ServerUnderTest) -> None:
    answer = await hall.browser().call("GET", "/api/openapi.json")
    assert answer.body["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(answer.body).validate()


async def test_every_endpoint_that_changes_something_for_somebody_wants_csrf(
    hall: ServerUnderTest,
) -> None:
    document = (await hall.browser().call("GET", "/api/openapi.json")).body
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method != "get" and "security" in operation:
                assert "csrf" in operation["security"][0], f"{method} {path}"


async def test_schemathesis_finds_nothing_amiss_for_an_administrator(
    hall: ServerUnderTest, tmp_path: Path
) -> None:
    browser = await hall.signed_in("admin")
    excluded = [part for path in ENDS_THE_SESSION for part in ("--exclude-path", path)]
    code, report = await schemathesis(hall, auth_file(browser, tmp_path), *excluded)
    assert code == 0, report
    assert (await browser.call("GET", "/api/session")).status == 200


async def test_schemathesis_finds_nothing_amiss_for_a_stranger(
    hall: ServerUnderTest, tmp_path: Path
) -> None:
    empty = tmp_path / "schemathesis.toml"
    empty.write_text("")
    code, report = await schemathesis(hall, empty)
    assert code == 0, report


def auth_file(browser: Browser, folder: Path) -> Path:
    cookies = browser.http.cookie_jar.filter_cookies(URL(browser.url))
    file = folder / "schemathesis.toml"
    file.write_text(
        f'[auth.openapi.session]\napi_key = "{cookies["xiaowu_session"].value}"\n'
        f'[auth.openapi.csrf]\napi_key = "{browser.csrf}"\n'
    )
    return file


async def schemathesis(hall: ServerUnderTest, config: Path, *options: str) -> tuple[int, str]:
    """Run it with all its checks, always with the same random numbers."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        "--config-file",
        str(config),
        "run",
        f"{hall.url}/api/openapi.json",
        "--max-examples=12",
        "--seed=7",
        "--no-color",
        "--phases=coverage,fuzzing",
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=config.parent,
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            out, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return process.returncode, out.decode()
