"""What speaks of a picture instead of a person, without asking anybody anything.

These signs count. Others were measured and do not separate on the data at hand (detail, spread of
colours, burnt-out spots: prints and living faces overlap wholly), so they are no part of the score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, median, pstdev
from typing import Final

import numpy as np
from numpy.typing import NDArray

from id_verify.alive.observation import Observation, ObservedFace
from id_verify.alive.words import PassiveSign

BIN_S: Final = 0.3
"""Noise of single frames is averaged over this long; movement is what is left."""
FEWEST_BINS: Final = 4

RESTLESS: Final = {"yaw": 0.4, "pitch": 0.4, "mouth": 0.008, "eyes": 0.012, "place": 0.01}
"""No living face keeps all of these below for a second: degrees, degrees, widths of the mouth and
of an eye, distances between the eyes. Breathing alone moves a head by more."""

TILTED: Final = 0.045
"""Distances between the eyes by which the points must have moved against each other, before it can
be told how they did: four times the noise of the points, and more than a talking face moves its
own. A turn by 20 degrees does it."""
PLANE_EXPLAINS: Final = (0.25, 0.45)
"""Share of that movement which a plane leaves unexplained: a sheet's points up to the first, a
head's from the second on."""
FEWEST_TILTED: Final = 4

CARRIED: Final = (0.8, 1.2)
"""Distances between the eyes, or octaves and a half of size, from which a face is carried about."""
STIFF: Final = (0.014, 0.020)
"""What a sheet's points move against each other meanwhile: the noise of the points. Of a head that
goes that far, the camera sees another side: 0.03 and more."""
SPEECHLESS: Final = (0.03, 0.05)
"""By how much the mouth opens and shuts meanwhile."""
CARRIED_AT_MOST: Final = 0.65
"""Somebody may come closer with a poker face: this sign alone asks for an agent, no more."""

MOIRE_DB: Final = (14.0, 18.0)
"""The highest of the ten thousand independent values of a smooth spectrum stands 11 or 12 dB above
their median by chance; a grid stands above that."""
FEWEST_TEXTURES: Final = 3
FEWEST_CARRIED: Final = 12


def signs_of(observations: Sequence[Observation]) -> Mapping[PassiveSign, float]:
    """Every sign that can be measured here, 0 to 1."""
    faces = [(one.t_s, one.face) for one in observations if one.face is not None]
    measured = {
        PassiveSign.STILL: _stillness(faces),
        PassiveSign.FLAT: _flatness([face for _, face in faces]),
        PassiveSign.CARRIED: _carriage([face for _, face in faces]),
        PassiveSign.MOIRE: _moire([face for _, face in faces]),
    }
    return {sign: value for sign, value in measured.items() if value is not None}


def score_of(signs: Mapping[PassiveSign, float]) -> float:
    """All signs in one figure: how loud the loudest speaks, and the others beside it."""
    silent = 1.0
    for value in signs.values():
        silent *= 1.0 - value
    return round(1.0 - silent, 3)


def _stillness(faces: Sequence[tuple[float, ObservedFace]]) -> float | None:
    if len(faces) == 1:
        return 1.0
    bins: dict[int, list[ObservedFace]] = {}
    for t_s, face in faces:
        bins.setdefault(int((t_s - faces[0][0]) / BIN_S), []).append(face)
    if len(bins) < FEWEST_BINS:
        return None
    size = median(face.eye_distance for _, face in faces)
    means = [
        {
            "yaw": fmean(face.pose.yaw for face in part),
            "pitch": fmean(face.pose.pitch for face in part),
            "mouth": fmean(face.mouth for face in part),
            "eyes": _mean_eyes(part),
            "place": fmean(sum(face.centre) for face in part) / size,
        }
        for part in bins.values()
    ]
    loudest = max(
        _spread([one[figure] for one in means]) / limit for figure, limit in RESTLESS.items()
    )
    return float(np.clip(2.0 - loudest, 0.0, 1.0))


