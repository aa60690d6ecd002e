"""The card of nobody that the person at the machine can put on the simulated reader.

Whoever sees it, on a screen or in a file, sees that it is none: a drawn face, a name that says so,
and the number that the standard itself gives as its example (GB 11643).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk_client.identity.card_slot import CARD_FILE, SAMPLE

PORTRAIT: Final = "portrait.jpg"
CARD: Final[dict[str, Any]] = {
    "name": "示例卡",
    "sex": "female",
    "nationality": "汉",
    "birth": "1949-12-31",
    "address": "示例省示例县示例镇示例路1号",
    "number": "11010519491231002X",
    "valid_since": "2020-01-01",
    "valid_until": None,
    "portrait": PORTRAIT,
}
WIDTH: Final = 358
HEIGHT: Final = 441
"""As the portrait on a chip, larger: 26 × 32 mm."""


def lay_out_sample_card(reader_dir: Path) -> Path:
    """Lay the sample card beside the reader in `reader_dir`; returns its folder.

    A portrait that somebody put there (their own, to see a match) stays.
    """
    sample = reader_dir / SAMPLE
    sample.mkdir(parents=True, exist_ok=True, mode=0o700)
    portrait = sample / PORTRAIT
    if not portrait.exists():
        drawn = cv2.imencode(".jpg", drawn_portrait())[1]
        portrait.write_bytes(drawn.tobytes())
    (sample / CARD_FILE).write_text(json.dumps(CARD, ensure_ascii=False, indent=1), "utf-8")
    return sample


def drawn_portrait() -> NDArray[np.uint8]:
    """Return a face that nobody has: circles, lines, and the word for it."""
    picture = np.full((HEIGHT, WIDTH, 3), (236, 240, 243), np.uint8)
    line, skin, hair, coat = (70, 62, 52), (205, 222, 240), (96, 84, 74), (134, 92, 13)
    middle = WIDTH // 2
    cv2.ellipse(picture, (middle, HEIGHT + 40), (150, 130), 0, 180, 360, coat, -1, cv2.LINE_AA)
    cv2.ellipse(picture, (middle, 205), (96, 122), 0, 0, 360, hair, -1, cv2.LINE_AA)
    cv2.ellipse(picture, (middle, 222), (84, 106), 0, 0, 360, skin, -1, cv2.LINE_AA)
    for side in (-1, 1):
        cv2.circle(picture, (middle + side * 34, 206), 9, line, -1, cv2.LINE_AA)
    cv2.line(picture, (middle, 216), (middle, 246), line, 4, cv2.LINE_AA)
    cv2.ellipse(picture, (middle, 272), (30, 14), 0, 20, 160, line, 5, cv2.LINE_AA)
    cv2.putText(picture, "SAMPLE", (88, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.5, line, 3, cv2.LINE_AA)
    return picture
