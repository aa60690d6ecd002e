"""One row of the journal, as those read it who tell it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One thing that happened. `seq` is its place in the order of commits."""

    seq: int
    at: float
    kind: str
    actor: str = ""
    kiosk_id: str | None = None
    seat_id: str | None = None
    ticket_id: str | None = None
    call_id: str | None = None
    reason: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)

    def number(self, name: str) -> float:
        """A number of the detail; -1 when there is none, which no rule allows."""
        value = self.detail.get(name)
        return float(value) if isinstance(value, int | float) else -1.0

    def word(self, name: str) -> str | None:
        """A text of the detail, or None."""
        value = self.detail.get(name)
        return value if isinstance(value, str) else None
