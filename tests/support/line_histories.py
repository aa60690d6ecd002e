"""Random histories of a line: tickets and seats that come, change and go, and the definition."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field, replace

from service_queue.line_index import LineIndex
from service_queue.matching import FreeSeat, Matched, match_on
from service_queue.policy import (
    AppointmentPolicy,
    GreenPolicy,
    Policy,
    ReturnPolicy,
    Ring,
    Scope,
    SeatPolicy,
    SeatStrategy,
    TransferPolicy,
)
from service_queue.rank import LineState, WaitingTicket
from signaling.protocol.words import GreenReason, Lane, Language

DISTRICTS = {"L1": "D1", "L2": "D1", "L3": "D2", "L4": "D2"}
LOCATIONS = tuple(DISTRICTS)
DEPARTMENTS = ("a", "b", "c")


def some_policy(chance: random.Random) -> Policy:
    """Any policy; times in quarters of a second, so that sums keep exact."""

    def seconds(most: int) -> float:
        return chance.randrange(most * 4) / 4

    rings = tuple(
        Ring(after_s=seconds(120), scope=chance.choice(tuple(Scope)))
        for _ in range(chance.randrange(4))
    )
    return Policy(
        ceiling_s=chance.choice([math.inf, 100.0 + seconds(300)]),
        green=GreenPolicy(head_start_s=seconds(200), one_in=chance.randrange(1, 5)),
        returns=ReturnPolicy(head_start_s=seconds(100)),
        appointments=AppointmentPolicy(head_start_s=seconds(100)),
        seats=SeatPolicy(
            strategy=chance.choice(tuple(SeatStrategy)),
            rings=(*rings, Ring(after_s=chance.choice([0.0, seconds(60)]), scope=Scope.ANYONE)),
            level_after_s=chance.choice([0.0, 0.0, seconds(60)]),
            same_seat_s=chance.choice([0.0, seconds(60)]),
            match_departments=chance.random() < 0.7,
            match_languages=chance.random() < 0.3,
        ),
        transfer=TransferPolicy(wanted_seat_s=chance.choice([0.0, seconds(60)])),
    )


@dataclass
class LineHistory:
    """An index and the plain rows it should stand for."""

    chance: random.Random
    policy: Policy
    seats: tuple[str, ...]
    now: float = 1000.0
    index: LineIndex = field(default_factory=LineIndex)
    tickets: dict[str, tuple[WaitingTicket, dict[str, float]]] = field(default_factory=dict)
    free: dict[str, FreeSeat] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    state: LineState = field(default_factory=LineState)
    after_position: int = -1

    def seconds(self, low: int, high: int) -> float:
        """A stretch in quarters of a second."""
        return self.chance.randrange(low * 4, high * 4) / 4

    def some_ticket(self, ticket_id: str) -> None:
        """A ticket comes, or is another now."""
        chance = self.chance
        arrived_at = self.now - self.seconds(-3, 150)
        location = chance.choice(LOCATIONS)
        lane = chance.choice([Lane.ORDINARY, Lane.ORDINARY, *Lane])
        moved = lane in (Lane.APPOINTMENT, Lane.RECALLED) or chance.random() < 0.1
        self.put_ticket(
            WaitingTicket(
                id=ticket_id,
                arrived_at=arrived_at,
                place_at=arrived_at + self.seconds(-50, 100) if moved else None,
                lane=lane,
                green=GreenReason.ELDERLY if chance.random() < 0.3 else None,
                location_id=location,
                district=DISTRICTS[location],
                department=chance.choice(["", *DEPARTMENTS]),
                language=chance.choice(tuple(Language)),
                last_seat_id=chance.choice(self.seats) if chance.random() < 0.2 else None,
                back_at=self.now - self.seconds(0, 60) if chance.random() < 0.2 else None,
                wanted=chance.random() < 0.3,
                away=chance.random() < 0.1,
                excluded_seats=frozenset(
                    {chance.choice(self.seats)} if chance.random() < 0.1 else ()
                ),
            ),
            {
                chance.choice(self.seats): self.now + self.seconds(-5, 60)
                for _ in range(chance.choice([0, 0, 0, 1, 2]))
            },
        )

    def put_ticket(self, ticket: WaitingTicket, until: dict[str, float]) -> None:
        """A ticket waits as it says."""
        self.tickets[ticket.id] = (ticket, until)
        self.index.put_ticket(ticket, until)

    def drop_ticket(self, ticket_id: str) -> None:
        """A ticket goes."""
        self.tickets.pop(ticket_id, None)
        self.index.drop_ticket(ticket_id)

    def some_seat(self, seat_id: str) -> None:
        """A seat is free, or another now."""
        chance = self.chance
        location = chance.choice([None, *LOCATIONS])
        all_of_them = chance.random() < 0.4
        seat = FreeSeat(
            id=seat_id,
            idle_since=self.now - self.seconds(0, 100),
            position=self.seats.index(seat_id) // 2,
            level=chance.choice([1, 1, 2, 3]),
            location_id=location,
            district=DISTRICTS[location] if location else chance.choice(["D1", "D2"]),
            departments=frozenset(
                ["*"] if all_of_them else chance.sample(DEPARTMENTS, chance.randrange(3))
            ),
            languages=frozenset(chance.sample(tuple(Language), chance.randrange(4))),
            calls_today=chance.randrange(3),
            talk_today_s=self.seconds(0, 50),
        )
        self.free[seat_id] = seat
        self.index.put_seat(seat)

    def drop_seat(self, seat_id: str) -> None:
        """A seat is not free any more."""
        self.free.pop(seat_id, None)
        self.index.drop_seat(seat_id)

    def set_open(self, seat_id: str, is_open: bool) -> None:
        """A seat begins or stops to take tickets."""
        (self.open.add if is_open else self.open.discard)(seat_id)
        self.index.set_open(seat_id, is_open)

    def naive(self, now: float) -> Matched:
        """What the definition finds at a moment."""
        tickets = [
            replace(
                ticket,
                excluded_seats=ticket.excluded_seats
                | {seat for seat, until in excluded.items() if until > now},
            )
            for ticket, excluded in self.tickets.values()
        ]
        return match_on(
            tickets,
            list(self.free.values()),
            self.policy,
            now,
            self.state,
            open_seats=self.open,
            after_position=self.after_position,
        )

    def match(self) -> Matched:
        """Both match; what they find must be the same."""
        expected = self.naive(self.now)
        self.index.after_position = self.after_position
        assert self.index.pairs(self.policy, self.now, self.state) == expected.pairs
        assert self.index.state == expected.state
        assert self.index.after_position == expected.after_position
        self.state, self.after_position = expected.state, expected.after_position
        for pair in expected.pairs:
            del self.tickets[pair.ticket_id], self.free[pair.seat_id]
        return expected

    def match_until_next(self) -> Matched:
        """Match, then again at the moment the index names; nothing may open before it."""
        self.match()
        at = self.index.next_at()
        assert at > self.now
        until = min(at, self.now + 1000.0)
        for part in (0.25, 0.5, 0.75):
            between = self.now + (until - self.now) * part
            assert between >= until or not self.naive(between).pairs
        before = math.nextafter(until, 0.0)
        assert before <= self.now or not self.naive(before).pairs
        if math.isfinite(at):
            self.now = max(until, self.now)
        return self.match()

    def step(self) -> Matched | None:
        """Something happens."""
        chance = self.chance
        match chance.randrange(20):
            case 0 | 1 | 2 | 3 | 4 | 5:
                self.some_ticket(f"t{chance.randrange(40)}")
            case 6 | 7 | 8:
                self.some_seat(chance.choice(self.seats))
            case 9:
                self.drop_ticket(f"t{chance.randrange(40)}")
            case 10:
                self.drop_seat(chance.choice(self.seats))
            case 11:
                self.set_open(chance.choice(self.seats), chance.random() < 0.7)
            case 12 | 13:
                self.now += self.seconds(0, 40)
            case 14:
                behind = {one: self.seconds(1, 200) for one in chance.sample(LOCATIONS, 2)}
                self.state = replace(self.state, behind=chance.choice([{}, behind]))
            case 15 if self.tickets:
                ticket, until = self.tickets[chance.choice(sorted(self.tickets))]
                self.put_ticket(replace(ticket, away=not ticket.away), until)
            case 16:
                return self.match_until_next()
            case 17 if chance.random() < 0.2:
                self.now -= self.seconds(0, 90)
            case 18 if chance.random() < 0.2:
                self.policy = some_policy(chance)
            case _:
                return self.match()
        return None
