"""Which single training helps a hall most, found by simulating it. Pure.

Everybody is simulated on the same residents, so that what differs is the training and not the luck.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp, log, sqrt

from service_queue.policy import Policy
from service_queue.service_times import LogNormal
from service_queue.simulation.record import Record, simulate
from service_queue.simulation.resident import Resident
from service_queue.simulation.scenario import ItemPlan, SeatPlan
from service_queue.simulation.skills import SkillGraph, Skills
from service_queue.simulation.summary import Waits, waits_of

PLAIN = Policy(name="skills", ceiling_s=1e12)
"""First come first served among what a window may take: what skills cost, and nothing else."""

BATCHES = 20
"""Parts of a run whose differences tell how sure the mean difference is."""

_SCREENED = 4
"""A first look at a candidate takes this part of the residents."""

_LEAST_SPREAD = 0.1
"""Of a department with few visits, which look more alike than they are."""

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """One more department for one agent, and what it buys."""

    agent: str
    department: str
    waits: Waits
    saved_s: float
    """Of the mean wait."""
    doubt_s: float
    """Standard error of `saved_s`."""
    reach: float
    parts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What skills cost a hall now, and what would help."""

    load: float
    tickets: int
    now: Waits
    by_department: dict[str, Waits]
    pooled: Waits
    """The same residents, if every window served everything: the floor."""
    trainings: list[Training]
    """The best first."""

    @property
    def price(self) -> float:
        """The mean wait over that of the pool."""
        return self.now.mean_s / self.pooled.mean_s if self.pooled.mean_s else 1.0


def draw_mix(
    items: Sequence[ItemPlan], *, windows: int, load: float, tickets: int, seed: int
) -> list[Resident]:
    """Residents who come evenly all the time and keep so many windows busy to `load`."""
    numbers = random.Random(f"mix {seed}")
    bounds = list(accumulate(item.weight for item in items))
    each = sum(item.weight * item.talk.mean_s for item in items) / bounds[-1]
    rate = windows * load / each
    residents, at = [], 0.0
    for n in range(tickets):
        at += numbers.expovariate(rate)
        item = items[bisect(bounds, numbers.random() * bounds[-1], hi=len(items) - 1)]
        talk = item.talk
        service_s = exp(talk.mu + talk.sigma * numbers.gauss(0.0, 1.0))
        residents.append(_resident(n, at, item.department, service_s))
    return residents


def mix_of(residents: Iterable[Resident]) -> list[ItemPlan]:
    """What a recorded day was asked for, by department, as log-normal times."""
    logs: defaultdict[str, list[float]] = defaultdict(list)
    for resident in residents:
        if resident.service_s > 0.0:
            logs[resident.department].append(log(resident.service_s))
    plans = []
    for department, seen in sorted(logs.items()):
        mu = sum(seen) / len(seen)
        spread = sum((each - mu) ** 2 for each in seen) / len(seen)
        talk = LogNormal(mu, max(sqrt(spread), _LEAST_SPREAD))
        plans.append(
            ItemPlan(code=department, department=department, weight=float(len(seen)), talk=talk)
        )
    return plans


def work_of(items: Iterable[ItemPlan]) -> dict[str, float]:
    """By department: its share of all work."""
    work: defaultdict[str, float] = defaultdict(float)
    for item in items:
        work[item.department] += item.weight * item.talk.mean_s
    total = sum(work.values())
    return {department: work[department] / total for department in sorted(work)}


def draw_exponential(
    work: Mapping[str, float],
    *,
    windows: int,
    load: float,
    service_s: float,
    tickets: int,
    seed: int,
) -> list[Resident]:
    """As `draw_mix`, with exponential service times, as theory has them."""
    numbers = random.Random(f"exponential {seed}")
    departments = sorted(work)
    bounds = list(accumulate(work[department] for department in departments))
    rate = windows * load / service_s
    residents, at = [], 0.0
    for n in range(tickets):
        at += numbers.expovariate(rate)
        chosen = bisect(bounds, numbers.random() * bounds[-1], hi=len(departments) - 1)
        residents.append(
            _resident(n, at, departments[chosen], numbers.expovariate(1.0 / service_s))
        )
    return residents


def _resident(n: int, at: float, department: str, service_s: float) -> Resident:
    return Resident(
        id=f"{n:08d}",
        at=at,
        location_id="hall",
        item_code=department,
        department=department,
        service_s=service_s,
    )


