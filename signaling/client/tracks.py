"""Pictures and sounds as aiortc tracks.

aiortc stops a track together with the peer connection that sent it, so every peer connection gets
tracks of its own; what is behind them (the camera, the file) is shared and stays.
"""

from __future__ import annotations

import asyncio
import fractions
import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, Packet, VideoFrame
from av.stream import Stream

from signaling.client.pictures import I420, Pictures
from signaling.client.sounds import PACKED_MS, RATE, PackedSound, Sound

VIDEO_CLOCK: Final = 90_000
PACKET_S: Final = 0.02
_SAMPLES: Final = int(RATE * PACKET_S)


class _Pace:
    """Due times that do not drift, and do not rush to catch up after a stall."""

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self._due: float | None = None

    async def wait(self) -> float:
        """Wait for the next turn; returns seconds since the first."""
        now = asyncio.get_running_loop().time()
        if self._due is None:
            self._first = self._due = now
        else:
            self._due += self._step_s
            if self._due < now - 5 * self._step_s:
                self._due = now
        if self._due > now:
            await asyncio.sleep(self._due - now)
        return self._due - self._first


class PictureTrack(MediaStreamTrack):
    """Sends the newest picture of a source, at the source's pace."""

    kind = "video"

    def __init__(self, pictures: Pictures) -> None:
        """Send `pictures`."""
        super().__init__()
        self._pictures = pictures
        self._pace = _Pace(1.0 / pictures.frame_rate)

    async def recv(self) -> VideoFrame:
        """The next frame, when it is due."""
        while True:
            if self.readyState != "live":
                raise MediaStreamError
            at_s = await self._pace.wait()
            picture: I420 | None = self._pictures.picture()
            if picture is not None:
                break
        frame = VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts = int(at_s * VIDEO_CLOCK)
        frame.time_base = fractions.Fraction(1, VIDEO_CLOCK)
        return frame


class SoundTrack(MediaStreamTrack):
    """Sends a sound, 20 ms at a time."""

    kind = "audio"

    def __init__(self, sound: Sound) -> None:
        """Send `sound`."""
        super().__init__()
        self._sound = sound
        self._pace = _Pace(PACKET_S)

    async def recv(self) -> AudioFrame:
        """The next 20 ms, when they are due."""
        if self.readyState != "live":
            raise MediaStreamError
        position = round(await self._pace.wait() * RATE)
        samples = np.ascontiguousarray(self._sound.samples(position, _SAMPLES)).reshape(1, -1)
        frame = AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts = position
        frame.time_base = fractions.Fraction(1, RATE)
        return frame


class PackedSoundTrack(MediaStreamTrack):
    """Sends a sound that is encoded already; the call must speak Opus, which all of ours do."""

    kind = "audio"

    def __init__(self, sound: PackedSound) -> None:
        """Send `sound`."""
        super().__init__()
        self._packets = itertools.cycle(sound.packets)
        self._pace = _Pace(PACKED_MS / 1000)

    async def recv(self) -> Packet[Stream]:
        """The next packet, when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        at_s = await self._pace.wait()
        packet: Packet[Stream] = Packet(next(self._packets))
        packet.pts = round(at_s * RATE)
        packet.time_base = fractions.Fraction(1, RATE)
        return packet


@dataclass(frozen=True, kw_only=True)
class LocalMedia:
    """What this side shows and says; either may be missing."""

    pictures: Pictures | None
    sound: Sound | PackedSound | None

    def tracks(self) -> list[MediaStreamTrack]:
        """Fresh tracks for one peer connection."""
        tracks: list[MediaStreamTrack] = []
        if isinstance(self.sound, PackedSound):
            tracks.append(PackedSoundTrack(self.sound))
        elif self.sound is not None:
            tracks.append(SoundTrack(self.sound))
        if self.pictures is not None:
            tracks.append(PictureTrack(self.pictures))
        return tracks
