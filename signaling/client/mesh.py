"""The media of all pairs of one side: mostly one, two while a colleague is in the call.

A pair keeps its peer connection for as long as its name is among the links of the newest view,
whatever part it plays there: when a call is handed over, nothing is built anew.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from av import AudioFrame, VideoFrame

from signaling.client.call import SIGNALS_KEPT, CallMedia, CallTotals
from signaling.client.peer import Flow
from signaling.client.sinks import Nothing, Sink
from signaling.protocol.events import Signalled
from signaling.protocol.views import CallView, MediaLink

MakeCall = Callable[[Sink], CallMedia]


class CallMesh:
    """The media of whatever call the view shows, and of a colleague's part in it."""

    def __init__(self, *, make: MakeCall, sink: Sink | None = None) -> None:
        """`make` one pair's media; what arrives from the agent whose call it is goes to `sink`."""
        self._make = make
        self._sink = sink or Nothing()
        self._calls: dict[str, CallMedia] = {}
        self._main: str | None = None
        self._over = CallTotals()
        self._kept: deque[Signalled] = deque(maxlen=SIGNALS_KEPT)
        self._seen_a_view = False
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def flow(self) -> Flow | None:
        """What arrives from the agent whose call it is; None when there is no peer connection."""
        call = self._calls.get(self._main or "")
        return None if call is None else call.flow

    @property
    def totals(self) -> CallTotals:
        """What was received so far, of all pairs."""
        totals = self._over
        for call in self._calls.values():
            totals = _together(totals, call.totals)
        return totals

    def update(self, links: Sequence[MediaLink | None], call: CallView | None = None) -> None:
        """Follow the newest view: its links, that of `call` first; pairs without one are over."""
        known = [link for link in links if link is not None]
        self._main = known[0].call_id if known else None
        for call_id in self._calls.keys() - {link.call_id for link in known}:
            self._let_go(self._calls.pop(call_id))
        for link in known:
            media = self._calls.get(link.call_id)
            if media is None:
                media = self._begin(link.call_id)
            media.update(link, call if link.call_id == self._main else None)
        for event in [each for each in self._kept if each.call_id in self._calls]:
            self._kept.remove(event)
            self._calls[event.call_id].signalled(event)
        self._seen_a_view = True

    def signalled(self, event: Signalled) -> None:
        """Take a signal; one that overtook its view is kept for it."""
        media = self._calls.get(event.call_id)
        if media is None:
            self._kept.append(event)
        else:
            media.signalled(event)

    def took(self, call_id: str, frame: VideoFrame | AudioFrame) -> None:
        """Something arrived from one pair."""
        if call_id == self._main:
            self._sink.take(frame)

    async def close(self) -> None:
        """Close all peer connections; idempotent."""
        for media in self._calls.values():
            self._let_go(media)
        self._calls.clear()
        while self._closing:
            await asyncio.wait(set(self._closing))

    def _begin(self, call_id: str) -> CallMedia:
        media = self._make(_WhileMain(self, call_id))
        self._calls[call_id] = media
        if self._seen_a_view:
            # It saw the pair begin: nothing of it died with a process before.
            media.update(None)
        return media

    def _let_go(self, media: CallMedia) -> None:
        async def close() -> None:
            await media.close()

        self._over = _together(self._over, media.totals)
        task = asyncio.create_task(close(), name="call close")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class _WhileMain:
    """Passes on what arrives while the call is that pair's."""

    def __init__(self, mesh: CallMesh, call_id: str) -> None:
        self._mesh = mesh
        self._call_id = call_id

    def take(self, frame: VideoFrame | AudioFrame) -> None:
        self._mesh.took(self._call_id, frame)


def _together(one: CallTotals, other: CallTotals) -> CallTotals:
    """The sums; the moments of the newer call."""
    newer = other if (other.attached_at or 0.0) >= (one.attached_at or 0.0) else one
    return CallTotals(
        video_frames=one.video_frames + other.video_frames,
        audio_frames=one.audio_frames + other.audio_frames,
        attached_at=newer.attached_at,
        first_frame_at=newer.first_frame_at,
        peers_built=one.peers_built + other.peers_built,
        rebuilds_asked=one.rebuilds_asked + other.rebuilds_asked,
    )
