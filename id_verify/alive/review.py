"""Look a recording through from beginning to end, as `xiaowu identity cues` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from id_verify.alive.acts import Seen
from id_verify.alive.finding import LivenessFinding
from id_verify.alive.frame_witness import FrameWitness
from id_verify.alive.judge import Likeness, acts_in, in_order, judge
from id_verify.alive.neutral import Neutral
from id_verify.alive.observation import Observation
from id_verify.alive.recording import Recording
from id_verify.alive.words import CueKind
from id_verify.faces.engine import Embedding, FaceEngine
from id_verify.faces.match import look_at
from id_verify.faces.words import FaceOutcome

LOOKED_AT_EVERY_S: Final = 0.4
APART_S: Final = 1.0
"""So far apart are faces that are compared with each other."""
MOST_LOOKED_AT: Final = 60
STRAIGHT_YAW_DEG: Final = 10.0
STRAIGHT_PITCH_DEG: Final = 7.0
"""From how this person mostly sits: a head that looks up is unlike itself looking straight."""


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
    looked_at: list[tuple[Observation, Embedding]] = []
    for t_s, picture in recording.frames(at_most_fps=at_most_fps):
        one = witness.feed(t_s, picture)
        observations.append(one)
        due = not looked_at or t_s - looked_at[-1][0].t_s >= LOOKED_AT_EVERY_S
        if due and one.face is not None and len(looked_at) < MOST_LOOKED_AT:
            upright = witness.upright(picture)
            seen = look_at(engine, upright)
            if seen.face is not None and seen.quality.outcome is FaceOutcome.OK:
                looked_at.append((one, engine.embed(upright, seen.face)))
    witness.forget()
    likeness = Likeness.along(
        _straight(looked_at, Neutral.of(observations)), engine.compare, least=least_likeness
    )
    for _, vector in looked_at:
        vector.wipe()
    acts = acts_in(observations)
    return Review(
        observations=tuple(observations),
        acts=acts,
        finding=judge(observations, in_order(acts, asked), likeness),
    )


def _straight(
    looked_at: Sequence[tuple[Observation, Embedding]], neutral: Neutral | None
) -> list[Embedding]:
    """The faces that look straight, not nearer to each other in time than `APART_S`."""
    chosen: list[tuple[float, Embedding]] = []
    for one, vector in looked_at:
        if one.face is None or neutral is None:
            continue
        pose = one.face.pose
        if (
            abs(pose.yaw - neutral.yaw) <= STRAIGHT_YAW_DEG
            and abs(pose.pitch - neutral.pitch) <= STRAIGHT_PITCH_DEG
            and (not chosen or one.t_s - chosen[-1][0] >= APART_S)
        ):
            chosen.append((one.t_s, vector))
    return [vector for _, vector in chosen]
