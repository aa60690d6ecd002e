"""`xiaowu serve`, `migrate` and `admin` as an operator runs them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import ssl
import stat
import sys
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from tests.support.awake import awake_watch
from tests.support.program import Program, free_port, run_to_end
from tests.support.running_hall import answers

pytestmark = pytest.mark.integration

STOPS_WITHIN_S = 10.0


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {"XIAOWU_DATA_DIR": str(folder / "data"), **more}


async def admin(folder: Path, *arguments: str) -> dict[str, object]:
    code, out = await run_to_end("admin", *arguments, "--json", environment=environment(folder))
    assert code == 0, out
    answer: dict[str, object] = json.loads(out)
    return answer


async def started(folder: Path, port: int, **more: str) -> Program:
    variables = environment(folder, XIAOWU_PORT=str(port), **more)
    program = Program("serve", log=folder / "server.log", environment=variables)
    program.start()
    await program.until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), "it is ready")
    return program


async def test_a_server_starts_stops_in_time_and_keeps_its_secrets_to_itself(
    tmp_path: Path,
) -> None:
    program = await started(tmp_path, free_port())
    data = tmp_path / "data"
    for file in data.iterdir():
        assert not stat.S_IMODE(file.stat().st_mode) & 0o077, f"{file.name} can be read by others"
    async with awake_watch() as watch:
        assert await asyncio.to_thread(program.stop) == 0
    assert watch.passed_s < STOPS_WITHIN_S
    assert '"event": "stopped"' in program.log_text()


async def test_what_people_send_is_not_in_the_log(tmp_path: Path) -> None:
    port = free_port()
    program = await started(tmp_path, port)
    url = f"http://127.0.0.1:{port}"
    planted = {"login": "planted-login", "password": "planted-password"}
    async with aiohttp.ClientSession() as browser:
        for path in ("/desk?token=planted-query", "/planted-path", "/api/items?a=planted-query"):
            await browser.get(url + path)
        await browser.post(f"{url}/api/session", json=planted)
        await browser.post(f"{url}/api/session", data="planted-body {")
    await asyncio.to_thread(program.stop)
    written = [json.loads(line) for line in program.log_text().splitlines() if line[0] == "{"]
    answered = [line for line in written if line["event"] == "answered"]
    assert [line["route"] for line in answered] == [
        "/desk",
        "unknown",
        "/api/items",
        "/api/session",
        "/api/session",
    ]
    assert "planted" not in program.log_text()


async def test_a_second_server_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    program = await started(tmp_path, free_port())
    try:
        second = environment(tmp_path, XIAOWU_PORT=str(free_port()))
        code, _ = await run_to_end("serve", environment=second)
        assert code == 1
        code, _ = await run_to_end("migrate", environment=environment(tmp_path))
        assert code == 1
        assert program.is_running
    finally:
        await asyncio.to_thread(program.stop)


async def test_a_killed_server_comes_back_with_everything_it_answered(tmp_path: Path) -> None:
    port = free_port()
    program = await started(tmp_path, port)
    added = await admin(tmp_path, "add-agent", "root1", "--name", "管理员", "--role", "admin")
    login = {"login": "root1", "password": added["password"]}
    url = f"http://127.0.0.1:{port}"
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        async with browser.post(f"{url}/api/session", json=login) as answer:
            assert answer.status == 200
        await asyncio.to_thread(program.kill)
        program = await started(tmp_path, port)
        try:
            async with browser.get(f"{url}/api/session") as answer:
                assert answer.status == 200
        finally:
            await asyncio.to_thread(program.stop)
    with closing(sqlite3.connect(tmp_path / "data" / "xiaowu.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_plain_http_is_refused_off_loopback_with_words(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "xiaowu",
        "serve",
        "--host",
        "0.0.0.0",
        env={**os.environ, **environment(tmp_path)},
        stderr=asyncio.subprocess.PIPE,
    )
    _, error = await process.communicate()
    assert process.returncode == 1
    assert "xiaowu admin certificate" in error.decode()


async def test_with_the_countys_certificate_it_serves_tls(tmp_path: Path) -> None:
    made = await admin(tmp_path, "certificate", "--host", "localhost", "--ip", "127.0.0.1")
    port = free_port()
    variables = environment(
        tmp_path,
        XIAOWU_PORT=str(port),
        XIAOWU_TLS__CERTIFICATE_FILE=str(made["certificate"]),
        XIAOWU_TLS__KEY_FILE=str(made["key"]),
    )
    program = Program("serve", log=tmp_path / "server.log", environment=variables)
    program.start()
    trust = ssl.create_default_context(cafile=str(made["authority"]))
    url = f"https://localhost:{port}"
    try:
        async with aiohttp.ClientSession() as browser:
            await program.until(lambda: "listening" in program.log_text(), "it listens")
            async with browser.get(f"{url}/readyz", ssl=trust) as answer:
                assert answer.status == 200
                assert "max-age" in answer.headers["Strict-Transport-Security"]
            added = await admin(tmp_path, "add-agent", "root1", "--name", "管理员")
            login = {"login": "root1", "password": added["password"]}
            async with browser.post(f"{url}/api/session", json=login, ssl=trust) as answer:
                cookie = answer.headers["Set-Cookie"]
                assert cookie.startswith("__Host-xiaowu=")
                assert "Secure" in cookie
    finally:
        await asyncio.to_thread(program.stop)


async def test_an_interrupt_from_the_keyboard_stops_it_too(tmp_path: Path) -> None:
    program = await started(tmp_path, free_port())
    os.kill(program.pid, signal.SIGINT)
    assert await asyncio.to_thread(program.stop) == 0
