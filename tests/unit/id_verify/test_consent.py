from __future__ import annotations

import json

import pytest

from id_verify.evidence.consent import (
    CURRENT_TEXT,
    KEPT_AT_MOST_DAYS,
    TEXTS,
    Consent,
    consent_text,
)
from id_verify.evidence.errors import ConsentTextUnknown, GuardianMissing
from service_queue.policy import IdentityPolicy
from service_queue.policy_check import BOUNDS
from signaling.protocol.identity import AgeGroup, ConsentGiven, GuardianRelation
from signaling.protocol.words import Language
from tests.support.evidence import consent

pytestmark = pytest.mark.unit

FINGERPRINTS = {
    ("face-1", "zh"): "3a64a346fdd86d893e1bf37995ba3f777459f5f1350f7e0c30dfe0a52fabd05d",
    ("face-1", "en"): "e074eb58ef46d080ab63a8c388d80cb9410375fa85a3e17c641e197b61d27072",
}
"""A text that was ever shown is never changed: whoever consented did so to these very words."""


@pytest.mark.parametrize(("version", "language"), list(FINGERPRINTS))
def test_a_text_that_was_shown_stays_as_it_was(version: str, language: str) -> None:
    assert consent_text(Language(language), version).sha256 == FINGERPRINTS[version, language]


def test_every_text_has_its_fingerprint_here() -> None:
    texts = {
        (file.stem, name)
        for file in TEXTS.glob("*.json")
        for name in json.loads(file.read_text("utf-8"))
        if name != "version"
    }
    assert texts == set(FINGERPRINTS)


@pytest.mark.parametrize("language", list(Language))
def test_every_language_is_shown_words_and_told_whose_they_are(language: Language) -> None:
    text = consent_text(language)
    assert text.version == CURRENT_TEXT
    assert text.language is (language if language is not Language.BO else Language.ZH)
    assert text.points
    assert all((text.title, text.lead, text.guardian, text.agree, text.no_face, text.withdraw))


def test_the_text_promises_what_the_policy_keeps() -> None:
    days = str(KEPT_AT_MOST_DAYS)
    for language in (Language.ZH, Language.EN):
        assert any(days in point for point in consent_text(language).points)
    assert BOUNDS["identity.keep_days"].most == KEPT_AT_MOST_DAYS
    assert IdentityPolicy().keep_days <= KEPT_AT_MOST_DAYS


def test_what_was_given_counts_when_the_words_are_known() -> None:
    given = ConsentGiven.model_validate_json(consent().model_dump_json())
    assert Consent.of(given) == consent()


def test_consent_to_other_words_is_none() -> None:
    given = ConsentGiven(**dict(consent()) | {"text_sha256": "0" * 64})
    with pytest.raises(ConsentTextUnknown):
        Consent.of(given)
    with pytest.raises(ConsentTextUnknown):
        Consent.of(ConsentGiven(**dict(consent()) | {"text_version": "face-0"}))


@pytest.mark.parametrize("version", ["../face-1", "face-1.json", "", "/etc/passwd"])
def test_a_version_is_a_name_and_no_path(version: str) -> None:
    with pytest.raises(ConsentTextUnknown):
        consent_text(Language.ZH, version)


def test_for_a_child_a_guardian_consents() -> None:
    with pytest.raises(GuardianMissing):
        consent(age_group=AgeGroup.UNDER_14)
    assert consent(age_group=AgeGroup.UNDER_14, guardian=GuardianRelation.GRANDPARENT)


@pytest.mark.parametrize(
    ("age", "guardian", "covered"),
    [
        (None, None, True),
        (14, None, True),
        (13, None, False),
        (13, GuardianRelation.PARENT, True),
        (80, GuardianRelation.OTHER, True),
    ],
)
def test_the_card_tells_the_age_whatever_was_said(
    age: int | None, guardian: GuardianRelation | None, covered: bool
) -> None:
    assert consent(guardian=guardian).covers_age(age) is covered
