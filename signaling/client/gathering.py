"""Trickle for aioice: host candidates at once, what STUN and TURN answer when they answer it.

aioice gathers everything before it says anything, and waits 5 s for a STUN or TURN server that
does not answer. On a closed network that is 5 s of black picture in every call. Here a call is
set up with the host candidates, and the rest joins it while it runs, or never.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

import aioice.ice
from aioice import Candidate, TransportPolicy

log = logging.getLogger(__name__)

PATIENCE_S: Final = 10.0
"""How long STUN and TURN may take; nothing but the end of the gathering waits for it."""


class TricklingConnection(aioice.ice.Connection):
    """An ICE connection whose STUN and TURN candidates come late."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        """As aioice's."""
        super().__init__(*args, **settings)
        self._late_task: asyncio.Task[None] | None = None
        self._late_listener: Callable[[Candidate | None], None] | None = None
        self._late: list[Candidate | None] = []

    @property
    def is_gathering(self) -> bool:
        """True while STUN or TURN may still answer."""
        return self._late_task is not None and not self._late_task.done()

    def on_late(self, listener: Callable[[Candidate | None], None]) -> None:
        """Hear each late candidate, those so far included, and then None for the end."""
        self._late_listener = listener
        for candidate in self._late:
            listener(candidate)

    async def gather_candidates(self) -> None:
        """Gather the host candidates, and begin to ask STUN and TURN."""
        if self._local_candidates_start:
            return
        stun, turn = self.stun_server, self.turn_server
        self.stun_server = self.turn_server = None
        try:
            await super().gather_candidates()
        finally:
            self.stun_server, self.turn_server = stun, turn
        if (stun or turn) and not self._closing:
            self._late_task = asyncio.create_task(self._gather_late(), name="late candidates")

    async def close(self) -> None:
        """Close, and stop asking."""
        if self._late_task is not None:
            self._late_task.cancel()
            await asyncio.gather(self._late_task, return_exceptions=True)
        await super().close()

    def _remote_candidates_expected(self) -> bool:
        # Also asked for "may the checks still change": while our own candidates are coming, the
        # checks go on and are not given up.
        return self.is_gathering or super()._remote_candidates_expected()

    async def _gather_late(self) -> None:
        asking: list[Coroutine[Any, Any, None]] = []
        if self.turn_server is not None:
            asking.append(self._ask_turn())
        if self.stun_server is not None and self._transport_policy == TransportPolicy.ALL:
            asking += [
                self._ask_stun(protocol, self.stun_server)
                for protocol in self._protocols
                if ":" not in protocol.local_candidate.host
            ]
        try:
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.gather(*asking)
        except TimeoutError:
            log.info("a STUN or TURN server does not answer")
        self._late_task = None
        self._tell(None)
        if self._early_checks_done:
            self._check_list_maybe_fail()

    async def _ask_stun(self, protocol: aioice.ice.StunProtocol, server: tuple[str, int]) -> None:
        try:
            candidate, _ = await aioice.ice.server_reflexive_candidate(protocol, server)
        except (aioice.stun.TransactionError, OSError) as failure:
            log.info("no answer from the STUN server", extra={"kind": type(failure).__name__})
            return
        self._add_late(candidate)

    async def _ask_turn(self) -> None:
        assert self.turn_server is not None
        try:
            candidate, protocol = await aioice.ice.relayed_candidate(
                component=1,
                hide_related_address=self._transport_policy == TransportPolicy.RELAY,
                protocol_factory=lambda: aioice.ice.StunProtocol(self),
                turn_server=self.turn_server,
                turn_username=self.turn_username,
                turn_password=self.turn_password,
                turn_ssl=self.turn_ssl,
                turn_transport=self.turn_transport,
            )
        except (aioice.stun.TransactionError, OSError) as failure:
            log.info("no answer from the TURN server", extra={"kind": type(failure).__name__})
            return
        self._protocols.append(protocol)
        self._add_late(candidate)
        for remote in self._remote_candidates:
            if protocol.local_candidate.can_pair_with(remote) and not self._find_pair(
                protocol, remote
            ):
                self._check_list.append(aioice.ice.CandidatePair(protocol, remote))
        self.sort_check_list()

    def _add_late(self, candidate: Candidate) -> None:
        self._local_candidates.append(candidate)
        self._tell(candidate)

    def _tell(self, candidate: Candidate | None) -> None:
        self._late.append(candidate)
        if self._late_listener is not None:
            self._late_listener(candidate)
