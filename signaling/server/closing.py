"""Going down on purpose: everybody is told when to come back, and not all at once."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Final

from signaling.protocol.events import ServerClosing
from signaling.server.hub import Hub

_POLITE_S: Final = 4.0
"""How long clients may take to read why."""
_FORCED_S: Final = 2.0
_LOOK_EVERY_S: Final = 0.02
_SOONEST_S: Final = 0.5


async def close_politely(hub: Hub, spread_s: float, rng: random.Random) -> None:
    """Tell every client that the server goes down, then end all connections within 6 s."""
    hub.presence.close()
    server = hub.server
    for sid in server.open_sids():
        retry_after_s = round(rng.uniform(_SOONEST_S, max(_SOONEST_S, spread_s)), 2)
        server.dismiss(sid, ServerClosing(retry_after_s=retry_after_s).model_dump_json())
    if not await _all_gone(hub, _POLITE_S):
        for sid in server.open_sids():
            server.drop(sid, "closing")
        await _all_gone(hub, _FORCED_S)


async def _all_gone(hub: Hub, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while hub.server.open_sids():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(_LOOK_EVERY_S)
    return True
