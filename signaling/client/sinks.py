"""What may be done with received media, cheaply: keep the last picture, listen for a tone."""

from __future__ import annotations

import asyncio
from typing import Protocol

import numpy as np
from av import AudioFrame, VideoFrame
from numpy.typing import NDArray


class Sink(Protocol):
    """Takes every received frame, on the event loop; it must return at once."""

    def take(self, frame: VideoFrame | AudioFrame) -> None:
        """Look at `frame`."""


class Nothing:
    """Takes frames and keeps none."""

    def take(self, frame: VideoFrame | AudioFrame) -> None:
        """Let `frame` go."""


class LastPicture:
    """Keeps the newest picture."""

    def __init__(self) -> None:
        """Start with none."""
        self.frame: VideoFrame | None = None
        self.count = 0
        self._arrived = asyncio.Event()

    def take(self, frame: VideoFrame | AudioFrame) -> None:
        """Keep `frame` if it is a picture."""
        if isinstance(frame, VideoFrame):
            self.frame = frame
            self.count += 1
            self._arrived.set()

    async def next(self) -> VideoFrame:
        """The next picture that arrives."""
        self._arrived.clear()
        await self._arrived.wait()
        assert self.frame is not None
        return self.frame

    def bgr(self) -> NDArray[np.uint8] | None:
        """The newest picture as OpenCV wants it."""
        if self.frame is None:
            return None
        return np.asarray(self.frame.to_ndarray(format="bgr24"), dtype=np.uint8)


class ToneDetector:
    """Says how much of the newest half second of sound is one pure tone (Goertzel)."""

    def __init__(self, frequency_hz: float, *, window_s: float = 0.5) -> None:
        """Listen for `frequency_hz`."""
        self.frequency_hz = frequency_hz
        self._window_s = window_s
        self._samples: NDArray[np.float64] = np.zeros(0)
        self._rate = 48_000

    def take(self, frame: VideoFrame | AudioFrame) -> None:
        """Listen to `frame` if it is sound."""
        if isinstance(frame, AudioFrame):
            self._rate = frame.sample_rate
            mono = frame.to_ndarray().reshape(-1, len(frame.layout.channels)).mean(axis=1)
            keep = int(self._rate * self._window_s)
            self._samples = np.concatenate((self._samples, mono))[-keep:]

    @property
    def share(self) -> float:
        """Share of the sound's power that lies on the tone, 0 to 1; 0 before there is enough."""
        n = len(self._samples)
        if n < int(self._rate * self._window_s):
            return 0.0
        power = float(np.mean(self._samples**2))
        if power == 0.0:
            return 0.0
        angle = 2.0 * np.pi * self.frequency_hz * np.arange(n) / self._rate
        amplitude = 2.0 * abs(np.dot(self._samples, np.exp(-1j * angle))) / n
        return float(min(1.0, amplitude**2 / 2.0 / power))
