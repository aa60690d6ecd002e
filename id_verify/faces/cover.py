"""Whether mouth and eyes are to be seen: a mask is flat where lips are, dark glasses dark all over.

Measured on an aligned crop, against the same face's own skin and range, so that neither a dark skin
nor a dim room looks like a cover.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from id_verify.faces.engine import Picture

_MOUTH: Final = (slice(80, 104), slice(42, 70))
_EYES: Final = ((slice(46, 62), slice(30, 50)), (slice(46, 62), slice(62, 82)))
_CHEEKS: Final = ((slice(64, 76), slice(28, 40)), (slice(64, 76), slice(72, 84)))
_BROW: Final = (slice(30, 42), slice(42, 70))
_FACE: Final = (slice(30, 108), slice(26, 86))
_LEAST_RANGE: Final = 20.0
_LEAST_SKIN: Final = 10.0


def mouth_relief(crop: Picture) -> float:
    """Return how much is to be seen around the mouth, in ranges of the whole face; 0 is a wall."""
    light = _light(crop)
    low, high = np.percentile(light[_FACE], (10, 90))
    return float(light[_MOUTH].std()) / max(float(high - low), _LEAST_RANGE)


def eye_light(crop: Picture) -> float:
    """Return how light the lighter eye's surroundings are, beside the skin of cheeks and brow."""
    light = _light(crop)
    cheeks = np.mean([np.median(light[place]) for place in _CHEEKS])
    skin = max(float(cheeks + np.median(light[_BROW])) / 2, _LEAST_SKIN)
    return max(float(light[place].mean()) for place in _EYES) / skin


def _light(crop: Picture) -> NDArray[np.float32]:
    soft = cv2.GaussianBlur(crop, (0, 0), 1.2)
    return np.asarray(cv2.cvtColor(soft, cv2.COLOR_BGR2LAB))[..., 0].astype(np.float32)
