"""Our own faults in the log: where, but not with what."""

from __future__ import annotations

import logging
import traceback


def log_fault(log: logging.Logger, what: str, failure: BaseException) -> None:
    """Log the kind of `failure` and its stack, without its message.

    Messages of validators and databases quote the values they were given: names, tokens, SDP.
    """
    frames = [
        f"{frame.filename}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(failure.__traceback__)
    ]
    log.error("%s: %s at %s", what, type(failure).__qualname__, " < ".join(reversed(frames)))
