"""Every word that the program can say to the page has its sentence there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from id_verify.alive.words import CueKind, LivenessOutcome
from id_verify.card.errors import (
    CardAbsent,
    CardError,
    CardUnreadable,
    NumberRefused,
    ReaderMissing,
    ReaderTimeout,
)
from id_verify.card.words import CardAdvice
from id_verify.faces.words import Advice, FaceOutcome
from kiosk_client.identity.errors import CameraLost, HallUnheard, OfferRefused, PortraitMissing
from signaling.protocol.identity import (
    GuardianRelation,
    IdentityDecision,
    IdentityGrade,
    Mark,
)

pytestmark = pytest.mark.unit

LOCALES = Path(__file__).resolve().parents[3] / "kiosk_client/web/src/locales"
TROUBLE: tuple[str, ...] = (
    *(word for word in FaceOutcome if word is not FaceOutcome.OK),
    LivenessOutcome.CUES_MISSED,
    LivenessOutcome.NO_FACE,
    LivenessOutcome.SEVERAL_FACES,
    LivenessOutcome.BROKEN,
    LivenessOutcome.ANOTHER_FACE,
    "witness_lost",
    CameraLost.code,
    OfferRefused.code,
    HallUnheard.code,
    "identity_tries_spent",
    "identity_decided",
)


CATALOGUES = sorted(LOCALES.glob("*.json"))


def texts(catalogue: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(catalogue.read_text("utf-8"))["identity"]
    return found


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("advice", Advice),
        ("cue", CueKind),
        ("put.advice", CardAdvice),
        ("put.code", (PortraitMissing.code,)),
        ("put.code.reader", (ReaderMissing.code, ReaderTimeout.code)),
        ("put.code.camera", (ReaderMissing.code, ReaderTimeout.code)),
        ("trouble", TROUBLE),
        ("consent.guardian", GuardianRelation),
        ("result", (grade for grade in IdentityGrade)),
        ("outcome", (*IdentityGrade, *(f"decided_{word}" for word in IdentityDecision))),
        ("part.card", Mark),
        ("part.face", Mark),
        ("part.alive", Mark),
        ("over", ("cancelled", "expired", "replaced", "stopped")),
    ],
)
def test_every_word_has_its_sentence_in_every_catalogue(
    where: str, words: Iterable[str | StrEnum]
) -> None:
    needed = {str(word) for word in words}
    for catalogue in CATALOGUES:
        part = texts(catalogue)
        for name in where.split("."):
            part = part[name]
        said = {word for word, sentence in part.items() if isinstance(sentence, str) and sentence}
        assert needed - said == set(), catalogue.stem


def test_every_failure_of_a_reader_is_told_by_code_by_advice_or_as_no_card() -> None:
    by_code = {ReaderMissing.code, ReaderTimeout.code, PortraitMissing.code}
    by_advice, as_no_card = {CardUnreadable.code}, {CardAbsent.code}
    never_a_readers = {NumberRefused.code}
    known = by_code | by_advice | as_no_card | never_a_readers
    assert {kind.code for kind in CardError.__subclasses__()} == known


def test_there_are_the_catalogues_that_are_meant() -> None:
    assert {"zh", "en"} <= {catalogue.stem for catalogue in CATALOGUES}
