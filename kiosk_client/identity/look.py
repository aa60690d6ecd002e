"""One look at the resident; the only way to a camera for recognition begins with a consent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from id_verify.alive.steps import Step
from id_verify.alive.witness import Witness, WitnessResult, open_witness
from id_verify.evidence.consent import Consent
from id_verify.faces.engine import Picture
from kiosk_client.identity.frame_feed import FrameFeed
from kiosk_client.identity.witness_peer import WitnessPeer

OpenWitness = Callable[[], AbstractAsyncContextManager[Witness]]


class RecognitionCamera:
    """The page's camera on one side, the witness on the other. Use `open_camera_for_recognition`.

    Everything raises CameraLost when no picture comes, WitnessLost when the witness is gone.
    """

    def __init__(self, witness: Witness, peer: WitnessPeer) -> None:
        """Join the two."""
        self._witness = witness
        self._peer = peer

    async def answer(self, offer_sdp: str) -> str:
        """The SDP answer to the page's offer; raises OfferRefused."""
        return await self._peer.answer(offer_sdp)

    async def first_picture(self) -> None:
        """Return when a picture has come."""
        await self._peer.first_picture()

    async def watch(
        self, rng: random.Random, *, slow: bool, tell: Callable[[Step], Awaitable[None]]
    ) -> None:
        """Let the witness look until nothing more is asked; `tell` hears every step.

        `slow` gives more time for every cue.
        """
        seeing = asyncio.create_task(self._peer.watch(), name="witness pictures")
        asking = asyncio.create_task(self._ask(rng, slow, tell), name="witness cues")
        try:
            done, _ = await asyncio.wait({seeing, asking}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (seeing, asking):
                task.cancel()
            await asyncio.gather(seeing, asking, return_exceptions=True)

    async def finish(self, portrait: Picture | None) -> WitnessResult:
        """Look no more; judge, and compare with the card's portrait."""
        await self._peer.close()
        return await self._witness.finish(portrait)

    async def _ask(
        self, rng: random.Random, slow: bool, tell: Callable[[Step], Awaitable[None]]
    ) -> None:
        await self._witness.begin(rng, slow=slow)
        async for step in self._witness.steps():
            await tell(step)


@asynccontextmanager
async def open_camera_for_recognition(
    consent: Consent, *, witness: OpenWitness = open_witness
) -> AsyncIterator[RecognitionCamera]:
    """The camera and the witness, by this consent; both are gone in the end, whatever happens."""
    if not isinstance(consent, Consent):
        raise TypeError("no camera for recognition without a consent that counts")
    async with witness() as looking:
        feed = FrameFeed(looking.offer_frame)
        peer = WitnessPeer(feed.take)
        try:
            yield RecognitionCamera(looking, peer)
        finally:
            await peer.close()
            await feed.close()
