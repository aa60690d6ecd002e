"""People for a browser's fake camera: a face from a video file, and a tone as a voice."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from tests.support.faces import Description, FaceReader, Picture

WIDTH: Final = 640
HEIGHT: Final = 480
FRAME_RATE: Final = 15
RATE: Final = 48_000

BEEP_S: Final = 0.35
BEEP_EVERY_S: Final = 0.5
"""A tone that never pauses is noise to a browser's noise suppression, and is taken away."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody in front of a camera."""

    video: Path
    """What a headless kiosk plays."""
    camera: Path
    """The same as raw pictures, as Chromium's fake camera wants it (and plays over and over)."""
    voice: Path
    tone_hz: float
    faces: list[Description]


def make_person(
    video: Path, folder: Path, *, tone_hz: float, reader: FaceReader, seconds: float = 4.0
) -> Person:
    """Write the camera file and the voice of the person in `video` to `folder`."""
    camera = folder / f"{video.stem}.y4m"
    voice = folder / f"{video.stem}.wav"
    pictures = list(_pictures(video, int(seconds * FRAME_RATE)))
    write_y4m(camera, pictures, FRAME_RATE)
    write_beeps(voice, tone_hz)
    faces = [reader.describe(picture) for picture in pictures[:: FRAME_RATE // 2]]
    return Person(video=video, camera=camera, voice=voice, tone_hz=tone_hz, faces=faces)


def write_y4m(file: Path, pictures: list[Picture], frame_rate: int) -> None:
    """Write BGR pictures of one size as a YUV4MPEG2 file."""
    height, width = pictures[0].shape[:2]
    with file.open("wb") as out:
        out.write(f"YUV4MPEG2 W{width} H{height} F{frame_rate}:1 Ip A1:1 C420jpeg\n".encode())
        for picture in pictures:
            out.write(b"FRAME\n")
            out.write(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420).tobytes())


def write_beeps(file: Path, tone_hz: float, *, seconds: float = 10.0) -> None:
    """Write a tone in beeps, without clicks at their edges."""
    at = np.arange(int(seconds * RATE)) / RATE
    phase = at % BEEP_EVERY_S
    edge_s = 0.02
    envelope = np.clip(np.minimum(phase, BEEP_S - phase) / edge_s, 0.0, 1.0)
    samples = (0.5 * 32767 * envelope * np.sin(2 * np.pi * tone_hz * at)).astype("<i2")
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.tobytes())


def _pictures(video: Path, count: int) -> Iterator[Picture]:
    """Pictures at our rate and size, the whole picture kept, with bars beside it."""
    source = cv2.VideoCapture(str(video))
    try:
        step = (source.get(cv2.CAP_PROP_FPS) or FRAME_RATE) / FRAME_RATE
        read = 0
        for wanted in range(count):
            while read <= wanted * step:
                ok, picture = source.read()
                if not ok:
                    assert wanted, f"{video} holds no pictures"
                    return
                read += 1
            yield _fitted(np.asarray(picture, dtype=np.uint8))
    finally:
        source.release()


def _fitted(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    scale = min(WIDTH / width, HEIGHT / height)
    size = (int(width * scale) & ~1, int(height * scale) & ~1)
    canvas = np.full((HEIGHT, WIDTH, 3), 40, dtype=np.uint8)
    left, top = (WIDTH - size[0]) // 2, (HEIGHT - size[1]) // 2
    canvas[top : top + size[1], left : left + size[0]] = cv2.resize(
        picture, size, interpolation=cv2.INTER_AREA
    )
    return canvas
