"""The explanation of a ticket as people read it; the words are in `locales`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from service_queue.explain import Group, NotYet, Standing
from signaling.protocol.words import Language, ParkReason, TicketEndReason

LOCALES: Final = Path(__file__).with_name("locales")
LANGUAGES: Final = (Language.ZH, Language.EN)
"""Those there are sentences in; others are told in the first."""

SECONDS_UP_TO: Final = 90
"""A longer wait is told in minutes."""


def say_standing(
    standing: Standing, language: Language, *, department: str = "", spoken: Language = Language.ZH
) -> str:
    """Where a waiting ticket stands, and what it waits for.

    `department` and `spoken`: what it needs.
    """
    words = catalogue(language)
    said = [_place(standing, words), *(_passes(group, words) for group in standing.passes)]
    said.append(_not_yet(standing.not_yet, words, department, spoken))
    return _joined(said, words)


def say_offered(seat: str, language: Language) -> str:
    """It rings at a window."""
    return _text(catalogue(language), "state", "offered").format(seat=seat)


def say_serving(seat: str, language: Language) -> str:
    """It is in a call."""
    return _text(catalogue(language), "state", "serving").format(seat=seat)


def say_parked(why: ParkReason, until: str, language: Language) -> str:
    """It is parked. `until`: the time of the day."""
    return _text(catalogue(language), "state", f"parked.{why.value}").format(until=until)


def say_ended(why: TicketEndReason, language: Language) -> str:
    """It is over."""
    return _text(catalogue(language), "state", f"ended.{why.value}")


@cache
def catalogue(language: Language) -> Mapping[str, Any]:
    """The sentences of a language."""
    known = language if language in LANGUAGES else LANGUAGES[0]
    read: dict[str, Any] = json.loads((LOCALES / f"{known.value}.json").read_text("utf-8"))
    return read


def _place(standing: Standing, words: Mapping[str, Any]) -> str:
    if standing.position == 1:
        return _text(words, "place", "first")
    parts = [
        _counted(words["before"][_key(group)], group.count, words) for group in standing.before
    ]
    return _text(words, "place", "other").format(
        position=_ordinal(standing.position, words),
        before=_listed(parts, words),
    )


def _passes(group: Group, words: Mapping[str, Any]) -> str:
    return _sentence(_counted(words["passes"][_key(group)], group.count, words))


def _not_yet(not_yet: NotYet, words: Mapping[str, Any], department: str, spoken: Language) -> str:
    said = _counted(
        words["not_yet"][not_yet.obstacle.value],
        not_yet.windows,
        words,
        department=department,
        language=words["languages"][spoken.value],
        wait=_wait(not_yet.seconds or 0.0, words),
    )
    return _sentence(said)


def _key(group: Group) -> str:
    return f"{group.why.value}.{group.green.value}" if group.green is not None else group.why.value


def _counted(forms: Mapping[str, str], n: int, words: Mapping[str, Any], **more: str) -> str:
    """The form of a sentence for a number, with the number in it."""
    form = forms["one"] if n == 1 and "one" in forms else forms["other"]
    return form.format(n=words["numbers"].get(str(n), str(n)), **more)


def _wait(seconds: float, words: Mapping[str, Any]) -> str:
    whole = max(1, math.ceil(seconds))
    if whole <= SECONDS_UP_TO:
        return str(words["wait"]["seconds"]["other"]).format(n=whole)
    return str(words["wait"]["minutes"]["other"]).format(n=math.ceil(whole / 60))


def _ordinal(n: int, words: Mapping[str, Any]) -> str:
    """1st, 2nd, 3rd, 11th, 21st: the classes of CLDR; a language that has one says only `other`."""
    name = {1: "one", 2: "two", 3: "few"}.get(n % 10, "other") if n % 100 // 10 != 1 else "other"
    forms = words["ordinals"]
    return str(forms.get(name, forms["other"])).format(n=n)


def _listed(parts: list[str], words: Mapping[str, Any]) -> str:
    if len(parts) == 1:
        return parts[0]
    between, last = _text(words, "list", "between"), _text(words, "list", "last")
    return between.join(parts[:-1]) + last + parts[-1]


def _joined(sentences: Iterable[str], words: Mapping[str, Any]) -> str:
    return _text(words, "sentence", "between").join(sentences)


def _sentence(text: str) -> str:
    """A number in letters may begin it."""
    return text[:1].upper() + text[1:]


def _text(words: Mapping[str, Any], *path: str) -> str:
    found: Any = words
    for name in path:
        found = found[name]
    return str(found)
