"""Evidence as a kiosk makes it, for people who do not exist."""

from __future__ import annotations

from typing import Any

from id_verify.evidence.consent import Consent, consent_text
from id_verify.evidence.holder import card_holder, holder_digest, mask_name, mask_number
from id_verify.evidence.verdict import Verdict
from signaling.protocol.identity import (
    AgeGroup,
    AliveEvidence,
    CaptureEvidence,
    CardEvidence,
    CardHolder,
    CardSource,
    CueEvidence,
    FaceEvidence,
    Guardian,
    GuardianRelation,
    IdentityEvidence,
    IdentityWay,
    Wiped,
)
from signaling.protocol.words import Language

NAME = "测试人甲"
NUMBER = "11010519491231002X"
"""The example of GB 11643."""


def consent(
    *,
    language: Language = Language.ZH,
    age_group: AgeGroup = AgeGroup.FROM_14,
    guardian: GuardianRelation | None = None,
) -> Consent:
    text = consent_text(language)
    return Consent(
        text_version=text.version,
        text_sha256=text.sha256,
        language=text.language,
        given_at=1_750_000_000.0,
        read_aloud=True,
        age_group=age_group,
        guardian=None
        if guardian is None
        else Guardian(relation=guardian, given_at=1_750_000_000.0),
    )


def card(**values: Any) -> CardEvidence:
    """A good card of somebody of 76; `values` make it another."""
    good: dict[str, Any] = {
        "source": CardSource.CHIP,
        "outcome": "ok",
        "number_valid": True,
        "masked_name": mask_name(NAME),
        "masked_number": mask_number(NUMBER),
        "birth_year": 1949,
        "age": 76,
        "expired": False,
    }
    return CardEvidence(**good | values)


def face(band: str | None = "match", outcome: str = "ok") -> FaceEvidence:
    return FaceEvidence(
        outcome=outcome,
        band=band,
        similarity=None if band is None else 0.71,
        frames=5,
        engine="sface",
        engine_version="1-0a1b2c",
        calibration="c-1",
    )


def alive(outcome: str = "live") -> AliveEvidence:
    return AliveEvidence(
        outcome=outcome,
        cues=(
            CueEvidence(kind="turn_left", outcome="seen"),
            CueEvidence(kind="blink2", outcome="seen"),
        ),
        unbroken=True,
        passive=0.1,
    )


def evidence(**parts: Any) -> IdentityEvidence:
    """All good; `parts` in place of these."""
    good: dict[str, Any] = {
        "card": card(),
        "face": face(),
        "alive": alive(),
        "capture": CaptureEvidence(suspicion="none"),
    }
    return IdentityEvidence(**good | parts)


def verdict(
    *,
    kiosk_id: str = "K01",
    ticket_id: str = "t1",
    nonce: str = "n1",
    holder: CardHolder | None = None,
    found: IdentityEvidence | None = None,
    **values: Any,
) -> Verdict:
    """A verdict with a face, and everything good, unless told otherwise."""
    usual: dict[str, Any] = {
        "way": IdentityWay.FACE,
        "evidence": found or evidence(),
        "consent": consent(),
        "wiped": Wiped(frames=90, vectors=5, portraits=1),
        "program": "0.1.0",
        "made_at": 1_750_000_100.5,
    }
    return Verdict(
        kiosk_id=kiosk_id,
        ticket_id=ticket_id,
        nonce=nonce,
        holder_sha256=None if holder is None else holder_digest(holder),
        **usual | values,
    )


def without_face(**values: Any) -> dict[str, Any]:
    """What makes `verdict` one of the way without a face."""
    return {
        "way": IdentityWay.NO_FACE,
        "found": IdentityEvidence(card=card(**values)),
        "consent": None,
        "wiped": None,
    }


def holder(name: str = NAME, number: str = NUMBER) -> CardHolder:
    return card_holder(name=name, number=number)
