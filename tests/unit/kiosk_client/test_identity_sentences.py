"""Every word that the program can say to the page has its sentence there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from id_verify.alive.words import CueKind, LivenessOutcome
from id_verify.card.errors import ReaderMissing, ReaderTimeout
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


def texts() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((LOCALES / "zh.json").read_text("utf-8"))["identity"]
    return found


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("advice", Advice),
        ("cue", CueKind),
        ("put.advice", CardAdvice),
        ("put.code", (ReaderMissing.code, ReaderTimeout.code, PortraitMissing.code)),
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
def test_every_word_has_its_sentence(where: str, words: Iterable[str | StrEnum]) -> None:
    part = texts()
    for name in where.split("."):
        part = part[name]
    assert {str(word) for word in words} - part.keys() == set()