def plan_trainings(
    graph: SkillGraph,
    residents: Sequence[Resident],
    *,
    load: float,
    candidates: int = 10,
    tell: Tell = lambda done, total: None,
) -> Plan:
    """Simulate the hall as it is, as a pool, and after each of the likeliest trainings."""
    first = residents[: len(residents) // _SCREENED]
    likely = _likely(graph, simulate(first, _windows(graph.agents), PLAIN), candidates)
    runs = 2 + 2 * len(likely)
    tell(0, runs)
    now = simulate(residents, _windows(graph.agents), PLAIN)
    tell(1, runs)
    pooled = simulate(residents, _windows(dict.fromkeys(graph.agents, frozenset("*"))), PLAIN)
    tell(2, runs)
    looked_at = []
    for n, (agent, department) in enumerate(likely):
        trained = graph.with_skill(agent, department)
        looked_at.append((waits_of(_run(trained, first).passages).mean_s, agent, department))
        tell(3 + n, runs)
    trainings = []
    for n, (_, agent, department) in enumerate(sorted(looked_at)[: max(3, candidates // 2)]):
        trained = graph.with_skill(agent, department)
        trainings.append(_training(trained, agent, department, now, _run(trained, residents)))
        tell(3 + len(likely) + n, runs)
    tell(runs, runs)
    departments = defaultdict(list)
    for passage in now.passages:
        departments[passage.department].append(passage)
    return Plan(
        load=load,
        tickets=len(residents),
        now=waits_of(now.passages),
        by_department={name: waits_of(departments[name]) for name in sorted(departments)},
        pooled=waits_of(pooled.passages),
        trainings=sorted(trainings, key=lambda training: -training.saved_s),
    )


def _run(graph: SkillGraph, residents: Sequence[Resident]) -> Record:
    return simulate(residents, _windows(graph.agents), PLAIN)


def _windows(agents: Mapping[str, Skills]) -> list[SeatPlan]:
    return [
        SeatPlan(id=agent, position=n, departments=skills)
        for n, (agent, skills) in enumerate(agents.items())
    ]


def _likely(graph: SkillGraph, now: Record, count: int) -> list[tuple[str, str]]:
    """Trainings worth a simulation: of those who sit idle, for those who wait.

    Agents with the same skills are alike: one of them is looked at. What joins two parts, or
    widens the tightest place, comes first.
    """
    waited: defaultdict[str, float] = defaultdict(float)
    for passage in now.passages:
        waited[passage.department] += passage.waited_s or 0.0
    busy = {use.seat_id: use.busy_s / use.open_s for use in now.uses if use.open_s}
    seen: set[tuple[Skills, str]] = set()
    scored = []
    for agent in sorted(graph.agents, key=lambda one: (busy.get(one, 0.0), one)):
        skills = graph.skills_of(agent)
        for department in graph.work.keys() - skills:
            if (skills, department) in seen:
                continue
            seen.add((skills, department))
            after = graph.with_skill(agent, department)
            joins = len(graph.parts) - len(after.parts)
            widens = after.tightest.reach - graph.tightest.reach
            score = waited[department] * (1.0 - busy.get(agent, 0.0))
            scored.append((-joins, -round(widens, 6), -score, agent, department))
    scored.sort()
    half = count - count // 2
    chosen = scored[:half]
    by_score = sorted((one for one in scored[half:]), key=lambda one: one[2:])
    return [(agent, department) for *_, agent, department in chosen + by_score[: count - half]]


def _training(
    graph: SkillGraph, agent: str, department: str, before: Record, after: Record
) -> Training:
    saved = [
        (old.waited_s or 0.0) - (new.waited_s or 0.0)
        for old, new in zip(before.passages, after.passages, strict=True)
    ]
    size = max(1, len(saved) // BATCHES)
    batches = [sum(saved[n : n + size]) / size for n in range(0, size * BATCHES, size)]
    mean = sum(batches) / len(batches)
    spread = sum((each - mean) ** 2 for each in batches) / (len(batches) - 1)
    return Training(
        agent=agent,
        department=department,
        waits=waits_of(after.passages),
        saved_s=sum(saved) / len(saved),
        doubt_s=sqrt(spread / len(batches)),
        reach=graph.tightest.reach,
        parts=len(graph.parts),
    )
