"""Kiosks, desks and one or two servers on one database, driven from a seed.

Everybody behaves as real clients do: a command that got no answer is sent again with the same
operation id, sooner or later, perhaps after others, perhaps twice. What was answered is written
down, and held against the database and the journal.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from service_queue.actor import Actor
from service_queue.errors import StoreClosed, StoreUnavailable
from service_queue.hall import Hall, open_hall
from service_queue.mirror import HallMirror
from service_queue.policy import Policy
from service_queue.sqlite_backend import SqliteBackend
from service_queue.store import Store
from signaling.protocol import commands as c
from signaling.protocol.errors import Refusal
from signaling.protocol.events import CommandAnswer, TicketTaken
from signaling.protocol.words import Role, SeatState, TicketState
from xiaowu.faults.people import meeting, wishes_of_agent, wishes_of_kiosk
from xiaowu.faults.power import Power, connection_on
from xiaowu.faults.site import KIOSKS, SEATS, START

DAY_S: Final = 86_400.0

POLICY: Final = Policy(operation_memory_s=30 * DAY_S, max_failed_connects=4)
"""As it comes; but answers are remembered for the whole of a run, so that a repeat is a repeat."""


class VirtualClock:
    """Stands still until moved; jumps when somebody sets the machine's clock."""

    def __init__(self) -> None:
        self._now = START

    def now(self) -> float:
        """Now."""
        return self._now

    def move(self, seconds: float) -> None:
        """Let time pass, or be set."""
        self._now += seconds


class PlainSealer:
    """Notes are not what is looked at here."""

    def seal(self, text: str, about: str = "") -> bytes:
        """As bytes."""
        return f"{about}\n{text}".encode()

    def open(self, sealed: bytes, about: str = "") -> str:
        """As text."""
        return sealed.decode().removeprefix(f"{about}\n")


@dataclass
class Server:
    """One process of the hall."""

    hall: Hall
    power: Power
    stack: AsyncExitStack


@dataclass(frozen=True)
class Sent:
    """A command and who sent it."""

    actor: Actor
    command: c.StoredCommand


@dataclass
class Broken:
    """Something that must not be."""

    step: int
    what: str


@dataclass
class Ledger:
    """What the clients were told."""

    answers: dict[str, CommandAnswer] = field(default_factory=dict)
    """By operation id."""
    tickets: dict[str, str] = field(default_factory=dict)
    """Acknowledged tickets: id → number."""
    refused: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    broken: list[Broken] = field(default_factory=list)


