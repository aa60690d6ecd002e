"""Who stands in the booth, as evidence: what a kiosk program tells the server, and screens show.

`POST /api/identity/nonce`     BeginIdentity → IdentityNonce    before the camera opens
`POST /api/identity/verdicts`  SubmitVerdict → VerdictStored    signed with the device key
`POST /api/identity/endings`   EndIdentity → nothing            it ended without a verdict

Outcomes are words of `id_verify`, kept open here: a kiosk that is a version ahead may know more of
them, and what is not known never speaks for anybody. No picture, vector or name is part of this
but in `SubmitVerdict.personal`, which the server seals at once.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from signaling.protocol.devices import Base64Url
from signaling.protocol.message import Id, Message, Moment, Shape
from signaling.protocol.words import Language

Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A word of `id_verify`: a cue, an outcome."""

Version = Annotated[str, Field(min_length=1, max_length=160, pattern=r"^[A-Za-z0-9_.:/+-]+$")]

MaskedName = Annotated[str, Field(pattern=r"^([^*\u0000-\u001f]{1,2}\*{1,38})?$", repr=False)]
"""Such as 张**: the rest cannot come in."""

MaskedNumber = Annotated[str, Field(pattern=r"^([0-9]{0,6}\*{8,14}[0-9X]{0,4})?$", repr=False)]
"""Such as **************123X: the rest cannot come in."""

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]

Figure = Annotated[float, Field(ge=-1000, le=1000, allow_inf_nan=False)]


def _whole(value: object) -> object:
    """In JSON 5.0 is an integer, too."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Count = Annotated[int, Field(ge=0, le=1_000_000), BeforeValidator(_whole)]


# --- words -----------------------------------------------------------------------------------


class IdentityWay(StrEnum):
    """How the resident chose to show who they are; both lead to the same service."""

    FACE = "face"
    NO_FACE = "no_face"
    """不用人脸: the card, and the agent's own look."""


class IdentityGrade(StrEnum):
    """What the evidence comes to, by rule. The agent decides."""

    CLEAR = "clear"
    UNSURE = "unsure"
    """Something is not clear: the agent looks."""
    REFUSED = "refused"
    """Something speaks against it; accepting it all the same needs a second person."""
    MANUAL = "manual"
    """The machine did not look, or could not: the agent does."""


class IdentityState(StrEnum):
    """Where the check of a ticket's resident stands."""

    NOT_ASKED = "not_asked"
    """Nothing was asked or begun; the agent decided all the same. Set by the agent."""
    ASKED = "asked"
    """The agent asked for it. Set by the agent."""
    IN_PROGRESS = "in_progress"
    """The kiosk began. Set by the kiosk program."""
    GRADED = "graded"
    """A verdict is there. Set by the kiosk program."""
    ENDED = "ended"
    """It was broken off without a verdict. Set by the kiosk program, or by its deadline."""
    WITHDRAWN = "withdrawn"
    """The resident took the consent back; everything personal is deleted. Set by the resident."""


class IdentityPart(StrEnum):
    """A component of the evidence."""

    CARD = "card"
    FACE = "face"
    ALIVE = "alive"
    CAPTURE = "capture"
    """Where the picture came from."""


class Mark(StrEnum):
    """What a component says."""

    GOOD = "good"
    UNCLEAR = "unclear"
    BAD = "bad"
    MISSING = "missing"
    """It was not looked at."""


class CardSource(StrEnum):
    """How the card was read."""

    CHIP = "chip"
    CAMERA = "camera"
    SIMULATED = "simulated"
    """A file in place of a reader: demonstrations only."""


class AgeGroup(StrEnum):
    """What decides whether a guardian is needed."""

    UNDER_14 = "under_14"
    FROM_14 = "from_14"


class GuardianRelation(StrEnum):
    """Who consents for a child under 14."""

    PARENT = "parent"
    GRANDPARENT = "grandparent"
    OTHER = "other"
    """Another legal guardian."""


class EndingReason(StrEnum):
    """Why a check ended without a verdict."""

    CANCELLED = "cancelled"
    """The resident broke it off, or chose the other way."""
    TIMED_OUT = "timed_out"
    WITNESS_LOST = "witness_lost"
    NO_CAMERA = "no_camera"
    CARD_FAILED = "card_failed"
    OTHER = "other"


class IdentityDecision(StrEnum):
    """What the agent decided."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"


class DecisionReason(StrEnum):
    """Why the agent decided so."""

    EVIDENCE_AGREES = "evidence_agrees"
    LOOKED_AND_SAME = "looked_and_same"
    """The agent compared face and card by eye."""
    OTHER_DOCUMENT = "other_document"
    ANSWERED_QUESTIONS = "answered_questions"
    NOT_THE_SAME = "not_the_same"
    CARD_DOUBTFUL = "card_doubtful"
    WOULD_NOT_SHOW = "would_not_show"
    UNDER_PRESSURE = "under_pressure"
    """Somebody else seems to press the resident."""
    OTHER = "other"
    """Needs a note."""


class UnmaskReason(StrEnum):
    """Why an agent reads the whole number."""

    FILL_FORM = "fill_form"
    COMPARE_DOCUMENT = "compare_document"
    SEARCH_RECORD = "search_record"
    HAND_TO_DEPARTMENT = "hand_to_department"


# --- consent ---------------------------------------------------------------------------------


class Guardian(Shape):
    """A guardian in the booth who consented for a child."""

    relation: GuardianRelation
    given_at: Moment


class ConsentGiven(Shape):
    """What the resident agreed to before any camera was opened for recognition."""

    text_version: Version
    text_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the very words that were shown."""
    language: Language
    """Of the words that were shown."""
    given_at: Moment
    read_aloud: bool
    age_group: AgeGroup
    guardian: Guardian | None = None


