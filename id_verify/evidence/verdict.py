"""A verdict: what a kiosk found about one resident, in the one form that is signed."""

from __future__ import annotations

import json
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from id_verify.evidence.consent import Consent
from id_verify.evidence.errors import ConsentMissing, GuardianMissing, VerdictMalformed
from id_verify.evidence.grade import Marks, grade_of, marks_of, proven_age
from signaling.protocol.devices import Base64Url
from signaling.protocol.identity import (
    IdentityEvidence,
    IdentityGrade,
    IdentityWay,
    Version,
    Wiped,
)
from signaling.protocol.message import Id, Moment, Shape


class Verdict(Shape):
    """Graded evidence about the resident of one ticket. No picture, no vector, no full name.

    Making one raises ConsentMissing or GuardianMissing where a face was looked at without.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    form: Literal[1] = 1
    kiosk_id: Id
    ticket_id: Id
    nonce: Base64Url
    """The server's: good once, for this ticket and kiosk."""
    way: IdentityWay
    evidence: IdentityEvidence
    consent: Consent | None = None
    holder_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """`holder_digest` of who the card names; None when no card was read."""
    wiped: Wiped | None = None
    """The deletion receipt of the witness; None when no witness looked, or its process died."""
    program: Version
    """The kiosk program's version."""
    made_at: Moment
    """By the kiosk's clock, which may be wrong; the server notes its own."""

    @model_validator(mode="after")
    def _was_allowed(self) -> Self:
        looked = self.evidence.face is not None or self.evidence.alive is not None
        if self.way is IdentityWay.NO_FACE and looked:
            raise ConsentMissing("a face was looked at on the way without")
        if self.way is IdentityWay.FACE and self.consent is None:
            raise ConsentMissing
        card = self.evidence.card
        age = None if card is None else card.age
        if looked and self.consent is not None and not self.consent.covers_age(age):
            raise GuardianMissing
        if self.evidence.face is not None and self.wiped is None:
            raise ValueError("a face was compared, and nothing says that it was overwritten")
        return self

    @property
    def marks(self) -> Marks:
        """What each component says."""
        return marks_of(self.evidence)

    @property
    def grade(self) -> IdentityGrade:
        """What it comes to."""
        return grade_of(self.way, self.marks)

    @property
    def proven_age(self) -> int | None:
        """The age by a good card; None when it is not known."""
        return proven_age(self.way, self.evidence)


def canonical(verdict: Verdict) -> str:
    """The verdict as the one text that is signed."""
    return json.dumps(
        verdict.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


def read_verdict(text: str) -> Verdict:
    """A verdict from its text.

    Raises:
        VerdictMalformed: it is none, or is written another way.
        ConsentMissing, ConsentTextUnknown, GuardianMissing: a face was looked at without.
    """
    try:
        verdict = Verdict.model_validate_json(text, strict=True)
    except ValidationError:
        # What was wrong with it may quote it.
        raise VerdictMalformed from None
    if canonical(verdict) != text:
        raise VerdictMalformed("the verdict is not in its canonical form")
    return verdict
