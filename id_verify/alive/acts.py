"""Turns, looks, blinks and open mouths, read off the observations as they come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from id_verify.alive.blinks import BlinkReader
from id_verify.alive.neutral import Neutral
from id_verify.alive.observation import Observation, ObservedFace
from id_verify.alive.words import Act

TURN_DEG: Final = 15.0
"""A turn is told at this angle from rest: three times what a head that listens moves by itself."""
LOOK_DEG: Final = 14.0
MOUTH: Final = 0.30
"""Widths of the mouth above rest: wider than speech opens it for longer than a vowel."""
HELD_S: Final = 0.12
MOUTH_HELD_S: Final = 0.25
BEGUN: Final = 0.45
"""An act begins, and ends, at this share of the angle or gap at which it is told."""
NOSE_SHIFT: Final = 0.10
"""Distances between the eyes by which the nose must come out to the side in a turn.

A nose that stands out of the face by half the distance between the eyes does so by 0.13 at 15°;
that of a picture by nothing, however the picture is turned.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """One act."""

    act: Act
    began_s: float
    told_s: float
    """When it could be told for sure."""
    extent: float
    """Degrees, widths of the mouth, or the share by which the eyes closed."""


@dataclass(slots=True)
class _Rising:
    """Watches one figure: told when it has stood above its threshold long enough."""

    act: Act
    threshold: float
    held_s: float
    measure: Callable[[ObservedFace], float]
    began_s: float | None = None
    above_s: float | None = None
    told: bool = False
    proven: bool = True

    def feed(self, t_s: float, face: ObservedFace) -> Seen | None:
        value = self.measure(face)
        if value < BEGUN * self.threshold:
            self.began_s = self.above_s = None
            self.told = False
            return None
        if self.began_s is None:
            self.began_s = t_s
        if value < self.threshold:
            self.above_s = None
            return None
        if self.above_s is None:
            self.above_s = t_s
        if self.told or not self.proven or t_s - self.above_s < self.held_s:
            return None
        self.told = True
        return Seen(act=self.act, began_s=self.began_s, told_s=t_s, extent=value)


class ActReader:
    """Reads one recording, frame after frame."""

    def __init__(self, neutral: Neutral) -> None:
        self._neutral = neutral
        self._left = _Rising(Act.TURN_LEFT, TURN_DEG, HELD_S, self._to_the_left)
        self._right = _Rising(Act.TURN_RIGHT, TURN_DEG, HELD_S, self._to_the_right)
        self._watched = (
            self._left,
            self._right,
            _Rising(Act.LOOK_UP, LOOK_DEG, HELD_S, lambda face: face.pose.pitch - neutral.pitch),
            _Rising(Act.LOOK_DOWN, LOOK_DEG, HELD_S, lambda face: neutral.pitch - face.pose.pitch),
            _Rising(Act.OPEN_MOUTH, MOUTH, MOUTH_HELD_S, lambda face: face.mouth - neutral.mouth),
        )
        self._blinks = BlinkReader(neutral)

    def feed(self, observation: Observation) -> tuple[Seen, ...]:
        """Return the acts that can be told since this frame."""
        face = observation.face
        if face is None:
            self._blinks.lose()
            return ()
        if observation.anew:
            self._blinks.begin_anew()
        self._prove_turns(face)
        seen = [one.feed(observation.t_s, face) for one in self._watched]
        blink = self._blinks.feed(observation.t_s, face)
        if blink is not None:
            seen.append(
                Seen(
                    act=Act.BLINK,
                    began_s=blink.began_s,
                    told_s=blink.ended_s,
                    extent=1 - blink.depth,
                )
            )
        return tuple(one for one in seen if one is not None)

    @property
    def resting(self) -> bool:
        """Nothing is under way: the head is straight, the mouth shut."""
        return all(one.began_s is None for one in self._watched)

    def under_way(self, act: Act) -> bool:
        """Whether this act has begun."""
        return any(one.act is act and one.began_s is not None for one in self._watched)

    def _to_the_left(self, face: ObservedFace) -> float:
        return face.pose.yaw - self._neutral.yaw

    def _to_the_right(self, face: ObservedFace) -> float:
        return self._neutral.yaw - face.pose.yaw

    def _prove_turns(self, face: ObservedFace) -> None:
        """A turn needs the detector's word too: its nose must have come out to the same side."""
        for turn, side in ((self._left, 1), (self._right, -1)):
            if turn.began_s is None:
                turn.proven = False
            if face.nose is not None and side * (face.nose - self._neutral.nose) >= NOSE_SHIFT:
                turn.proven = True
