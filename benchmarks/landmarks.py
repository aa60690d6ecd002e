"""`python -m benchmarks.landmarks`: LiteRT against OpenCV on the landmark models, in one run.

CPU of one thread for one square of noise: what a model computes does not depend on what it sees.
The rounds of both alternate, so that other programs disturb both alike.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from statistics import median
from typing import Final

import cv2
import numpy as np

from id_verify.alive.models import EYE, MESH, LandmarkModel, path_of

SIDES: Final = {MESH: 192, EYE: 64}
ROUNDS: Final = 15
RUNS: Final = 40


def cpu_ms(work: Callable[[], object]) -> float:
    """Milliseconds of CPU for one piece of work, the mean of some."""
    began = time.process_time()
    for _ in range(RUNS):
        work()
    return 1000 * (time.process_time() - began) / RUNS


def compare(name: str) -> dict[str, object]:
    """Run one model in both ways, and say how far their answers are apart."""
    side = SIDES[name]
    crop = np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8)
    model = LandmarkModel(name)
    net = cv2.dnn.readNetFromTFLite(str(path_of(name)), cv2.dnn.ENGINE_CLASSIC)
    outputs = [one for one in model.run(crop) if one in net.getUnconnectedOutLayersNames()]

    def by_opencv() -> list[np.ndarray]:
        net.setInput(cv2.dnn.blobFromImage(crop, 1 / 255, (side, side), swapRB=True))
        return [np.asarray(one).ravel() for one in net.forward(outputs)]

    said = model.run(crop)
    apart = max(
        float(np.abs(said[one] - other).max())
        for one, other in zip(outputs, by_opencv(), strict=True)
    )
    rounds = [(cpu_ms(lambda: model.run(crop)), cpu_ms(by_opencv)) for _ in range(ROUNDS)]
    litert, opencv = (median(times) for times in zip(*rounds, strict=True))
    return {
        "model": name,
        "litert_ms": round(litert, 2),
        "opencv_ms": round(opencv, 2),
        "ratio": round(litert / opencv, 2),
        "largest_difference": apart,
    }


def main() -> None:
    """Print one JSON object for each model."""
    cv2.setNumThreads(1)
    for name in SIDES:
        print(json.dumps(compare(name)), flush=True)


if __name__ == "__main__":
    main()
