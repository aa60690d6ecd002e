"""The demo without a person: so many calls between bots, then everything is looked over."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from sqlalchemy import Engine

from service_queue.policy import Policy
from signaling.protocol.words import SeatState
from xiaowu.demo.agreement import table_violations, wall_violations
from xiaowu.demo.bot_plan import Manners
from xiaowu.demo.bot_report import (
    BotRefused,
    BotReport,
    CallHeard,
    TicketAcknowledged,
    TicketOver,
)
from xiaowu.demo.hall_record import HallRecord, hall_database, read_audit, read_record
from xiaowu.demo.invariants import History, Rule, Violation
from xiaowu.demo.processes import ProgramFailed
from xiaowu.demo.stage import Script, Stage, open_stage
from xiaowu.demo.verdict import Verdict, judge
from xiaowu.demo.wall_watch import WallWatch

BRISK: Final = Manners(
    tickets_at_once=5,
    idle_s=(0.0, 0.5),
    accept_after_s=(0.1, 0.6),
    talk_s=(2.0, 3.5),
    wrap_up_s=(0.2, 0.8),
    rate_after_s=(0.2, 0.6),
    break_s=(0.3, 1.0),
    seats_at_once=3,
    resident_ends=0.25,
    declines=0.15,
    takes_break=0.4,
    skips_rating=0.2,
)
"""More residents than open seats, so that a line forms; calls just long enough to see and hear."""

BRISK_QUEUE: Final = {
    "decline_exclusion_s": 3.0,
    "wrap_up_s": 5.0,
    "rating_s": 10.0,
    "call_away_grace_s": 30.0,
}
START_S: Final = 40.0
EACH_CALL_S: Final = 8.0
"""Allowed for each call, though three run at a time: a busy machine is not a fault of ours."""
AGREE_WITHIN_S: Final = 3.0
"""The wall may lag behind the database, but not for ever."""
LOOK_EVERY_S: Final = 0.1
CALLS_A_KILL: Final = 10


class Tally:
    """What the bots told so far."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.acknowledged: set[str] = set()
        self.over: set[str] = set()
        self.heard: list[CallHeard] = []
        self.errors: Counter[str] = Counter()

    def hear(self, report: BotReport) -> None:
        """Count a report."""
        match report:
            case TicketAcknowledged():
                self.acknowledged.add(report.ticket_id)
            case TicketOver():
                self.over.add(report.ticket_id)
            case CallHeard():
                self.heard.append(report)
            case BotRefused():
                self.errors[report.code] += 1


async def check(script: Script, *, calls: int, chaos: bool, tell: Callable[[str], None]) -> Verdict:
    """Make `calls` calls and look everything over; with `chaos` the server is killed on the way.

    Raises:
        ProgramFailed: something could not even be started.
    """
    began = time.monotonic()
    tally = Tally()
    kills = 0
    ended_early: str | None = None
    async with open_stage(script, hear=tally.hear, step=tell) as stage:
        await stage.start_server()
        await stage.start_bots(lambda ready: tell(f"bots {ready}/{script.bots}"))
        with hall_database(stage.settings.database_url) as engine:
            async with WallWatch(script.server_url, stage.supervisor) as wall:
                try:
                    async with asyncio.timeout(START_S + EACH_CALL_S * calls):
                        kills = await _run(stage, wall, tally, calls=calls, chaos=chaos, tell=tell)
                except TimeoutError:
                    ended_early = "not all calls were over in time"
                except ProgramFailed as failed:
                    ended_early = str(failed)
                tell("looking everything over")
                on_the_wall = await _wall_violations(wall, engine)
            record, audit = read_record(engine), read_audit(engine)
    history = _history(record, script)
    history.require_end()
    history.require_ends_of(tally.acknowledged)
    in_tables = table_violations(history, record)
    rows = len(record.tickets) + len(record.seats) + len(record.calls)
    history.looked_at[Rule.TABLES_AGREE] = rows
    history.looked_at[Rule.WALL_AGREES] = len(record.tickets) + len(record.seats)
    history.looked_at[Rule.SEALED] = audit.rows
    tampered = [Violation(Rule.SEALED, str(found), found.first) for found in audit.findings]
    return judge(
        record,
        wanted=calls,
        acknowledged=tally.acknowledged,
        heard=tally.heard,
        errors=tally.errors,
        looked_at=history.looked_at,
        violations=[*history.violations, *in_tables, *on_the_wall, *tampered],
        server_kills=kills,
        took_s=time.monotonic() - began,
        ended_early=ended_early,
    )


async def _run(
    stage: Stage,
    wall: WallWatch,
    tally: Tally,
    *,
    calls: int,
    chaos: bool,
    tell: Callable[[str], None],
) -> int:
    """Wait until all calls are over and the hall is quiet; returns how often the server died."""
    kills_at = _kills_at(calls) if chaos else []
    kills = 0
    failing = asyncio.create_task(stage.programs.first_end())
    try:
        while len(tally.over) < calls or not _is_quiet(wall):
            if failing.done():
                failing.result()
            if kills < len(kills_at) and _is_time(kills_at[kills], wall, tally):
                kills += 1
                tell(f"killing the server, {kills} of {len(kills_at)}")
                failing.cancel()
                await asyncio.gather(failing, return_exceptions=True)
                await stage.kill_server()
                await stage.start_server()
                failing = asyncio.create_task(stage.programs.first_end())
            tell(f"calls {len(tally.over)}/{calls}")
            await asyncio.sleep(LOOK_EVERY_S)
    finally:
        failing.cancel()
        await asyncio.gather(failing, return_exceptions=True)
    return kills


def _kills_at(calls: int) -> list[int]:
    """After how many tickets the server dies: evenly spread, one for every ten calls."""
    kills = max(1, calls // CALLS_A_KILL)
    return [max(1, calls * (number + 1) // (kills + 1)) for number in range(kills)]


def _is_time(tickets: int, wall: WallWatch, tally: Tally) -> bool:
    """Kill while somebody talks, or it would prove little."""
    view = wall.view
    talking = view is not None and any(seat.state is SeatState.IN_CALL for seat in view.seats)
    return len(tally.acknowledged) >= tickets and talking


def _is_quiet(wall: WallWatch) -> bool:
    view = wall.view
    return (
        view is not None
        and not view.tickets
        and all(seat.state is SeatState.IDLE for seat in view.seats)
    )


async def _wall_violations(wall: WallWatch, engine: Engine) -> list[Violation]:
    """What the wall shows wrongly even after it had time to follow."""
    deadline = time.monotonic() + AGREE_WITHIN_S
    while True:
        found = [Violation(Rule.WALL_AGREES, "the wall was never shown")]
        if wall.view is not None:
            found = wall_violations(wall.view, read_record(engine))
        if not found or time.monotonic() > deadline:
            return found
        await asyncio.sleep(LOOK_EVERY_S)


def _history(record: HallRecord, script: Script) -> History:
    exclusion_s = script.queue.get("decline_exclusion_s", BRISK_QUEUE["decline_exclusion_s"])
    history = History(policy=Policy(decline_exclusion_s=exclusion_s), day_of=record.day_of)
    history.tell(record.journal)
    return history
