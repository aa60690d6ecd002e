from __future__ import annotations

import asyncio
from typing import cast

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk_client.device_key import DeviceKey
from kiosk_client.hall_api import HallApi, Told
from kiosk_client.tokens import Tokens
from signaling.protocol.devices import (
    ChallengeDevice,
    DeviceChallenge,
    DeviceToken,
    ProveDevice,
    proof_text,
)
from signaling.protocol.message import Message

pytestmark = pytest.mark.unit

LIFE_S = 600.0
SERVER_NOW = 9_000_000_000.0  # the booth's own clock is centuries off, and it does not matter


class FakeHall:
    """Answers like the server, and checks the signature like it."""

    def __init__(self, device: DeviceKey) -> None:
        self.device = device
        self.given = 0

    async def post(self, path: str, body: Message, answer: type[Message]) -> Told[Message]:
        await asyncio.sleep(0)
        if isinstance(body, ChallengeDevice):
            assert path == "/api/devices/challenge"
            return Told(DeviceChallenge(nonce="bm9uY2U", expires_at=0), SERVER_NOW)
        assert isinstance(body, ProveDevice)
        assert path == "/api/devices/token"
        text = proof_text(kiosk_id=body.kiosk_id, nonce=body.nonce, purpose=body.purpose)
        assert body.signature == self.device.sign(text)
        self.given += 1
        token = DeviceToken(token=f"token-{self.given}", expires_at=SERVER_NOW + LIFE_S)
        return Told(token, SERVER_NOW)


class HandClock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def hall() -> FakeHall:
    key = Ed25519PrivateKey.generate()
    return FakeHall(DeviceKey(kiosk_id="k-1", server_url="http://x", key=key))


@pytest.fixture
def tokens(hall: FakeHall, clock: HandClock) -> Tokens:
    return Tokens(cast(HallApi, hall), hall.device, "page", clock=clock)


async def test_a_good_token_is_used_again(tokens: Tokens, clock: HandClock) -> None:
    assert await tokens.token() == "token-1"
    clock.now += 60
    assert await tokens.token() == "token-1"


async def test_a_token_is_renewed_before_it_ends(tokens: Tokens, clock: HandClock) -> None:
    await tokens.token()
    clock.now += LIFE_S * 0.61
    assert await tokens.token() == "token-2"


async def test_a_token_asked_for_again_at_once_was_refused_and_is_replaced(
    tokens: Tokens, clock: HandClock
) -> None:
    await tokens.token()
    clock.now += 1
    assert await tokens.token() == "token-2"


async def test_two_who_ask_together_cost_no_more_than_one_after_the_other(
    tokens: Tokens, hall: FakeHall
) -> None:
    await asyncio.gather(tokens.token(), tokens.token())
    assert hall.given <= 2


async def test_a_signature_fits_one_purpose_only(hall: FakeHall) -> None:
    page = proof_text(kiosk_id="k-1", nonce="n", purpose="page")
    device = proof_text(kiosk_id="k-1", nonce="n", purpose="device")
    public = hall.device.key.public_key()
    public.verify(hall.device.key.sign(page), page)
    with pytest.raises(InvalidSignature):
        public.verify(hall.device.key.sign(page), device)
