"""What a camera sees on the desk, as a card: whether something lies there, and what it says."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.card.cameras import Camera, Picture
from id_verify.card.card_data import CardData
from id_verify.card.errors import CardAbsent, CardError, CardUnreadable
from id_verify.card.frame import ASPECT
from id_verify.card.reading import CardPictureReader, CardReading, is_unlit
from id_verify.card.words import CardField, CardOutcome
from id_verify.documents.quads import find_quads, looking_aspect

CARDLIKE: Final = 0.3
CARD_ASPECTS: Final = (1.25, 2.0)
SOME_PRINT: Final = 4
"""Lines of print without a card's outline: a white card on a white desk has twice as many."""

SAME: Final = 2.5
"""Grey steps, on the whole: a picture that changed by less shows the same as before."""
THUMBNAIL: Final = (64, 48)

SETTLED_WITHIN_S: Final = 0.8
LOOKS_APART_S: Final = 0.1
"""A card is put down, not thrown: a hand that still moves is waited for so long."""

SAID_AGAIN_S: Final = 3.0
"""What was found out about a scene is not found out again so soon, if nothing moved."""

Scene = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found out about a scene."""

    scene: Scene
    at_s: float
    found: CardData | CardError


class CardDesk:
    """What a camera sees on the desk. Not safe for threads."""

    def __init__(
        self,
        camera: Camera,
        reader: CardPictureReader,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Look through `camera`, read with `reader`."""
        self._camera = camera
        self._reader = reader
        self._clock = clock
        self._sleep = sleep
        self._before: Scene | None = None
        self._was_present = False
        self._known: _Known | None = None

    def is_present(self) -> bool:
        """Tell whether something lies there that is worth reading, or it is too dark to see."""
        try:
            picture = self._camera.picture()
        except CardAbsent:
            self._before = None
            return False
        scene = _scene(picture)
        if self._before is None or not _alike(scene, self._before):
            self._before = scene
            self._was_present = self._is_worth_reading(picture)
        return self._was_present

    def read(self, within_s: float) -> CardData:
        """Read picture after picture until every field is sure or the time is up.

        What was found out a moment ago is said again as long as nothing moves: a reading that came
        too late for who asked is not lost, and a card that lies badly is not read without end.

        Raises:
            CardAbsent: nothing lies there.
            CardUnreadable: no picture gave a name and a valid number; says what would help.
        """
        ends = self._clock() + within_s
        picture = self._settled(ends)
        scene = _scene(picture)
        known = self._known
        if known is None or not self._still_holds(known, scene):
            found = self._found(picture, ends)
            known = self._known = _Known(scene, self._clock(), found)
        if isinstance(known.found, CardError):
            raise known.found
        return known.found

    def _still_holds(self, known: _Known, scene: Scene) -> bool:
        return self._clock() - known.at_s <= SAID_AGAIN_S and _alike(scene, known.scene)

    def _found(self, picture: Picture, ends: float) -> CardData | CardError:
        best: CardData | None = None
        while True:
            began = self._clock()
            reading = self._reader.read(picture, go_on=lambda: self._clock() < ends)
            if reading.card is not None:
                best = reading.card if best is None else better_of_both(best, reading.card)
            elif best is None and reading.outcome is not CardOutcome.UNREADABLE:
                is_other = reading.outcome is CardOutcome.NOT_AN_ID_CARD
                if is_other and not self._is_worth_reading(picture):
                    return CardAbsent("it was taken away")
                return _unreadable(reading)
            if best is not None and not best.doubtful():
                return best
            now = self._clock()
            if now + (now - began) > ends:
                break
            picture = self._camera.picture()
        if best is None or best.id_number is None or not best.name:
            return _unreadable(reading)
        return best

    def _settled(self, ends: float) -> Picture:
        """Return a picture in which nothing moves, or the last one when something always does."""
        until = min(ends, self._clock() + SETTLED_WITHIN_S)
        picture = self._camera.picture()
        while self._clock() < until:
            self._sleep(LOOKS_APART_S)
            before, picture = picture, self._camera.picture()
            if _alike(_scene(before), _scene(picture)):
                break
        return picture

    def _is_worth_reading(self, picture: Picture) -> bool:
        return (
            any(map(_is_cardlike, find_quads_of(picture)))
            or is_unlit(picture)
            or self._reader.lines_in(picture) >= SOME_PRINT
        )


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


def _scene(picture: Picture) -> Scene:
    small = cv2.resize(picture, THUMBNAIL, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _alike(one: Scene, other: Scene) -> bool:
    return float(np.abs(one - other).mean()) <= SAME


def _is_cardlike(found: tuple[float, float]) -> bool:
    score, aspect = found
    return score >= CARDLIKE and CARD_ASPECTS[0] <= aspect <= CARD_ASPECTS[1]


def _unreadable(reading: CardReading) -> CardUnreadable:
    advice = reading.advice
    if advice is None:
        return CardUnreadable("the card was not read", outcome=reading.outcome)
    return CardUnreadable("the card was not read", outcome=reading.outcome, advice=advice)
