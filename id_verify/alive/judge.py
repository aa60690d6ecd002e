"""From everything that was observed to one word; see LivenessOutcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeVar

from id_verify.alive.acts import ActReader, Seen
from id_verify.alive.continuity import SEVERAL_S, continuity_of
from id_verify.alive.finding import CueFinding, LivenessFinding
from id_verify.alive.neutral import Neutral
from id_verify.alive.observation import Observation
from id_verify.alive.passive import score_of, signs_of
from id_verify.alive.words import Act, CueKind, CueOutcome, LivenessOutcome

SHORTEST_S: Final = 0.8
"""Of face that is needed to say anything."""
PAIR: Final = 2
ATTACK: Final = 0.8
UNSURE: Final = 0.5

ANSWERS: Final = {
    CueKind.TURN_LEFT: Act.TURN_LEFT,
    CueKind.TURN_RIGHT: Act.TURN_RIGHT,
    CueKind.LOOK_UP: Act.LOOK_UP,
    CueKind.BLINK2: Act.BLINK,
    CueKind.OPEN_MOUTH: Act.OPEN_MOUTH,
}
"""The act that answers each cue."""
TIMES: Final = {CueKind.BLINK2: 2}
"""How often it must happen; all others once."""
BLINKS_WITHIN_S: Final = 3.0
"""Two blinks answer one cue when they are no further apart."""


_Face = TypeVar("_Face")


@dataclass(frozen=True, kw_only=True, slots=True)
class Likeness:
    """How alike the faces of kept frames are, and what is asked of them."""

    values: Sequence[float] = ()
    least: float = 0.0
    unproven: bool = False
    """Faces should have been compared, and were not good enough to be."""

    @classmethod
    def along(
        cls, faces: Sequence[_Face], compare: Callable[[_Face, _Face], float], *, least: float
    ) -> Likeness:
        """Each face with the next, and the last with the first."""
        pairs = [*pairwise(faces), *([(faces[-1], faces[0])] if len(faces) > PAIR else [])]
        values = [compare(a, b) for a, b in pairs]
        return cls(values=values, least=least, unproven=not values)


def judge(
    observations: Sequence[Observation],
    cues: Sequence[CueFinding],
    likeness: Likeness | None = None,
) -> LivenessFinding:
    """Judge one check. Without cues only what speaks against a living face can be told."""
    likeness = likeness or Likeness()
    signs = signs_of(observations)
    continuity = continuity_of(observations, likeness.values, least_likeness=likeness.least)
    passive = score_of(signs)
    faces = [one.t_s for one in observations if one.face is not None]
    first, last = (faces[0], faces[-1]) if faces else (0.0, 0.0)
    followed = bool(cues) and all(cue.outcome is CueOutcome.SEEN for cue in cues)
    if not faces:
        outcome = LivenessOutcome.NO_FACE
    elif passive >= ATTACK:
        outcome = LivenessOutcome.ATTACK
    elif last - first < SHORTEST_S:
        outcome = LivenessOutcome.NO_FACE
    elif not continuity.same_face:
        outcome = LivenessOutcome.ANOTHER_FACE
    elif continuity.several_s > SEVERAL_S:
        outcome = LivenessOutcome.SEVERAL_FACES
    elif not continuity.unbroken:
        outcome = LivenessOutcome.BROKEN
    elif cues and not followed:
        outcome = LivenessOutcome.CUES_MISSED
    elif passive >= UNSURE or not cues or likeness.unproven:
        outcome = LivenessOutcome.UNSURE
    else:
        outcome = LivenessOutcome.LIVE
    return LivenessFinding(
        outcome=outcome,
        cues=tuple(cues),
        continuity=continuity,
        passive=passive,
        signs=signs,
        lasted_s=round(last - first, 3),
    )


def acts_in(observations: Sequence[Observation]) -> tuple[Seen, ...]:
    """Everything a whole recording shows, measured from the middle of it."""
    neutral = Neutral.of(observations)
    if neutral is None:
        return ()
    reader = ActReader(neutral)
    return tuple(seen for one in observations for seen in reader.feed(one))


def in_order(acts: Sequence[Seen], asked: Sequence[CueKind]) -> tuple[CueFinding, ...]:
    """Look for answers to cues in a recording that knows of no windows: one after the other."""
    findings: list[CueFinding] = []
    after_s = float("-inf")
    for kind in asked:
        if findings and findings[-1].outcome is not CueOutcome.SEEN:
            findings.append(CueFinding(kind=kind, outcome=CueOutcome.NOT_ASKED))
            continue
        answers = [one for one in acts if one.act is ANSWERS[kind] and one.began_s >= after_s]
        seen_at = _first_time(answers, TIMES.get(kind, 1))
        if seen_at is None:
            findings.append(CueFinding(kind=kind, outcome=CueOutcome.MISSED))
            continue
        after_s = seen_at
        findings.append(CueFinding(kind=kind, outcome=CueOutcome.SEEN, seen_at_s=round(seen_at, 3)))
    return tuple(findings)


def _first_time(answers: Sequence[Seen], times: int) -> float | None:
    for n in range(times - 1, len(answers)):
        if answers[n].told_s - answers[n - times + 1].began_s <= BLINKS_WITHIN_S or times == 1:
            return answers[n].told_s
    return None
