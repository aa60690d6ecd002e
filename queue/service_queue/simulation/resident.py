"""Somebody who comes to a kiosk: what they want and how they will behave, drawn beforehand."""

from __future__ import annotations

import math
from dataclasses import dataclass

from signaling.protocol.words import GreenReason, Lane, Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """All chance of a simulation is here: the same residents meet every policy to be compared."""

    id: str
    at: float
    """When they take a ticket."""
    location_id: str
    item_code: str
    department: str = ""
    language: Language = Language.ZH
    green: GreenReason | None = None
    district: str = ""
    lane: Lane = Lane.ORDINARY
    place_at: float | None = None
    """Its place in its lane; None: the arrival."""
    known_seat_id: str | None = None
    """The window that served them before, for the same matter."""
    service_s: float
    """In the call, all calls together."""
    wrap_up_s: float = 0.0
    answer_s: float = 0.0
    """From the ring to the call."""
    patience_s: float = math.inf
    """Who is not called by then leaves."""
    unanswered: int = 0
    """So many offers of their ticket ring out first."""
    declines: int = 0
    """So many seats decline their ticket first."""
    misses: int = 0
    """So many calls find nobody in the booth."""
    drop_after_s: float | None = None
    """The first call is lost after so long, through no fault of theirs."""
    back_after_s: float | None = None
    """So long after the call they are back with a return code and what was missing."""
    back_service_s: float = 0.0
