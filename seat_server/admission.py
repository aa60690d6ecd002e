"""Whose token stands, and whose connection must end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from seat_server.devices import Devices
from seat_server.ledger import Ledger, Part
from seat_server.sessions import Sessions, SignedIn
from seat_server.tables import KioskDeviceRow
from seat_server.tokens import TokenClaims, TokenMint
from signaling.protocol.errors import Refusal, TokenInvalid
from signaling.server.principal import KIOSK_ROLES, Principal

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 0.5
"""What an administrator's command revokes is gone within about this time."""

LOOK_ANYWAY_AFTER_LOOKS: Final = 60
"""Sessions also end by time, which changes no row: look at them twice a minute."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Standing:
    """Who may come in, as of a revision."""

    revision: tuple[int, ...] = ()
    sessions: dict[str, SignedIn] = field(default_factory=dict)
    devices: dict[str, KioskDeviceRow] = field(default_factory=dict)

    @property
    def page_origins(self) -> frozenset[str]:
        return frozenset(device.page_origin for device in self.devices.values())


class Admission:
    """Keeps who may come in, in memory; the verifier of the wire's tokens."""

    def __init__(
        self, ledger: Ledger, sessions: Sessions, devices: Devices, mint: TokenMint
    ) -> None:
        self._ledger = ledger
        self._sessions = sessions
        self._devices = devices
        self._mint = mint
        self._standing = _Standing()
        self._ended: set[str] = set()
        """Grants that ended and whose connections are not yet closed."""
        self._reading = asyncio.Lock()

    def kiosk_origins(self) -> frozenset[str]:
        """Where pages of enrolled kiosks live."""
        return self._standing.page_origins

    async def verify(self, token: str) -> Principal:
        """Who the token belongs to.

        Raises:
            TokenInvalid: forged, garbled, or of a session or device that was revoked.
            TokenExpired: genuine, but past its time.
        """
        claims = self._mint.read(token)
        principal = self._principal(claims)
        if principal is None:
            # Perhaps it was granted a moment ago.
            await self.refresh()
            principal = self._principal(claims)
        if principal is None:
            raise TokenInvalid
        return principal

    async def refresh(self) -> None:
        """Read again who may come in."""
        async with self._reading:
            before = self._standing
            self._standing = now = _Standing(
                revision=await self._revision(),
                sessions=await self._sessions.standing(),
                devices=await self._devices.standing(),
            )
            self._ended |= before.sessions.keys() - now.sessions.keys()
            gone = before.devices.keys() - now.devices.keys()
            self._ended |= {before.devices[device_id].kiosk_id for device_id in gone}

    async def watch(
        self, *, in_use: Callable[[], Iterable[str]], revoke: Callable[[str], object]
    ) -> None:
        """Follow changes until cancelled: call `revoke` with each grant that ended.

        A grant is the id of a session or of a kiosk. `in_use` gives the sessions with an open
        socket: those are not idle.
        """
        looks = 0
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            looks += 1
            try:
                anyway = looks % LOOK_ANYWAY_AFTER_LOOKS == 0
                if anyway:
                    await self._sessions.touch(list(in_use()))
                if anyway or await self._revision() != self._standing.revision:
                    await self.refresh()
            except (Refusal, SQLAlchemyError) as failure:
                # The watch must outlive a database that is away for a while.
                log.warning("access could not be read: %s", type(failure).__name__)
            while self._ended:
                revoke(self._ended.pop())

    async def _revision(self) -> tuple[int, ...]:
        numbers = await self._ledger.revisions()
        return tuple(numbers.get(part, 0) for part in (Part.ACCESS, Part.DISTRICT))

    def _principal(self, claims: TokenClaims) -> Principal | None:
        if claims.role in KIOSK_ROLES:
            device = self._standing.devices.get(claims.grant)
            if device is None or device.kiosk_id != claims.sub:
                return None
            return Principal(
                role=claims.role,
                kiosk_id=device.kiosk_id,
                page_origin=device.page_origin,
                expires_at=claims.exp,
            )
        who = self._standing.sessions.get(claims.grant)
        if who is None or who.agent_id != claims.sub or who.role is not claims.role:
            return None
        return Principal(
            role=who.role,
            agent_id=who.agent_id,
            agent_name=who.name,
            session_id=who.session_id,
            expires_at=claims.exp,
        )
