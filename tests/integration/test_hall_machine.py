"""The whole service as a state machine: whatever people, clocks and machines do, the rules hold."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine

from service_queue.backend import open_engine
from tests.support.databases import PostgresServer
from xiaowu.demo.hall_record import read_record
from xiaowu.faults.checks import broken_rules
from xiaowu.faults.people import wishes_of_agent, wishes_of_kiosk
from xiaowu.faults.run import judged
from xiaowu.faults.site import KIOSKS, SEATS, build, template
from xiaowu.faults.world import DAY_S, Sent, World, agent, copy_of, kiosk

pytestmark = pytest.mark.integration

kiosks = st.integers(0, KIOSKS - 1)
seats = st.integers(0, SEATS - 1)
draws = st.randoms(use_true_random=False)
fates = st.sampled_from(["heard", "heard", "heard", "lost", "twice"])


class HallMachine(RuleBasedStateMachine):
    """Residents and agents take turns with crashes and clocks, on one kind of database."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = World(0, url, servers=2)
        self.engine: Engine = open_engine(url)
        self.run(self.world.open())

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        self.loop.run_until_complete(work)

    @rule(n=kiosks, draw=draws, fate=fates)
    def a_resident_acts(self, n: int, draw: random.Random, fate: str) -> None:
        self.world.random = draw
        for command in wishes_of_kiosk(self.world, n):
            self.run(self.world.send(Sent(kiosk(n), command), fate))

    @rule(n=seats, draw=draws, fate=fates)
    def an_agent_acts(self, n: int, draw: random.Random, fate: str) -> None:
        self.world.random = draw
        for command in wishes_of_agent(self.world, n):
            self.run(self.world.send(Sent(agent(n), command), fate))

    @rule(draw=draws)
    def three_meet(self, draw: random.Random) -> None:
        self.world.random = draw
        self.run(self.world.three_meet())

    @rule(seconds=st.sampled_from([0.1, 3.0, 16.0, 45.0, 130.0, 800.0, 4000.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.clock.move(seconds)
        self.run(self.world.tick())

    @rule(n=kiosks, here=st.booleans())
    def a_page_comes_or_goes(self, n: int, here: bool) -> None:
        hall = self.world.servers[0].hall
        self.run(self.world.try_on(hall, hall.attached if here else hall.detached, kiosk(n)))

    @rule(n=seats, here=st.booleans())
    def a_desk_comes_or_goes(self, n: int, here: bool) -> None:
        hall = self.world.servers[-1].hall
        self.run(self.world.try_on(hall, hall.attached if here else hall.detached, agent(n)))

    @rule(server=st.integers(0, 1), statements=st.integers(0, 60), after_commit=st.booleans())
    def the_power_is_about_to_fail(self, server: int, statements: int, after_commit: bool) -> None:
        self.world.servers[server].power.plan(statements, after_commit=after_commit)

    @rule(server=st.integers(0, 1))
    def a_server_dies(self, server: int) -> None:
        self.run(self.world.lose(self.world.servers[server]))

    @rule(seconds=st.sampled_from([-DAY_S, -30.0, 30.0, DAY_S]))
    def the_clock_is_set_while_all_is_off(self, seconds: float) -> None:
        async def start_again() -> None:
            for server in list(self.world.servers):
                await self.world.lose(server, restart=False)
            self.world.clock.move(seconds)
            await self.world.open()
            await self.world.reattach()

        self.run(start_again())

    @rule(draw=draws)
    def an_old_command_comes_again(self, draw: random.Random) -> None:
        self.world.random = draw
        if self.world.unanswered:
            late = self.world.unanswered.pop(draw.randrange(len(self.world.unanswered)))
            self.run(self.world.send(late))

    @invariant()
    def the_database_is_whole(self) -> None:
        with self.engine.connect() as connection:
            broken = broken_rules(connection, set(self.world.ledger.tickets))
        assert broken == []
        assert self.world.ledger.broken == []

    def teardown(self) -> None:
        try:
            self.run(self.world.settle())
            assert self.world.ledger.broken == []
            record = read_record(self.engine)
            assert judged(record, set(self.world.ledger.tickets)) == []
        finally:
            self.run(self.world.close())
            self.engine.dispose()
            self.loop.close()


def run_machine(machine: type[RuleBasedStateMachine] | Any, *, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_rules_hold_on_sqlite(tmp_path: Path) -> None:
    source = template(tmp_path)
    with tempfile.TemporaryDirectory() as folder:
        numbers = iter(range(10_000))

        def machine() -> HallMachine:
            return HallMachine(copy_of(source, Path(folder) / f"{next(numbers)}.sqlite3"))

        run_machine(machine, examples=40, steps=30)


def test_the_rules_hold_on_postgresql(postgres_server: PostgresServer) -> None:
    first = postgres_server.create()
    build(postgres_server.url_of(first), with_tables=False)

    def machine() -> HallMachine:
        return HallMachine(postgres_server.url_of(postgres_server.create(first)))

    run_machine(machine, examples=12, steps=25)
