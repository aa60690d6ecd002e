"""One peer connection: one media epoch of one call, from nothing to closed. Built once.

aiortc has no ICE restart, so a peer that fails is not mended: whoever owns it asks the server for
the next epoch and builds another. Its host candidates are in its SDP; what STUN and TURN servers
answer, and what a browser sends, is trickled.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import aioice
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCSessionDescription,
)
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError
from aiortc.mediastreams import MediaStreamError
from aiortc.sdp import candidate_from_sdp
from av import AudioFrame, VideoFrame

from signaling.client import ice_guard
from signaling.client.closing import PeerClose
from signaling.client.gathering import TricklingConnection
from signaling.client.sinks import Sink
from signaling.protocol.signals import Candidate, Description
from signaling.protocol.views import MediaLink
from signaling.protocol.words import Party

log = logging.getLogger(__name__)

STALLED_AFTER_S: Final = 3.0
"""No packet for this long is a stall; aiortc itself would notice after half a minute."""
SETUP_S: Final = 8.0
"""Longer than this to connect, or from connected and attached to the first packet, is a failure."""
TICK_S: Final = 0.25
OWN_STALL_S: Final = 0.5
"""A look that comes later than this was held up by ourselves, not by the network."""
SIGNALS_AHEAD: Final = 256

Signal = Description | Candidate
SendSignalTo = Callable[[Signal], Awaitable[None]]


class Flow(StrEnum):
    """What arrives from the other side."""

    SETTING_UP = "setting_up"
    """Nothing yet, and still in time."""
    FLOWING = "flowing"
    STALLED = "stalled"
    """There was media, and there has been none for three seconds."""
    FAILED = "failed"
    """It did not come up in time, or the transport is gone."""


@dataclass(kw_only=True)
class Received:
    """What has arrived on one peer connection; moments are of the monotonic clock."""

    video_frames: int = 0
    audio_frames: int = 0
    connected_at: float | None = None
    first_video_at: float | None = None
    first_audio_at: float | None = None
    last_packet_at: float | None = None


class Peer:
    """One RTCPeerConnection, its negotiation, what it receives, and a watch over it."""

    def __init__(
        self,
        link: MediaLink,
        *,
        send: SendSignalTo,
        sink: Sink,
        on_flow: Callable[[Flow], None],
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Build for `link`; `start` begins. `on_flow` hears each change of `flow`."""
        ice_guard.install()
        self.call_id = link.call_id
        self.media_epoch = link.media_epoch
        self.received = Received()
        self.flow = Flow.SETTING_UP
        self._offers = link.you_are is Party.AGENT
        self._send = send
        self._sink = sink
        self._on_flow = on_flow
        self._clock = clock or asyncio.get_running_loop().time
        self._built_at = self._clock()
        self._attached_at: float | None = None
        self._negotiating = asyncio.Lock()
        self._signals: asyncio.Queue[Signal] = asyncio.Queue(SIGNALS_AHEAD)
        self._early: list[Candidate] = []
        self._heard_sources: dict[RTCRtpReceiver, object] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = PeerClose(self._close, call_id=link.call_id)
        # Always a list: without one aiortc asks a public STUN server and waits 5 s for it.
        self._pc = RTCPeerConnection(
            RTCConfiguration(
                iceServers=[
                    RTCIceServer(
                        urls=list(server.urls),
                        username=server.username,
                        credential=server.credential,
                    )
                    for server in link.ice_servers
                ],
                bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
            )
        )
        self._pc.on("track", self._on_track)
        self._pc.on("connectionstatechange", self._on_connection_state)
        for kind in ("audio", "video"):
            self._pc.addTransceiver(kind, direction="sendrecv")

    def start(self) -> None:
        """Begin: negotiate, and watch."""
        self._spawn(self._negotiate(), "negotiate")
        self._spawn(self._watch(), "watch")

    @property
    def connection_state(self) -> str:
        """The state of the RTCPeerConnection, in the standard's words."""
        return str(self._pc.connectionState)

    @property
    def is_attached(self) -> bool:
        """True once this side's tracks are being sent."""
        return self._attached_at is not None

    def attach(self, tracks: list[MediaStreamTrack]) -> None:
        """Send `tracks`, one of a kind, over the transport that stands or is being built."""
        if self.is_attached or self._closing.has_begun:
            return
        self._attached_at = self._clock()
        by_kind = {track.kind: track for track in tracks}
        for transceiver in self._pc.getTransceivers():
            transceiver.sender.replaceTrack(by_kind.get(transceiver.kind))

    def signalled(self, signal: Signal) -> None:
        """Take the other side's description or candidate."""
        try:
            self._signals.put_nowait(signal)
        except asyncio.QueueFull:
            log.warning("the other side signals too much", extra={"call_id": self.call_id})

    async def close(self) -> None:
        """Close for good; idempotent, never cancelled half-way, and back in five seconds."""
        await self._closing.run()

    async def _close(self) -> None:
        async with self._negotiating:  # cancelled while it gathers, aiortc would lose its sockets
            tasks = set(self._tasks)
            for task in tasks:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._pc.close()

    def _spawn(self, work: Awaitable[None], name: str) -> None:
        async def run() -> None:
            await work

        task = asyncio.create_task(run(), name=f"peer {name}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            # The kind only: the text of an exception may quote SDP.
            kind = type(task.exception()).__name__
            log.error("a peer connection broke", extra={"task": task.get_name(), "kind": kind})
            self._become(Flow.FAILED)

    # --- negotiation ---------------------------------------------------------------------------

    async def _negotiate(self) -> None:
        if self._offers:
            async with self._negotiating:
                await self._pc.setLocalDescription()
            await self._send_local()
        while True:
            signal = await self._signals.get()
            try:
                if isinstance(signal, Candidate):
                    self._take_candidate(signal)
                elif await self._take_description(signal):
                    await self._send_local()
            except (ValueError, InvalidStateError, InvalidAccessError, OperationError) as odd:
                log.warning(
                    "a signal of the other side does not fit",
                    extra={"call_id": self.call_id, "kind": type(odd).__name__},
                )

    async def _take_description(self, description: Description) -> bool:
        """Apply `description`; True if there is an SDP answer to send now."""
        state = self._pc.signalingState
        answers = description.type == "answer"
        if description.type == "rollback" or answers != (state == "have-local-offer"):
            return False  # a repeated answer, or an offer that crossed ours: ours stands
        async with self._negotiating:
            await self._pc.setRemoteDescription(
                RTCSessionDescription(sdp=description.sdp, type=description.type)
            )
            early, self._early = self._early, []
            for candidate in early:
                self._take_candidate(candidate)
            if not answers:
                await self._pc.setLocalDescription()
        return not answers

    def _take_candidate(self, candidate: Candidate) -> None:
        if self._pc.remoteDescription is None:
            if len(self._early) < SIGNALS_AHEAD:
                self._early.append(candidate)
            return
        # In a task: a browser's `.local` name may take seconds to resolve, and others are waiting.
        self._spawn(self._add_candidate(candidate), "candidate")

    async def _add_candidate(self, candidate: Candidate) -> None:
        try:
            if not candidate.candidate:
                await self._pc.addIceCandidate(None)
                return
            parsed = candidate_from_sdp(candidate.candidate.removeprefix("candidate:"))
            parsed.sdpMid = candidate.sdp_mid
            parsed.sdpMLineIndex = candidate.sdp_m_line_index
            await self._pc.addIceCandidate(parsed)
        except (ValueError, AssertionError, IndexError) as odd:
            log.info(
                "a candidate of the other side cannot be used",
                extra={"call_id": self.call_id, "kind": type(odd).__name__},
            )

    async def _send_local(self) -> None:
        local = self._pc.localDescription
        kind = "offer" if local.type == "offer" else "answer"
        transceiver = self._pc.getTransceivers()[0]
        ice = transceiver.receiver.transport.transport._connection
        sdp = local.sdp
        trickles = isinstance(ice, TricklingConnection) and ice.is_gathering
        if trickles:
            sdp = sdp.replace("a=end-of-candidates\r\n", "")
        await self._send(Description(type=kind, sdp=sdp))
        if trickles and isinstance(ice, TricklingConnection):
            self._spawn(self._trickle(ice, transceiver.mid or "0"), "trickle")

    async def _trickle(self, ice: TricklingConnection, mid: str) -> None:
        """Send what STUN and TURN still answer, as it comes."""
        late: asyncio.Queue[aioice.Candidate | None] = asyncio.Queue()
        ice.on_late(late.put_nowait)
        while (candidate := await late.get()) is not None:
            text = f"candidate:{candidate.to_sdp()}"
            await self._send(Candidate(candidate=text, sdp_mid=mid, sdp_m_line_index=0))
        await self._send(Candidate(candidate="", sdp_mid=mid, sdp_m_line_index=0))

    # --- what arrives --------------------------------------------------------------------------

    def _on_connection_state(self) -> None:
        if self._pc.connectionState == "connected" and self.received.connected_at is None:
            self.received.connected_at = self._clock()

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._spawn(self._drain(track), f"drain {track.kind}")

    async def _drain(self, track: MediaStreamTrack) -> None:
        """Read everything at once: aiortc keeps what nobody reads, without bound."""
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if isinstance(frame, VideoFrame):
                self.received.video_frames += 1
                if self.received.first_video_at is None:
                    self.received.first_video_at = self._clock()
            elif isinstance(frame, AudioFrame):
                self.received.audio_frames += 1
                if self.received.first_audio_at is None:
                    self.received.first_audio_at = self._clock()
            else:
                continue
            if self.flow in (Flow.SETTING_UP, Flow.FAILED):
                self.received.last_packet_at = self._clock()
                self._become(Flow.FLOWING)
            self._sink.take(frame)

    async def _watch(self) -> None:
        looked_at = self._clock()
        while True:
            await asyncio.sleep(TICK_S)
            asleep_s = self._clock() - looked_at - TICK_S
            looked_at = self._clock()
            if asleep_s > OWN_STALL_S:
                self._excuse(asleep_s)
            self._listen_for_packets()
            self._become(self._judge())

    def _excuse(self, asleep_s: float) -> None:
        """This program itself stood still: that is no silence of the other side."""
        self._built_at += asleep_s
        if self.received.connected_at is not None:
            self.received.connected_at += asleep_s
        if self.received.last_packet_at is not None:
            self.received.last_packet_at += asleep_s

    def _listen_for_packets(self) -> None:
        for receiver in self._pc.getReceivers():
            heard = max((s.timestamp for s in receiver.getSynchronizationSources()), default=None)
            if heard is not None and heard != self._heard_sources.get(receiver):
                self._heard_sources[receiver] = heard
                self.received.last_packet_at = self._clock()

    def _judge(self) -> Flow:
        now = self._clock()
        got = self.received
        if self._pc.connectionState in ("failed", "closed"):
            return Flow.FAILED
        if self.flow in (Flow.FLOWING, Flow.STALLED):
            silent_s = now - (got.last_packet_at or now)
            return Flow.STALLED if silent_s >= STALLED_AFTER_S else Flow.FLOWING
        if got.connected_at is None:
            late = now - self._built_at >= SETUP_S
        else:
            begun = max(got.connected_at, self._attached_at or now)
            late = now - begun >= SETUP_S
        return Flow.FAILED if late else self.flow

    def _become(self, flow: Flow) -> None:
        if flow is not self.flow:
            self.flow = flow
            self._on_flow(flow)
