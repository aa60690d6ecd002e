"""One picture, read as a card: what it shows, how sure each field is, what would help."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from id_verify.card.card_data import RELIABLE, CardData
from id_verify.card.errors import ReaderMissing
from id_verify.card.fields import (
    UNSURE,
    Fields,
    Found,
    birth_of,
    fields_of,
    is_valid,
    number_from,
    sex_of,
)
from id_verify.card.frame import ASPECT, Frame, Picture, lay_flat, whole
from id_verify.card.kind import CardKind, kind_of
from id_verify.card.number import LENGTH as NUMBER_LENGTH
from id_verify.card.number import birth_said, sex_said
from id_verify.card.portrait import Portrait, cut_portrait
from id_verify.card.rows import Row, rows_of
from id_verify.card.surface import Surface, look_at
from id_verify.card.words import CardAdvice, CardField, CardOutcome, CardSource
from id_verify.documents.errors import TextReaderMissing
from id_verify.documents.lines import Floats
from id_verify.documents.quads import Quad, find_quads, looking_aspect
from id_verify.documents.text import TextReader, cut_line
from id_verify.documents.upright import read_lines, set_level, set_upright
from id_verify.faces.engine import FaceEngine, open_engine
from id_verify.faces.errors import FaceEngineMissing

WHOLE_SIDE: Final = 1600
"""Pixels of the longer side of a picture in which no card was found."""

MOST_LINES: Final = 28
"""A card has a dozen lines; a page is not read to its end to know that it is none."""

SURE_SCORE: Final = 0.35
FILLS_PICTURE: Final = 0.06
"""A picture of a card's proportions, to so much, may be the card cut out."""

SOME_DIGITS: Final = 6
"""So many in one line belong to the number, wherever it stands."""

SOME_HIDDEN: Final = 0.025
"""Of a field's zone: enough to ask for it to be uncovered, if a field was not read."""

UNLIT: Final = 40
"""The lightest twentieth of a picture is darker than this: there is no light."""

SOME_LINES: Final = 4
POORLY: Final = 0.7
"""So many lines that can be read only so badly: print, too blurred to tell of what."""

MIN_SCORE: Final = 0.12
"""A quad that scores less is no card."""

ASPECTS: Final = (1.15, 2.2)
"""How a card may look, seen at an angle."""

HIDDEN_WORTH: Final = 0.6
"""The most a field is worth of which part is under glare or a finger."""

AGREED: Final = 0.99
FINE_ENOUGH: Final = 5.0
"""Pixels a millimetre of card; print seen more coarsely is guessed."""

_TELLS: Final = {CardKind.NONE: 0, CardKind.OTHER: 1, CardKind.BACK: 2, CardKind.FRONT: 3}
_NUMBER_RUN: Final = re.compile(r"\S{17,19}")


@dataclass(frozen=True, kw_only=True, slots=True)
class CardReading:
    """What one picture gave."""

    outcome: CardOutcome
    advice: CardAdvice | None
    card: CardData | None = field(default=None, repr=False)
    corners: Floats | None = None
    """4×2 in the picture, from the card's own upper left, clockwise, if it was found as a whole."""
    surface: Surface | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Look:
    """A frame with what was read in it."""

    frame: Frame
    upright: Picture = field(repr=False)
    turns: int
    rows: list[Row] = field(repr=False)
    kind: CardKind
    lines: int
    """How many lines of text there are, read or not."""
    score: float
    """How well those were read that were, on the whole."""


