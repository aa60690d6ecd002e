"""What the headless kiosk shows and says: a camera, a file, or an artificial picture."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kiosk_client.errors import SourceUnusable
from signaling.client.pictures import (
    ArtificialPictures,
    CameraPictures,
    FilePictures,
    Pictures,
)
from signaling.client.sounds import PackedSound, Sound, Tone, sound_of_file
from signaling.client.tracks import LocalMedia

CAMERA_OPENS_S: Final = 10.0
TONE_HZ: Final = 440.0


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What was asked for; nothing asked for is the artificial picture and a tone."""

    video: Path | None = None
    camera: int | None = None
    audio: Path | None = None
    label: str = "KIOSK"
    """Stands in the artificial picture."""

    @property
    def camera_label(self) -> str:
        """What the camera is called where one asks whether it is one."""
        if self.camera is None:
            return "virtual camera: a film"
        try:
            name = Path(f"/sys/class/video4linux/video{self.camera}/name")
            return name.read_text("utf-8", "replace").strip()[:200]
        except OSError:
            return ""


@asynccontextmanager
async def open_media(sources: Sources) -> AsyncIterator[LocalMedia]:
    """Open what was asked for, close it in the end; raises SourceUnusable."""
    try:
        sound = await _sound(sources)
        pictures = _pictures(sources)
    except ValueError as unusable:
        raise SourceUnusable(str(unusable)) from unusable
    try:
        if isinstance(pictures, CameraPictures):
            await _first_picture(pictures)
        yield LocalMedia(pictures=pictures, sound=sound)
    finally:
        await asyncio.to_thread(pictures.close)


def _pictures(sources: Sources) -> Pictures:
    if sources.camera is not None:
        return CameraPictures(sources.camera).start()
    if sources.video is not None:
        return FilePictures(sources.video).start()
    return ArtificialPictures(sources.label)


async def _sound(sources: Sources) -> Sound | PackedSound:
    """The file asked for, else the sound of the video, else a tone."""
    if sources.audio is not None:
        return await sound_of_file(sources.audio)
    if sources.video is not None:
        try:
            return await sound_of_file(sources.video)
        except ValueError:  # a silent film
            return await asyncio.to_thread(PackedSound, Tone(TONE_HZ))
    return await asyncio.to_thread(PackedSound, Tone(TONE_HZ))


async def _first_picture(camera: CameraPictures) -> None:
    try:
        async with asyncio.timeout(CAMERA_OPENS_S):
            while camera.picture() is None:  # noqa: ASYNC110  # the camera's thread has no event
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise SourceUnusable("the camera gives no picture; is it plugged in, or in use?") from None
