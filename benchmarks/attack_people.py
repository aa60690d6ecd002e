"""Living people who follow cues, put together from recordings of people who did so.

Nobody was asked for our cues when the recordings were made. So the pieces in which somebody turns,
looks up, blinks or opens the mouth are cut out, and played when the witness asks for them; between,
the same person is at rest. All frames are real; the order is ours.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from benchmarks.attack_players import FPS, REACTION_S
from id_verify.alive.acts import LOOK_DEG, TURN_DEG, ActReader
from id_verify.alive.judge import ANSWERS, TIMES
from id_verify.alive.neutral import Neutral
from id_verify.alive.observation import Observation
from id_verify.alive.steps import CueClosed, CueOpened, Step
from id_verify.alive.words import CueKind
from id_verify.faces.engine import Picture

SHORTEST_REST: Final = 6
"""Frames at rest that are needed to stand between two cues: what the witness settles on."""
ASIDE_DEG: Final = 6.0
HEAD_STILL: Final = frozenset({CueKind.BLINK2, CueKind.OPEN_MOUTH})
ASIDE: Final = 1.0
"""Whose head turns or nods by more while they blink does something else besides: no answer."""
BEFORE: Final = 4
"""Frames from which an act begins before it is told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cuttings:
    """One person's recording, cut up."""

    name: str
    frames: Sequence[Picture]
    rest: range
    acts: Mapping[CueKind, Sequence[range]]


def cut(
    name: str, frames: Sequence[Picture], observations: Sequence[Observation]
) -> Cuttings | None:
    """Cut a recording up; None when the person is never at rest."""
    neutral = Neutral.of(observations)
    if neutral is None:
        return None
    reader = ActReader(neutral)
    told: list[tuple[int, CueKind]] = []
    resting: list[bool] = []
    for n, one in enumerate(observations):
        for seen in reader.feed(one):
            told += [(n, kind) for kind, act in ANSWERS.items() if act is seen.act]
        face = one.face
        resting.append(
            face is not None and reader.resting and abs(face.pose.yaw - neutral.yaw) < ASIDE_DEG
        )
    busy = {m for n, _ in told for m in range(n - round(0.7 * FPS), n + round(0.4 * FPS))}
    rest = _longest([there and n not in busy for n, there in enumerate(resting)])
    if len(rest) < SHORTEST_REST:
        return None
    straight = Neutral.of(observations[rest.start : rest.stop]) or neutral
    away = [_away(one, straight) for one in observations]
    times = sorted({n for n, _ in told})
    acts: dict[CueKind, list[range]] = {}
    for n, kind in told:
        before = max((m for m in times if m < n), default=0)
        after = min((m for m in times if m > n), default=len(frames) - 1)
        first = next((m for m in range(n - BEFORE, before, -1) if resting[m]), None)
        last = next((m for m in range(n + 1, after) if resting[m]), None)
        if first is None:
            first = min(range(before, max(n - BEFORE + 1, before + 1)), key=away.__getitem__)
        if last is None:
            last = min(range(min(n + 1, after), after + 1), key=away.__getitem__)
        piece = range(first, min(last + 2, len(frames)))
        if kind in HEAD_STILL and max(away[m] for m in piece) > ASIDE:
            continue
        acts.setdefault(kind, []).append(piece)
    return Cuttings(name=name, frames=frames, rest=rest, acts=acts)


def _away(one: Observation, neutral: Neutral) -> float:
    """How far the head is from rest; at 1 a turn or a look is told.

    Who does not rest between two acts is cut where they come nearest to it.
    """
    if one.face is None:
        return float("inf")
    yaw, pitch = one.face.pose.yaw - neutral.yaw, one.face.pose.pitch - neutral.pitch
    return max(abs(yaw) / TURN_DEG, abs(pitch) / LOOK_DEG)


def _longest(there: Sequence[bool]) -> range:
    best, begun = range(0), 0
    for n, one in enumerate([*there, False]):
        if not one:
            if n - begun > len(best):
                best = range(begun, n)
            begun = n + 1
    return best


@dataclass(slots=True)
class Person:
    """Somebody obliging: does what is asked, half a second after it was asked."""

    cuttings: Cuttings
    rng: random.Random
    roll_deg: float = 0.0
    """A camera that hangs askew."""
    gain: float = 1.0
    """A dimmer room."""
    _queue: list[int] = field(default_factory=list)
    _due: list[range] = field(default_factory=list)
    _wait: int = 0
    _n: int = 0

    def hear(self, step: Step) -> None:
        """Get ready for what is asked."""
        if isinstance(step, CueOpened):
            pieces = self.cuttings.acts[step.kind]
            self._due = [self.rng.choice(pieces) for _ in range(TIMES.get(step.kind, 1))]
            self._wait = round(REACTION_S * FPS)
        elif isinstance(step, CueClosed):
            self._due = []

    def show(self, t_s: float) -> Picture:
        """The next frame: of the act, or at rest, to and fro."""
        if self._due:
            self._wait -= 1
            if self._wait <= 0:
                for piece in self._due:
                    self._queue += piece
                self._due = []
        if self._queue:
            return self._filmed(self.cuttings.frames[self._queue.pop(0)])
        rest = self.cuttings.rest
        self._n += 1
        place = self._n % (2 * len(rest) - 2)
        return self._filmed(self.cuttings.frames[rest[min(place, 2 * len(rest) - 2 - place)]])

    def _filmed(self, frame: Picture) -> Picture:
        if self.gain != 1.0:
            frame = np.clip(frame * self.gain, 0, 255).astype(np.uint8)
        if self.roll_deg % 90 == 0:
            return np.ascontiguousarray(np.rot90(frame, round(self.roll_deg / 90)))
        height, width = frame.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), self.roll_deg, 1.0)
        return np.asarray(cv2.warpAffine(frame, turn, (width, height)), np.uint8)
