"""What a bot received of one call: how much, and whether it was the other side's own tone."""

from __future__ import annotations

from typing import Final

from av import AudioFrame, VideoFrame

from signaling.client.sinks import ToneDetector

LISTEN_EVERY_FRAMES: Final = 25
"""Half a second of 20 ms frames: as long as the detector's window."""


class Heard:
    """A sink that is started anew for each call."""

    def __init__(self) -> None:
        """Expect nothing yet."""
        self.begin(None)

    def begin(self, tone_hz: float | None) -> None:
        """A new call, in which the other side sends `tone_hz`; None where it is a person."""
        self.video_frames = 0
        self.audio_frames = 0
        self.tone_hz = tone_hz
        self.tone_share = 0.0
        self._ear = None if tone_hz is None else ToneDetector(tone_hz)

    def take(self, frame: VideoFrame | AudioFrame) -> None:
        """Count `frame`; listen twice a second."""
        if isinstance(frame, VideoFrame):
            self.video_frames += 1
            return
        self.audio_frames += 1
        if self._ear is None:
            return
        self._ear.take(frame)
        if self.audio_frames % LISTEN_EVERY_FRAMES == 0:
            self.tone_share = max(self.tone_share, self._ear.share)
