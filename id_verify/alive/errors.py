"""What can go wrong in the witness.

AliveError
├── WitnessLost       witness_lost
└── RecordingUnreadable  recording_unreadable
"""

from __future__ import annotations

from typing import ClassVar


class AliveError(Exception):
    """Base of what this package raises."""

    code: ClassVar[str]


class WitnessLost(AliveError):
    """The witness process died or did not answer in time: nothing is known about the resident."""

    code = "witness_lost"


class RecordingUnreadable(AliveError):
    """The file or folder holds no pictures that can be read."""

    code = "recording_unreadable"
