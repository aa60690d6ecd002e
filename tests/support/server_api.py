"""The server in this process on a free port, and a browser's REST side for it."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import argon2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seat_server.app import RunningServer, open_server
from seat_server.district import load_district, sample_district
from seat_server.passwords import Passwords
from seat_server.settings import Settings
from service_queue.clock import Clock
from signaling.protocol.devices import TokenPurpose, proof_text
from signaling.protocol.words import Role

PASSWORD = "correct-horse-9-battery"
KIOSK = "qinghe-1"
PAGE_ORIGIN = "http://127.0.0.1:7180"


_district = cache(sample_district)
"""Read once: 683 rows, checked letter by letter."""


def quick_passwords() -> Passwords:
    """Passwords hashed at costs for tests."""
    return Passwords(argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@dataclass
class Answer:
    """One HTTP answer."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        """The stable code of a refusal."""
        assert self.headers["Content-Type"].startswith("application/problem+json"), self.body
        return str(self.body["code"])


@dataclass
class Browser:
    """A cookie jar and the CSRF value, as a page of ours keeps them."""

    url: str
    http: aiohttp.ClientSession
    csrf: str = ""

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Ask; cookies are kept, X-CSRF and Origin are sent as our pages do."""
        sent = {"Origin": self.url, "X-CSRF": self.csrf, **headers}
        content = None if body is None else json.dumps(body)
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        async with self.http.request(
            method,
            self.url + path,
            data=content,
            headers={name: value for name, value in sent.items() if value},
            allow_redirects=False,
        ) as response:
            text = await response.text()
            is_json = "json" in response.headers.get("Content-Type", "")
            return Answer(response.status, json.loads(text) if is_json else text, response.headers)

    async def sign_in(self, login: str, password: str = PASSWORD) -> Answer:
        answer = await self.call("POST", "/api/session", {"login": login, "password": password})
        if answer.status == 200:
            self.csrf = answer.body["csrf"]
        return answer


@dataclass
class KioskKey:
    """The key of a booth that enrols and proves itself as the kiosk program does."""

    browser: Browser
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    async def enrol(self, code: str, page_origin: str = PAGE_ORIGIN) -> Answer:
        public = unpadded(self.key.public_key().public_bytes_raw())
        body = {"code": code, "public_key": public, "page_origin": page_origin}
        return await self.browser.call("POST", "/api/devices/enrol", body, Origin="")

    async def challenge(self, kiosk_id: str = KIOSK) -> str:
        body = {"kiosk_id": kiosk_id}
        answer = await self.browser.call("POST", "/api/devices/challenge", body, Origin="")
        return str(answer.body["nonce"])

    async def token(
        self,
        kiosk_id: str = KIOSK,
        purpose: TokenPurpose = "page",
        *,
        nonce: str | None = None,
        signed_for: TokenPurpose | None = None,
    ) -> Answer:
        nonce = nonce or await self.challenge(kiosk_id)
        text = proof_text(kiosk_id=kiosk_id, nonce=nonce, purpose=signed_for or purpose)
        body = {
            "kiosk_id": kiosk_id,
            "nonce": nonce,
            "signature": unpadded(self.key.sign(text)),
            "for": purpose,
        }
        return await self.browser.call("POST", "/api/devices/token", body, Origin="")


@dataclass
class ServerUnderTest:
    """A running server with the sample district and one account of each role."""

    server: RunningServer
    settings: Settings
    browsers: list[Browser]

    @property
    def url(self) -> str:
        return self.server.url

    def browser(self) -> Browser:
        """A browser nobody has signed in at."""
        jar = aiohttp.CookieJar(unsafe=True)
        browser = Browser(self.url, aiohttp.ClientSession(cookie_jar=jar))
        self.browsers.append(browser)
        return browser

    async def signed_in(self, login: str) -> Browser:
        browser = self.browser()
        answer = await browser.sign_in(login)
        assert answer.status == 200, answer.body
        return browser

    async def kiosk(self, kiosk_id: str = KIOSK) -> KioskKey:
        """A booth that is enrolled."""
        booth = KioskKey(self.browser())
        code = await self.server.devices.make_code(kiosk_id, actor="test")
        answer = await booth.enrol(code.code)
        assert answer.status == 200, answer.body
        return booth


@asynccontextmanager
async def open_server_under_test(
    data_dir: Path, *, clock: Clock | None = None, **options: Any
) -> AsyncIterator[ServerUnderTest]:
    """The server with the sample district and the accounts `agent`, `supervisor` and `admin`."""
    settings = Settings(data_dir=data_dir, port=0, **options)
    async with open_server(
        settings, version="test", clock=clock, passwords=quick_passwords()
    ) as server:
        await load_district(server.ledger, _district())
        await server.hall.reload()
        for role in (Role.AGENT, Role.SUPERVISOR, Role.ADMIN):
            await server.accounts.add(
                login=role.value, name=f"测试{role}", role=role, password=PASSWORD, actor="test"
            )
        under_test = ServerUnderTest(server, settings, [])
        try:
            yield under_test
        finally:
            for browser in under_test.browsers:
                await browser.http.close()


def unpadded(raw: bytes) -> str:
    """Bytes as base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
