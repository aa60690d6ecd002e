"""Counts of one day, as a fold over its tickets and calls."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from service_queue.identity_tables import IdentityRow
from service_queue.tables import TicketRow
from signaling.protocol.identity import IdentityDecision
from signaling.protocol.words import TicketState


@dataclass
class DayTally:
    """Counts of one day."""

    taken: int = 0
    by_state: Counter[TicketState] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    """Seconds from arrival to acceptance, sorted."""
    waits_by_location: dict[str, list[float]] = field(default_factory=dict)
    """The same, of each location."""
    ratings: list[int] = field(default_factory=lambda: [0] * 5)
    served_by_location: Counter[str] = field(default_factory=Counter)
    served_by_seat: Counter[str] = field(default_factory=Counter)
    overrides: set[str] = field(default_factory=set)
    """Tickets whose resident two people accepted against the evidence."""

    def count(self, old: TicketRow | None, new: TicketRow) -> None:
        """Follow a ticket of this day from `old` to `new`."""
        if old is None:
            self.taken += 1
        elif old.state is new.state:
            return
        else:
            self.by_state[old.state] -= 1
        self.by_state[new.state] += 1
        if new.state is TicketState.COMPLETED:
            self.served_by_location[new.location_id] += 1
            if new.seat_id is not None:
                self.served_by_seat[new.seat_id] += 1

    def decided(self, identity: IdentityRow) -> None:
        """Follow what an agent decided about a resident of this day."""
        confirmed = identity.decision is IdentityDecision.CONFIRMED
        if confirmed and identity.seconded_by is not None:
            self.overrides.add(identity.ticket_id)
        else:
            self.overrides.discard(identity.ticket_id)

    def waited(self, location_id: str, seconds: float) -> None:
        """A ticket of a location was accepted after so long."""
        bisect.insort(self.waits, seconds)
        bisect.insort(self.waits_by_location.setdefault(location_id, []), seconds)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` of some sorted values do not exceed (nearest rank)."""
    rank = max(0, -int(-share * len(ordered) // 1) - 1)
    return ordered[min(rank, len(ordered) - 1)]
