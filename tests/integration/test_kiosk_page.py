"""The loopback page of the kiosk: what it gives, and to whom."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk_client.device_key import DeviceKey
from kiosk_client.errors import HallUnreachable, KioskError
from kiosk_client.identity.card_slot import open_card_slot
from kiosk_client.identity.check import CheckParts
from kiosk_client.identity.door import IdentityDoor
from kiosk_client.identity.hall_report import HallReport
from kiosk_client.page import Page, content_security_policy
from kiosk_client.settings import CardSettings, KioskSettings
from kiosk_client.tokens import Tokens
from signaling.protocol.devices import DeviceToken
from signaling.protocol.errors import Refusal, RefusedByPeer

pytestmark = pytest.mark.integration

SAME = {"Sec-Fetch-Site": "same-origin"}


class FakeTokens:
    def __init__(self) -> None:
        self.fails_with: Exception | None = None

    async def device_token(self) -> DeviceToken:
        if self.fails_with is not None:
            raise self.fails_with
        return DeviceToken(token="secret-token", expires_at=1.0)


def no_checks() -> IdentityDoor:
    """Of a booth without a card reader; nothing here gets as far as the hall."""
    return IdentityDoor(
        CheckParts(slot=open_card_slot(CardSettings()), hall=cast(HallReport, None))
    )


@pytest.fixture
def tokens() -> FakeTokens:
    return FakeTokens()


@pytest.fixture
def settings(tmp_path: Path) -> KioskSettings:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    site = tmp_path / "site"
    site.mkdir()
    (tmp_path / "secret.txt").write_text("outside")
    return KioskSettings(
        server_url="https://hall.example:8443", port=port, page_dir=site, data_dir=tmp_path
    )


@pytest.fixture
async def http(settings: KioskSettings, tokens: FakeTokens) -> AsyncIterator[aiohttp.ClientSession]:
    device = DeviceKey(
        kiosk_id="k-1", server_url=settings.server_url, key=Ed25519PrivateKey.generate()
    )
    async with (
        Page(settings, device, cast(Tokens, tokens), no_checks()),
        aiohttp.ClientSession(settings.page_origin) as session,
    ):
        yield session


async def test_the_page_learns_what_booth_it_is_in(http: aiohttp.ClientSession) -> None:
    async with http.get("/booth.json", headers=SAME) as response:
        assert await response.json() == {
            "server_url": "https://hall.example:8443",
            "kiosk_id": "k-1",
            "languages": ["zh", "en"],
            "idle_reset_s": 60.0,
            "card": {"reader": "none", "sample_card": False},
        }
        assert response.headers["Cache-Control"] == "no-store"


async def test_the_page_gets_a_token(http: aiohttp.ClientSession) -> None:
    async with http.get("/token", headers=SAME) as response:
        assert await response.json() == {"token": "secret-token", "expires_at": 1.0}


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Host": "evil.example:7180"} | SAME, "host_refused"),
        ({"Host": "localhost"} | SAME, "host_refused"),
        ({"Origin": "https://evil.example"} | SAME, "origin_refused"),
        ({"Origin": "null"} | SAME, "origin_refused"),
        ({"Sec-Fetch-Site": "cross-site"}, "site_refused"),
        ({"Sec-Fetch-Site": "same-site"}, "site_refused"),
        ({"Sec-Fetch-Site": "none"}, "site_refused"),
        ({}, "site_refused"),
    ],
)
async def test_nobody_else_gets_a_token(
    http: aiohttp.ClientSession, headers: dict[str, str], code: str
) -> None:
    async with http.get("/token", headers=headers) as response:
        assert response.status == 403
        assert await response.json() == {"code": code}
        assert "secret-token" not in await response.text()


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (HallUnreachable("no"), 503, "hall_unreachable"),
        (RefusedByPeer("device_unknown"), 403, "device_unknown"),
        (Refusal(), 403, "refused"),
    ],
)
async def test_a_token_that_cannot_be_had_says_why(
    http: aiohttp.ClientSession, tokens: FakeTokens, failure: Exception, status: int, code: str
) -> None:
    tokens.fails_with = failure
    async with http.get("/token", headers=SAME) as response:
        assert (response.status, await response.json()) == (status, {"code": code})


async def test_a_page_that_is_not_built_says_so(http: aiohttp.ClientSession) -> None:
    async with http.get("/", headers={"Sec-Fetch-Site": "none"}) as response:
        assert response.status == 503
        assert "make setup" in await response.text()


async def test_files_are_served_under_the_policy(
    http: aiohttp.ClientSession, settings: KioskSettings
) -> None:
    (settings.page_dir / "index.html").write_text("<title>晓屋</title>")
    (settings.page_dir / "assets").mkdir()
    (settings.page_dir / "assets" / "a.js").write_text("1")
    async with http.get("/") as response:
        assert response.status == 200
        assert response.headers["Content-Security-Policy"] == content_security_policy(
            settings.server_url, settings.page_origin
        )
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    async with http.get("/assets/a.js") as script:
        assert script.status == 200
        assert "javascript" in script.headers["Content-Type"]


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/nothing", "/%00"],
)
async def test_nothing_outside_the_site_is_given(http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(path) as response:
        assert response.status in (400, 404)
        assert "outside" not in await response.text()


async def test_a_port_that_is_taken_is_said_in_words(
    http: aiohttp.ClientSession, settings: KioskSettings, tokens: FakeTokens
) -> None:
    device = DeviceKey(kiosk_id="k", server_url="", key=Ed25519PrivateKey.generate())
    with pytest.raises(KioskError, match="is taken"):
        async with Page(settings, device, cast(Tokens, tokens), no_checks()):
            pass


def test_the_policy_lets_the_page_speak_to_its_server_alone() -> None:
    own = "http://127.0.0.1:7180"
    policy = content_security_policy("https://hall.example:8443", own)
    allowed = "'self' ws://127.0.0.1:7180 https://hall.example:8443 wss://hall.example:8443"
    assert f"connect-src {allowed};" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert "ws://127.0.0.1:8080" in content_security_policy("http://127.0.0.1:8080", own)
