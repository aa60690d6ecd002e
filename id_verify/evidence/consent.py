"""Consent: without one of these no camera opens for recognition."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Self

from pydantic import model_validator

from id_verify.evidence.errors import ConsentTextUnknown, GuardianMissing
from signaling.protocol.identity import AgeGroup, ConsentGiven
from signaling.protocol.words import Language

TEXTS: Final = Path(__file__).with_name("texts")

CURRENT_TEXT: Final = "face-1"
"""The words a kiosk shows today. A text that was ever shown is never changed: add another."""

GUARDED_UNTIL_AGE: Final = 14
"""Personal Information Protection Law, art. 31: below this age a guardian consents."""

KEPT_AT_MOST_DAYS: Final = 30
"""What every text so far promises about name and number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentText:
    """What is shown and read aloud before somebody agrees, in one language."""

    version: str
    language: Language
    """Of these words: where a language has none, Chinese is shown."""
    title: str
    lead: str
    points: tuple[str, ...]
    guardian: str
    """Shown when a child stands there."""
    agree: str
    """The button that agrees …"""
    no_face: str
    """… and the one of equal size beside it."""
    withdraw: str
    sha256: str
    """Of the words; part of the consent."""


class Consent(ConsentGiven):
    """A consent that may be acted on: to a text we know, by somebody who can give it.

    Making one raises ConsentTextUnknown or GuardianMissing.
    """

    @model_validator(mode="after")
    def _counts(self) -> Self:
        if self.text_sha256 not in _fingerprints(self.text_version).values():
            raise ConsentTextUnknown(f"{self.text_version!r} with these words is not known here")
        if self.age_group is AgeGroup.UNDER_14 and self.guardian is None:
            raise GuardianMissing
        return self

    @classmethod
    def of(cls, given: ConsentGiven) -> Self:
        """What somebody gave, if it counts; raises ConsentTextUnknown, GuardianMissing."""
        return cls(**dict(given))

    def covers_age(self, age: int | None) -> bool:
        """False when the card says that a guardian was needed, and there was none."""
        return age is None or age >= GUARDED_UNTIL_AGE or self.guardian is not None


def consent_text(language: Language, version: str = CURRENT_TEXT) -> ConsentText:
    """The words to show for `language`; the Chinese ones where it has none.

    Raises:
        ConsentTextUnknown: there was never such a version.
    """
    words = _texts(version)
    shown = language if language in words else Language.ZH
    text = words[shown]
    return ConsentText(
        version=version,
        language=shown,
        title=text["title"],
        lead=text["lead"],
        points=tuple(text["points"]),
        guardian=text["guardian"],
        agree=text["agree"],
        no_face=text["no_face"],
        withdraw=text["withdraw"],
        sha256=_fingerprints(version)[shown],
    )


def _fingerprints(version: str) -> Mapping[Language, str]:
    """The SHA-256 of a text by language; empty for a version that never was."""
    try:
        words = _texts(version)
    except ConsentTextUnknown:
        return {}
    return {
        language: hashlib.sha256(
            json.dumps(text, ensure_ascii=False, sort_keys=True).encode()
        ).hexdigest()
        for language, text in words.items()
    }


@cache
def _texts(version: str) -> Mapping[Language, Mapping[str, str]]:
    files = {file.stem: file for file in TEXTS.glob("*.json")}
    if version not in files:
        raise ConsentTextUnknown(f"there is no consent text {version!r}")
    read = json.loads(files[version].read_text("utf-8"))
    return {Language(name): text for name, text in read.items() if name != "version"}
