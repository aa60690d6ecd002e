"""The hall is killed with -9 a hundred times while it works; nothing it answered is lost."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine

from service_queue.backend import READ_ONLY, open_engine
from service_queue.clock import SteadyClock
from service_queue.mirror import HallMirror
from service_queue.policy import Policy
from signaling.protocol.commands import StoredCommand
from signaling.protocol.events import CommandAnswer, TicketTaken
from tests.support.hall_builder import ReversingSealer
from tests.support.hall_process import HallProcess
from xiaowu.demo.hall_record import read_record
from xiaowu.demo.invariants import Rule
from xiaowu.faults.checks import broken_rules
from xiaowu.faults.people import wishes_of_agent, wishes_of_kiosk
from xiaowu.faults.run import judged
from xiaowu.faults.site import KIOSKS, SEATS, build
from xiaowu.faults.world import Sent, agent, kiosk

pytestmark = pytest.mark.integration

KILLS = 100
ANSWERS = (1, 40)
"""So many answers a hall gives before it is killed, with more commands on their way to it."""

PATIENCE_S = 60.0

POLICY = Policy(offer_timeout_s=5.0, wrap_up_s=1.0, rating_s=1.0)


@dataclass
class Clients:
    """Everybody who sends, and what they were told."""

    random: random.Random
    mirror: HallMirror
    answers: dict[str, CommandAnswer] = field(default_factory=dict)
    tickets: set[str] = field(default_factory=set)
    waiting: dict[str, Sent] = field(default_factory=dict)
    """Sent and not answered, by operation id."""
    counts: Counter[str] = field(default_factory=Counter)
    ops: count[int] = field(default_factory=count)

    def op(self) -> str:
        return f"op{next(self.ops)}"

    def hear(self, op_id: str, told: CommandAnswer | str) -> None:
        self.waiting.pop(op_id, None)
        if isinstance(told, str):
            self.counts[told] += 1
            assert op_id not in self.answers, "an answer was given, and its repeat refused"
            return
        self.counts["answered"] += 1
        assert self.answers.setdefault(op_id, told) == told, "a repeat got another answer"
        if isinstance(told, TicketTaken):
            self.tickets.add(told.ticket_id)

    def wishes(self) -> list[Sent]:
        """What everybody wants next: what was not answered again, and something new."""
        again = [sent for sent in self.waiting.values() if self.random.random() < 0.8]
        fresh: list[tuple[str, int, StoredCommand]] = []
        for n in range(KIOSKS):
            fresh += [("kiosk", n, command) for command in wishes_of_kiosk(self, n)]
        for n in range(SEATS):
            fresh += [("agent", n, command) for command in wishes_of_agent(self, n)]
        new = [Sent(kiosk(n) if who == "kiosk" else agent(n), cmd) for who, n, cmd in fresh]
        self.random.shuffle(new)
        return again + new


def _picture(engine: Engine, now: float) -> HallMirror:
    """What the screens show: read beside the hall, so perhaps already old."""
    with engine.connect() as connection:
        connection.info[READ_ONLY] = True
        try:
            return HallMirror.load(connection, POLICY, ReversingSealer(), now)
        finally:
            connection.rollback()
            connection.info.pop(READ_ONLY)


def _work(hall: HallProcess, clients: Clients, left: int) -> int:
    """Everybody sends at once, then hears; returns how many answers the hall still has to give."""
    asked = clients.wishes()
    for sent in asked:
        clients.waiting[sent.command.op_id] = sent
        hall.ask(sent.actor, sent.command)
    for _ in asked[:left]:
        told = hall.heard(PATIENCE_S)
        assert told is not None, "the hall gives no answer"
        clients.hear(*told)
    # With nobody wanting anything for a moment, time goes by.
    return left - max(1, len(asked))


def test_what_was_answered_survives_a_hundred_kills(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hall.sqlite3'}"
    build(url)
    clock, draw = SteadyClock(), random.Random(20261122)
    engine = open_engine(url)
    clients = Clients(draw, HallMirror(POLICY))
    try:
        for _ in range(KILLS):
            hall = HallProcess(url, POLICY, clock)
            left = draw.randint(*ANSWERS)
            while left > 0:
                clients.mirror = _picture(engine, clock.now())
                left = _work(hall, clients, left)
            hall.kill()
            while (told := hall.heard(0.0)) is not None:
                clients.hear(*told)
            with engine.connect() as connection:
                assert broken_rules(connection, clients.tickets) == []
        record = read_record(engine)
    finally:
        engine.dispose()
    assert len(clients.tickets) >= KILLS // 2, clients.counts
    assert clients.counts["answered"] >= 5 * KILLS, clients.counts
    # The last life was cut short as well: what it left open is no loss.
    settled = (Rule.NOTHING_OPEN, Rule.ONE_END)
    assert [what for what in judged(record, clients.tickets) if not what.startswith(settled)] == []
    assert clients.tickets <= {row.id for row in record.tickets}
