"""The words in which a face is judged; free of numpy, so that every program may use them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class FaceOutcome(StrEnum):
    """What is to be said of the face in one picture; only OK may be compared."""

    OK = "ok"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    CUT_OFF = "cut_off"
    """Part of the face lies outside the picture."""
    TOO_SMALL = "too_small"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    BLURRED = "blurred"
    TURNED_AWAY = "turned_away"
    COVERED = "covered"
    """A mask, a hand, a scarf, dark glasses: the features are not all to be seen."""


class Band(StrEnum):
    """How alike two faces are, against a calibration; only MATCH speaks for the resident."""

    MATCH = "match"
    UNSURE = "unsure"
    NO = "no"


class Advice(StrEnum):
    """What the resident is asked to do; the sentences are in the kiosk's catalogues."""

    LOOK_HERE = "look_here"
    ONE_PERSON = "one_person"
    MOVE_TO_MIDDLE = "move_to_middle"
    COME_CLOSER = "come_closer"
    MORE_LIGHT = "more_light"
    LESS_LIGHT = "less_light"
    HOLD_STILL = "hold_still"
    LOOK_STRAIGHT = "look_straight"
    UNCOVER_FACE = "uncover_face"
    ASK_AGENT = "ask_agent"
    """Nothing the resident can do helps: the picture on the card is too poor, say."""


ADVICE: Final[Mapping[FaceOutcome, Advice | None]] = MappingProxyType(
    {
        FaceOutcome.OK: None,
        FaceOutcome.NO_FACE: Advice.LOOK_HERE,
        FaceOutcome.SEVERAL_FACES: Advice.ONE_PERSON,
        FaceOutcome.CUT_OFF: Advice.MOVE_TO_MIDDLE,
        FaceOutcome.TOO_SMALL: Advice.COME_CLOSER,
        FaceOutcome.TOO_DARK: Advice.MORE_LIGHT,
        FaceOutcome.TOO_BRIGHT: Advice.LESS_LIGHT,
        FaceOutcome.BLURRED: Advice.HOLD_STILL,
        FaceOutcome.TURNED_AWAY: Advice.LOOK_STRAIGHT,
        FaceOutcome.COVERED: Advice.UNCOVER_FACE,
    }
)
"""What helps against each outcome of a live picture."""


class PictureFault(StrEnum):
    """Why bytes are not taken for a picture."""

    EMPTY = "empty"
    TOO_MANY_BYTES = "too_many_bytes"
    NOT_A_PICTURE = "not_a_picture"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"
    TRUNCATED = "truncated"
    UNREADABLE = "unreadable"
