"""What the page and the kiosk program say to each other over `/identity`, on loopback.

The page asks and agrees for the resident; the program owns the card reader, the witness and the
device key. No picture, no number in clear and no verdict goes through here: the page hands on a
live track, and is told words.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, TypeAdapter

from id_verify.alive.words import CueKind, CueOutcome
from signaling.protocol.identity import GuardianRelation, IdentityGrade, IdentityWay, Mark
from signaling.protocol.message import Id, Message
from signaling.protocol.words import Language

LONGEST_MESSAGE: Final = 64 * 1024
"""Bytes; an offer with one track has about three thousand."""

Reader = Literal["simulated", "camera", "none"]
"""What there is to put a card on."""

# --- page → program -----------------------------------------------------------------------------


class StartIdentity(Message):
    """Begin for this ticket; what ran before is given up."""

    type: Literal["identity.start"] = "identity.start"
    ticket_id: Id
    way: IdentityWay
    language: Language


class ChooseWay(Message):
    """Go on in this way; said at any step until the verdict is on its way."""

    type: Literal["identity.choose_way"] = "identity.choose_way"
    way: IdentityWay


class SkipCard(Message):
    """There is no card here: only the way without face is left."""

    type: Literal["identity.skip_card"] = "identity.skip_card"


class PutSampleCard(Message):
    """Put the sample card on the simulated reader; refused where the reader is a real one."""

    type: Literal["identity.put_sample_card"] = "identity.put_sample_card"


class Agree(Message):
    """The resident agreed, by a touch, to the very words that were asked."""

    type: Literal["identity.agree"] = "identity.agree"
    text_sha256: Annotated[str, Field(max_length=64)]
    read_aloud: bool
    guardian: GuardianRelation | None = None
    """Who agreed beside the resident, where the resident is under fourteen."""


class OfferCamera(Message):
    """The camera's picture as one video track; candidates are inside."""

    type: Literal["identity.offer_camera"] = "identity.offer_camera"
    sdp: Annotated[str, Field(max_length=32 * 1024, repr=False)]
    camera_label: Annotated[str, Field(max_length=200)] = ""
    """What the browser calls the camera: a program that plays one often says so."""


class TryAgain(Message):
    """Once more from where it went wrong."""

    type: Literal["identity.try_again"] = "identity.try_again"


class CancelIdentity(Message):
    """Not now: everything is forgotten."""

    type: Literal["identity.cancel"] = "identity.cancel"


PageMessage = Annotated[
    StartIdentity
    | ChooseWay
    | SkipCard
    | PutSampleCard
    | Agree
    | OfferCamera
    | TryAgain
    | CancelIdentity,
    Field(discriminator="type"),
]

page_message: TypeAdapter[PageMessage] = TypeAdapter(PageMessage)

# --- program → page -----------------------------------------------------------------------------


class CardTold(Message):
    """How it stands with the card; `code` says why it could not be read."""

    type: Literal["identity.card"] = "identity.card"
    state: Literal["put_on", "reading", "read", "failed"]
    code: str | None = None
    advice: str | None = None
    name: Annotated[str | None, Field(repr=False)] = None
    number: Annotated[str | None, Field(repr=False)] = None
    """Both masked."""


class ConsentAsked(Message):
    """Ask the resident to agree to these words; with a guardian where under fourteen."""

    type: Literal["identity.ask_consent"] = "identity.ask_consent"
    guardian: bool
    language: Language
    """Of the words: where a language has none, Chinese is shown."""
    text_sha256: str
    title: str
    lead: str
    points: tuple[str, ...]
    for_guardian: str
    agree: str
    no_face: str


class CameraWanted(Message):
    """Offer the camera now. `again`: something went wrong before, `code` says what."""

    type: Literal["identity.want_camera"] = "identity.want_camera"
    code: str | None = None
    slow: bool = False
    """This time there is more time for every cue."""


class CameraAnswered(Message):
    """The SDP answer to the page's offer."""

    type: Literal["identity.answer_camera"] = "identity.answer_camera"
    sdp: Annotated[str, Field(repr=False)]


class Watching(Message):
    """The picture arrives and the witness looks: the resident looks at the screen."""

    type: Literal["identity.watching"] = "identity.watching"


class AdviceTold(Message):
    """What would help; null: nothing is wrong any more."""

    type: Literal["identity.advice"] = "identity.advice"
    word: str | None


class CueTold(Message):
    """Show and say this cue now; `left` cues come after it."""

    type: Literal["identity.cue"] = "identity.cue"
    index: int
    kind: CueKind
    window_s: float
    left: int


class CueOver(Message):
    """The cue is over."""

    type: Literal["identity.cue_over"] = "identity.cue_over"
    index: int
    outcome: CueOutcome


class Judging(Message):
    """Nothing more is asked; the verdict is being made and told to the hall."""

    type: Literal["identity.judging"] = "identity.judging"


class ResultTold(Message):
    """It is done, and the hall has it. Words only; the sentences are in the page's catalogue."""

    type: Literal["identity.result"] = "identity.result"
    way: IdentityWay
    grade: IdentityGrade
    card: Mark
    face: Mark
    alive: Mark


class Failed(Message):
    """It does not go on by itself. `again`: trying once more may help."""

    type: Literal["identity.failed"] = "identity.failed"
    code: str
    again: bool


class IdentityOver(Message):
    """This check is over without a verdict: by the resident, by time, by another page."""

    type: Literal["identity.over"] = "identity.over"
    why: Literal["cancelled", "expired", "replaced", "stopped"]


ProgramMessage = (
    CardTold
    | ConsentAsked
    | CameraWanted
    | CameraAnswered
    | Watching
    | AdviceTold
    | CueTold
    | CueOver
    | Judging
    | ResultTold
    | Failed
    | IdentityOver
)
