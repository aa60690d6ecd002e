"""Where a check of identity stands, and what moves it on: one table, one refusal."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Stage(StrEnum):
    """Where one check stands."""

    CARD = "card"
    """A card is waited for, or read."""
    CONSENT = "consent"
    """The resident reads what agreeing means."""
    CAMERA = "camera"
    """The page is to hand on the camera's picture."""
    CUES = "cues"
    """The witness looks, and asks for cues."""
    JUDGING = "judging"
    """The witness compares."""
    TROUBLE = "trouble"
    """It went wrong; the resident says whether to try again."""
    REPORTING = "reporting"
    """The verdict is on its way to the hall."""
    UNSENT = "unsent"
    """The hall did not take the verdict; it can be sent again."""
    DONE = "done"
    OVER = "over"
    """Ended without a verdict; everything is forgotten."""


class StageEvent(StrEnum):
    """What moves a check on."""

    CARD_READ = "card_read"
    WITHOUT_FACE = "without_face"
    """The resident takes the way without face, or no other is left."""
    AGREED = "agreed"
    PICTURES_ARRIVE = "pictures_arrive"
    CUES_OVER = "cues_over"
    JUDGED = "judged"
    WENT_WRONG = "went_wrong"
    AGAIN = "again"
    GIVEN_UP = "given_up"
    """It went wrong once too often: an agent looks."""
    REPORTED = "reported"
    UNHEARD = "unheard"
    ENDED = "ended"
    """Cancelled, expired, replaced."""


class StageRefused(Exception):
    """The check does not go that way from where it stands."""

    code = "identity_stage_refused"

    def __init__(self, stage: Stage, event: StageEvent) -> None:
        """Name the whole arrow."""
        super().__init__(f"{stage} does not go on by {event}")
        self.stage = stage
        self.event = event


_LIVE: Final = tuple(stage for stage in Stage if stage not in (Stage.DONE, Stage.OVER))
_WITH_CAMERA: Final = (Stage.CAMERA, Stage.CUES, Stage.JUDGING)

TRANSITIONS: Final[Mapping[tuple[Stage, StageEvent], Stage]] = MappingProxyType(
    {
        (Stage.CARD, StageEvent.CARD_READ): Stage.CONSENT,
        (Stage.CONSENT, StageEvent.AGREED): Stage.CAMERA,
        (Stage.CAMERA, StageEvent.PICTURES_ARRIVE): Stage.CUES,
        (Stage.CUES, StageEvent.CUES_OVER): Stage.JUDGING,
        (Stage.JUDGING, StageEvent.JUDGED): Stage.REPORTING,
        (Stage.TROUBLE, StageEvent.AGAIN): Stage.CAMERA,
        (Stage.REPORTING, StageEvent.REPORTED): Stage.DONE,
        (Stage.REPORTING, StageEvent.UNHEARD): Stage.UNSENT,
        (Stage.UNSENT, StageEvent.AGAIN): Stage.REPORTING,
        **{(stage, StageEvent.WENT_WRONG): Stage.TROUBLE for stage in _WITH_CAMERA},
        **{(stage, StageEvent.GIVEN_UP): Stage.REPORTING for stage in _WITH_CAMERA},
        # The way without face is one touch away, at every step.
        **{
            (stage, StageEvent.WITHOUT_FACE): Stage.REPORTING
            for stage in (Stage.CARD, Stage.CONSENT, *_WITH_CAMERA, Stage.TROUBLE)
        },
        **{(stage, StageEvent.ENDED): Stage.OVER for stage in _LIVE},
    }
)


def next_stage(stage: Stage, event: StageEvent) -> Stage:
    """Return the stage after `event`, or raise StageRefused."""
    try:
        return TRANSITIONS[stage, event]
    except KeyError:
        raise StageRefused(stage, event) from None
