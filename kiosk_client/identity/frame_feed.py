"""From the decoder to the witness: pictures are made off the loop, the newest one wins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import numpy as np
from av import VideoFrame
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Offer = Callable[[float, Picture], bool]

LARGEST_HEIGHT: Final = 480
"""The witness looks at no more; the page sends no more, unless it is not our page."""
LEAST_GAP_S: Final = 0.045
"""A camera that is faster than twenty pictures a second is not looked at more often."""


class FrameFeed:
    """Hands frames to a witness one at a time; while one is being made, only the newest waits."""

    def __init__(self, offer: Offer) -> None:
        """`offer` takes a copy and never waits."""
        self._offer = offer
        self._waiting: VideoFrame | None = None
        self._making: asyncio.Task[None] | None = None
        self._last_s: float | None = None
        self.dropped = 0
        """How many frames a newer one took the place of."""

    def take(self, frame: VideoFrame) -> None:
        """Take a frame of the track; returns at once."""
        at_s = frame.time
        if at_s is None or (self._last_s is not None and at_s - self._last_s < LEAST_GAP_S):
            return
        self._last_s = at_s
        if self._waiting is not None:
            self.dropped += 1
        self._waiting = frame
        if self._making is None or self._making.done():
            self._making = asyncio.create_task(self._make(), name="frame feed")

    async def close(self) -> None:
        """Hand on nothing more."""
        self._waiting = None
        if self._making is not None:
            self._making.cancel()
            await asyncio.gather(self._making, return_exceptions=True)

    async def _make(self) -> None:
        while self._waiting is not None:
            frame, self._waiting = self._waiting, None
            picture = await asyncio.to_thread(_made, frame)
            self._offer(float(frame.time or 0.0), picture)
            picture.fill(0)  # the witness has a copy of its own, and this is a face


def _made(frame: VideoFrame) -> Picture:
    height = min(frame.height, LARGEST_HEIGHT)
    width = (frame.width * height // frame.height) & ~1
    return np.asarray(frame.to_ndarray(format="bgr24", width=width, height=height), dtype=np.uint8)
