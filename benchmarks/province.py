"""A province for the benchmarks: tickets and windows as they come, from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Final

from service_queue.matching import ANY_DEPARTMENT, FreeSeat
from service_queue.rank import WaitingTicket
from signaling.protocol.words import GreenReason, Lane

LOCATIONS: Final = 1_000
DISTRICTS: Final = 50
KIOSKS: Final = 10_000
SEATS: Final = 2_000
SPECIALISTS: Final = 100
"""The first of the seats serve only what nobody asks for."""

DEPARTMENTS: Final = tuple(f"部门{n:02d}" for n in range(20))
UNASKED: Final = "部门99"
SPAN_S: Final = 1200.0
"""Whoever waits came in the last so many seconds."""

GREEN_SHARE: Final = 0.2
LANES: Final = {
    Lane.ORDINARY: 0.9,
    Lane.RETURNED: 0.04,
    Lane.TECHNICAL_DROP: 0.02,
    Lane.APPOINTMENT: 0.04,
}


@dataclass
class Province:
    """Tickets and seats as they come in a province; seeded."""

    chance: random.Random = field(default_factory=lambda: random.Random(2026))

    def ticket(self, n: int, now: float) -> WaitingTicket:
        """Ticket n, taken now."""
        chance = self.chance
        location = chance.randrange(LOCATIONS)
        lane = chance.choices(list(LANES), list(LANES.values()))[0]
        return WaitingTicket(
            id=f"t{n}",
            arrived_at=now,
            place_at=now + chance.randrange(600) if lane is Lane.APPOINTMENT else None,
            lane=lane,
            green=GreenReason.ELDERLY if chance.random() < GREEN_SHARE else None,
            location_id=location_id(location),
            district=district_of(location),
            department=chance.choice(DEPARTMENTS),
        )

    def departments(self) -> frozenset[str]:
        """A third are generalists, the others serve three."""
        if self.chance.random() < 1 / 3:
            return frozenset({ANY_DEPARTMENT})
        return frozenset(self.chance.sample(DEPARTMENTS, 3))

    def seat(self, n: int, now: float) -> FreeSeat:
        """Every second window is a township's own."""
        location = self.chance.randrange(LOCATIONS)
        return FreeSeat(
            id=f"s{n:04d}",
            idle_since=now,
            position=n,
            level=1 + n % 3,
            location_id=location_id(location) if n % 2 else None,
            district=district_of(location),
            departments=self.departments() if n >= SPECIALISTS else frozenset({UNASKED}),
        )


def location_id(n: int) -> str:
    """Location n."""
    return f"L{n:04d}"


def district_of(n: int) -> str:
    """The district of location n."""
    return f"D{n % DISTRICTS:02d}"
