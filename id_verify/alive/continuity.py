"""Was it one face, in one piece, from the first frame to the last."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import dist
from typing import Final

from id_verify.alive.finding import Continuity
from id_verify.alive.observation import Observation, ObservedFace

LONGEST_GAP_S: Final = 0.7
"""Who turns far to the side is out of sight for a moment; longer, and it may be somebody else."""
SEVERAL_S: Final = 0.6
JUMP: Final = 1.2
"""Distances between the eyes that no face moves from one frame to the next."""
JUMP_WITHIN_S: Final = 0.15
RESCALED: Final = 1.5
"""Nor does it grow or shrink by this factor meanwhile."""


def continuity_of(
    observations: Sequence[Observation],
    likenesses: Sequence[float] = (),
    *,
    least_likeness: float = 0.0,
) -> Continuity:
    """Follow the face through the frames; `likenesses` compare the faces of kept frames."""
    faces = [(one.t_s, one.face) for one in observations if one.face is not None]
    gaps = [b[0] - a[0] for a, b in pairwise(faces)]
    usual = sorted(b.t_s - a.t_s for a, b in pairwise(observations))
    frame_s = usual[len(usual) // 2] if usual else 0.0
    longest = max(gaps, default=0.0)
    several_s = sum(b.t_s - a.t_s for a, b in pairwise(observations) if a.faces > 1 and b.faces > 1)
    # Of two people in sight now one is the larger and now the other: that is no jump.
    alone = [(one.t_s, one.face if one.faces == 1 else None) for one in observations if one.face]
    jumps = sum(
        t_b - t_a <= JUMP_WITHIN_S and a is not None and b is not None and _jumped(a, b)
        for (t_a, a), (t_b, b) in pairwise(alone)
    )
    least = min(likenesses, default=None)
    return Continuity(
        frames=len(observations),
        with_face=round(len(faces) / max(len(observations), 1), 3),
        longest_gap_s=round(longest, 3),
        several_s=round(several_s, 3),
        jumps=jumps,
        least_likeness=None if least is None else round(least, 3),
        same_face=jumps == 0 and (least is None or least >= least_likeness),
        unbroken=bool(faces) and longest <= max(LONGEST_GAP_S, 2 * frame_s),
    )


def _jumped(a: ObservedFace, b: ObservedFace) -> bool:
    size = max(a.eye_distance, b.eye_distance)
    ratio = size / max(min(a.eye_distance, b.eye_distance), 1e-6)
    return dist(a.centre, b.centre) > JUMP * size or ratio > RESCALED
