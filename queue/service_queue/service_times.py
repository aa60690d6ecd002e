"""How long things take: learnt from the calls of late, item by item, honest where they are few.

Talking and after-call work are log-normal, as service times of call centres are (Brown et al.
2005). What few calls say is drawn towards the item's department, that towards the whole hall, and
that towards what is usual anywhere. Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from service_queue.pace import Paces


@dataclass(frozen=True, slots=True)
class LogNormal:
    """A duration whose logarithm is normal."""

    mu: float
    sigma: float

    @property
    def mean_s(self) -> float:
        """Its mean."""
        return math.exp(self.mu + self.sigma**2 / 2.0)

    @property
    def variance(self) -> float:
        """Its variance."""
        return self.mean_s**2 * math.expm1(self.sigma**2)

    @classmethod
    def around(cls, median_s: float, sigma: float) -> LogNormal:
        """The one with this median."""
        return cls(math.log(max(median_s, SHORTEST_S)), sigma)


SHORTEST_S: Final = 1.0
"""Nothing takes no time at all: the logarithm needs a floor."""

USUAL_TALK: Final = LogNormal.around(360.0, 0.7)
"""Before the first call: six minutes, two out of three between three and twelve."""

USUAL_ANSWER: Final = LogNormal.around(4.0, 0.6)
"""From the ring to the key."""

USUAL_WRAP_UP_SIGMA: Final = 0.7

WEIGHT: Final = 8.0
"""What is said one level up counts as so many calls."""

USUAL_SHARE_WITHIN: Final = 0.6
"""Of the variance over the hall, what is left among visits for one item."""

LEAST_BETWEEN: Final = 0.02
"""Items of a department differ at least by so much (variance of the logarithm of the median)."""

MEMORY: Final = 400.0
"""After so many calls of an item the old ones fade, so that a changed item is soon known."""

LEAVERS_WEIGHT_S: Final = 4 * 3600.0
"""So much waiting is what `USUAL_LEAVING` counts for."""

USUAL_LEAVING: Final = 1.0 / (2 * 3600.0)
"""Of those who wait, one in two hours of waiting gives up."""


USUAL_BREAK: Final = LogNormal.around(720.0, 0.6)
USUAL_PAUSING: Final = 1.0 / (3 * 3600.0)
"""An open window goes on break about every three hours."""

PAUSES_WEIGHT_S: Final = 12 * 3600.0
"""So much time of open windows is what `USUAL_PAUSING` counts for."""


@dataclass(slots=True)
class Sample:
    """Count, mean and spread of the logarithms of durations (Welford)."""

    n: float = 0.0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, seconds: float) -> None:
        """One more; the old ones fade once there are many."""
        if self.n >= MEMORY:
            keep = (MEMORY - 1.0) / self.n
            self.n, self.squares = self.n * keep, self.squares * keep
        value = math.log(max(seconds, SHORTEST_S))
        self.n += 1.0
        delta = value - self.mean
        self.mean += delta / self.n
        self.squares += delta * (value - self.mean)

    def drawn_to(self, above: LogNormal) -> LogNormal:
        """What it says, as far as it is many, and `above` as far as it is few."""
        n = self.n
        share = WEIGHT / (n + WEIGHT)
        mu = (1.0 - share) * self.mean + share * above.mu
        # The last term: a mean that lies off what was expected is itself uncertain.
        off = n * share * (self.mean - above.mu) ** 2
        variance = (self.squares + WEIGHT * above.sigma**2 + off) / (n + WEIGHT)
        return LogNormal(mu, math.sqrt(variance))


@dataclass(frozen=True, slots=True)
class Fit:
    """What is known of one kind of duration, as logarithms."""

    mu: float
    own: float
    """The variance from one to the next."""
    doubt: float
    """The variance of what is known: the same for all of them, whatever it is."""

    @property
    def one(self) -> LogNormal:
        """The next one."""
        return LogNormal(self.mu, math.sqrt(self.own + self.doubt))


@dataclass(slots=True)
class Levels:
    """One kind of duration by item, by department and over the hall."""

    items: dict[str, Sample] = field(default_factory=dict)
    departments: dict[str, Sample] = field(default_factory=dict)
    hall: Sample = field(default_factory=Sample)

    def add(self, item: str, department: str, seconds: float) -> None:
        """One more."""
        self.items.setdefault(item, Sample()).add(seconds)
        self.departments.setdefault(department, Sample()).add(seconds)
        self.hall.add(seconds)

    def within(self, usual: LogNormal) -> float:
        """The variance of the logarithm among visits for one item, over all items."""
        known = WEIGHT * usual.sigma**2 * USUAL_SHARE_WITHIN
        squares = sum(sample.squares for sample in self.items.values())
        freedom = sum(max(0.0, sample.n - 1.0) for sample in self.items.values())
        return (squares + known) / (freedom + WEIGHT)

    def fit(self, item: str, department: str, usual: LogNormal, within: float) -> Fit:
        """The best guess for an item: its own mean as far as it is known, its department's else."""
        whole = self.hall.drawn_to(usual)
        above = self.departments.get(department, _NOTHING).drawn_to(whole)
        sample = self.items.get(item, _NOTHING)
        n = sample.n
        own = (sample.squares + WEIGHT * within) / (max(0.0, n - 1.0) + WEIGHT)
        between = max(above.sigma**2 - within, LEAST_BETWEEN)
        doubt = 1.0 / (n / own + 1.0 / between)
        mu = doubt * (n * sample.mean / own + above.mu / between)
        return Fit(mu, own, doubt)