class World:
    """One run. `open` it, `step` it as often as wanted, `settle` it, and look at the ledger."""

    def __init__(self, seed: int, url: str, *, policy: Policy = POLICY, servers: int = 1) -> None:
        self.random = random.Random(seed)
        self.url = url
        self.policy = policy
        self.clock = VirtualClock()
        self.ledger = Ledger()
        self.steps = 0
        self.servers: list[Server] = []
        self.unanswered: list[Sent] = []
        self._wanted = servers
        self._ops = 0
        self._ids = 0

    async def open(self) -> None:
        """Start the servers."""
        while len(self.servers) < self._wanted:
            self.servers.append(await self._start())

    async def close(self) -> None:
        """Stop them."""
        for server in self.servers:
            await server.stack.aclose()
        self.servers.clear()

    async def step(self) -> None:
        """Something happens."""
        self.steps += 1
        happening, weight = zip(*self._happenings(), strict=True)
        await self.random.choices(happening, weight)[0]()

    async def three_meet(self) -> None:
        """A warm hand-over, each step of which may go wrong."""
        for who, command in meeting(self):
            number = int(who[1:])
            actor = kiosk(number) if who.startswith("K") else agent(number)
            await self.send(Sent(actor, command), self._fate())

    def late_leases(self) -> list[str]:
        """Offers that ring past their deadline though every server has just kept its deadlines."""
        hall = self.servers[0].hall
        now = hall.clock.now()
        live = [offer for offer in hall.mirror.offers.values() if offer.outcome is None]
        return [offer.id for offer in live if offer.expires_at < now]

    async def settle(self) -> None:
        """No more faults: everybody gets an answer, leaves, and the hall comes to rest."""
        for server in self.servers:
            server.power.plan(None)
        while self.unanswered:
            await self.send(self.unanswered.pop())
        for _ in range(200):
            await self.reattach()
            self.clock.move(5.0)
            # A server reads at its tick what others wrote: what is left is seen only after it.
            await self.tick()
            if not await self._clear():
                return
        self.broken("the hall does not come to rest")

    def broken(self, what: str) -> None:
        """Write down what must not be."""
        self.ledger.broken.append(Broken(self.steps, what))

    # --- what can happen ---------------------------------------------------------------------

    def _happenings(self) -> list[tuple[Callable[[], Awaitable[None]], float]]:
        return [
            (self._kiosk_acts, 40),
            (self._agent_acts, 50),
            (self.three_meet, 8),
            (self._time_passes, 30),
            (self._somebody_comes_or_goes, 8),
            (self._repeats, 10),
            (self._power_fails, 4),
            (self._clock_is_set, 0.5),
        ]

    async def _time_passes(self) -> None:
        self.clock.move(self.random.choice((0.1, 1.0, 4.0, 15.0, 40.0, 100.0, 700.0)))
        await self.tick()

    async def _clock_is_set(self) -> None:
        """While the machine is off; a running server keeps its own time."""
        self.ledger.faults["clock set"] += 1
        for server in list(self.servers):
            await self.lose(server, restart=False)
        self.clock.move(self.random.choice((-DAY_S, -40.0, 40.0, DAY_S)))
        await self.open()
        await self.reattach()

    async def _power_fails(self) -> None:
        power = self.random.choice(self.servers).power
        self.ledger.faults["power planned"] += 1
        power.plan(self.random.randrange(60), after_commit=self.random.choice((True, False, False)))

    async def _somebody_comes_or_goes(self) -> None:
        actor = self.random.choice([*map(kiosk, range(KIOSKS)), *map(agent, range(SEATS))])
        hall = self.random.choice(self.servers).hall
        await self.try_on(hall, self.random.choice((hall.detached, hall.attached)), actor)

    async def _repeats(self) -> None:
        """An answer was lost on the way: the command comes again, late and out of order."""
        if self.unanswered:
            late = self.unanswered.pop(self.random.randrange(len(self.unanswered)))
            self.ledger.faults["sent again"] += 1
            await self.send(late)

    async def _kiosk_acts(self) -> None:
        n = self.random.randrange(KIOSKS)
        for command in wishes_of_kiosk(self, n):
            await self.send(Sent(kiosk(n), command), self._fate())

    async def _agent_acts(self) -> None:
        n = self.random.randrange(SEATS)
        for command in wishes_of_agent(self, n):
            await self.send(Sent(agent(n), command), self._fate())

    def _fate(self) -> str:
        return self.random.choices(("heard", "lost", "twice"), (8, 1, 1))[0]

    # --- sending -----------------------------------------------------------------------------

    @property
    def mirror(self) -> HallMirror:
        """What clients know: the picture of some server, as it stands."""
        return self.servers[0].hall.mirror

    def op(self) -> str:
        """A fresh operation id."""
        self._ops += 1
        return f"op{self._ops}"

    async def send(self, sent: Sent, fate: str = "heard") -> None:
        """Send a command to some server; `fate` is what becomes of it and its answer."""
        answer = await self._ask(sent)
        if fate == "twice":
            self.ledger.faults["sent twice"] += 1
            await self._ask(sent)
        if fate == "lost":
            self.ledger.faults["answer lost"] += 1
            self.unanswered.append(sent)
        elif answer is not None:
            self._hear(sent, answer)

    async def _ask(self, sent: Sent) -> CommandAnswer | None:
        server = self.random.choice(self.servers)
        try:
            answer = await server.hall.execute(sent.actor, sent.command)
        except (StoreUnavailable, StoreClosed):
            self.unanswered.append(sent)
            await self.lose(server)
            return None
        except Refusal as refusal:
            self.ledger.refused[refusal.code] += 1
            if sent.command.op_id in self.ledger.answers:
                self.broken(f"{sent.command.type} was answered, its repeat {refusal.code}")
            return None
        known = self.ledger.answers.setdefault(sent.command.op_id, answer)
        if known != answer:
            self.broken(f"{sent.command.type} got two answers")
        return answer

    def _hear(self, sent: Sent, answer: CommandAnswer) -> None:
        if isinstance(answer, TicketTaken):
            self.ledger.tickets[answer.ticket_id] = answer.number

    async def tick(self) -> None:
        """Every server keeps its deadlines."""
        lost = False
        for server in list(self.servers):
            try:
                await server.hall.tick()
            except (StoreUnavailable, StoreClosed):
                lost = True
                await self.lose(server)
        if not lost and self.late_leases():
            self.broken(f"leases outlive their deadline: {self.late_leases()}")

    async def try_on(
        self, hall: Hall, move: Callable[[Actor], Awaitable[None]], actor: Actor
    ) -> None:
        """Come or go; a server without power is started again."""
        try:
            await move(actor)
        except (StoreUnavailable, StoreClosed):
            for server in [one for one in self.servers if one.hall is hall]:
                await self.lose(server)

    async def reattach(self) -> None:
        """Every page and desk is there again."""
        for actor in (*map(kiosk, range(KIOSKS)), *map(agent, range(SEATS))):
            for server in list(self.servers):
                await self.try_on(server.hall, server.hall.attached, actor)

    async def _clear(self) -> bool:
        """One round in which everybody finishes; True while there was something to finish."""
        busy = False
        for n in range(KIOSKS):
            ticket = self.mirror.ticket_of_kiosk(f"K{n}")
            if ticket is None or (not ticket.state.is_open and ticket.rating_until is None):
                continue
            busy = True
            command: c.StoredCommand = c.LeaveTicket(op_id=self.op(), ticket_id=ticket.id)
            if ticket.state is TicketState.SERVING:
                command = c.EndCall(op_id=self.op(), call_id=ticket.offer_id or "")
            elif not ticket.state.is_open:
                command = c.SkipRating(op_id=self.op(), ticket_id=ticket.id)
            await self.send(Sent(kiosk(n), command))
        for n in range(SEATS):
            seat = self.mirror.seat_of_agent(f"a{n}")
            if seat is not None and seat.state is not SeatState.IDLE:
                busy = True
                if seat.wrap_up_call_id is not None:
                    done = c.FinishWrapUp(op_id=self.op(), call_id=seat.wrap_up_call_id)
                    await self.send(Sent(agent(n), done))
        return busy

    # --- machines ----------------------------------------------------------------------------

    async def lose(self, server: Server, *, restart: bool = True) -> None:
        """A server is gone with everything in its memory; another starts in its place."""
        if server not in self.servers:
            # Lost already, while somebody else was coming back.
            return
        self.ledger.faults["server lost"] += 1
        self.servers.remove(server)
        server.power.off = True
        await server.stack.aclose()
        if restart:
            self.servers.append(await self._start())
            await self.reattach()

    async def _start(self) -> Server:
        power, stack = Power(), AsyncExitStack()
        store = self._open_store(power)
        stack.push_async_callback(store.close)
        hall = await stack.enter_async_context(
            open_hall(
                store,
                clock=self.clock,
                sealer=PlainSealer(),
                policy=self.policy,
                new_id=self._new_id,
                keep_deadlines=False,
            )
        )
        return Server(hall, power, stack)

    def _open_store(self, power: Power) -> Store:
        if not self.url.startswith("sqlite"):
            return Store.open(self.url)
        backend = SqliteBackend(connection_on(power))
        return Store(backend, backend.open_engine(make_url(self.url)))

    def _new_id(self) -> str:
        self._ids += 1
        return f"id{self._ids:05}"


def kiosk(n: int) -> Actor:
    """The page of kiosk `n`."""
    return Actor(role=Role.KIOSK_PAGE, kiosk_id=f"K{n}")


def agent(n: int) -> Actor:
    """The agent whose usual seat is `n`."""
    return Actor(role=Role.AGENT, agent_id=f"a{n}", agent_name=f"坐席{n}")


def copy_of(template: Path, target: Path) -> str:
    """A fresh database for one run; returns its URL."""
    target.write_bytes(template.read_bytes())
    return f"sqlite:///{target}"