def _mean_eyes(part: Sequence[ObservedFace]) -> float | None:
    seen = [face.eyes for face in part if face.eyes is not None]
    return fmean(seen) if seen else None


def _spread(values: Sequence[float | None]) -> float:
    measured = [value for value in values if value is not None]
    return pstdev(measured) if measured else 0.0


def _flatness(faces: Sequence[ObservedFace]) -> float | None:
    """How far one plane explains what the points did against each other."""
    if len(faces) < FEWEST_TILTED:
        return None
    straight = median(face.pose.yaw for face in faces)
    rest = min(faces, key=lambda face: abs(face.pose.yaw - straight))
    before = rest.points / rest.eye_distance
    shares = []
    for face in faces:
        after = face.points / face.eye_distance
        moved = _unexplained_by_similarity(before, after)
        if moved >= TILTED:
            shares.append((moved, _unexplained_by_plane(before, after) / moved))
    if len(shares) < FEWEST_TILTED:
        return None
    shares.sort(reverse=True)
    clearest = median(share for _, share in shares[: max(FEWEST_TILTED, len(shares) // 4)])
    return 1 - _ramp(clearest, PLANE_EXPLAINS)


def _carriage(faces: Sequence[ObservedFace]) -> float | None:
    """Does it go about in the picture without showing another side, or any expression."""
    if len(faces) < FEWEST_CARRIED:
        return None
    places = np.array([face.centre for face in faces])
    sizes = np.array([face.eye_distance for face in faces])
    away = np.hypot(*(places - np.median(places, axis=0)).T) / np.median(sizes)
    nearer = np.log(np.quantile(sizes, 0.9) / np.quantile(sizes, 0.1)) / np.log(1.5)
    shapes = np.stack([face.points / face.eye_distance for face in faces])
    usual = np.median(shapes - shapes.mean(axis=1, keepdims=True), axis=0).astype(np.float32)
    changed = np.quantile([_unexplained_by_similarity(usual, one) for one in shapes], 0.75)
    spoke = pstdev(face.mouth for face in faces)
    return CARRIED_AT_MOST * float(
        _ramp(max(float(np.quantile(away, 0.9)), float(nearer)), CARRIED)
        * (1 - _ramp(float(changed), STIFF))
        * (1 - _ramp(spoke, SPEECHLESS))
    )


def _ramp(value: float, between: tuple[float, float]) -> float:
    """0 below, 1 above, straight in between."""
    low, high = between
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))


def _unexplained_by_similarity(before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    """What is left after moving, turning and scaling in the plane of the picture."""
    a, b = before - before.mean(axis=0), after - after.mean(axis=0)
    p, q = a[:, 0] + 1j * a[:, 1], b[:, 0] + 1j * b[:, 1]
    factor = (q * p.conj()).sum() / (p * p.conj()).sum()
    return float(np.sqrt((np.abs(q - factor * p) ** 2).mean()))


def _unexplained_by_plane(before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    """What is left after the best homography, found by linear least squares."""
    x, y = before[:, 0], before[:, 1]
    u, v = after[:, 0], after[:, 1]
    nil, one = np.zeros_like(x), np.ones_like(x)
    rows = np.concatenate(
        [
            np.stack([x, y, one, nil, nil, nil, -u * x, -u * y], axis=1),
            np.stack([nil, nil, nil, x, y, one, -v * x, -v * y], axis=1),
        ]
    )
    h, *_ = np.linalg.lstsq(rows, np.concatenate([u, v]), rcond=None)
    depth = h[6] * x + h[7] * y + 1
    du = (h[0] * x + h[1] * y + h[2]) / depth - u
    dv = (h[3] * x + h[4] * y + h[5]) / depth - v
    return float(np.sqrt((du**2 + dv**2).mean()))


def _moire(faces: Sequence[ObservedFace]) -> float | None:
    peaks = [face.texture.moire for face in faces if face.texture is not None]
    if len(peaks) < FEWEST_TEXTURES and len(faces) > 1:
        return None
    return _ramp(median(peaks), MOIRE_DB) if peaks else None