# --- components ------------------------------------------------------------------------------


class CardEvidence(Shape):
    """What the card says, without the person."""

    source: CardSource
    outcome: Word
    """`ok`, or why it could not be read."""
    number_valid: bool
    """Check digit, date of birth and region are possible (GB 11643)."""
    contradictions: tuple[Word, ...] = Field(default=(), max_length=8)
    """Fields that do not fit each other."""
    masked_name: MaskedName = ""
    masked_number: MaskedNumber = ""
    birth_year: Annotated[int, Field(ge=1870, le=2200)] | None = None
    age: Annotated[int, Field(ge=0, le=150)] | None = None
    """Whole years, on the day of the check."""
    expired: bool | None = None
    """None: the card's term is not known."""
    least_confidence: Share | None = None
    """Of the field read worst, where a camera read it."""


class FaceEvidence(Shape):
    """The face in the booth against the portrait on the card."""

    outcome: Word
    """`ok`, or why nothing could be compared."""
    band: Word | None = None
    """`match`, `unsure`, `no`; None when nothing was compared."""
    similarity: Figure | None = None
    frames: Count = 0
    """Live frames that were compared."""
    portrait_outcome: Word = "ok"
    """`ok`, or what is wrong with the card's portrait."""
    capped: bool = False
    """It would be another band, but a picture is too poor to rely on it."""
    engine: Version
    engine_version: Version
    calibration: Version


class CueEvidence(Shape):
    """One cue that was asked."""

    kind: Word
    outcome: Word
    """`seen`, or what happened instead."""


class AliveEvidence(Shape):
    """Whether somebody alive was there and followed the cues."""

    outcome: Word
    """`live`, or what speaks against it."""
    cues: tuple[CueEvidence, ...] = Field(default=(), max_length=8)
    unbroken: bool | None = None
    """One and the same face from the first frame to the last."""
    passive: Share | None = None
    """0 speaks for a living face, 1 for a picture."""
    signs: tuple[Word, ...] = Field(default=(), max_length=8)
    """What the passive check found to speak of a picture."""


class CaptureEvidence(Shape):
    """What the system tells of the camera."""

    suspicion: Word
    """`none`, `unknown`, `virtual`."""


class Wiped(Shape):
    """The deletion receipt: what was overwritten in the kiosk's memory."""

    frames: Count
    vectors: Count
    portraits: Count = 0


class IdentityEvidence(Shape):
    """The components of a verdict, as stored and shown."""

    card: CardEvidence | None = None
    face: FaceEvidence | None = None
    alive: AliveEvidence | None = None
    capture: CaptureEvidence | None = None


# --- kiosk program to server -----------------------------------------------------------------


class BeginIdentity(Message):
    """Kiosk → server: a check begins; with a face it needs the consent."""

    token: Annotated[str, Field(max_length=2048, repr=False)]
    """A token for `device`."""
    ticket_id: Id
    way: IdentityWay
    consent: ConsentGiven | None = None


class IdentityNonce(Message):
    """Server → kiosk: put this into the verdict; good once, for this ticket and kiosk."""

    nonce: Base64Url
    expires_at: Moment


class CardHolder(Message):
    """Who the card names. Sealed by the server at once; its digest is part of the verdict."""

    name: Annotated[str, Field(min_length=1, max_length=60, repr=False)]
    number: Annotated[str, Field(pattern=r"^[0-9]{17}[0-9X]$", repr=False)]
    salt: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22,86}$", repr=False)]
    """Random, so that the digest in the verdict gives nobody away."""


class SubmitVerdict(Message):
    """Kiosk → server: a signed verdict."""

    kiosk_id: Id
    verdict: Annotated[str, Field(min_length=2, max_length=16 * 1024, repr=False)]
    """The canonical text that was signed (`id_verify.evidence.verdict`)."""
    signature: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{86}$", repr=False)]
    """Ed25519 over it, base64url without padding."""
    holder: CardHolder | None = Field(default=None, repr=False)


class VerdictStored(Message):
    """Server → kiosk: verified and kept."""

    verdict_id: Id
    grade: IdentityGrade


class EndIdentity(Message):
    """Kiosk → server: the check ended without a verdict; what was in memory is overwritten."""

    token: Annotated[str, Field(max_length=2048, repr=False)]
    nonce: Base64Url
    reason: EndingReason
    wiped: Wiped | None = None


# --- views -----------------------------------------------------------------------------------


class DeskMark(Shape):
    """What one component says."""

    part: IdentityPart
    mark: Mark


class DeskDecision(Shape):
    """What an agent decided, and who stood by it."""

    decision: IdentityDecision
    reason: DecisionReason
    note: str
    by: str
    """The agent's name."""
    seconded_by: str | None
    """The second person's name, where it went against the evidence."""
    at: Moment


class DeskIdentity(Shape):
    """The check of the resident, as the agent who serves them sees it."""

    state: IdentityState
    state_since: Moment
    way: IdentityWay | None
    grade: IdentityGrade | None
    marks: tuple[DeskMark, ...]
    evidence: IdentityEvidence | None
    age_group: AgeGroup | None
    guardian: GuardianRelation | None
    ending: EndingReason | None
    until: Moment | None
    """While in progress: when it counts as broken off."""
    may_unmask: bool
    """The whole name and number are there to be read, with a reason."""
    needs_second: bool
    """Confirming goes against the evidence."""
    decision: DeskDecision | None


class KioskIdentity(Shape):
    """The check, as the kiosk's page shows it."""

    state: IdentityState
    way: IdentityWay | None
    grade: IdentityGrade | None
    asked: bool
    """The agent in the call asks for it."""
    decision: IdentityDecision | None
    tries_left: int
    """How often the face may still be looked at."""