class CardPictureReader:
    """Reads pictures of cards. Takes a second or two for each; not safe for threads."""

    def __init__(self, text: TextReader, faces: FaceEngine | None) -> None:
        self._text = text
        self._faces = faces

    @classmethod
    def open(cls) -> CardPictureReader:
        """Load the models; takes two seconds.

        Raises:
            ReaderMissing: the packages of the extras `kiosk`, `face` and `card` are not installed.
        """
        cv2.setNumThreads(1)  # a card is small: more threads only take turns
        try:
            return cls(TextReader(), open_engine())
        except (TextReaderMissing, FaceEngineMissing) as missing:
            raise ReaderMissing(str(missing)) from missing

    def lines_in(self, picture: Picture) -> int:
        """Return how many lines of print there are, without reading them."""
        return len(self._text.boxes(picture))

    def read(self, picture: Picture, *, go_on: Callable[[], bool] = lambda: True) -> CardReading:
        """Find the card in a picture and read it.

        Where the card lies is not always plain: one place after the other is read, as long as
        `go_on` says that there is time.
        """
        best: _Look | None = None
        front: CardReading | None = None
        for frame in _frames(picture):
            look = self._look(frame)
            if look.kind is CardKind.FRONT:
                reading = self._front(look)
                if front is None or _worth(reading) > _worth(front):
                    front = reading
                if not _incomplete(front):
                    return front
            elif best is None or _TELLS[look.kind] > _TELLS[best.kind]:
                best = look
            if not go_on():
                break
        if front is not None:
            return front
        if best is not None and best.kind is CardKind.BACK:
            return CardReading(
                outcome=CardOutcome.BACK,
                advice=CardAdvice.TURN_OVER,
                corners=_corners(best),
            )
        return _no_card(picture, best)

    def _look(self, frame: Frame) -> _Look:
        upright = set_upright(frame.picture, self._text)
        if frame.corners is None:
            upright = set_level(upright, self._text)
        lines = read_lines(upright, self._text, most=MOST_LINES)
        rows = rows_of(lines)
        kind = kind_of(row.text for row in rows)
        score = sum(line.score for line in lines) / max(len(lines), 1)
        seen = len(upright.boxes)
        return _Look(frame, upright.picture, upright.quarter_turns, rows, kind, seen, score)

    def _front(self, look: _Look) -> CardReading:
        laid_flat = look.frame.corners is not None and look.turns % 2 == 0
        portrait = cut_portrait(look.upright, self._faces, laid_flat=laid_flat)
        found = fields_of(_left_of_portrait(look.rows, look.upright.shape[1]))
        self._look_again(look.upright, found)
        surface = look_at(look.upright) if laid_flat else None
        confidence = _confidence(found, surface, portrait)
        card = CardData(
            source=CardSource.CAMERA,
            name=_value(found, CardField.NAME),
            sex=sex_of(found),
            nationality=_value(found, CardField.NATIONALITY),
            birth=birth_of(found),
            address=_value(found, CardField.ADDRESS),
            number=_value(found, CardField.NUMBER),
            portrait=portrait.jpeg if portrait else None,
            confidence=confidence,
        )
        doubtful = card.doubtful(RELIABLE)
        return CardReading(
            outcome=CardOutcome.PARTLY_READ if doubtful else CardOutcome.READ,
            advice=_advice(look.frame, surface, doubtful),
            card=card,
            corners=_corners(look),
            surface=surface,
        )

    def _look_again(self, upright: Picture, found: Fields) -> None:
        """Read a number that cannot be right again, with the picture changed a little."""
        number = found.get(CardField.NUMBER)
        if number is None or is_valid(number.value):
            return
        line = max(number.rows[0].lines, key=lambda each: sum(c.isdigit() for c in each.text))
        crop = cut_line(upright, line.box)
        height = crop.shape[0]
        wider = cv2.copyMakeBorder(
            crop, height // 8, height // 8, height // 3, height // 3, cv2.BORDER_REPLICATE
        )
        grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
        even = cv2.createCLAHE(2.0, (2, 8)).apply(grey)
        tries = [wider, cv2.cvtColor(even, cv2.COLOR_GRAY2BGR), cv2.GaussianBlur(crop, (0, 0), 1.2)]
        birth, sex = birth_of(found), sex_of(found)
        for text, score, _ in self._text.read([np.asarray(each, np.uint8) for each in tries]):
            for run in _NUMBER_RUN.findall(text.replace(" ", "")):
                again = number_from(run[-18:])
                agrees = is_valid(again) and birth_said(again) == birth and sex_said(again) is sex
                if agrees:  # one in eleven is valid by chance; one in a million agrees by chance
                    found[CardField.NUMBER] = Found(again, min(score, number.score), number.rows)
                    return


