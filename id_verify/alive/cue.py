"""Cues: what is asked, in which order, how long there is for it. Pure; randomness comes in."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from id_verify.alive.words import CueKind

CUES: Final = 3
"""How many cues one check asks for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How much time a cue has. Seconds; each is drawn anew for each cue, between low and high."""

    window_low_s: float = 3.0
    window_high_s: float = 4.0
    pause_low_s: float = 0.3
    pause_high_s: float = 0.9


USUAL: Final = Pace()
SLOW: Final = Pace(window_low_s=5.0, window_high_s=6.0)
"""For who did not manage the first time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cue:
    """One thing to do. `opens_at_s` counts from the end of the cue before it.

    For the first it counts from the moment the face has settled.

    A cue that is done early ends early, so that who is quick is through in six seconds and who is
    slow has time; the pause before the next one is random, and nobody can know it beforehand.
    """

    kind: CueKind
    opens_at_s: float
    window_s: float


def draw_sequence(
    rng: random.Random,
    n: int = CUES,
    *,
    pace: Pace = USUAL,
    kinds: Sequence[CueKind] = tuple(CueKind),
) -> tuple[Cue, ...]:
    """Draw `n` cues, none twice running. Pass `random.Random(secrets.randbits(128))`.

    Of five kinds there are 80 sequences of three, each as likely as the next.
    """
    drawn: list[CueKind] = []
    for _ in range(n):
        drawn.append(rng.choice([kind for kind in kinds if kind not in drawn[-1:]]))
    return tuple(
        Cue(
            kind=kind,
            opens_at_s=rng.uniform(pace.pause_low_s, pace.pause_high_s),
            window_s=rng.uniform(pace.window_low_s, pace.window_high_s),
        )
        for kind in drawn
    )
