"""The witness's process: it tells steps, judges, is lost when it is killed, and leaves nothing."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import numpy as np
import pytest

from id_verify.alive.errors import RecordingUnreadable, WitnessLost
from id_verify.alive.recording import recordings_in
from id_verify.alive.steps import Advised, CueClosed, Ready, Step, Watched
from id_verify.alive.witness import Witness, WitnessSettings, open_witness
from id_verify.alive.words import CueOutcome, LivenessOutcome
from id_verify.faces.engine import Picture
from id_verify.faces.picture import decode_picture
from id_verify.faces.words import Advice, Band

pytestmark = pytest.mark.integration

FPS = 15.0
PATIENCE_S = 120.0
"""Far more than any step takes, even where every core is busy."""
SLOW_MACHINE = WitnessSettings(start_s=PATIENCE_S, stall_s=PATIENCE_S, finish_s=PATIENCE_S)
WALL = np.random.default_rng(1).integers(90, 110, (240, 320, 3)).astype(np.uint8)


@asynccontextmanager
async def playing(witness: Witness, frames: list[Picture]) -> AsyncIterator[None]:
    """Offer frames, one after the other, each when the one before it was taken."""

    async def play() -> None:
        n = 0
        while True:
            if witness.offer_frame(n / FPS, frames[n % len(frames)]):
                n += 1
            await asyncio.sleep(0.005)

    task = asyncio.create_task(play())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def everything(steps: AsyncIterator[Step]) -> list[Step]:
    async with asyncio.timeout(PATIENCE_S):
        return [step async for step in steps]


async def steps_of(witness: Witness) -> list[Step]:
    return await everything(witness.steps())


async def test_without_a_face_the_check_ends_and_says_so() -> None:
    settings = WitnessSettings(
        settle_s=2.0, start_s=PATIENCE_S, stall_s=PATIENCE_S, finish_s=PATIENCE_S
    )
    async with open_witness(settings) as witness:
        await witness.begin(random.Random(1))
        async with playing(witness, [WALL]):
            steps = await steps_of(witness)
        result = await witness.finish(WALL.copy())
    assert steps == [Ready(), Advised(Advice.LOOK_HERE), Watched()]
    assert result.liveness.outcome is LivenessOutcome.NO_FACE
    assert result.match is not None
    assert result.match.band is None
    assert result.frames_taken > 20
    assert result.wiped.frames >= 20


async def test_a_process_that_is_killed_is_lost_at_once() -> None:
    async with open_witness(SLOW_MACHINE) as witness:
        await witness.begin(random.Random(1))
        async with playing(witness, [WALL]):
            seen = witness.steps()
            assert await anext(seen) == Ready()
            assert witness.pid is not None
            os.kill(witness.pid, signal.SIGKILL)
            with pytest.raises(WitnessLost):
                await everything(seen)
            with pytest.raises(WitnessLost):
                await witness.finish(None)


async def test_a_process_that_hangs_is_late() -> None:
    settings = WitnessSettings(start_s=PATIENCE_S, stall_s=0.5)
    async with open_witness(settings) as witness:
        await witness.begin(random.Random(1))
        assert witness.pid is not None
        os.kill(witness.pid, signal.SIGSTOP)
        try:
            async with playing(witness, [WALL]):
                with pytest.raises(WitnessLost, match="late"):
                    await steps_of(witness)
        finally:
            os.kill(witness.pid, signal.SIGCONT)


async def test_a_track_that_ends_is_noticed() -> None:
    settings = WitnessSettings(start_s=PATIENCE_S, silence_s=0.3)
    async with open_witness(settings) as witness:
        await witness.begin(random.Random(1))
        with pytest.raises(WitnessLost, match="no frames"):
            await steps_of(witness)


async def test_an_engine_that_is_not_there_is_told_before_anybody_is_looked_at() -> None:
    async with open_witness(WitnessSettings(engine="nobody's", start_s=PATIENCE_S)) as witness:
        with pytest.raises(WitnessLost, match="face_engine_unknown"):
            await witness.begin(random.Random(1))


async def test_frames_lie_in_memory_that_nobody_can_name() -> None:
    async with open_witness(SLOW_MACHINE) as witness:
        name = witness.memory_name
        await witness.begin(random.Random(1))
        with pytest.raises(FileNotFoundError):
            SharedMemory(name)


async def test_a_frame_that_comes_while_both_places_are_taken_is_dropped() -> None:
    async with open_witness(SLOW_MACHINE) as witness:
        assert not witness.offer_frame(0.0, WALL)  # nothing has begun
        await witness.begin(random.Random(1))
        assert [witness.offer_frame(n / FPS, WALL) for n in range(3)] == [True, True, False]


@pytest.mark.data
async def test_a_recording_is_seen_and_matched_and_leaves_nothing(
    data_folder: Path,
) -> None:
    clip = data_folder / "videos" / "td_live_621f73fc7c3ae23005b89f74.mov"
    frames = [picture for _, picture in recordings_in(clip)[0].frames(at_most_fps=FPS)]
    portrait = decode_picture(
        (data_folder / "faces" / "td_selfie" / "621f73fc7c3ae23005b89f74.jpg").read_bytes()
    )
    async with open_witness(SLOW_MACHINE) as witness:
        await witness.begin(random.Random(4))
        async with playing(witness, frames):
            steps = await steps_of(witness)
        result = await witness.finish(portrait)
    assert any(isinstance(step, CueClosed) for step in steps)
    assert result.match is not None
    assert result.match.band is Band.MATCH
    # It does not listen: it turns whenever it turns.
    assert result.liveness.outcome is LivenessOutcome.CUES_MISSED
    assert any(cue.outcome is not CueOutcome.SEEN for cue in result.liveness.cues)
    assert result.wiped.frames > result.frames_taken * 0.9
    assert result.wiped.vectors > result.liveness.continuity.frames * 0.9  # type: ignore[union-attr]  # there was a face
    assert result.cpu_s > 0


@pytest.mark.parametrize("content", [b"", b"garbage", bytes(5000)], ids=["empty", "text", "zeros"])
def test_what_is_no_recording_is_unreadable(content: bytes, tmp_path: Path) -> None:
    for name in ("clip.mp4", "picture.jpg"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RecordingUnreadable):
            list(recordings_in(tmp_path / name)[0].frames())
    with pytest.raises(RecordingUnreadable):
        recordings_in(tmp_path / "missing")
    (tmp_path / "folder").mkdir()
    with pytest.raises(RecordingUnreadable):
        recordings_in(tmp_path / "folder")
