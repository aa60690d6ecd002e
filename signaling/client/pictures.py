"""Where a track's pictures come from: a camera, a file, or one that is drawn.

A picture is an I420 array, (height * 3 // 2, width) of bytes: what the encoder wants, so nothing
is converted twice. `picture()` is cheap and never waits: cameras and files are read by a thread
of their own, and the newest picture is there for everyone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, Self

import av
import cv2
import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)

I420 = NDArray[np.uint8]

LARGEST_WIDTH: Final = 640
"""aiortc encodes in software on one core: larger pictures are brought down to this width."""
CAMERA_RETRY_S: Final = 2.0


class Pictures(Protocol):
    """A source of pictures at its own pace."""

    frame_rate: float

    def picture(self) -> I420 | None:
        """The newest picture, or None while there is none."""

    def close(self) -> None:
        """Stop."""


class ArtificialPictures:
    """A clearly artificial moving picture: a label, a running clock, a bar that wanders.

    Nobody can take it for a camera, and a frozen picture is seen at once.
    """

    def __init__(
        self,
        label: str,
        *,
        width: int = 320,
        height: int = 240,
        frame_rate: float = 10.0,
        hue: int = 0,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """Draw `label` (ASCII) large, on a ground of `hue` (0 to 179, OpenCV's circle)."""
        self.frame_rate = frame_rate
        self._now = now
        self._width, self._height = width, height
        self._ground = _ground(label, width, height, hue)
        self._drawn = 0

    def picture(self) -> I420:
        """Draw the next picture: a copy of the ground, the bar one step on, the time."""
        self._drawn += 1
        drawn = self._ground.copy()
        luma = drawn[: self._height]
        bar = self._width // 16
        left = self._drawn * 4 % (self._width - bar)
        luma[self._height * 7 // 16 : self._height * 9 // 16, left : left + bar] = 235
        moment = self._now()
        clock = f"{moment:%H:%M:%S}.{moment.microsecond // 100_000}"
        scale = self._height / 200
        at = (self._width // 16, self._height * 7 // 8)
        cv2.putText(luma, clock, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (235,), 2)
        return drawn

    def close(self) -> None:
        """Nothing is held."""


def _ground(label: str, width: int, height: int, hue: int) -> I420:
    colour = cv2.cvtColor(np.full((1, 1, 3), (hue, 140, 90), np.uint8), cv2.COLOR_HSV2BGR)
    ground = np.full((height, width, 3), colour[0, 0], np.uint8)
    scale = min(height / 100, width / (22 * max(len(label), 1)))
    at = (width // 16, height * 3 // 8)
    cv2.putText(ground, label, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (235, 235, 235), 3)
    cv2.rectangle(ground, (0, 0), (width - 1, height - 1), (235, 235, 235), 4)
    return to_i420(ground)


def to_i420(bgr: NDArray[np.uint8], *, largest_width: int = LARGEST_WIDTH) -> I420:
    """`bgr` as I420, brought down to `largest_width` and to even sides."""
    height, width = bgr.shape[:2]
    wanted = min(width, largest_width)
    size = (wanted & ~1, (height * wanted // width) & ~1)
    if size != (width, height):
        bgr = np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)


class _ReadPictures:
    """Pictures that a thread reads."""

    def __init__(self, name: str) -> None:
        self._newest: I420 | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> Self:
        """Begin to read."""
        self._thread.start()
        return self

    def picture(self) -> I420 | None:
        """The newest picture, or None while there is none."""
        return self._newest

    def close(self) -> None:
        """Stop reading; the device is free when this returns, unless it hangs."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=3.0)

    def _run(self) -> None:
        raise NotImplementedError


class CameraPictures(_ReadPictures):
    """An OpenCV camera; one that is unplugged is waited for."""

    def __init__(
        self, number: int, *, width: int = 640, height: int = 480, frame_rate: float = 15.0
    ) -> None:
        """Use camera `number` once started."""
        super().__init__(f"camera {number}")
        self.frame_rate = frame_rate
        self._number = number
        self._size = (width, height)

    def _run(self) -> None:
        while not self._stop.is_set():
            camera = cv2.VideoCapture(self._number)
            camera.set(cv2.CAP_PROP_FRAME_WIDTH, self._size[0])
            camera.set(cv2.CAP_PROP_FRAME_HEIGHT, self._size[1])
            try:
                while not self._stop.is_set():
                    read, bgr = camera.read()
                    if not read:
                        break
                    self._newest = to_i420(np.asarray(bgr, dtype=np.uint8))
            finally:
                camera.release()
            self._newest = None
            log.warning("no picture from the camera", extra={"camera": self._number})
            self._stop.wait(CAMERA_RETRY_S)


class FilePictures(_ReadPictures):
    """A video file at its own pace, over and over."""

    def __init__(self, path: Path, *, largest_width: int = LARGEST_WIDTH) -> None:
        """Play `path` once started; raises ValueError if there is no video in it."""
        super().__init__(f"video {path.name}")
        self._path = path
        self._largest_width = largest_width
        try:
            with av.open(str(path)) as container:
                if not container.streams.video:
                    raise ValueError(f"{path} has no pictures")
                rate = container.streams.video[0].average_rate
        except (OSError, av.FFmpegError) as failure:
            raise ValueError(f"{path} cannot be read as video") from failure
        self.frame_rate = min(float(rate), 30.0) if rate else 15.0

    def _run(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            with av.open(str(self._path)) as container:
                for frame in container.decode(video=0):
                    due = began + (frame.time or 0.0)
                    if self._stop.wait(max(0.0, due - time.monotonic())):
                        return
                    bgr = np.asarray(frame.to_ndarray(format="bgr24"), dtype=np.uint8)
                    self._newest = to_i420(bgr, largest_width=self._largest_width)
