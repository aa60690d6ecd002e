"""Who stands, or is held, before the witness: they hear what is asked and show frames.

What is drawn here stands for a kind of attack where no recording of a real one is at hand; it is
counted as a species of its own and called drawn.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import cv2
import numpy as np

from id_verify.alive.steps import CueClosed, CueOpened, Step
from id_verify.alive.words import CueKind
from id_verify.faces.engine import Picture

FPS: Final = 15.0
STAGE: Final = (480, 640)
REACTION_S: Final = 0.5
"""From a cue to the first movement of who follows it."""
MOVING_S: Final = 0.6
HOLDING_S: Final = 0.6


class Player(Protocol):
    """Something in front of the camera."""

    def hear(self, step: Step) -> None:
        """What the screen says."""

    def show(self, t_s: float) -> Picture:
        """The next frame."""


@dataclass(slots=True)
class Loop:
    """A recording that is played over and over, whatever is asked."""

    frames: Sequence[Picture]
    start: int = 0

    def hear(self, step: Step) -> None:
        """A recording does not listen."""

    def show(self, t_s: float) -> Picture:
        """The frame that is due."""
        return self.frames[(self.start + round(t_s * FPS)) % len(self.frames)]


@dataclass(slots=True)
class Relay:
    """One after the other: the second takes over when the first cue has been followed."""

    first: Player
    second: Player
    _swapped: bool = False

    def hear(self, step: Step) -> None:
        """Both listen."""
        self.first.hear(step)
        self.second.hear(step)
        if isinstance(step, CueClosed):
            self._swapped = True

    def show(self, t_s: float) -> Picture:
        """Whoever's turn it is."""
        return (self.second if self._swapped else self.first).show(t_s)


@dataclass(slots=True)
class Sheet:
    """A photograph on paper or a tablet, held by somebody who tries to follow the cues with it.

    To a turn it is turned, to a look up it is tilted, to a blink or an open mouth it is shaken or
    bent. Between, a hand holds it, never quite still.
    """

    photo: Picture
    rng: random.Random
    bent: bool = False
    still: bool = False
    noise: np.random.Generator = field(init=False)
    _asked: CueKind | None = None
    _asked_s: float = 0.0
    _now_s: float = 0.0
    _phases: tuple[float, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Make the hand's own tremble."""
        self.noise = np.random.default_rng(self.rng.getrandbits(32))
        self._phases = tuple(self.rng.uniform(0, 6.28) for _ in range(6))

    def hear(self, step: Step) -> None:
        """Begin to move when a cue opens."""
        if isinstance(step, CueOpened):
            self._asked, self._asked_s = step.kind, self._now_s
        elif isinstance(step, CueClosed):
            self._asked = None

    def show(self, t_s: float) -> Picture:
        """The sheet as it is held now, before a wall."""
        self._now_s = t_s
        yaw, pitch, bend, shake = self._posture(t_s)
        photo = _bent(self.photo, bend) if bend else self.photo
        corners = _corners(photo, yaw, pitch, self._sway(t_s, shake))
        height, width = photo.shape[:2]
        flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        stage = np.full((*STAGE, 3), (150, 160, 165), np.uint8)
        change = cv2.getPerspectiveTransform(flat, corners)
        cv2.warpPerspective(
            photo,
            change,
            (STAGE[1], STAGE[0]),
            stage,
            flags=cv2.INTER_AREA,
            borderMode=cv2.BORDER_TRANSPARENT,
        )
        grain = self.noise.normal(0, 2.5, stage.shape)
        return np.clip(stage + grain, 0, 255).astype(np.uint8)

    def _posture(self, t_s: float) -> tuple[float, float, float, float]:
        """Turn, tilt in degrees, bend, shaking: what the hand makes of the cue."""
        if self._asked is None or self.still:
            return 0.0, 0.0, 0.0, 0.0
        since = t_s - self._asked_s - REACTION_S
        share = float(np.clip(since / MOVING_S, 0, 1)) if since > 0 else 0.0
        side = {CueKind.TURN_LEFT: 1.0, CueKind.TURN_RIGHT: -1.0}.get(self._asked, 0.0)
        if side:
            return 45 * side * share, 0.0, (0.9 * side * share if self.bent else 0.0), 0.0
        if self._asked is CueKind.LOOK_UP:
            return 0.0, 40 * share, 0.0, 0.0
        return 0.0, 0.0, (0.6 * np.sin(9 * since) * share if self.bent else 0.0), share

    def _sway(self, t_s: float, shake: float) -> tuple[float, float, float]:
        if self.still:
            return 0.0, 0.0, 1.0
        a, b, c, d, e, f = self._phases
        x = 6 * np.sin(1.3 * t_s + a) + 2 * np.sin(4.1 * t_s + b) + 18 * shake * np.sin(20 * t_s)
        y = 5 * np.sin(1.1 * t_s + c) + 2 * np.sin(3.7 * t_s + d)
        return (
            float(x),
            float(y),
            float(1 + 0.02 * np.sin(0.9 * t_s + e) + 0.004 * np.sin(5 * t_s + f)),
        )


def _corners(photo: Picture, yaw: float, pitch: float, sway: tuple[float, float, float]) -> Picture:
    """Where the corners of a sheet 60 cm before a camera of 60 degrees come to lie."""
    height, width = photo.shape[:2]
    half_h = 0.5
    half_w = half_h * width / height
    points = np.array(
        [[-half_w, -half_h, 0], [half_w, -half_h, 0], [half_w, half_h, 0], [-half_w, half_h, 0]]
    )
    y, p = np.radians(yaw), np.radians(pitch)
    turn = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    tilt = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    points = points @ (turn @ tilt).T
    away = 1.55 / sway[2]
    focal = 1.1 * STAGE[1] / 2 * 1.6
    x = STAGE[1] / 2 + sway[0] + focal * points[:, 0] / (points[:, 2] + away)
    v = STAGE[0] / 2 + sway[1] + focal * points[:, 1] / (points[:, 2] + away)
    return np.stack([x, v], axis=1).astype(np.float32)


def _bent(photo: Picture, bend: float) -> Picture:
    """The photograph wrapped round an upright cylinder, seen a little from the side."""
    height, width = photo.shape[:2]
    u = np.linspace(-1, 1, width)
    reach = abs(bend) + 1e-3
    # Where each column of the picture comes from: the far side is squeezed, the near one is not.
    angle = np.arcsin(np.clip(u * np.sin(reach), -1, 1)) / reach
    from_u = np.clip(angle + 0.25 * bend * (1 - angle**2), -1, 1)
    columns = ((from_u + 1) / 2 * (width - 1)).astype(np.float32)
    map_x = np.tile(columns, (height, 1))
    map_y = np.tile(np.arange(height, dtype=np.float32)[:, None], (1, width))
    return np.asarray(cv2.remap(photo, map_x, map_y, cv2.INTER_LINEAR), np.uint8)
