"""What became of one resident in a simulation."""

from __future__ import annotations

from service_queue.rank import WaitingTicket
from service_queue.simulation.resident import Resident
from signaling.protocol.words import Lane, TicketEndReason


class Story:
    """A ticket from the moment it was taken, and what the engine must remember of it."""

    __slots__ = (
        "back_at",
        "called_at",
        "declines",
        "ended",
        "excluded_until",
        "lane",
        "left_s",
        "misses",
        "offered_at",
        "place_at",
        "recalls",
        "resident",
        "seat_id",
        "unanswered",
    )

    def __init__(self, resident: Resident) -> None:
        self.resident = resident
        self.lane: Lane = resident.lane
        self.place_at: float = resident.at if resident.place_at is None else resident.place_at
        self.left_s = resident.service_s
        """What is left of the service."""
        self.seat_id = resident.known_seat_id
        """Who knows the resident."""
        self.back_at: float | None = None
        self.offered_at: float | None = None
        """The first time."""
        self.called_at: float | None = None
        """When the first call began in which they were there."""
        self.recalls = 0
        self.misses = resident.misses
        self.declines = resident.declines
        self.unanswered = resident.unanswered
        self.excluded_until: dict[str, float] = {}
        self.ended: TicketEndReason | None = None

    @property
    def waited_s(self) -> float | None:
        """From the arrival to the call; None for who was never served."""
        return None if self.called_at is None else self.called_at - self.resident.at

    def as_waiting(self) -> WaitingTicket:
        """The ticket, as the rules of order and matching see it."""
        resident = self.resident
        return WaitingTicket(
            id=resident.id,
            arrived_at=resident.at,
            place_at=self.place_at,
            lane=self.lane,
            green=resident.green,
            location_id=resident.location_id,
            district=resident.district,
            department=resident.department,
            language=resident.language,
            last_seat_id=self.seat_id,
            back_at=self.back_at,
        )
