"""What a process with thousands of sockets needs told to it once, at its start."""

from __future__ import annotations

import gc
import resource
from typing import Final

LISTEN_BACKLOG: Final = 4096
"""Connections the kernel may hold until we accept them. aiohttp's own 128 drops the rest of a
reconnect storm on the floor, and a dropped SYN is sent again only after a second, then three:
1,000 clients were 8.6 times slower to return. (net.core.somaxconn bounds it; Linux has 4096.)"""

_GC_THRESHOLDS: Final = (200_000, 50, 1000)
"""Every connection makes some hundred objects that live as long as it does. With the stock
thresholds the collector walks all of them again after each 700 more: half of a connect's cost
at 5,000 clients. Reference counting frees nearly everything without it."""

_FILES_WANTED: Final = 65_536


def tune_for_many_sockets() -> None:
    """Calm the garbage collector and raise the limit of open files as far as it may go.

    Call it once when everything is open, before the server listens: what exists by then is taken
    out of the collector's sight for good.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(_FILES_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
