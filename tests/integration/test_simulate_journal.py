"""A day that a real hall wrote into its journal, lived again by `xiaowu simulate --journal`."""

from __future__ import annotations

import heapq
import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service_queue.policy import Policy
from service_queue.simulation import simulate
from service_queue.simulation.recorded import Known, NothingRecorded, RecordedDay, Recorder
from signaling.protocol.words import SeatState, TicketState
from tests.support.hall_builder import HallDriver, HandClock, open_district
from xiaowu.commands.simulate import app

pytestmark = pytest.mark.integration

MIDNIGHT = 1_780_243_200.0
NINE = MIDNIGHT + 9 * 3600.0
ANSWER_S = 3.0
WINDOWS = 2


class Morning:
    """Residents and agents of a hall, by the clock: 40 come, two windows serve."""

    def __init__(self, driver: HallDriver) -> None:
        self.driver = driver
        self.waits: dict[str, float] = {}
        """By ticket, as the people in the hall saw it."""
        self.left: set[str] = set()
        self._numbers = random.Random("a morning")
        self._events: list[tuple[float, int, str, tuple[object, ...]]] = []
        self._count = 0
        self._answering: set[str] = set()

    async def run(self) -> None:
        for n in range(1, WINDOWS + 1):
            await self.driver.open_seat(n)
        at = self.driver.clock.now()
        for n in range(40):
            at += self._numbers.expovariate(1 / 70.0)
            self._later(at, "come", n)
        while self._events:
            at, _, what, about = heapq.heappop(self._events)
            await self.driver.pass_time(max(0.0, at - self.driver.clock.now()))
            await getattr(self, f"_{what}")(*about)
            self._answer_what_rings()

    def _later(self, at: float, what: str, *about: object) -> None:
        self._count += 1
        heapq.heappush(self._events, (at, self._count, what, about))

    async def _come(self, n: int) -> None:
        mirror = self.driver.hall.mirror
        holding = {t.kiosk_id for t in mirror.tickets.values() if t.state.is_open}
        free = [k for k in range(1, 13) if f"K{k:02d}" not in holding]
        ticket_id = await self.driver.take(free[0], self._numbers.choice(["pension", "housing"]))
        if n % 9 == 5:
            self._later(self.driver.clock.now() + 20.0, "lose_patience", free[0], ticket_id)

    async def _lose_patience(self, kiosk: int, ticket_id: str) -> None:
        if self.driver.hall.mirror.tickets[ticket_id].state is TicketState.WAITING:
            await self.driver.leave(kiosk, ticket_id)
            self.left.add(ticket_id)

    async def _accept(self, seat: int, ticket_id: str) -> None:
        ticket = self.driver.hall.mirror.tickets[ticket_id]
        call_id = await self.driver.serve(seat)
        self.waits[ticket_id] = self.driver.clock.now() - ticket.arrived_at
        talk_s = self._numbers.lognormvariate(4.6, 0.5)
        self._later(self.driver.clock.now() + talk_s, "hang_up", seat, call_id)

    async def _hang_up(self, seat: int, call_id: str) -> None:
        await self.driver.end_call(seat, call_id)
        self._later(self.driver.clock.now() + self.driver.hall.policy.wrap_up_s, "look")

    async def _look(self) -> None:
        """After-call work is over: the sweep of `pass_time` ended it."""

    def _answer_what_rings(self) -> None:
        mirror = self.driver.hall.mirror
        for n in range(1, WINDOWS + 1):
            seat = mirror.seats[f"{n:02d}"]
            ticket = mirror.ticket_at_seat(seat.id)
            if seat.state is SeatState.RESERVED and ticket is not None:
                offer = ticket.offer_id or ""
                if offer not in self._answering:
                    self._answering.add(offer)
                    self._later(self.driver.clock.now() + ANSWER_S, "accept", n, ticket.id)


async def a_morning(folder: Path) -> tuple[Morning, RecordedDay]:
    clock = HandClock(NINE)
    async with open_district(
        folder, seats=WINDOWS, kiosks=12, clock=clock, keep_deadlines=False
    ) as driver:
        morning = Morning(driver)
        await morning.run()
        entries = await driver.journal()
    recorder = Recorder(Known(departments={"pension": "人社局", "housing": "住建局"}))
    recorder.tell(entries)
    with pytest.raises(NothingRecorded):
        recorder.day(MIDNIGHT - 86400.0)
    return morning, recorder.day(MIDNIGHT)


async def test_the_day_is_told_as_the_people_in_the_hall_saw_it(tmp_path: Path) -> None:
    morning, recorded = await a_morning(tmp_path)
    told = {
        one.id: passage
        for one, passage in zip(recorded.residents, recorded.actual.passages, strict=True)
    }
    assert len(told) == 40
    assert {name for name, passage in told.items() if passage.waited_s is None} == morning.left
    assert morning.left
    for name, waited_s in morning.waits.items():
        assert told[name].waited_s == pytest.approx(waited_s)
    assert [seat.id for seat in recorded.seats] == ["01", "02"]
    assert sum(use.calls for use in recorded.actual.uses) == len(morning.waits)


async def test_lived_again_under_the_same_policy_everybody_waits_as_long(tmp_path: Path) -> None:
    morning, recorded = await a_morning(tmp_path)
    again = simulate(recorded.residents, recorded.seats, Policy(), origin=recorded.origin)
    waits = {
        one.id: passage.waited_s
        for one, passage in zip(recorded.residents, again.passages, strict=True)
    }
    assert max(morning.waits.values()) > 100.0
    assert {name for name, waited_s in waits.items() if waited_s is None} == morning.left
    for name, waited_s in morning.waits.items():
        # The sweep looks in at its own moments: a second here or there.
        assert waits[name] == pytest.approx(waited_s, abs=3.0)


async def test_the_command_sets_a_what_if_beside_the_day_as_it_was(tmp_path: Path) -> None:
    morning, _ = await a_morning(tmp_path)
    file = tmp_path / "journal.jsonl"
    async with open_district(tmp_path, clock=HandClock(NINE), keep_deadlines=False) as driver:
        entries = await driver.journal()
    with file.open("w", encoding="utf-8") as out:
        out.write('{"type":"header","format":"xiaowu.journal.1"}\n')
        for entry in entries:
            row = {
                name: getattr(entry, name)
                for name in (
                    *("seq", "at", "kind", "actor", "kiosk_id", "seat_id", "ticket_id"),
                    *("call_id", "reason"),
                )
            }
            detail = json.dumps(dict(entry.detail))
            out.write(json.dumps({"type": "row", **row, "detail": detail}) + "\n")
    result = CliRunner().invoke(app, ["--journal", str(file), "--extra-seats", "2@9-11", "--json"])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["day"] == "2026-06-01"
    recorded, replayed, more = answer["runs"]
    assert [run["name"] for run in answer["runs"]] == ["recorded", "standard", "standard +2@9-11"]
    mean_s = sum(morning.waits.values()) / len(morning.waits)
    assert recorded["waits"]["mean_s"] == pytest.approx(mean_s, abs=0.01)
    assert replayed["waits"]["mean_s"] == pytest.approx(mean_s, abs=1.5)
    assert more["waits"]["mean_s"] < mean_s / 2
    refused = CliRunner().invoke(app, ["--journal", str(file), "--day", "2026-06-02"])
    assert refused.exit_code == 1