_NOTHING: Final = Sample()


@dataclass(frozen=True, slots=True)
class Visit:
    """How long a resident occupies a window: the talk, then the after-call work."""

    talk: LogNormal
    wrap_up: LogNormal
    whole: LogNormal
    """Their sum, by its first two moments (Fenton 1960), were the medians known for sure."""
    doubt: float = 0.0
    """How unsure they are: the standard deviation of the logarithm."""
    item: str = ""
    """What `doubt` is shared by: where one visit for it takes longer than is known, all do."""

    @classmethod
    def of(cls, talk: Fit, wrap_up: Fit, item: str = "") -> Visit:
        """A visit of two parts."""
        parts = [LogNormal(fit.mu, math.sqrt(fit.own)) for fit in (talk, wrap_up)]
        mean = sum(part.mean_s for part in parts)
        spread = math.log1p(sum(part.variance for part in parts) / mean**2)
        whole = LogNormal(math.log(mean) - spread / 2.0, math.sqrt(spread))
        doubts = [
            part.mean_s / mean * math.sqrt(fit.doubt)
            for part, fit in zip(parts, (talk, wrap_up), strict=True)
        ]
        return cls(talk.one, wrap_up.one, whole, math.hypot(*doubts), item)


@dataclass(slots=True)
class ServiceTimes:
    """What the hall has learnt about durations."""

    usual_wrap_up_s: float = 20.0
    """Median after-call work while nothing is known of it."""
    talks: Levels = field(default_factory=Levels)
    wrap_ups: Levels = field(default_factory=Levels)
    breaks: Levels = field(default_factory=Levels)
    answers: Sample = field(default_factory=Sample)
    paces: Paces = field(default_factory=Paces)
    open_s: float = 0.0
    pauses: float = 0.0
    waited_s: float = 0.0
    left: float = 0.0
    version: int = 0
    """Rises with everything learnt."""
    _visits: dict[tuple[str, str], Visit] = field(default_factory=dict)
    _fitted: int = -1

    def talked(self, item: str, department: str, seconds: float, agent: str | None = None) -> None:
        """A call by an agent ended on purpose after so long."""
        # What somebody of no pace in particular would have taken.
        plain_s = seconds / math.exp(self.paces.of(agent).mu)
        if agent is not None:
            fit = self.talks.fit(item, department, USUAL_TALK, self.talks.within(USUAL_TALK))
            difference = math.log(max(seconds, SHORTEST_S)) - fit.mu
            self.paces.add(agent, difference, fit.own + fit.doubt)
        self.talks.add(item, department, plain_s)
        self.version += 1

    def wrapped_up(self, item: str, department: str, seconds: float) -> None:
        """After-call work took so long."""
        self.wrap_ups.add(item, department, seconds)
        self.version += 1

    def answered(self, seconds: float) -> None:
        """A ticket offer rang so long until it was accepted."""
        self.answers.add(seconds)
        self.version += 1

    def waited(self, seconds: float, *, left: bool) -> None:
        """A wait ended: by a call, or because the resident `left`."""
        self.waited_s += max(0.0, seconds)
        self.left += left

    def was_open(self, seconds: float, *, then_paused: bool) -> None:
        """A window took tickets for so long; then its agent took a break, or was gone."""
        self.open_s += max(0.0, seconds)
        self.pauses += then_paused

    def was_on_break(self, reason: str, seconds: float) -> None:
        """A window came back from a break of so long."""
        self.breaks.add(reason, "", seconds)
        self.version += 1

    def break_for(self, reason: str) -> LogNormal:
        """How long a break for a reason takes."""
        return self.breaks.fit(reason, "", USUAL_BREAK, self.breaks.within(USUAL_BREAK)).one

    def visit(self, item: str, department: str) -> Visit:
        """What to expect of an item."""
        if self._fitted != self.version:
            self._visits.clear()
            self._fitted = self.version
        key = (item, department)
        visit = self._visits.get(key)
        if visit is None:
            usual = LogNormal.around(self.usual_wrap_up_s, USUAL_WRAP_UP_SIGMA)
            visit = self._visits[key] = Visit.of(
                self.talks.fit(item, department, USUAL_TALK, self.talks.within(USUAL_TALK)),
                self.wrap_ups.fit(item, department, usual, self.wrap_ups.within(usual)),
                item,
            )
        return visit

    @property
    def answer(self) -> LogNormal:
        """From the ring to the call."""
        return self.answers.drawn_to(USUAL_ANSWER)

    @property
    def leaving_rate(self) -> float:
        """How many of those who wait give up, per second."""
        usual = USUAL_LEAVING * LEAVERS_WEIGHT_S
        return (self.left + usual) / (self.waited_s + LEAVERS_WEIGHT_S)

    @property
    def pausing_rate(self) -> float:
        """How often an open window goes on break, per second."""
        usual = USUAL_PAUSING * PAUSES_WEIGHT_S
        return (self.pauses + usual) / (self.open_s + PAUSES_WEIGHT_S)

    @property
    def mean_visit_s(self) -> float:
        """The mean over the hall of talk and after-call work: what a flat formula goes by."""
        talk = self.talks.hall.drawn_to(USUAL_TALK)
        usual = LogNormal.around(self.usual_wrap_up_s, USUAL_WRAP_UP_SIGMA)
        return talk.mean_s + self.wrap_ups.hall.drawn_to(usual).mean_s
