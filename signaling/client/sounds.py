"""Where a track's sound comes from: silence, a tone, a file. 48 kHz, mono, 16 bit."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final, Protocol

import av
import numpy as np
from numpy.typing import NDArray

RATE: Final = 48_000
LONGEST_FILE_S: Final = 600
"""A sound file is held in memory: ten minutes are 58 MB."""

PACKED_MS: Final = 60
PACKED_SAMPLES: Final = RATE * PACKED_MS // 1000

Samples = NDArray[np.int16]


class Sound(Protocol):
    """A sound without end."""

    def samples(self, position: int, count: int) -> Samples:
        """`count` samples from `position` on."""


class Silence:
    """No sound, said explicitly."""

    def samples(self, position: int, count: int) -> Samples:
        """`count` zeros."""
        del position
        return np.zeros(count, dtype=np.int16)


class Tone:
    """One pure, quiet tone."""

    def __init__(self, frequency_hz: float, *, loudness: float = 0.1) -> None:
        """A tone of `frequency_hz` at `loudness` of full scale."""
        self.frequency_hz = frequency_hz
        self._amplitude = loudness * 32767

    def samples(self, position: int, count: int) -> Samples:
        """`count` samples of the tone, in phase with all others."""
        at = np.arange(position, position + count, dtype=np.float64)
        wave = self._amplitude * np.sin(2 * np.pi * self.frequency_hz / RATE * at)
        return wave.astype(np.int16)


class PackedSound:
    """A sound encoded once and sent for ever: a bot's tone then costs next to nothing.

    Packets are 60 ms long: a third of the packets, and of what each costs at both ends.
    """

    def __init__(self, sound: Sound, *, length_s: float = 3.0) -> None:
        """Encode the first `length_s` of `sound`; it must fit onto itself at the end."""
        encoder = av.CodecContext.create("libopus", "w")
        assert isinstance(encoder, av.AudioCodecContext)
        encoder.sample_rate = RATE
        encoder.format = av.AudioFormat("s16")
        encoder.layout = av.AudioLayout("stereo")  # what Opus is in every SDP
        encoder.bit_rate = 24_000
        encoder.options = {"application": "audio", "frame_duration": str(PACKED_MS)}
        self.packets: tuple[bytes, ...] = tuple(
            bytes(packet)
            for at in range(0, int(length_s * RATE), PACKED_SAMPLES)
            for packet in encoder.encode(_stereo(sound.samples(at, PACKED_SAMPLES), at))
        )


def _stereo(mono: Samples, at: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(mono.repeat(2).reshape(1, -1), format="s16", layout="stereo")
    frame.sample_rate = RATE
    frame.pts = at
    return frame


class LoopedSound:
    """A piece of sound, over and over."""

    def __init__(self, piece: Samples) -> None:
        """Loop `piece`."""
        if not len(piece):
            raise ValueError("there is no sound to play")
        self._piece = piece

    def samples(self, position: int, count: int) -> Samples:
        """`count` samples from `position` on, round and round."""
        return np.take(self._piece, np.arange(position, position + count), mode="wrap")


async def sound_of_file(path: Path) -> LoopedSound:
    """The sound of a file, decoded off the loop; raises ValueError if there is none in it."""
    return LoopedSound(await asyncio.to_thread(_decode, path))


def _decode(path: Path) -> Samples:
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise ValueError(f"{path} has no sound")
            resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
            pieces: list[Samples] = []
            length = 0
            for frame in container.decode(audio=0):
                for part in resampler.resample(frame):
                    pieces.append(np.asarray(part.to_ndarray().reshape(-1), dtype=np.int16))
                    length += len(pieces[-1])
                if length > LONGEST_FILE_S * RATE:
                    break
            pieces += [
                np.asarray(part.to_ndarray().reshape(-1), dtype=np.int16)
                for part in resampler.resample(None)
            ]
    except (OSError, av.FFmpegError) as failure:
        raise ValueError(f"{path} cannot be read as sound") from failure
    return np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.int16)
