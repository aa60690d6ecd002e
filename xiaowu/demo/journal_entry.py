"""One row of the journal, as the invariants read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One thing that happened. `seq` is its place in the order of commits."""

    seq: int
    at: float
    kind: str
    kiosk_id: str | None = None
    seat_id: str | None = None
    ticket_id: str | None = None
    call_id: str | None = None
    reason: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
