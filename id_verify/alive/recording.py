"""Recordings to look at instead of a camera: a video, a picture, a folder of pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from id_verify.alive.errors import RecordingUnreadable
from id_verify.faces.engine import Picture
from id_verify.faces.errors import PictureRefused
from id_verify.faces.picture import decode_picture

PICTURES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp"})
VIDEOS: Final = frozenset({".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mjpeg", ".y4m"})
LONGEST_S: Final = 180.0
LARGEST_SIDE: Final = 1280
"""Larger frames are shrunk: a booth's camera gives no more."""
USUAL_FPS: Final = 25.0
PICTURES_FPS: Final = 10.0
"""Of a folder that does not say: pictures are mostly taken out of a video one by one."""
SLOWEST_FPS: Final = 1.0
FASTEST_FPS: Final = 240.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """Frames with their times. Iterate over `frames()`; each call begins anew."""

    path: Path
    pictures: tuple[Path, ...] = ()
    """In their order; none: the path is a video."""
    fps: float | None = None
    """Of pictures, or to overrule what a video says."""

    def frames(self, *, at_most_fps: float = 30.0) -> Iterator[tuple[float, Picture]]:
        """Every frame that is due at this rate, with its time in seconds.

        Raises:
            RecordingUnreadable: not one frame could be read.
        """
        due_s = float("-inf")
        read = 0
        for t_s, picture in self._pictures() if self.pictures else self._video():
            read += 1
            if t_s > LONGEST_S:
                return
            if t_s >= due_s:
                due_s = t_s + 0.9 / at_most_fps
                yield t_s, _fitting(picture)
        if not read:
            raise RecordingUnreadable(f"{self.path.name}: no frame can be read")

    def _pictures(self) -> Iterator[tuple[float, Picture]]:
        fps = self.fps or PICTURES_FPS
        for n, path in enumerate(self.pictures):
            try:
                yield n / fps, decode_picture(path.read_bytes())
            except (OSError, PictureRefused) as reason:
                raise RecordingUnreadable(f"{path.name}: {reason}") from reason

    def _video(self) -> Iterator[tuple[float, Picture]]:
        video = cv2.VideoCapture(str(self.path), cv2.CAP_FFMPEG)
        try:
            stated = self.fps or video.get(cv2.CAP_PROP_FPS)
            fps = stated if SLOWEST_FPS <= stated <= FASTEST_FPS else USUAL_FPS
            n, last_s = 0, -1.0
            while True:
                there, frame = video.read()
                if not there:
                    return
                # Phones record at a rate that wanders; where the file tells no time, count.
                told_s = video.get(cv2.CAP_PROP_POS_MSEC) / 1000
                t_s = told_s if self.fps is None and told_s > last_s else last_s + 1 / fps
                t_s = max(t_s, 0.0) if n else 0.0
                last_s = t_s
                n += 1
                yield t_s, np.asarray(frame, np.uint8)
        finally:
            video.release()


def recordings_in(path: Path, *, fps: float | None = None) -> tuple[Recording, ...]:
    """Return what a path holds: itself; or of a folder, its pictures as one recording, its videos.

    Raises:
        RecordingUnreadable: there is nothing to look at.
    """
    if path.is_dir():
        inside = sorted((one for one in path.iterdir() if one.is_file()), key=_natural)
        pictures = tuple(one for one in inside if one.suffix.lower() in PICTURES)
        videos = [one for one in inside if one.suffix.lower() in VIDEOS]
        found = [Recording(path=one, fps=fps) for one in videos]
        if pictures:
            found.insert(0, Recording(path=path, pictures=pictures, fps=fps))
        for folder in sorted(one for one in path.iterdir() if one.is_dir()):
            found += recordings_in(folder, fps=fps) if _holds_frames(folder) else ()
        if not found:
            raise RecordingUnreadable(f"{path.name}: neither pictures nor videos")
        return tuple(found)
    if not path.is_file():
        raise RecordingUnreadable(f"{path.name}: there is no such file")
    if path.suffix.lower() in PICTURES:
        return (Recording(path=path, pictures=(path,), fps=fps),)
    return (Recording(path=path, fps=fps),)


def _holds_frames(folder: Path) -> bool:
    return any(one.suffix.lower() in PICTURES | VIDEOS for one in folder.iterdir())


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sort 2.jpg before 10.jpg."""
    return [
        (int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path.name)
    ]


def _fitting(picture: Picture) -> Picture:
    scale = LARGEST_SIDE / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
