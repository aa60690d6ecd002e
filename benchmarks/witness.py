"""`python -m benchmarks.witness`: how long a check takes, what it costs, whether anything waits.

Obliging people (`attack_people`) follow three cues before the witness's process in real time, at 15
frames a second and 640 × 480. Measured: from the first frame to the verdict, the CPU of the
process without decoding, frames dropped, and how late the event loop of the program ever was.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import random
import statistics
import sys
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from benchmarks.attack_people import Cuttings, Person
from benchmarks.attack_players import FPS
from benchmarks.attacks import DATA, people_in
from id_verify.alive.steps import Watched
from id_verify.alive.witness import WitnessSettings, open_witness
from id_verify.alive.words import LivenessOutcome
from id_verify.faces.engine import Picture, open_engine

SIZE: Final = (640, 480)
BEAT_S: Final = 0.005


class Heartbeat:
    """How late the loop is: what a frame of a call or a touch would wait."""

    def __init__(self) -> None:
        self.latest_ms = 0.0

    async def beat(self) -> None:
        """Ask to be woken again and again, and see how late that is."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + BEAT_S
            await asyncio.sleep(BEAT_S)
            self.latest_ms = max(self.latest_ms, 1000 * (loop.time() - due))


def on_stage(picture: Picture) -> Picture:
    """The picture as a booth's camera would send it."""
    width, height = SIZE
    scale = min(width / picture.shape[1], height / picture.shape[0])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    stage = np.zeros((height, width, 3), np.uint8)
    y, x = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    stage[y : y + small.shape[0], x : x + small.shape[1]] = small
    return stage


async def check(person: Person, seed: int) -> dict[str, object]:
    """One check, in real time."""
    loop = asyncio.get_running_loop()
    beats = Heartbeat()
    offered = 0
    async with open_witness(WitnessSettings()) as witness:
        await witness.begin(random.Random(seed), kinds=tuple(person.cuttings.acts))
        beating = asyncio.create_task(beats.beat())
        began = loop.time()

        async def film() -> None:
            nonlocal offered
            while True:
                due = began + offered / FPS
                if due > loop.time():
                    await asyncio.sleep(due - loop.time())
                picture = await asyncio.to_thread(person.show, offered / FPS)
                witness.offer_frame(offered / FPS, picture)
                offered += 1

        filming = asyncio.create_task(film())
        async for step in witness.steps():
            person.hear(step)
            if isinstance(step, Watched):
                break
        filming.cancel()
        watched_s = loop.time() - began
        result = await witness.finish(person.cuttings.frames[person.cuttings.rest[0]].copy())
        verdict_s = loop.time() - began
        beating.cancel()
    return {
        "person": person.cuttings.name,
        "outcome": result.liveness.outcome.value,
        "cues": [f"{cue.kind.value}:{cue.outcome.value}" for cue in result.liveness.cues],
        "to_the_last_cue_s": round(watched_s, 2),
        "to_the_verdict_s": round(verdict_s, 2),
        "cpu_s": result.cpu_s,
        "frames": result.frames_taken,
        "dropped": result.frames_dropped,
        "frames_a_second": round(result.frames_taken / watched_s, 1),
        "loop_late_ms": round(beats.latest_ms, 1),
    }


def on_stages(cuttings: Cuttings) -> Cuttings:
    """Somebody before a booth's camera."""
    return dataclasses.replace(cuttings, frames=[on_stage(frame) for frame in cuttings.frames])


def main() -> int:
    """Print one JSON object for each check, and one for all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--checks", type=int, default=6)
    options = parser.parse_args()
    if not options.data.is_dir():
        print(f"no recordings at {options.data}: name them with --data", file=sys.stderr)
        return 2
    cv2.setNumThreads(1)
    people = [on_stages(one) for one in people_in(options.data, open_engine())]
    told = []
    for n in range(options.checks):
        person = Person(people[n % len(people)], random.Random(n))
        told.append(asyncio.run(check(person, n)))
        print(json.dumps(told[-1]), flush=True)
    live = [one for one in told if one["outcome"] == LivenessOutcome.LIVE.value]
    figures = ("to_the_verdict_s", "cpu_s", "loop_late_ms", "frames_a_second")
    print(
        json.dumps(
            {
                "checks": len(told),
                "live": len(live),
                **{
                    name: {
                        "median": statistics.median(float(str(one[name])) for one in live),
                        "most": max(float(str(one[name])) for one in live),
                    }
                    for name in figures
                    if live
                },
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
