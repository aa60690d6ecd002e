"""Who may serve what, as a graph: is it one whole, where would it break, where is it tight? Pure.

Departments are joined by the agents who serve several of them. Where everything is joined, work
flows to whoever is free, step by step: a ring of two skills each does nearly what a pool does
(Jordan and Graves 1995). Where it falls apart, each part has a line of its own.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import inf

from service_queue.matching import ANY_DEPARTMENT

Skills = frozenset[str]
_Node = str | tuple[str, str] | Skills
"""Source and sink, a department's work, agents of a kind."""

_NEARLY = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Tightest:
    """The departments whose work is hardest to place."""

    departments: Skills
    work: float
    """Their share of all work."""
    windows: int
    """Those that serve any of them."""
    reach: float
    """Of the hall's capacity, at which these windows are full; 1 when the hall itself is first."""


@dataclass(frozen=True)
class SkillGraph:
    """Agents and the departments they serve; how much work each department brings."""

    agents: Mapping[str, Skills]
    """By agent; `*` serves all."""
    work: Mapping[str, float]
    """By department: its share of all work. Sums to 1."""

    def skills_of(self, agent: str) -> Skills:
        """The departments of the hall that an agent serves."""
        skills = self.agents[agent]
        every = frozenset(self.work)
        return every if ANY_DEPARTMENT in skills else every & skills

    @cached_property
    def kinds(self) -> Counter[Skills]:
        """How many agents have the same skills."""
        return Counter(self.skills_of(agent) for agent in self.agents)

    @cached_property
    def unserved(self) -> Skills:
        """Departments that nobody serves."""
        served: Skills = frozenset().union(*self.kinds)
        return frozenset(self.work) - served

    @cached_property
    def parts(self) -> list[Skills]:
        """Departments that work can flow between; the largest part first."""
        return _parts(self.work, self.kinds)

    @property
    def is_closed(self) -> bool:
        """One whole that holds together when any one agent is missing."""
        return len(self.parts) == 1 and not self.weak_joints and not self.unserved

    @cached_property
    def weak_joints(self) -> list[tuple[str, list[Skills]]]:
        """Agents without whom a part falls apart, and into what."""
        found = []
        for agent in self.agents:
            skills = self.skills_of(agent)
            if self.kinds[skills] > 1 or len(skills) == 1:
                continue
            others = [kind for kind in self.kinds if kind != skills]
            parts = _parts(self.work, others)
            if len(parts) > len(self.parts):
                found.append((agent, [part for part in parts if part & skills]))
        return found

    @cached_property
    def tightest(self) -> Tightest:
        """The set of departments whose windows are full first as the hall fills up.

        By Dinkelbach's steps: a cut finds the set that is worst at the reach known so far, that set
        gives a smaller reach, until none is worse.
        """
        everything = frozenset(self.work)
        agents = len(self.agents)
        reach, worst = 1.0, everything
        while True:
            found = _overfull(self.work, self.kinds, reach * agents)
            if not found:
                break
            work = sum(self.work[department] for department in found)
            smaller = self._windows(found) / work / agents
            if smaller >= reach - _NEARLY:
                break
            reach, worst = smaller, found
            if reach == 0.0:
                break
        return Tightest(
            departments=worst,
            work=sum(self.work[department] for department in worst),
            windows=self._windows(worst),
            reach=reach,
        )

    def _windows(self, departments: Skills) -> int:
        return sum(count for kind, count in self.kinds.items() if kind & departments)

    def with_skill(self, agent: str, department: str) -> SkillGraph:
        """The same after one training."""
        trained = {**self.agents, agent: self.skills_of(agent) | {department}}
        return SkillGraph(trained, self.work)


def _parts(departments: Iterable[str], kinds: Iterable[Skills]) -> list[Skills]:
    parts = [frozenset({department}) for department in departments]
    for kind in kinds:
        joined = [part for part in parts if part & kind]
        if len(joined) > 1:
            parts = [part for part in parts if not part & kind]
            parts.append(frozenset().union(*joined))
    return sorted(parts, key=lambda part: (-len(part), sorted(part)))


def _overfull(work: Mapping[str, float], kinds: Mapping[Skills, int], capacity: float) -> Skills:
    """Departments that bring more than their windows can do, if the hall had so much work.

    The source's side of a smallest cut: source → department (its work) → kind of agents → sink
    (how many). Empty when everything can be placed.
    """
    rooms: dict[_Node, dict[_Node, float]] = {"source": {}, "sink": {}}

    def join(first: _Node, second: _Node, room: float) -> None:
        rooms.setdefault(first, {})[second] = room
        rooms.setdefault(second, {}).setdefault(first, 0.0)

    for department, share in work.items():
        join("source", ("work", department), share * capacity)
    for kind, count in kinds.items():
        join(kind, "sink", float(count))
        for department in kind:
            join(("work", department), kind, inf)
    while (path := _path(rooms)) is not None:
        room = min(rooms[first][second] for first, second in path)
        for first, second in path:
            rooms[first][second] -= room
            rooms[second][first] += room
    reached = _reached(rooms)
    return frozenset(department for department in work if ("work", department) in reached)


def _reached(rooms: Mapping[_Node, Mapping[_Node, float]]) -> dict[_Node, _Node]:
    """Whom flow can still reach from the source, and from where it comes there."""
    came: dict[_Node, _Node] = {"source": "source"}
    line: deque[_Node] = deque(["source"])
    while line:
        first = line.popleft()
        for second, room in rooms[first].items():
            if room > _NEARLY and second not in came:
                came[second] = first
                line.append(second)
    return came


def _path(rooms: Mapping[_Node, Mapping[_Node, float]]) -> list[tuple[_Node, _Node]] | None:
    """A shortest way with room from the source to the sink (Edmonds and Karp)."""
    came = _reached(rooms)
    if "sink" not in came:
        return None
    steps: list[tuple[_Node, _Node]] = []
    at: _Node = "sink"
    while at != "source":
        steps.append((came[at], at))
        at = came[at]
    return steps
