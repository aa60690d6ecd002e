"""Short-lived tokens: a challenge from the server, signed with the device key."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kiosk_client.device_key import DeviceKey
from kiosk_client.hall_api import HallApi
from signaling.protocol.devices import (
    ChallengeDevice,
    DeviceChallenge,
    DeviceToken,
    ProveDevice,
    TokenPurpose,
    proof_text,
)

RENEW_BELOW: Final = 0.4
"""A token with less than this share of its life left is not handed out any more."""
REFUSED_WITHIN_S: Final = 3.0
"""Asked for again this soon, the token was most likely refused: it is replaced."""


@dataclass(kw_only=True)
class _Kept:
    token: DeviceToken
    good_until: float
    handed_out_at: float


class Tokens:
    """Tokens of one purpose, fetched when needed and kept while they are good."""

    def __init__(
        self,
        api: HallApi,
        device: DeviceKey,
        purpose: TokenPurpose,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Get tokens for `purpose`; `clock` is monotonic, so a booth's wrong date does no harm."""
        self._api = api
        self._device = device
        self._purpose: TokenPurpose = purpose
        self._clock = clock
        self._kept: _Kept | None = None
        self._one_at_a_time = asyncio.Lock()

    async def token(self) -> str:
        """A good token; raises the server's Refusal or HallUnreachable."""
        return (await self.device_token()).token

    async def device_token(self) -> DeviceToken:
        """A good token and its end; raises the server's Refusal or HallUnreachable."""
        async with self._one_at_a_time:
            now = self._clock()
            kept = self._kept
            if (
                kept is None
                or now >= kept.good_until
                or now - kept.handed_out_at < REFUSED_WITHIN_S
            ):
                self._kept = None
                kept = self._kept = await self._fetch()
            kept.handed_out_at = self._clock()
            return kept.token

    async def _fetch(self) -> _Kept:
        kiosk_id = self._device.kiosk_id
        challenge = await self._api.post(
            "/api/devices/challenge", ChallengeDevice(kiosk_id=kiosk_id), DeviceChallenge
        )
        nonce = challenge.answer.nonce
        proof = proof_text(kiosk_id=kiosk_id, nonce=nonce, purpose=self._purpose)
        told = await self._api.post(
            "/api/devices/token",
            ProveDevice(
                kiosk_id=kiosk_id,
                nonce=nonce,
                signature=self._device.sign(proof),
                purpose=self._purpose,
            ),
            DeviceToken,
        )
        life_s = max(0.0, told.answer.expires_at - told.server_now)
        now = self._clock()
        return _Kept(
            token=told.answer, good_until=now + life_s * (1 - RENEW_BELOW), handed_out_at=now
        )
