"""The process behind a `CameraReader`: owns camera and models, and may be killed at any time.

Reading a card keeps a core busy for a second or two and a camera may hang in its driver; neither
shall be felt where calls are made. What it holds of a card ends with it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.card.card_data import CardData
from id_verify.card.errors import CardAbsent, CardError, CardUnreadable, ReaderMissing
from id_verify.card.frame import ASPECT
from id_verify.card.reading import CardPictureReader, CardReading
from id_verify.card.words import CardField, CardOutcome
from id_verify.documents.quads import find_quads, looking_aspect
from id_verify.faces.errors import PictureRefused
from id_verify.faces.picture import decode_picture

Picture = NDArray[np.uint8]

WIDTH: Final = 1920
HEIGHT: Final = 1080
STALE_FRAMES: Final = 3
"""A driver keeps some old frames; they are thrown away before a new one is read."""

CARDLIKE: Final = 0.3
CARD_ASPECTS: Final = (1.25, 2.0)
SAME: Final = 2.5
"""Grey steps, on the whole: a picture that changed by less shows the same as before."""

THUMBNAIL: Final = (64, 48)


@dataclass(frozen=True, slots=True)
class IsPresent:
    """Does something like a card lie there?"""


@dataclass(frozen=True, slots=True)
class ReadCard:
    """Read it, with as many pictures as the time allows."""

    within_s: float


@dataclass(frozen=True, slots=True)
class Failed:
    """What went wrong; exceptions with their own arguments do not travel."""

    code: str
    message: str
    outcome: str = ""
    advice: str = ""


Request = IsPresent | ReadCard
Answer = bool | CardData | Failed


def run(device: int | Path, line: Connection) -> None:
    """Answer requests until the other end is closed."""
    try:
        camera = open_camera(device)
        reader = CardPictureReader.open()
    except CardError as failure:
        line.send(_failed(failure))
        return
    line.send(True)
    desk = CardDesk(camera, reader)
    while True:
        try:
            request = line.recv()
        except (EOFError, OSError):
            return
        try:
            answer: Answer = (
                desk.is_present() if isinstance(request, IsPresent) else desk.read(request.within_s)
            )
        except CardError as failure:
            answer = _failed(failure)
        try:
            line.send(answer)
        except (BrokenPipeError, OSError):
            return


class StillFile:
    """A camera that leaves its last picture in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def picture(self) -> Picture:
        """Return the picture that lies there now."""
        try:
            return decode_picture(self._file.read_bytes())
        except OSError as missing:
            raise CardAbsent("no picture") from missing
        except PictureRefused as refused:
            raise CardUnreadable(str(refused)) from refused


class VideoCamera:
    """A camera of this machine, by its number."""

    def __init__(self, number: int) -> None:
        self._capture = cv2.VideoCapture(number)
        if not self._capture.isOpened():
            raise ReaderMissing(f"there is no camera {number}")
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, WIDTH)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, HEIGHT)

    def picture(self) -> Picture:
        """Return what the camera sees now."""
        for _ in range(STALE_FRAMES):
            self._capture.grab()
        taken, picture = self._capture.read()
        if not taken or picture is None:
            raise ReaderMissing("the camera gives no picture")
        return np.asarray(picture, np.uint8)


Camera = StillFile | VideoCamera


def open_camera(device: int | Path) -> Camera:
    """Open a camera by its number, or a file in which one leaves its pictures.

    Raises:
        ReaderMissing: there is no such camera.
    """
    return StillFile(device) if isinstance(device, Path) else VideoCamera(device)


class CardDesk:
    """What a camera sees on the desk, as a card."""

    def __init__(self, camera: Camera, reader: CardPictureReader) -> None:
        self._camera = camera
        self._reader = reader
        self._before: NDArray[np.float32] | None = None
        self._was_present = False

    def is_present(self) -> bool:
        """Tell whether something of a card's shape lies there."""
        try:
            picture = self._camera.picture()
        except CardAbsent:
            return False
        small = cv2.resize(picture, THUMBNAIL, interpolation=cv2.INTER_AREA).astype(np.float32)
        if self._before is None or float(np.abs(small - self._before).mean()) > SAME:
            self._before = small
            self._was_present = any(map(_is_cardlike, find_quads_of(picture)))
        return self._was_present

    def read(self, within_s: float) -> CardData:
        """Read picture after picture until every field is sure or the time is up.

        Raises:
            CardUnreadable: no picture gave a name and a valid number; says what would help.
        """
        ends = time.monotonic() + within_s
        best: CardData | None = None
        while True:
            began = time.monotonic()
            reading = self._reader.read(self._camera.picture())
            if reading.card is not None:
                best = reading.card if best is None else better_of_both(best, reading.card)
            elif best is None and reading.outcome is not CardOutcome.UNREADABLE:
                raise _unreadable(reading)
            if best is not None and not best.doubtful():
                return best
            now = time.monotonic()
            if now + (now - began) > ends:
                break
        if best is None or best.id_number is None or not best.name:
            raise _unreadable(reading)
        return best


def find_quads_of(picture: Picture) -> list[tuple[float, float]]:
    """Return score and looks (longer by shorter side) of what may be a card."""
    quads = find_quads(picture, aspect=ASPECT, count=2)
    return [(quad.score, float(looking_aspect(quad.corners))) for quad in quads]


def better_of_both(old: CardData, new: CardData) -> CardData:
    """Take each field from the reading that is surer of it; two cards are never mixed."""
    if old.id_number and new.id_number and old.number != new.number:
        return new
    values: dict[str, object] = {}
    confidence = dict(old.confidence)
    for word in CardField:
        if new.confidence.get(word, 0.0) > old.confidence.get(word, 0.0):
            values[word.value] = getattr(new, word.value)
            confidence[word] = new.confidence[word]
    merged: CardData = replace(old, confidence=confidence, **values)  # type: ignore[arg-type]  # by name
    return merged


def _is_cardlike(found: tuple[float, float]) -> bool:
    score, aspect = found
    return score >= CARDLIKE and CARD_ASPECTS[0] <= aspect <= CARD_ASPECTS[1]


def _unreadable(reading: CardReading) -> CardUnreadable:
    advice = reading.advice
    if advice is None:
        return CardUnreadable("the card was not read", outcome=reading.outcome)
    return CardUnreadable("the card was not read", outcome=reading.outcome, advice=advice)


def _failed(failure: CardError) -> Failed:
    if isinstance(failure, CardUnreadable):
        return Failed(failure.code, str(failure), failure.outcome.value, failure.advice.value)
    return Failed(failure.code, str(failure))
