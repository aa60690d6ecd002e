"""Who asks."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.protocol.words import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Whoever a command comes from, as the gate made sure of."""

    role: Role
    kiosk_id: str | None = None
    agent_id: str | None = None
    agent_name: str | None = None
    departments: str = "*"
    """What an agent may serve, joined by `|`; `*` is all."""
    languages: str = "zh"
    """Languages an agent serves in, joined by `|`."""

    @property
    def subject(self) -> str:
        """How the journal and the idempotency key name it: `kiosk:K01`, `agent:a07`, `system`."""
        if self.kiosk_id is not None:
            return f"kiosk:{self.kiosk_id}"
        return f"agent:{self.agent_id}"


SYSTEM = "system"
"""How the journal names the sweeper and the matcher."""
