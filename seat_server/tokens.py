"""Short-lived tokens that open a socket (HS256 JWT, RFC 7519)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import jwt
from pydantic import BaseModel, ConfigDict, ValidationError

from service_queue.clock import Clock
from signaling.protocol.errors import TokenExpired, TokenInvalid
from signaling.protocol.message import Id
from signaling.protocol.words import Role

ALGORITHM: Final = "HS256"
ISSUER: Final = "xiaowu"
AUDIENCE: Final = "socket"


class TokenClaims(BaseModel):
    """What a token says."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    iss: str = ISSUER
    aud: str = AUDIENCE
    sub: Id
    """The kiosk's or the agent's id."""
    role: Role
    grant: Id
    """The session or the device the token was made for: when that is revoked, so is the token."""
    iat: float
    exp: float


@dataclass(frozen=True, kw_only=True, slots=True)
class SocketToken:
    """A token and its end."""

    token: str
    expires_at: float


class TokenMint:
    """Makes tokens and reads them back. Whether the grant still stands is asked elsewhere."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        """`key`: 32 bytes, the same after a restart, so that tokens survive it."""
        self._key = key
        self._clock = clock

    def issue(self, *, subject: str, role: Role, grant: str, lifetime_s: float) -> SocketToken:
        """Make a token for `subject` under `grant`."""
        now = self._clock.now()
        claims = TokenClaims(sub=subject, role=role, grant=grant, iat=now, exp=now + lifetime_s)
        token = jwt.encode(claims.model_dump(mode="json"), self._key, algorithm=ALGORITHM)
        return SocketToken(token=token, expires_at=claims.exp)

    def read(self, token: str) -> TokenClaims:
        """Check a token's make and its time.

        Raises:
            TokenInvalid: it is not one of ours.
            TokenExpired: it is, but past its time.
        """
        try:
            # Times are checked below, by the clock this process was given.
            payload = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                audience=AUDIENCE,
                options={"verify_exp": False, "verify_iat": False, "require": ["exp", "sub"]},
            )
            claims = TokenClaims.model_validate(payload)
        except (jwt.InvalidTokenError, ValidationError):
            raise TokenInvalid from None
        if claims.exp <= self._clock.now():
            raise TokenExpired
        return claims
