"""Booths: enrolment and proof."""

from __future__ import annotations

from typing import Final

from seat_server.api.endpoint import Call, endpoint
from seat_server.attempts import Attempts
from seat_server.devices import Devices, code_parts
from seat_server.errors import (
    CodeRefused,
    DeviceUnknown,
    OriginNotLoopback,
    ProofRefused,
    TooManyTries,
)
from seat_server.tokens import TokenMint
from signaling.protocol.devices import (
    ChallengeDevice,
    DeviceChallenge,
    DeviceEnrolled,
    DeviceToken,
    EnrolDevice,
    ProveDevice,
)
from signaling.protocol.words import Role

ROLE_FOR: Final = {"device": Role.KIOSK_DEVICE, "page": Role.KIOSK_PAGE}


class DeviceApi:
    """Devices."""

    def __init__(
        self, devices: Devices, mint: TokenMint, attempts: Attempts, *, token_s: float
    ) -> None:
        self._devices = devices
        self._mint = mint
        self._attempts = attempts
        self._token_s = token_s

    @endpoint("POST", "/api/devices/enrol", refusals=(CodeRefused, OriginNotLoopback, TooManyTries))
    async def enrol_device(self, call: Call, body: EnrolDevice) -> DeviceEnrolled:
        """Bind a key to the kiosk that a code was made for."""
        label, _ = code_parts(body.code)
        await self._attempts.begin(name=label, address=call.address)
        try:
            kiosk_id = await self._devices.enrol(body)
        except CodeRefused:
            await self._attempts.failed(address=call.address)
            raise
        await self._attempts.succeeded(name=label, address=call.address)
        return DeviceEnrolled(kiosk_id=kiosk_id)

    @endpoint("POST", "/api/devices/challenge")
    async def challenge_device(self, call: Call, body: ChallengeDevice) -> DeviceChallenge:
        """Get a nonce to sign; every kiosk id gets one, known or not."""
        return self._devices.challenge(body.kiosk_id)

    @endpoint("POST", "/api/devices/token", refusals=(DeviceUnknown, ProofRefused))
    async def device_token(self, call: Call, body: ProveDevice) -> DeviceToken:
        """Get a token for a signed nonce."""
        device = await self._devices.prove(body)
        made = self._mint.issue(
            subject=device.kiosk_id,
            role=ROLE_FOR[body.purpose],
            grant=device.id,
            lifetime_s=self._token_s,
        )
        return DeviceToken(token=made.token, expires_at=made.expires_at)
