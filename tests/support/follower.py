"""Somebody on a recording who does what is asked, when it is asked: plays on act by act.

The recording shows its acts in an order of its own; between them the person waits as they did at
its beginning, moving a little, until the next cue. So a real face can be witnessed without a person
at the machine, and what comes too early or too late can be shown as well.
"""

from __future__ import annotations

import base64
import itertools
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from id_verify.alive.cue import draw_sequence
from id_verify.alive.recording import Recording
from id_verify.alive.review import review
from id_verify.alive.words import CueKind
from id_verify.faces.engine import Picture, open_engine
from signaling.client.pictures import I420, to_i420

FRAME_RATE: Final = 15
SIZE: Final = (640, 480)
REACTION_S: Final = 0.45
"""As long as people take; sooner, and they cannot have seen the cue."""
TURNING_S: Final = 0.6
"""From when an act can be told to when it goes no further."""
SWAY: Final = 4
"""So many frames somebody who waits moves to and fro."""


@dataclass(frozen=True, kw_only=True)
class Acts:
    """A recording cut where the person looks straight."""

    frames: tuple[Picture, ...]
    kinds: tuple[CueKind, ...]
    plays: tuple[tuple[int, ...], ...]
    """The frames of each act, by number, from looking straight to looking straight."""
    rest: int
    """Where the person looks straight at first."""
    sway: int = SWAY
    """So many frames it moves to and fro while it waits."""


def acts_of(video: Path, wanted: Sequence[CueKind]) -> Acts:
    """Find `wanted`, in this order, on the recording."""
    recording = Recording(path=video)
    looked = review(recording, open_engine(), at_most_fps=FRAME_RATE)
    frames = tuple(_fitted(picture) for _, picture in recording.frames(at_most_fps=FRAME_RATE))
    poses = [
        (seen.t_s, None if seen.face is None else seen.face.pose) for seen in looked.observations
    ]
    assert len(poses) == len(frames)
    told: list[float] = []
    for kind in wanted:
        after = told[-1] if told else 0.0
        told.append(
            next(
                act.told_s
                for act in looked.acts
                if act.act.value == kind.value and act.told_s > after
            )
        )
    straight = next(pose for _, pose in poses if pose is not None)

    def off(number: int) -> float:
        pose = poses[number][1]
        if pose is None:
            return float("inf")
        return abs(pose.yaw - straight.yaw) + abs(pose.pitch - straight.pitch)

    cuts = []
    for begin, end in itertools.pairwise([0.0, *told]):
        between = [n for n, (t_s, _) in enumerate(poses) if begin < t_s < end]
        cuts.append(min(between[SWAY:-SWAY], key=off))
    plays = [tuple(range(*ends)) for ends in itertools.pairwise(cuts)]
    # There and back again the way it came: what the recording shows next is another act.
    turning = [n for n, (t_s, _) in enumerate(poses) if 0 <= t_s - told[-1] <= TURNING_S]
    peak = max((n for n in turning if poses[n][1] is not None), key=off)
    plays.append((*range(cuts[-1], peak), *range(peak, cuts[-1], -1)))
    return Acts(frames=frames, kinds=tuple(wanted), plays=tuple(plays), rest=cuts[0])


def held_up(frames: Sequence[Picture]) -> Acts:
    """Something that is moved to and fro, and does nothing that is asked."""
    fitted = tuple(map(_fitted, frames))
    return Acts(frames=fitted, kinds=(), plays=(), rest=0, sway=len(fitted) - 1)


def seed_for(kinds: Sequence[CueKind]) -> int:
    """A seed that draws just these cues, in this order."""
    for seed in range(100_000):
        if [cue.kind for cue in draw_sequence(random.Random(seed))] == list(kinds):
            return seed
    raise AssertionError("no seed draws these cues")


class KnownCues(random.Random):
    """Gives the witness a seed whose cues are known."""

    def __init__(self, kinds: Sequence[CueKind]) -> None:
        super().__init__()
        self._seed = seed_for(kinds)

    def getrandbits(self, k: int, /) -> int:
        del k
        return self._seed


class Follower:
    """Pictures (see `signaling.client.pictures`) of somebody who follows cues."""

    frame_rate = float(FRAME_RATE)

    def __init__(self, acts: Acts, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._acts = acts
        self._clock = clock
        self._done = 0
        self._since = clock()
        self._acting = False
        self._asked: list[tuple[CueKind, float]] = []

    def does(self, kind: CueKind) -> None:
        """Do it, after the time it takes to understand; nothing if it is not what comes next."""
        self._asked.append((kind, self._clock() + REACTION_S))

    def picture(self) -> I420:
        return to_i420(self._acts.frames[self._number()])

    def close(self) -> None:
        """Nothing is held."""

    def _number(self) -> int:
        now = self._clock()
        if not self._acting and self._asked and now >= self._asked[0][1]:
            kind, _ = self._asked.pop(0)
            if kind in self._acts.kinds[self._done : self._done + 1]:
                self._acting, self._since = True, now
        played = int((now - self._since) * FRAME_RATE)
        if self._acting:
            play = self._acts.plays[self._done]
            if played < len(play):
                return play[played]
            self._acting, self._done, self._since = False, self._done + 1, now
        sway = self._acts.sway
        swayed = played % (2 * sway)
        return self._acts.rest + min(swayed, 2 * sway - swayed)


def jpegs(frames: Sequence[Picture]) -> list[str]:
    """The frames as base64 JPEG, for a page to draw."""
    coded = (cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 92])[1] for frame in frames)
    return [base64.b64encode(each.tobytes()).decode() for each in coded]


def _fitted(picture: Picture) -> Picture:
    """The whole picture at a camera's size, with its own edges' colour beside it."""
    height, width = picture.shape[:2]
    scale = min(SIZE[0] / width, SIZE[1] / height)
    size = (int(width * scale) & ~1, int(height * scale) & ~1)
    canvas = np.full((SIZE[1], SIZE[0], 3), 90, dtype=np.uint8)
    left, top = (SIZE[0] - size[0]) // 2, (SIZE[1] - size[1]) // 2
    canvas[top : top + size[1], left : left + size[0]] = cv2.resize(
        picture, size, interpolation=cv2.INTER_AREA
    )
    return canvas
