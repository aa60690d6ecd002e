"""The witness: watches the live picture in a process of its own, so that nothing here ever waits.

    async with open_witness(WitnessSettings()) as witness:
        await witness.begin(random.Random(secrets.randbits(128)), slow=False)
        ... witness.offer_frame(t_s, picture) for every frame of the track
        async for step in witness.steps():          # ends after Watched
            ... tell the page
        result = await witness.finish(portrait)     # all memory is overwritten, see result.wiped

Every await raises WitnessLost when the process died or was late. A lost witness stays lost: open
another.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from id_verify.alive.errors import WitnessLost
from id_verify.alive.finding import LivenessFinding
from id_verify.alive.steps import Step

Picture = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, slots=True)
class WitnessSettings:
    """How the witness looks, and how long it may take."""

    engine: str = "sface"
    calibration: Path | None = None
    """None: the one that comes with the package."""
    start_s: float = 15.0
    """To start the process and load the models."""
    settle_s: float = 20.0
    """Until a face stands still in view."""
    finish_s: float = 5.0
    """From the last frame to the result."""


@dataclass(frozen=True, slots=True)
class Wiped:
    """What was overwritten in the witness's memory, for the deletion receipt."""

    frames: int
    vectors: int


@dataclass(frozen=True, kw_only=True, slots=True)
class WitnessResult:
    """What the witness found. `match` is None when no portrait was given."""

    liveness: LivenessFinding
    match: Any
    engine: str
    engine_version: str
    wiped: Wiped
    frames_taken: int
    frames_dropped: int


class Witness:
    """One watch over one resident."""

    async def begin(self, rng: random.Random, *, slow: bool = False) -> None:
        """Wait until the process is ready, then let frames in; cues are drawn once a face is."""
        raise WitnessLost("not built yet")

    def offer_frame(self, t_s: float, picture: Picture) -> bool:
        """Hand in a frame (BGR) with the track's time; never waits. False: dropped, it was busy."""
        return False

    async def steps(self) -> AsyncIterator[Step]:
        """What happens, as it happens; ends after Watched."""
        raise WitnessLost("not built yet")
        yield  # an async generator

    async def finish(self, portrait: Picture | None) -> WitnessResult:
        """Judge, compare with the card's portrait, overwrite everything, end the process."""
        raise WitnessLost("not built yet")


@asynccontextmanager
async def open_witness(settings: WitnessSettings | None = None) -> AsyncIterator[Witness]:
    """Start the process; end it and overwrite what it held, whatever happens."""
    yield Witness()
