"""Where a resident puts the card: the reader this booth has, or none."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from id_verify.card.card_data import CardData
from id_verify.card.errors import CardAbsent, CardError, ReaderMissing
from id_verify.card.reader import CardReader
from id_verify.card.simulated_reader import SimulatedReader
from kiosk_client.errors import KioskError
from kiosk_client.identity.messages import Reader
from kiosk_client.settings import CardSettings

if TYPE_CHECKING:
    from id_verify.card.camera_reader import CameraReader

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 0.3
AGAIN_AFTER_S: Final = 1.5
"""Between two readings of a card that could not be read: time to move it."""
MENDED_AFTER_S: Final = 4.0
"""Between two tries of a reader that is not there: somebody has to plug it in."""

CARD_FILE: Final = "card.json"
SAMPLE: Final = "sample"
"""The folder beside the simulated reader's card in which its sample card lies."""

Tell = Callable[[Literal["put_on", "reading", "failed"], CardError | None], Awaitable[None]]


class CardSlot:
    """The booth's card reader as the flow uses it: waits for a card that can be read."""

    def __init__(
        self,
        reader: CardReader | None,
        *,
        kind: Reader,
        sample: Path | None = None,
        close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Use `reader`, None in a booth without one; `close` lets go of it.

        `sample` is the folder of the sample card.
        """
        self._reader = reader
        self._sample = sample
        self._close = close
        self.kind: Reader = kind

    @property
    def has_sample(self) -> bool:
        """True where a sample card can be put on by a touch: a demo's simulated reader."""
        return self._sample is not None and (self._sample / CARD_FILE).is_file()

    async def read(self, tell: Tell) -> CardData:
        """Wait for a card and return the first that can be read; `tell` hears how it stands."""
        assert self._reader is not None, "a booth without a reader never waits for a card"
        told: Literal["put_on", "reading", "failed"] | None = None
        if self.kind == "camera":
            # Its models take seconds to load, in which a card can be put on.
            told = "put_on"
            await tell(told, None)
        while True:
            try:
                if await self._reader.present():
                    if told != "failed":
                        told = "reading"
                        await tell(told, None)
                    return await self._reader.read()
                pause_s, failure = LOOK_EVERY_S, None
            except CardAbsent:  # taken away while it was read
                pause_s, failure = LOOK_EVERY_S, None
            except CardError as failed:
                missing = isinstance(failed, ReaderMissing)
                pause_s, failure = MENDED_AFTER_S if missing else AGAIN_AFTER_S, failed
            if failure is not None:
                # Its text is the reader's, never the card's: the technician needs it.
                log.info("a card was not read", extra={"code": failure.code, "why": str(failure)})
                told = "failed"
                await tell(told, failure)
            elif told != "put_on":
                told = "put_on"
                await tell(told, None)
            await asyncio.sleep(pause_s)

    async def close(self) -> None:
        """Let go of the reader; it is opened again when it is asked for a card."""
        if self._close is not None:
            await self._close()

    async def put_sample_on(self) -> None:
        """Put the sample card on the simulated reader; does nothing where there is none."""
        if self.has_sample and isinstance(self._reader, SimulatedReader):
            assert self._sample is not None
            await asyncio.to_thread(_put_on, self._sample, self._reader.file)

    async def take_sample_off(self) -> None:
        """Take it off again, as a resident takes the card along."""
        if self.has_sample and isinstance(self._reader, SimulatedReader):
            await asyncio.to_thread(self._reader.file.unlink, missing_ok=True)


def open_card_slot(settings: CardSettings) -> CardSlot:
    """The reader that the settings name; raises KioskError when it cannot be had."""
    match settings.reader:
        case "simulated":
            assert settings.path is not None, "the settings insist on it"
            sample = settings.path / SAMPLE
            return CardSlot(
                SimulatedReader(settings.path / CARD_FILE),
                kind="simulated",
                sample=sample if sample.is_dir() else None,
            )
        case "camera":
            reader = _camera_reader(settings.camera)
            return CardSlot(reader, kind="camera", close=reader.close)
        case "none":
            return CardSlot(None, kind="none")


def _camera_reader(camera: int | Path) -> CameraReader:
    not_here = KioskError(
        "a card cannot be read off a camera here; install it: pip install 'xiaowu[kiosk,face,card]'"
    )
    if importlib.util.find_spec("rapidocr") is None:
        raise not_here
    try:
        # Only a booth with a document camera has the text reader installed.
        from id_verify.card.camera_reader import CameraReader  # noqa: PLC0415
    except ImportError as missing:
        raise not_here from missing
    return CameraReader(camera)


def _put_on(sample: Path, card: Path) -> None:
    """The portrait first, the card whole or not at all: a reader may look at any moment."""
    for file in sample.iterdir():
        if file.name != CARD_FILE:
            shutil.copyfile(file, card.parent / file.name)
    fresh = card.with_suffix(".new")
    shutil.copyfile(sample / CARD_FILE, fresh)
    fresh.replace(card)
