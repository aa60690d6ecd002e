"""What came of a check of identity that a program went through, in words that name nobody."""

from __future__ import annotations

from pydantic import BaseModel

from signaling.protocol.identity import IdentityGrade, IdentityWay, Mark


class UnattendedAccount(BaseModel):
    """Grade and components as the hall has them; no name, no number, no picture."""

    way: IdentityWay
    """The way it ended in."""
    grade: IdentityGrade | None = None
    """None: the hall has no verdict, and `code` says why."""
    card: Mark | None = None
    face: Mark | None = None
    alive: Mark | None = None
    code: str | None = None
    """What went wrong on the way, if anything did."""
