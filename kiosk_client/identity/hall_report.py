"""What the hall is told of a check: that it begins, its signed verdict, that it ended without."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from id_verify.evidence.consent import Consent
from id_verify.evidence.signature import signed
from id_verify.evidence.verdict import Verdict
from kiosk_client.device_key import DeviceKey
from kiosk_client.errors import HallUnreachable
from kiosk_client.hall_api import HallApi
from kiosk_client.tokens import Tokens
from signaling.protocol.errors import Refusal
from signaling.protocol.identity import (
    BeginIdentity,
    CardHolder,
    EndIdentity,
    EndingReason,
    IdentityNonce,
    IdentityWay,
    VerdictStored,
    Wiped,
)

log = logging.getLogger(__name__)

NONCE: Final = "/api/identity/nonce"
VERDICTS: Final = "/api/identity/verdicts"
ENDINGS: Final = "/api/identity/endings"
END_S: Final = 2.0
"""The resident who broke off waits for it."""


class HallReport:
    """Tells the hall, in this kiosk's name; raises the hall's Refusal, HallUnreachable."""

    def __init__(self, api: HallApi, device: DeviceKey, tokens: Tokens) -> None:
        """`tokens` are those of the kiosk program itself, not the page's."""
        self._api = api
        self._device = device
        self._tokens = tokens

    @property
    def kiosk_id(self) -> str:
        """Whose verdicts these are."""
        return self._device.kiosk_id

    async def begin(self, ticket_id: str, way: IdentityWay, consent: Consent | None) -> str:
        """Say that a check begins; returns the nonce its verdict has to carry."""
        begin = BeginIdentity(
            token=await self._tokens.token(), ticket_id=ticket_id, way=way, consent=consent
        )
        told = await self._api.post(NONCE, begin, IdentityNonce)
        return told.answer.nonce

    async def submit(self, verdict: Verdict, holder: CardHolder | None) -> VerdictStored:
        """Sign the verdict and hand it in."""
        submitted = signed(verdict, self._device.sign, holder)
        return (await self._api.post(VERDICTS, submitted, VerdictStored)).answer

    async def end(self, nonce: str, reason: EndingReason, wiped: Wiped | None) -> None:
        """Say that it ended without a verdict; never raises: the hall has a deadline too."""
        try:
            async with asyncio.timeout(END_S):
                end = EndIdentity(
                    token=await self._tokens.token(), nonce=nonce, reason=reason, wiped=wiped
                )
                await self._api.tell(ENDINGS, end)
        except (Refusal, HallUnreachable, TimeoutError) as failure:
            log.info("an ending was not taken", extra={"kind": type(failure).__name__})
