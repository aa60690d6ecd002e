"""The words in which a scan is judged; free of numpy, so that every program may use them."""

from __future__ import annotations

from enum import StrEnum


class ScanFault(StrEnum):
    """What is not right with a scan. An agent may still take it; nothing is hidden."""

    NO_SHEET = "no_sheet"
    """No sheet stands out from what it lies on: the picture is given as it is."""
    CUT_OFF = "cut_off"
    """Part of the sheet lies outside the picture."""
    BLURRED = "blurred"
    COARSE = "coarse"
    """Too few pixels to read what is written."""
    GLARE = "glare"
    DARK = "dark"
    CURVED = "curved"
    """A page that bends, and could not be flattened all the way."""
    SIDE_UNKNOWN = "side_unknown"
    """Nothing on it tells which way up it is."""


class ScanAdvice(StrEnum):
    """What the resident is asked to do; the sentences are in the kiosk's catalogues."""

    PUT_ON_DARK = "put_on_dark"
    """Lay it on the dark plate, away from other papers."""
    MOVE_TO_MIDDLE = "move_to_middle"
    HOLD_STILL = "hold_still"
    COME_CLOSER = "come_closer"
    TILT_AWAY_FROM_LAMP = "tilt_away_from_lamp"
    MORE_LIGHT = "more_light"
    PRESS_FLAT = "press_flat"


ADVICE = {
    ScanFault.NO_SHEET: ScanAdvice.PUT_ON_DARK,
    ScanFault.CUT_OFF: ScanAdvice.MOVE_TO_MIDDLE,
    ScanFault.BLURRED: ScanAdvice.HOLD_STILL,
    ScanFault.COARSE: ScanAdvice.COME_CLOSER,
    ScanFault.GLARE: ScanAdvice.TILT_AWAY_FROM_LAMP,
    ScanFault.DARK: ScanAdvice.MORE_LIGHT,
    ScanFault.CURVED: ScanAdvice.PRESS_FLAT,
    ScanFault.SIDE_UNKNOWN: None,
}
"""What helps against each fault."""