def is_unlit(picture: Picture) -> bool:
    """Tell whether there is too little light to see anything."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return float(np.percentile(grey, 95)) < UNLIT


def _frames(picture: Picture) -> Iterator[Frame]:
    """Yield what may be the card: sure quads, the picture as it is, the best of the others."""
    quads = [
        quad
        for quad in find_quads(picture, aspect=ASPECT, count=3)
        if ASPECTS[0] <= float(looking_aspect(quad.corners)) <= ASPECTS[1]
    ]
    sure = [quad for quad in quads if quad.score >= SURE_SCORE]
    for quad in sure[:2]:
        yield lay_flat(picture, quad)
    if not sure and abs(np.log(_aspect(picture) / ASPECT)) < FILLS_PICTURE:
        yield lay_flat(picture, _all_of(picture))
    yield whole(picture, WHOLE_SIDE)
    if not sure and quads and quads[0].score >= MIN_SCORE:
        yield lay_flat(picture, quads[0])


def _aspect(picture: Picture) -> float:
    height, width = picture.shape[:2]
    return float(max(height, width) / min(height, width))


def _all_of(picture: Picture) -> Quad:
    """Return the picture itself as a quad: somebody has cut the card out already."""
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    return Quad(corners, 0.0, (0.0,) * 4, (False,) * 4)


def _worth(reading: CardReading) -> float:
    """Return how much was read, all fields together."""
    return float(sum(reading.card.confidence.values())) if reading.card else 0.0


def _incomplete(reading: CardReading) -> bool:
    """Tell whether another frame of the same picture may show more."""
    card = reading.card
    if card is None:
        return True
    missing = [word for word in CardField if word not in card.confidence]
    return bool(missing) or len(card.number or "") != NUMBER_LENGTH


def _left_of_portrait(rows: list[Row], width: int) -> list[Row]:
    """Return the rows without what was read into the portrait."""
    kept: list[Row] = []
    for row in rows:
        lines = tuple(
            line
            for line in row.lines
            if line.box[:, 0].min() < 0.6 * width
            or sum(c.isdigit() for c in line.text) >= SOME_DIGITS
        )
        if lines:
            kept.append(Row(lines))
    return kept


def _confidence(
    found: Fields, surface: Surface | None, portrait: Portrait | None
) -> dict[CardField, float]:
    confidence = {word: each.score for word, each in found.items()}
    number = found.get(CardField.NUMBER)
    if number and is_valid(number.value):
        confidence[CardField.NUMBER] = max(number.score, AGREED)
        agreeing = (
            (CardField.BIRTH, birth_of(found), birth_said(number.value)),
            (CardField.SEX, sex_of(found), sex_said(number.value)),
        )
        for word, printed, said in agreeing:
            if printed is not None:
                sure = AGREED if printed == said else UNSURE
                confidence[word] = max(confidence[word], sure) if sure == AGREED else sure
    elif number:
        whole_number = len(number.value) == NUMBER_LENGTH
        confidence[CardField.NUMBER] = min(number.score, UNSURE if whole_number else UNSURE / 2)
    if portrait:
        confidence[CardField.PORTRAIT] = portrait.confidence
    if surface:
        checked = {CardField.NUMBER, CardField.BIRTH, CardField.SEX}
        for word, sure in list(confidence.items()):
            proven = word in checked and sure >= AGREED
            if surface.hides(word) and not proven:
                confidence[word] = min(sure, HIDDEN_WORTH)
    return {word: round(value, 3) for word, value in confidence.items()}


def _advice(
    frame: Frame, surface: Surface | None, doubtful: tuple[CardField, ...]
) -> CardAdvice | None:
    if not doubtful:
        return None
    if frame.cut:
        return CardAdvice.MOVE_CARD
    if surface is None:
        return CardAdvice.MOVE_CARD
    checks = (
        (surface.is_dark, CardAdvice.MORE_LIGHT),
        (max(surface.glare.values()) > SOME_HIDDEN, CardAdvice.MOVE_CARD),
        (max(surface.cover.values()) > SOME_HIDDEN, CardAdvice.UNCOVER_CARD),
        (frame.pixels_per_mm < FINE_ENOUGH, CardAdvice.COME_CLOSER),
        (surface.is_blurred, CardAdvice.HOLD_STILL),
    )
    return next((advice for holds, advice in checks if holds), CardAdvice.MOVE_CARD)


def _no_card(picture: Picture, best: _Look | None) -> CardReading:
    """Tell a picture too poor to judge from one of something else."""
    if is_unlit(picture):
        return CardReading(outcome=CardOutcome.UNREADABLE, advice=CardAdvice.MORE_LIGHT)
    if best is not None and best.lines >= SOME_LINES and best.score < POORLY:
        return CardReading(outcome=CardOutcome.UNREADABLE, advice=CardAdvice.HOLD_STILL)
    return CardReading(outcome=CardOutcome.NOT_AN_ID_CARD, advice=CardAdvice.PUT_ON_ID_CARD)


def _corners(look: _Look) -> Floats | None:
    """Return the card's corners from its own upper left; the picture was turned to read it."""
    if look.frame.corners is None:
        return None
    return np.roll(look.frame.corners, look.turns, axis=0)


def _value(found: Fields, word: CardField) -> str | None:
    each = found.get(word)
    return each.value if each else None
