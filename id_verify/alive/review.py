"""Look a recording through from beginning to end, as `xiaowu identity cues` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from id_verify.alive.acts import Seen
from id_verify.alive.finding import LivenessFinding
from id_verify.alive.frame_witness import FrameWitness
from id_verify.alive.judge import Likeness, acts_in, in_order, judge
from id_verify.alive.observation import Observation
from id_verify.alive.recording import Recording
from id_verify.alive.words import CueKind
from id_verify.faces.engine import Embedding, FaceEngine
from id_verify.faces.match import look_at
from id_verify.faces.words import FaceOutcome

COMPARED_EVERY_S: Final = 1.0
MOST_COMPARED: Final = 12
STRAIGHT_DEG: Final = 15.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """Everything a recording shows."""

    observations: tuple[Observation, ...]
    acts: tuple[Seen, ...]
    finding: LivenessFinding


def review(
    recording: Recording,
    engine: FaceEngine,
    *,
    asked: Sequence[CueKind] = (),
    least_likeness: float = 0.0,
    at_most_fps: float = 30.0,
) -> Review:
    """Look at every frame, and judge what was asked for in this order.

    Raises:
        RecordingUnreadable: not one frame could be read.
    """
    witness = FrameWitness(engine)
    observations: list[Observation] = []
    vectors: list[Embedding] = []
    compared_s = float("-inf")
    for t_s, picture in recording.frames(at_most_fps=at_most_fps):
        one = witness.feed(t_s, picture)
        observations.append(one)
        due = t_s - compared_s >= COMPARED_EVERY_S and len(vectors) < MOST_COMPARED
        if due and one.face is not None and abs(one.face.pose.yaw) < STRAIGHT_DEG:
            upright = witness.upright(picture)
            seen = look_at(engine, upright)
            if seen.face is not None and seen.quality.outcome is FaceOutcome.OK:
                vectors.append(engine.embed(upright, seen.face))
                compared_s = t_s
    witness.forget()
    likeness = Likeness(
        values=[engine.compare(a, b) for a, b in combinations(vectors, 2)], least=least_likeness
    )
    for vector in vectors:
        vector.wipe()
    acts = acts_in(observations)
    return Review(
        observations=tuple(observations),
        acts=acts,
        finding=judge(observations, in_order(acts, asked), likeness),
    )
