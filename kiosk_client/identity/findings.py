"""What one check has found so far, and the verdict that follows from it; forgotten in the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from id_verify.alive.witness import WitnessResult
from id_verify.alive.words import CaptureSuspicion, LivenessOutcome
from id_verify.card.card_data import CardData
from id_verify.evidence.consent import GUARDED_UNTIL_AGE, Consent
from id_verify.evidence.holder import holder_digest
from id_verify.evidence.verdict import Verdict
from id_verify.faces.engine import Picture
from id_verify.faces.words import FaceOutcome
from kiosk_client.identity.evidence import (
    age_of,
    alive_evidence,
    capture_evidence,
    card_evidence,
    face_evidence,
    holder_of,
    lost_evidence,
)
from kiosk_client.version import kiosk_version
from signaling.protocol.identity import (
    AgeGroup,
    CardHolder,
    IdentityEvidence,
    IdentityWay,
    Wiped,
)


@dataclass(kw_only=True)
class Findings:
    """Filled stage by stage. `today` is the day the check began."""

    today: date
    card: CardData | None = field(default=None, repr=False)
    holder: CardHolder | None = field(default=None, repr=False)
    portrait: Picture | None = field(default=None, repr=False)
    consent: Consent | None = None
    capture: CaptureSuspicion = CaptureSuspicion.UNKNOWN
    result: WitnessResult | None = None
    wiped: Wiped | None = None

    def take_card(self, card: CardData, portrait: Picture | None) -> None:
        """Keep the card that was read."""
        self.card, self.portrait = card, portrait
        self.holder = holder_of(card)

    def take_result(self, result: WitnessResult | None) -> None:
        """Keep what the witness found, None when it was lost; receipts of all looks add up."""
        self.result = result
        if result is not None:
            before = self.wiped or Wiped(frames=0, vectors=0)
            self.wiped = Wiped(
                frames=before.frames + result.wiped.frames,
                vectors=before.vectors + result.wiped.vectors,
            )

    @property
    def age_group(self) -> AgeGroup | None:
        """Whether a guardian has to agree; None where the card does not tell the age."""
        age = None if self.card is None else age_of(self.card, self.today)
        if age is None:
            return None
        return AgeGroup.UNDER_14 if age < GUARDED_UNTIL_AGE else AgeGroup.FROM_14

    @property
    def worth_another_look(self) -> str | None:
        """What the resident could do better, in a word; None where another look would not help.

        An attack is not asked again: it would only learn from it.
        """
        if self.result is None:
            return None
        alive = self.result.liveness.outcome
        if alive in (
            LivenessOutcome.CUES_MISSED,
            LivenessOutcome.NO_FACE,
            LivenessOutcome.SEVERAL_FACES,
            LivenessOutcome.BROKEN,
            LivenessOutcome.ANOTHER_FACE,
        ):
            return alive
        match = self.result.match
        if match is not None and match.outcome is not FaceOutcome.OK:
            return str(match.outcome)
        return None

    def evidence(self, way: IdentityWay) -> IdentityEvidence:
        """The components; on the way without face nothing but the card's."""
        card = None if self.card is None else card_evidence(self.card, self.today)
        if way is IdentityWay.NO_FACE:
            return IdentityEvidence(card=card)
        if self.result is None:
            return IdentityEvidence(
                card=card, alive=lost_evidence(), capture=capture_evidence(self.capture)
            )
        return IdentityEvidence(
            card=card,
            face=face_evidence(self.result),
            alive=alive_evidence(self.result.liveness),
            capture=capture_evidence(self.capture),
        )

    def verdict(
        self, way: IdentityWay, *, kiosk_id: str, ticket_id: str, nonce: str, made_at: float
    ) -> Verdict:
        """The verdict, still to be signed."""
        by_face = way is IdentityWay.FACE
        return Verdict(
            kiosk_id=kiosk_id,
            ticket_id=ticket_id,
            nonce=nonce,
            way=way,
            evidence=self.evidence(way),
            consent=self.consent if by_face else None,
            holder_sha256=None if self.holder is None else holder_digest(self.holder),
            wiped=self.wiped,
            program=kiosk_version(),
            made_at=made_at,
        )

    def forget(self) -> None:
        """Keep nothing of the person; the portrait's pixels are overwritten."""
        if self.portrait is not None:
            self.portrait.fill(0)
        self.card = self.holder = self.portrait = self.result = None
