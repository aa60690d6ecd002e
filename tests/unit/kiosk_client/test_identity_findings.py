"""From what was found to the verdict: nothing of a face on the way without, nobody is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import MappingProxyType

import numpy as np
import pytest

from id_verify.alive.finding import LivenessFinding
from id_verify.alive.witness import WitnessResult
from id_verify.alive.words import CaptureSuspicion, LivenessOutcome
from id_verify.alive.worker_messages import Wiped
from id_verify.card.card_data import CardData, Validity
from id_verify.card.words import CardField, CardSource, Sex
from id_verify.evidence.consent import Consent, consent_text
from id_verify.evidence.errors import ConsentMissing
from id_verify.faces.face_match import FaceMatch
from id_verify.faces.words import Band, FaceOutcome
from kiosk_client.identity.findings import Findings
from signaling.protocol.identity import (
    AgeGroup,
    IdentityGrade,
    IdentityWay,
    Mark,
)
from signaling.protocol.words import Language
from tests.support.sample_card import number_born

pytestmark = pytest.mark.unit

TODAY = date(2026, 11, 22)
BORN = date(1956, 3, 8)
CARD = CardData(
    source=CardSource.CHIP,
    name="示例卡",
    sex=Sex.MALE,
    nationality="汉",
    birth=BORN,
    address="示例省示例路1号",
    number=number_born(BORN),
    portrait=b"jpeg",
    validity=Validity(date(2016, 1, 5), None),
    confidence=MappingProxyType(dict.fromkeys(CardField, 1.0)),
)
TEXT = consent_text(Language.ZH)
CONSENT = Consent(
    text_version=TEXT.version,
    text_sha256=TEXT.sha256,
    language=TEXT.language,
    given_at=1.0,
    read_aloud=False,
    age_group=AgeGroup.FROM_14,
)


def result(
    outcome: LivenessOutcome = LivenessOutcome.LIVE,
    *,
    band: Band | None = Band.MATCH,
    face: FaceOutcome = FaceOutcome.OK,
) -> WitnessResult:
    return WitnessResult(
        liveness=LivenessFinding(outcome=outcome),
        match=FaceMatch(
            band=band,
            similarity=None if band is None else 0.71,
            outcome=face,
            portrait_outcome=FaceOutcome.OK,
            advice=None,
            frames_given=3,
            frames_used=3,
            quality=0.9,
            portrait_quality=0.9,
            engine="sface",
            engine_version="1",
            calibration_version="c1",
        ),
        engine="sface",
        engine_version="1",
        wiped=Wiped(frames=100, vectors=3),
        frames_taken=100,
        frames_dropped=0,
        cpu_s=1.0,
    )


def found(*looks: WitnessResult | None, card: CardData = CARD) -> Findings:
    findings = Findings(today=TODAY, consent=CONSENT, capture=CaptureSuspicion.NONE)
    findings.take_card(card, None)
    for look in looks:
        findings.take_result(look)
    return findings


def grade(findings: Findings, way: IdentityWay = IdentityWay.FACE) -> IdentityGrade:
    verdict = findings.verdict(way, kiosk_id="k", ticket_id="t", nonce="n" * 22, made_at=1.0)
    return verdict.grade


def test_everything_good_is_clear() -> None:
    assert grade(found(result())) is IdentityGrade.CLEAR


def test_a_witness_that_was_lost_leaves_it_to_the_agent() -> None:
    assert grade(found(None)) is IdentityGrade.MANUAL


def test_a_witness_lost_after_a_look_does_not_lend_it_that_look() -> None:
    findings = found(result(), None)
    assert findings.evidence(IdentityWay.FACE).face is None
    assert grade(findings) is IdentityGrade.MANUAL


def test_the_way_without_face_carries_nothing_of_a_face_even_after_a_look() -> None:
    findings = found(result(band=Band.NO))
    evidence = findings.evidence(IdentityWay.NO_FACE)
    assert (evidence.face, evidence.alive, evidence.capture) == (None, None, None)
    assert grade(findings, IdentityWay.NO_FACE) is IdentityGrade.MANUAL


def test_no_verdict_by_face_without_consent() -> None:
    findings = found(result())
    findings.consent = None
    with pytest.raises(ConsentMissing):
        grade(findings)


def test_receipts_of_all_looks_add_up() -> None:
    findings = found(result(LivenessOutcome.CUES_MISSED), result())
    assert findings.wiped is not None
    assert (findings.wiped.frames, findings.wiped.vectors) == (200, 6)


@pytest.mark.parametrize(
    ("look", "word"),
    [
        (result(), None),
        (result(LivenessOutcome.CUES_MISSED), "cues_missed"),
        (result(LivenessOutcome.SEVERAL_FACES), "several_faces"),
        (result(LivenessOutcome.ATTACK), None),
        (result(band=Band.NO), None),
        (result(band=None, face=FaceOutcome.TOO_DARK), "too_dark"),
    ],
)
def test_another_look_is_offered_for_what_the_resident_can_mend(
    look: WitnessResult, word: str | None
) -> None:
    assert found(look).worth_another_look == word


@pytest.mark.parametrize(
    ("birth", "group"),
    [
        (date(2012, 11, 22), AgeGroup.FROM_14),
        (date(2012, 11, 23), AgeGroup.UNDER_14),
    ],
)
def test_the_card_says_whether_a_guardian_is_needed(birth: date, group: AgeGroup) -> None:
    card = replace(CARD, birth=birth, number=number_born(birth))
    assert found(card=card).age_group is group


def test_a_card_that_tells_no_birth_tells_no_age() -> None:
    assert found(card=replace(CARD, birth=None, number=None)).age_group is None


def test_the_evidence_names_nobody() -> None:
    written = found(result()).evidence(IdentityWay.FACE).model_dump_json()
    assert CARD.name is not None
    assert CARD.number is not None
    assert CARD.name not in written
    assert CARD.number not in written
    assert CARD.number[:14] not in written


def test_a_number_that_disagrees_with_the_print_speaks_against_a_chip() -> None:
    findings = found(result(), card=replace(CARD, birth=date(1957, 3, 8)))
    verdict = findings.verdict(
        IdentityWay.FACE, kiosk_id="k", ticket_id="t", nonce="n" * 22, made_at=1.0
    )
    assert Mark.BAD in verdict.marks.values()


def test_forgetting_overwrites_the_portrait() -> None:
    findings = found(result())
    findings.portrait = np.full((4, 4, 3), 200, np.uint8)
    portrait = findings.portrait
    findings.forget()
    assert not portrait.any()
    assert (findings.card, findings.holder, findings.result) == (None, None, None)
