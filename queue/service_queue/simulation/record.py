"""A simulation, as it is kept and added up: few words a ticket, and what each window did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from service_queue.policy import Policy
from service_queue.simulation.drawing import draw_day
from service_queue.simulation.engine import Hall, History
from service_queue.simulation.resident import Resident
from service_queue.simulation.scenario import DAY_S, Scenario, SeatPlan


class Passage(NamedTuple):
    """One ticket."""

    at: float
    """When it was taken."""
    location_id: str
    department: str
    waited_s: float | None
    """Until the call; None for who was never served."""
    rang_after_s: float | None
    """Until it was first offered; None when it never was."""
    ended: str
    recalls: int


class SeatUse(NamedTuple):
    """What one window did."""

    seat_id: str
    open_s: float
    busy_s: float
    """Ringing, in calls, in after-call work; also past the end of the shift."""
    talk_s: float
    calls: int


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of a simulation."""

    passages: list[Passage]
    uses: list[SeatUse]
    turned_away: int = 0
    offers: int = 0
    declined: int = 0
    rang_out: int = 0

    @classmethod
    def of(cls, history: History) -> Record:
        """The record of one history."""
        return cls(
            passages=[
                Passage(
                    story.resident.at,
                    story.resident.location_id,
                    story.resident.department,
                    story.waited_s,
                    None if story.offered_at is None else story.offered_at - story.resident.at,
                    str(story.ended),
                    story.recalls,
                )
                for story in history.stories
            ],
            uses=[
                SeatUse(window.plan.id, window.open_s, window.busy_s, window.talk_s, window.calls)
                for window in history.windows
            ],
            turned_away=history.turned_away,
            offers=history.offers,
            declined=history.declined,
            rang_out=history.rang_out,
        )


def simulate_day(scenario: Scenario, policy: Policy, seed: int, day: int) -> Record:
    """One day of a hall that closes at night: days know nothing of each other."""
    return simulate(
        draw_day(scenario, seed, day),
        scenario.seats,
        policy,
        origin=scenario.origin + day * DAY_S,
        time_zone=scenario.time_zone,
    )


def simulate(
    residents: Iterable[Resident],
    seats: Sequence[SeatPlan],
    policy: Policy,
    *,
    origin: float = 0.0,
    days: int = 1,
    time_zone: str = "Asia/Shanghai",
) -> Record:
    """Let residents come to a hall, and keep what became of them."""
    hall = Hall(seats, policy, origin=origin, days=days, time_zone=time_zone)
    return Record.of(hall.run(residents))


def joined(records: Iterable[Record]) -> Record:
    """Several days as one."""
    passages: list[Passage] = []
    uses: dict[str, SeatUse] = {}
    turned_away = offers = declined = rang_out = 0
    for record in records:
        passages += record.passages
        for use in record.uses:
            before = uses.get(use.seat_id)
            uses[use.seat_id] = use if before is None else _added(before, use)
        turned_away += record.turned_away
        offers += record.offers
        declined += record.declined
        rang_out += record.rang_out
    return Record(passages, list(uses.values()), turned_away, offers, declined, rang_out)


def _added(first: SeatUse, second: SeatUse) -> SeatUse:
    return SeatUse(
        first.seat_id,
        first.open_s + second.open_s,
        first.busy_s + second.busy_s,
        first.talk_s + second.talk_s,
        first.calls + second.calls,
    )
