"""The version of the wire, agreed at hello."""

from typing import Final

PROTOCOL_VERSION: Final = 1
"""Raised when a message changes in a way an older peer would misread."""

OLDEST_SUPPORTED: Final = 1
"""A rolling upgrade keeps peers one version back working."""

MAX_MESSAGE_BYTES: Final = 64 * 1024
"""Largest message either side may send; an SDP of two tracks is about 6 KiB."""
