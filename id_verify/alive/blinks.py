"""Blinks: lids that close and open again quickly, while the head looks at the camera."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from id_verify.alive.neutral import Neutral
from id_verify.alive.observation import ObservedFace

CLOSED: Final = 0.70
"""Of how far they are usually open; a lid that comes to the middle of the pupil is at half."""
REOPENED: Final = 0.80
STILL_OPEN: Final = 0.85
NOISES: Final = 3.5
"""In a dark or blurred picture a blink has to stand out of the noise of the figure too."""
CLOSING_S: Final = 0.21
"""From still open to closed. Lids fall in 0.1 s; who looks down or is tired lowers them slowly."""
LONGEST_S: Final = 1.0
"""Who is asked to blink may keep the eyes shut for a moment; longer is sleep, not an answer."""
REMEMBERED_S: Final = 1.6
FEWEST: Final = 3
SEEN_DEG: Final = 25.0
"""Turned further to the side, the lids are a line anyway."""
LOWERED_DEG: Final = 16.0
"""Looking further down, the upper lids hide the eyes."""
NODDING_DEG: Final = 8.0
"""A nod in the moment of closing: the lids follow the gaze, that is no blink."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Blink:
    """The eyes were shut for a moment."""

    began_s: float
    ended_s: float
    depth: float
    """How far open they were at their narrowest, as a share of before."""


@dataclass(slots=True)
class _Shut:
    began_s: float
    level: float
    lowest: float
    pitch: float
    quick: bool


class BlinkReader:
    """Reads one recording, frame after frame. Needs ten frames a second to see a blink."""

    def __init__(self, neutral: Neutral) -> None:
        self._neutral = neutral
        self._open: deque[tuple[float, float, float]] = deque()
        self._shut: _Shut | None = None

    def feed(self, t_s: float, face: ObservedFace) -> Blink | None:
        """Return the blink that ended with this frame."""
        eyes = face.eyes
        if eyes is None:
            return None
        if not self._well_seen(face):
            self.lose()
            return None
        pitch = face.pose.pitch
        if self._shut is None:
            self._notice(t_s, eyes, pitch)
            return None
        shut = self._shut
        shut.lowest = min(shut.lowest, eyes)
        if abs(pitch - shut.pitch) > NODDING_DEG:
            shut.quick = False
        if eyes < REOPENED * shut.level and t_s - shut.began_s <= LONGEST_S:
            return None
        self._shut = None
        if eyes < REOPENED * shut.level or not shut.quick:
            self._open.clear()  # shut for long, or lowered: what is open has to be learnt anew
            return None
        return Blink(began_s=shut.began_s, ended_s=t_s, depth=shut.lowest / shut.level)

    def lose(self) -> None:
        """The eyes were not to be seen: what was under way is void."""
        self._shut = None

    def begin_anew(self) -> None:
        """It may be another face: how far its eyes are open has to be learnt."""
        self.lose()
        self._open.clear()

    def _notice(self, t_s: float, eyes: float, pitch: float) -> None:
        while self._open and t_s - self._open[0][0] > REMEMBERED_S:
            self._open.popleft()
        level = self._level()
        if level is None or eyes > min(CLOSED * level, level - NOISES * self._noise()):
            self._open.append((t_s, eyes, pitch))
            return
        wide = [one for one in self._open if one[1] >= STILL_OPEN * level]
        began_s, _, pitch_before = wide[-1] if wide else (t_s, eyes, pitch)
        quick = (
            bool(wide)  # eyes that were not seen open did not close
            and t_s - began_s <= CLOSING_S
            and abs(pitch - pitch_before) <= NODDING_DEG
        )
        self._shut = _Shut(began_s, level, eyes, pitch_before, quick)

    def _level(self) -> float | None:
        """How far open the eyes are just now; at first, how far they are at rest."""
        if len(self._open) < FEWEST:
            return self._neutral.eyes
        return median(one[1] for one in self._open)

    def _noise(self) -> float:
        """How far the figure wanders from frame to frame while nothing happens."""
        if len(self._open) < FEWEST:
            return 0.0
        return median(abs(a[1] - b[1]) for a, b in pairwise(self._open))

    def _well_seen(self, face: ObservedFace) -> bool:
        return (
            abs(face.pose.yaw - self._neutral.yaw) < SEEN_DEG
            and self._neutral.pitch - face.pose.pitch < LOWERED_DEG
        )
