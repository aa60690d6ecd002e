"""The witness's end of the page's camera: one video track, received and never answered.

The picture comes as a live WebRTC track over this machine's own network, so that the page has no
way to hand in a file. Nothing is sent, nothing is relayed, no server is asked where we are.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError
from aiortc.mediastreams import MediaStreamError
from aiortc.sdp import SessionDescription
from av import VideoFrame

from kiosk_client.identity.errors import CameraLost, OfferRefused
from signaling.client import ice_guard
from signaling.client.closing import PeerClose

log = logging.getLogger(__name__)

FIRST_PICTURE_S: Final = 8.0
"""From the answer to the first picture; both ends are on this machine."""
STALLED_AFTER_S: Final = 3.0
TICK_S: Final = 0.25
OWN_STALL_S: Final = 0.5

OnFrame = Callable[[VideoFrame], None]


class WitnessPeer:
    """Receives one video track; `on_frame` gets every frame, on the loop, and must not wait."""

    def __init__(self, on_frame: OnFrame, *, clock: Callable[[], float] | None = None) -> None:
        """Build; `answer` begins."""
        ice_guard.install()
        self.frames = 0
        self._on_frame = on_frame
        self._clock = clock or asyncio.get_running_loop().time
        self._negotiating = asyncio.Lock()
        self._sees = asyncio.Event()
        self._last_at = self._clock()
        self._drained: asyncio.Task[None] | None = None
        self._closing = PeerClose(self._close)
        # Always a list: without one aiortc asks a public STUN server and waits 5 s for it.
        self._pc = RTCPeerConnection(
            RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self._pc.on("track", self._on_track)

    async def answer(self, offer_sdp: str) -> str:
        """The SDP answer to the page's offer; raises OfferRefused."""
        _insist_on_one_video(offer_sdp)
        try:
            async with self._negotiating:
                await self._pc.setRemoteDescription(
                    RTCSessionDescription(sdp=offer_sdp, type="offer")
                )
                await self._pc.setLocalDescription()
        except (ValueError, InvalidStateError, InvalidAccessError, OperationError) as odd:
            # Not the text of the failure: it may quote the SDP.
            raise OfferRefused from odd
        return str(self._pc.localDescription.sdp)

    async def first_picture(self) -> None:
        """Return when a picture has come; raises CameraLost when none does in time."""
        try:
            async with asyncio.timeout(FIRST_PICTURE_S):
                await self._sees.wait()
        except TimeoutError:
            raise CameraLost from None

    async def watch(self) -> None:
        """Return never while pictures come; raises CameraLost when no more do."""
        looked_at = self._clock()
        while True:
            await asyncio.sleep(TICK_S)
            asleep_s = self._clock() - looked_at - TICK_S
            looked_at = self._clock()
            if asleep_s > OWN_STALL_S:
                # This program itself stood still: that is no silence of the camera.
                self._last_at += asleep_s
            if self._pc.connectionState in ("failed", "closed"):
                raise CameraLost
            if looked_at - self._last_at >= STALLED_AFTER_S:
                raise CameraLost

    async def close(self) -> None:
        """Close for good; idempotent, never cancelled half-way, and back in five seconds."""
        await self._closing.run()

    async def _close(self) -> None:
        async with self._negotiating:  # cancelled while it gathers, aiortc would lose its sockets
            if self._drained is not None:
                self._drained.cancel()
                await asyncio.gather(self._drained, return_exceptions=True)
        await self._pc.close()

    def _on_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "video" and self._drained is None:
            self._drained = asyncio.create_task(self._drain(track), name="witness drain")

    async def _drain(self, track: MediaStreamTrack) -> None:
        """Read everything at once: aiortc keeps what nobody reads, without bound."""
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if isinstance(frame, VideoFrame):
                self.frames += 1
                self._last_at = self._clock()
                self._sees.set()
                self._on_frame(frame)


def _insist_on_one_video(offer_sdp: str) -> None:
    try:
        media = SessionDescription.parse(offer_sdp).media
    except (ValueError, IndexError, KeyError, AssertionError) as odd:
        raise OfferRefused from odd
    if [(each.kind, each.direction) for each in media] not in (
        [("video", "sendonly")],
        [("video", "sendrecv")],
    ):
        raise OfferRefused
