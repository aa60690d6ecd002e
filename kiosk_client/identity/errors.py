"""What can keep a check of identity from going on.

IdentityError        base; its code goes to the page, which has the sentence
├── OfferRefused     offer_refused       the page's SDP offer is not one video track
├── CameraLost       camera_lost         no picture came, or none comes any more
└── HallUnheard      hall_unreachable    the server did not take the verdict

CardError (id_verify.card.errors)
└── PortraitMissing  portrait_missing    the card is read, but there is no face on it to compare
"""

from __future__ import annotations

from typing import ClassVar

from id_verify.card.errors import CardError


class IdentityError(Exception):
    """The check cannot go on like this."""

    code: ClassVar[str]


class OfferRefused(IdentityError):
    """The page offered something else than one video track to look at."""

    code = "offer_refused"


class CameraLost(IdentityError):
    """No picture of the page's camera arrives."""

    code = "camera_lost"


class HallUnheard(IdentityError):
    """The server could not be told the verdict."""

    code = "hall_unreachable"


class PortraitMissing(CardError):
    """The card gave no portrait that a face could be compared with."""

    code = "portrait_missing"
