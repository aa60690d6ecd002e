"""The process behind a `CameraReader`: owns camera and models, and may be killed at any time.

Reading a card keeps a core busy for a second or two and a camera may hang in its driver; neither
shall be felt where calls are made. What it holds of a card ends with it.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import cv2

from id_verify.card.cameras import open_camera
from id_verify.card.card_data import CardData
from id_verify.card.desk import CardDesk
from id_verify.card.errors import CardError, CardUnreadable
from id_verify.card.reading import CardPictureReader

NICER: Final = 5
"""A call that is going on comes first."""


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
    """Say that it is ready, then answer requests in turn until the other end is closed."""
    os.nice(NICER)
    # A camera that is not there is told in words of our own, every time somebody asks.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    with contextlib.suppress(EOFError, OSError):  # the kiosk program let go of it
        try:
            reader = CardPictureReader.open()
        except CardError as failure:
            line.send(_failed(failure))
            return
        camera = open_camera(device)
        with contextlib.suppress(CardError):
            camera.picture()  # opening one takes a second: not out of the time of who asks
        line.send(True)
        desk = CardDesk(camera, reader)
        while True:
            line.send(_answer(desk, line.recv()))


def _answer(desk: CardDesk, request: Request) -> Answer:
    try:
        return desk.is_present() if isinstance(request, IsPresent) else desk.read(request.within_s)
    except CardError as failure:
        return _failed(failure)


def _failed(failure: CardError) -> Failed:
    if isinstance(failure, CardUnreadable):
        return Failed(failure.code, str(failure), failure.outcome.value, failure.advice.value)
    return Failed(failure.code, str(failure))
