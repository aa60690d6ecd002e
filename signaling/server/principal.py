"""Who a connection belongs to, and who can tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from service_queue.actor import Actor
from signaling.protocol.words import Role

KIOSK_ROLES: Final = frozenset({Role.KIOSK_PAGE, Role.KIOSK_DEVICE})
"""Roles whose subject is a kiosk; the others are people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """What a token proves."""

    role: Role
    kiosk_id: str | None = None
    agent_id: str | None = None
    agent_name: str | None = None
    departments: str = "*"
    """What an agent may serve, joined by `|`; `*` is all."""
    languages: str = "zh"
    """Languages an agent serves in, joined by `|`."""
    session_id: str | None = None
    """The sign-in behind an agent's token; revoking it ends the connection."""
    page_origin: str | None = None
    """The loopback origin a kiosk's page was enrolled with; a kiosk's browser comes from there."""
    expires_at: float
    """Until when the token opens connections; one that is open outlives it."""

    def __post_init__(self) -> None:
        """Make sure that the role and the ids go together."""
        kiosk = self.role in KIOSK_ROLES
        if (self.kiosk_id is not None) is not kiosk or (self.agent_id is None) is not kiosk:
            raise ValueError("a kiosk's principal names a kiosk, a person's names an agent")

    @property
    def subject(self) -> str:
        """The kiosk's or the agent's id."""
        subject = self.kiosk_id or self.agent_id
        assert subject is not None
        return subject

    @property
    def actor(self) -> Actor:
        """The same, as the hall wants it."""
        return Actor(
            role=self.role,
            kiosk_id=self.kiosk_id,
            agent_id=self.agent_id,
            agent_name=self.agent_name,
            departments=self.departments,
            languages=self.languages,
        )


class TokenVerifier(Protocol):
    """Knows the tokens this installation gave out."""

    async def verify(self, token: str) -> Principal:
        """Who the token belongs to.

        Raises:
            TokenInvalid: forged, garbled, or of a session or device that was revoked.
            TokenExpired: genuine, but past its time.
        """
        ...
