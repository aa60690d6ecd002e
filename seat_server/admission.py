"""Whose token stands, and whose connection must end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from seat_server.devices import Devices
from seat_server.sessions import Sessions, SignedIn
from seat_server.tables import KioskDeviceRow
from seat_server.tokens import TokenClaims, TokenMint
from signaling.protocol.errors import TokenInvalid
from signaling.server.principal import KIOSK_ROLES, Principal


@dataclass(frozen=True, kw_only=True, slots=True)
class _Standing:
    """Who may come in, as it was read last."""

    sessions: dict[str, SignedIn] = field(default_factory=dict)
    devices: dict[str, KioskDeviceRow] = field(default_factory=dict)

    @property
    def page_origins(self) -> frozenset[str]:
        return frozenset(device.page_origin for device in self.devices.values())


class Admission:
    """Keeps who may come in, in memory; the verifier of the wire's tokens."""

    def __init__(self, sessions: Sessions, devices: Devices, mint: TokenMint) -> None:
        self._sessions = sessions
        self._devices = devices
        self._mint = mint
        self._standing = _Standing()
        self._reading = asyncio.Lock()
        self._in_use: Callable[[], Iterable[str]] = tuple
        self._revoke: Callable[[str], object] = bool

    def guard(
        self, *, in_use: Callable[[], Iterable[str]], revoke: Callable[[str], object]
    ) -> None:
        """Look after open connections from now on.

        `in_use` gives the sessions with an open socket: those are not idle. `revoke` is called
        with each grant that ended, the id of a session or of a kiosk.
        """
        self._in_use, self._revoke = in_use, revoke

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
        """Read again who may come in; connections of whoever may no more are ended."""
        async with self._reading:
            await self._sessions.touch(sorted(self._in_use()))
            before = self._standing
            self._standing = now = _Standing(
                sessions=await self._sessions.standing(),
                devices=await self._devices.standing(),
            )
        ended = before.sessions.keys() - now.sessions.keys()
        gone = before.devices.keys() - now.devices.keys()
        for grant in sorted(ended | {before.devices[device_id].kiosk_id for device_id in gone}):
            self._revoke(grant)

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
            departments=who.departments,
            languages=who.languages,
            session_id=who.session_id,
            expires_at=claims.exp,
        )
