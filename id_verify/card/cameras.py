"""Where the picture of a card comes from: a camera here, or a file that stands for one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.card.errors import CardAbsent, CardUnreadable, ReaderMissing
from id_verify.faces.errors import PictureRefused
from id_verify.faces.picture import decode_picture

Picture = NDArray[np.uint8]

WIDTH: Final = 1920
HEIGHT: Final = 1080
STALE_FRAMES: Final = 3
"""A driver keeps some old frames; they are thrown away before a new one is read."""
SETTLES_S: Final = 0.8
"""A camera that was just opened has not found its exposure yet: its first pictures are dark."""
STILLS: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
DEVICES: Final = Path("/dev")


class StillFile:
    """A camera that leaves its last picture in a file."""

    def __init__(self, file: Path) -> None:
        """Look at `file` whenever a picture is wanted; without it nothing lies there."""
        self._file = file

    def picture(self) -> Picture:
        """Return the picture that lies there now."""
        try:
            return decode_picture(self._file.read_bytes())
        except OSError as missing:
            raise CardAbsent("no picture") from missing
        except PictureRefused as refused:
            raise CardUnreadable(str(refused)) from refused

    def close(self) -> None:
        """Nothing is held."""


class VideoCamera:
    """A camera of this machine, by its number or its device file; or a film, over and over.

    It is opened when a picture is wanted. One that was unplugged, or in use by another program, is
    opened anew the next time.
    """

    def __init__(self, device: int | Path) -> None:
        """Use this camera."""
        self._device = device
        self._capture: cv2.VideoCapture | None = None

    def picture(self) -> Picture:
        """Return what the camera sees now."""
        had_one = self._capture is not None
        picture = self._taken()
        if picture is None and had_one:
            # The end of a film, or a plug that was loose for a moment.
            picture = self._taken()
        if picture is None:
            raise ReaderMissing(
                "the camera gives no picture: unplugged, or used by another program"
            )
        return picture

    def close(self) -> None:
        """Let go of the camera; its light goes out."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _taken(self) -> Picture | None:
        capture = self._capture or self._opened()
        for _ in range(STALE_FRAMES):
            capture.grab()
        taken, picture = capture.read()
        if not taken or picture is None:
            self.close()
            return None
        return np.asarray(picture, np.uint8)

    def _opened(self) -> cv2.VideoCapture:
        device = self._device
        if isinstance(device, int):
            capture = cv2.VideoCapture(device)
        elif is_device(device):
            capture = cv2.VideoCapture(str(device), cv2.CAP_V4L2)
        else:
            capture = cv2.VideoCapture(str(device))
        if not capture.isOpened():
            raise ReaderMissing(f"camera {device} cannot be opened")
        self._capture = capture
        if isinstance(device, int) or is_device(device):
            # Uncompressed, USB carries five such pictures a second.
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, WIDTH)
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, HEIGHT)
            settled_at = time.monotonic() + SETTLES_S
            while time.monotonic() < settled_at and capture.grab():
                pass
        return capture


Camera = StillFile | VideoCamera


def open_camera(device: int | Path) -> Camera:
    """Return the camera of this number or device file; or the picture file or film for one."""
    if isinstance(device, Path) and device.suffix.lower() in STILLS and not is_device(device):
        return StillFile(device)
    return VideoCamera(device)


def is_device(path: Path) -> bool:
    """Tell whether a path names a device, plugged in or not."""
    return path.is_relative_to(DEVICES)
