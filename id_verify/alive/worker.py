"""The witness's process: takes frames, tells steps, judges, overwrites what it held and ends.

Recognition must not run beside the kiosk's event loop: OpenCV and dlib hold it up, and dlib crashes
in threads. Nothing here touches disk or network.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from typing import Final, assert_never

import cv2
import numpy as np

from id_verify.alive.cue import SLOW, USUAL, Cue, draw_sequence
from id_verify.alive.errors import AliveError
from id_verify.alive.frame_witness import FrameWitness
from id_verify.alive.judge import Likeness, judge
from id_verify.alive.observation import Observation
from id_verify.alive.steps import Step
from id_verify.alive.watch import Watch
from id_verify.alive.worker_messages import (
    Begin,
    Failed,
    Finish,
    Frame,
    Judged,
    Looked,
    Order,
    Started,
    Stop,
    Wiped,
    WorkerSettings,
)
from id_verify.faces.calibration import Calibration, read_calibration, shipped_calibration
from id_verify.faces.engine import Embedding, FaceEngine, Picture, open_engine
from id_verify.faces.errors import FaceError
from id_verify.faces.face_match import FaceMatch
from id_verify.faces.match import LiveFace, match_live

MOST_KEPT: Final = 3
"""Pictures to compare: at rest, in the middle, at the end."""


def run(settings: WorkerSettings, line: Connection) -> None:
    """Serve one check; the process's main function."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; it ends the line
    cv2.setNumThreads(1)
    try:
        engine = open_engine(settings.engine)
        calibration = (
            shipped_calibration(settings.engine)
            if settings.calibration is None
            else read_calibration(settings.calibration)
        )
        check = Check(engine, calibration, settle_s=settings.settle_s)
    except (FaceError, AliveError) as reason:
        line.send(Failed(f"{reason.code}: {reason}"))
        return
    memory = SharedMemory(settings.memory)
    try:
        line.send(Started(engine.name, engine.version))
        _serve(check, memory, settings, line)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the parent is gone or has given up: nothing to tell anybody, only to wipe
    finally:
        check.wipe()
        memory.close()


def _serve(check: Check, memory: SharedMemory, settings: WorkerSettings, line: Connection) -> None:
    while True:
        order: Order = line.recv()
        match order:
            case Begin():
                check.begin(order)
            case Frame():
                place = np.ndarray(
                    (order.height, order.width, 3),
                    np.uint8,
                    memory.buf,
                    offset=order.slot * settings.slot_bytes,
                )
                steps = check.look(order.t_s, place)
                place.fill(0)
                del place  # the memory cannot be closed while an array looks into it
                line.send(Looked(order.slot, steps))
            case Finish():
                line.send(check.finish(order.portrait))
                return
            case Stop():
                return
            case _:
                assert_never(order)


class Check:
    """One check of one resident, with everything it holds of them."""

    def __init__(
        self, engine: FaceEngine, calibration: Calibration, *, settle_s: float = 20.0
    ) -> None:
        calibration.require(engine.version)
        self._engine = engine
        self._calibration = calibration
        self._witness = FrameWitness(engine)
        self._witness.warm()
        self._watch = Watch(self._draw, settle_s=settle_s)
        self._begin = Begin(0, slow=False)
        self._observations: list[Observation] = []
        self._kept: list[Picture] = []
        self._frames = 0
        self._vectors = 0
        self._cpu_from_s = time.process_time()

    def begin(self, order: Begin) -> None:
        """Frames that come from now on count."""
        self._begin = order
        self._cpu_from_s = time.process_time()

    def look(self, t_s: float, picture: Picture) -> tuple[Step, ...]:
        """Note one frame; it may be overwritten afterwards."""
        self._frames += 1
        if self._watch.done:
            return ()
        self._witness.watched_eyes = self._watch.wants_eyes
        observation = self._witness.feed(t_s, picture)
        self._observations.append(observation)
        steps = self._watch.feed(observation)
        if self._watch.keep and len(self._kept) < MOST_KEPT:
            self._kept.append(self._witness.upright(picture).copy())
        return steps

    def finish(self, portrait: Picture | None) -> Judged:
        """Judge what was seen, compare, overwrite."""
        faces = [LiveFace.taken(self._engine, picture) for picture in self._kept]
        vectors = [face.embedding for face in faces if face.embedding is not None]
        liveness = judge(self._observations, self._watch.findings, self._likeness(vectors))
        match = None if portrait is None else self._match(faces, portrait)
        for vector in vectors:
            vector.wipe()
        self._vectors += len(vectors)
        cpu_s = time.process_time() - self._cpu_from_s
        return Judged(liveness=liveness, match=match, wiped=self.wipe(), cpu_s=round(cpu_s, 3))

    def wipe(self) -> Wiped:
        """Overwrite every picture, point and vector; return how many there were."""
        for picture in self._kept:
            picture.fill(0)
        for one in self._observations:
            if one.face is not None:
                one.face.points.fill(0.0)
                self._vectors += 1
        self._witness.forget()
        wiped = Wiped(self._frames, self._vectors)
        self._kept.clear()
        self._observations.clear()
        self._frames = self._vectors = 0
        return wiped

    def _draw(self) -> tuple[Cue, ...]:
        begin = self._begin
        return draw_sequence(
            random.Random(begin.seed), pace=SLOW if begin.slow else USUAL, kinds=begin.kinds
        )

    def _match(self, faces: Sequence[LiveFace], portrait: Picture) -> FaceMatch:
        found = match_live(self._engine, self._calibration, faces, portrait)
        self._vectors += 2 if found.frames_used else 0  # the mean of the live ones, the portrait's
        self._frames += 1
        portrait.fill(0)
        return found

    def _likeness(self, vectors: Sequence[Embedding]) -> Likeness:
        """Compare the kept faces.

        The bar is where the calibration says "another person": within one sitting, before one
        camera, nobody comes near it.
        """
        return Likeness.along(vectors, self._engine.compare, least=self._calibration.no_below)
