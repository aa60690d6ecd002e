"""One side of the calls of a kiosk or a seat: builds, attaches, watches and rebuilds its peers.

It is driven by views. `MediaLink` in the view says that there should be a peer connection, for
which media epoch, and whether to attach media; no link says that there should be none. So a
reconnect or a restart of the server needs nothing here: the next view is either what we have, or
tells us what to change. Media does not depend on the line to the server.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from signaling.client.errors import LinkStopped, LinkUnavailable
from signaling.client.link import op_id
from signaling.client.peer import Flow, Peer, Signal
from signaling.client.sinks import Nothing, Sink
from signaling.client.tracks import LocalMedia
from signaling.protocol.commands import Command, RebuildMedia, ReportMedia, SendSignal
from signaling.protocol.errors import Refusal
from signaling.protocol.events import Signalled
from signaling.protocol.signals import Candidate, Description
from signaling.protocol.views import CallView, MediaLink
from signaling.protocol.words import MediaReport, Party

log = logging.getLogger(__name__)

ASK_AGAIN_S: Final = 5.0
"""A rebuild that was asked for and did not come is asked for again."""
SIGNALS_KEPT: Final = 64
"""Signals that overtook the view they belong to."""
TICK_S: Final = 0.5

Send = Callable[[Command | SendSignal], Awaitable[object]]


@dataclass(kw_only=True)
class CallTotals:
    """What was received over all calls of this side; moments are of the monotonic clock."""

    video_frames: int = 0
    audio_frames: int = 0
    attached_at: float | None = None
    """When the newest call was accepted."""
    first_frame_at: float | None = None
    """First decoded picture of the newest call after `attached_at`."""
    peers_built: int = 0
    rebuilds_asked: int = 0


class CallMedia:
    """The media of whatever call the view shows."""

    def __init__(
        self,
        *,
        send: Send,
        media: LocalMedia,
        sink: Sink | None = None,
        on_flow: Callable[[Flow], None] = lambda _flow: None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Send `media` in every call and give what arrives to `sink`; `send` is `Link.send`."""
        self._send = send
        self._media = media
        self._sink = sink or Nothing()
        self._on_flow = on_flow
        self._clock = clock or asyncio.get_running_loop().time
        self._totals = CallTotals()
        self._link: MediaLink | None = None
        self._peer: Peer | None = None
        self._kept: deque[Signalled] = deque(maxlen=SIGNALS_KEPT)
        self._seen_a_view = False
        self._lost_epoch: tuple[str, int] | None = None
        self._asked: tuple[str, int, float] | None = None
        self._believed: MediaReport | None = None
        self._reported: tuple[str, int, MediaReport] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ticker: asyncio.Task[None] | None = None
        self._reporting = False
        self._is_closed = False

    @property
    def peer(self) -> Peer | None:
        """The peer connection of now."""
        return self._peer

    @property
    def flow(self) -> Flow | None:
        """What arrives now; None when there is no peer connection."""
        return None if self._peer is None else self._peer.flow

    @property
    def totals(self) -> CallTotals:
        """What was received so far."""
        if self._peer is not None:
            self._note_first_frame(self._peer)
        seen = self._totals
        got = None if self._peer is None else self._peer.received
        return CallTotals(
            video_frames=seen.video_frames + (got.video_frames if got else 0),
            audio_frames=seen.audio_frames + (got.audio_frames if got else 0),
            attached_at=seen.attached_at,
            first_frame_at=seen.first_frame_at,
            peers_built=seen.peers_built,
            rebuilds_asked=seen.rebuilds_asked,
        )

    def update(self, link: MediaLink | None, call: CallView | None = None) -> None:
        """Follow the newest view: its link, and what its call says this side receives."""
        if self._is_closed:
            return
        first, self._seen_a_view = not self._seen_a_view, True
        if link is None:
            self._let_go()
            self._link = self._lost_epoch = self._believed = None
            return
        if self._ticker is None:
            self._ticker = asyncio.create_task(self._tick(), name="call watch")
        if self._link is None or self._link.call_id != link.call_id:
            self._totals.attached_at = self._totals.first_frame_at = None
            if first:
                # This process was not there when the epoch was made: its other side waits for a
                # peer connection that died with the process before.
                self._lost_epoch = (link.call_id, link.media_epoch)
        elif link.media_epoch < self._link.media_epoch:
            return
        self._link = link
        if call is not None:
            mine = link.you_are
            self._believed = call.resident_media if mine is Party.RESIDENT else call.agent_media
        epoch = (link.call_id, link.media_epoch)
        if self._peer is None or (self._peer.call_id, self._peer.media_epoch) != epoch:
            self._let_go()
            if epoch == self._lost_epoch:
                self._ask_rebuild()
            else:
                self._build(link)
        if link.attach and self._peer is not None and not self._peer.is_attached:
            if self._totals.attached_at is None:
                self._totals.attached_at = self._clock()
            self._peer.attach(self._media.tracks())

    def signalled(self, event: Signalled) -> None:
        """Take a signal of the other side; one that overtook its view is kept for it."""
        peer = self._peer
        if peer is not None and event.call_id == peer.call_id:
            if event.media_epoch == peer.media_epoch:
                self._hand_over(peer, event)
                return
            if event.media_epoch < peer.media_epoch:
                return
        self._kept.append(event)

    async def close(self) -> None:
        """Close the peer connection and stop watching; idempotent."""
        self._is_closed = True
        self._let_go()
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
        while self._tasks:
            for task in self._tasks:
                if task.get_name() != "peer close":
                    task.cancel()
            await asyncio.wait(set(self._tasks))

    def _build(self, link: MediaLink) -> None:
        async def send(signal: Signal) -> None:
            message = SendSignal(
                call_id=link.call_id,
                media_epoch=link.media_epoch,
                description=signal if isinstance(signal, Description) else None,
                candidate=signal if isinstance(signal, Candidate) else None,
            )
            await self._try_send(message)

        peer = Peer(link, send=send, sink=self._sink, on_flow=self._flow_changed, clock=self._clock)
        self._peer = peer
        self._totals.peers_built += 1
        peer.start()
        kept, self._kept = self._kept, deque(maxlen=SIGNALS_KEPT)
        for event in kept:
            self.signalled(event)

    def _let_go(self) -> None:
        peer, self._peer = self._peer, None
        if peer is not None:
            self._note_first_frame(peer)
            self._totals.video_frames += peer.received.video_frames
            self._totals.audio_frames += peer.received.audio_frames
            self._spawn(peer.close(), "peer close")

    def _note_first_frame(self, peer: Peer) -> None:
        if self._totals.first_frame_at is None and self._totals.attached_at is not None:
            self._totals.first_frame_at = peer.received.first_video_at

    @staticmethod
    def _hand_over(peer: Peer, event: Signalled) -> None:
        if event.description is not None:
            peer.signalled(event.description)
        if event.candidate is not None:
            peer.signalled(event.candidate)

    def _flow_changed(self, flow: Flow) -> None:
        self._on_flow(flow)
        self._look_after()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._look_after()

    def _look_after(self) -> None:
        """Report what arrives if the server does not know it; ask for a rebuild if nothing does."""
        link, peer = self._link, self._peer
        if link is None or self._is_closed:
            return
        if peer is None:
            if (link.call_id, link.media_epoch) == self._lost_epoch:
                self._ask_rebuild()
            return
        if peer.flow in (Flow.FAILED, Flow.STALLED) and link.peer_present:
            self._ask_rebuild()
        if link.attach and not self._reporting and self._to_report(peer) is not None:
            self._reporting = True
            self._spawn(self._report(), "report media")

    def _to_report(self, peer: Peer) -> MediaReport | None:
        """What the server should be told now, if anything."""
        if peer.flow is Flow.SETTING_UP:
            return None
        seen = MediaReport.FLOWING if peer.flow is Flow.FLOWING else MediaReport.STALLED
        if seen is MediaReport.STALLED and peer.received.last_packet_at is None:
            return None  # never came up: that is a rebuild, not a stall
        told = self._reported == (peer.call_id, peer.media_epoch, seen)
        return None if told and self._believed in (None, seen) else seen

    async def _report(self) -> None:
        try:
            while (peer := self._peer) is not None:
                seen = self._to_report(peer)
                if seen is None:
                    return
                command = ReportMedia(
                    op_id=op_id(), call_id=peer.call_id, media_epoch=peer.media_epoch, media=seen
                )
                if await self._try_send(command):
                    self._reported = (peer.call_id, peer.media_epoch, seen)
                    self._believed = None  # until the next view says otherwise
                else:
                    await asyncio.sleep(TICK_S)
        finally:
            self._reporting = False

    def _ask_rebuild(self) -> None:
        link = self._link
        if link is None:
            return
        now = self._clock()
        if (
            self._asked is not None
            and self._asked[:2] == (link.call_id, link.media_epoch)
            and now - self._asked[2] < ASK_AGAIN_S
        ):
            return
        self._asked = (link.call_id, link.media_epoch, now)
        self._totals.rebuilds_asked += 1
        command = RebuildMedia(op_id=op_id(), call_id=link.call_id, media_epoch=link.media_epoch)
        self._spawn(self._try_send(command), "ask rebuild")

    async def _try_send(self, message: Command | SendSignal) -> bool:
        """Send; True if it was answered, even by a refusal: the next view says how things stand."""
        try:
            await self._send(message)
        except Refusal as refused:
            log.info("refused", extra={"type": type(message).__name__, "code": refused.code})
        except (LinkUnavailable, LinkStopped):
            log.info("not sent: no line", extra={"type": type(message).__name__})
            return False
        return True

    def _spawn(self, work: Awaitable[object], name: str) -> None:
        async def run() -> None:
            await work

        task = asyncio.create_task(run(), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
