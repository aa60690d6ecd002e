"""The words of liveness, for everybody who stores or shows them. Pure: no numpy, no OpenCV."""

from __future__ import annotations

from enum import StrEnum


class CueKind(StrEnum):
    """What the resident is asked to do. Left and right are the resident's own."""

    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    LOOK_UP = "look_up"
    BLINK2 = "blink2"
    OPEN_MOUTH = "open_mouth"


class Act(StrEnum):
    """What a face was seen to do. Left and right are the resident's own."""

    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    LOOK_UP = "look_up"
    LOOK_DOWN = "look_down"
    BLINK = "blink"
    OPEN_MOUTH = "open_mouth"


class CueOutcome(StrEnum):
    """What became of one cue."""

    SEEN = "seen"
    """It happened, inside its window."""
    MISSED = "missed"
    """Its window ended without it."""
    TOO_SOON = "too_soon"
    """It was under way before anybody could have answered the cue: a recording does that."""
    ANOTHER = "another"
    """Something else that was not asked for happened in its window: a recording does that."""
    NOT_ASKED = "not_asked"
    """The check ended before its turn came."""


class LivenessOutcome(StrEnum):
    """What all observations together say. Only LIVE speaks for the resident."""

    LIVE = "live"
    UNSURE = "unsure"
    """Cues were followed, but something speaks of a picture: an agent looks."""
    CUES_MISSED = "cues_missed"
    """Not all cues were followed: ask once more, then an agent looks."""
    NO_FACE = "no_face"
    """No face stayed in view long enough to judge."""
    SEVERAL_FACES = "several_faces"
    """A second face was in the picture."""
    BROKEN = "broken"
    """The face was out of sight for longer than a turn of the head takes."""
    ANOTHER_FACE = "another_face"
    """It was suddenly elsewhere or of another size, or a later one is unlike the first: somebody,
    or something, took its place, as pictures do that are shown one after the other."""
    ATTACK = "attack"
    """A print, a screen or a still picture."""
    LOST = "lost"
    """The witness died or was late: nothing is known."""


class PassiveSign(StrEnum):
    """What speaks of a picture instead of a person; higher figures speak louder."""

    STILL = "still"
    """Nothing moves that moves in every living face."""
    FLAT = "flat"
    """It moves like a sheet: one plane explains all of it, however it is turned."""
    CARRIED = "carried"
    """It is carried about and nearer and farther, and nothing in it changes by that."""
    MOIRE = "moire"
    """The regular pattern of a screen or of printed dots."""


class CaptureSuspicion(StrEnum):
    """What the system tells of the camera the page was given."""

    NONE = "none"
    UNKNOWN = "unknown"
    """It tells nothing."""
    VIRTUAL = "virtual"
    """A program that plays a file or a screen as a camera."""
