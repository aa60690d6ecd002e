"""How a peer connection is closed: for good, in five seconds, and never cancelled half-way.

A close of aiortc that is cancelled leaves a connection that can never be closed again. So it runs
in a task of its own, whatever becomes of the one who asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

log = logging.getLogger(__name__)

CLOSE_S: Final = 5.0
"""A close that takes longer is left alone; it is never cancelled, which would poison it."""

_closing: set[asyncio.Task[None]] = set()


class PeerClose:
    """The one close of one peer connection; await `run` as often as you like."""

    def __init__(self, close: Callable[[], Coroutine[Any, Any, None]], **names: str) -> None:
        """`close` does it; `names` go into the log if it does not come back."""
        self._close = close
        self._names = names
        self._task: asyncio.Task[None] | None = None

    @property
    def has_begun(self) -> bool:
        """True from the first `run` on."""
        return self._task is not None

    async def run(self) -> None:
        """Close, and be back in five seconds."""
        if self._task is None:
            self._task = asyncio.create_task(self._close(), name="peer close")
            _closing.add(self._task)
            self._task.add_done_callback(_closing.discard)
        done, _ = await asyncio.wait({self._task}, timeout=CLOSE_S)
        if not done:
            log.error("a peer connection does not close", extra=self._names)


async def closed_peers() -> None:
    """Return when every peer connection that was closed in this process is really gone."""
    if _closing:
        await asyncio.wait(set(_closing))
