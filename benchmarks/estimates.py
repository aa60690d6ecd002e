"""`python -m benchmarks.estimates`: do the quoted waits hold, and do they beat the flat formula.

Days of a hall of 20 windows on a virtual clock (`estimate_day`). Each hall runs a first day to
learn from; the quotes of the days after are judged, of all tickets that waited and were called.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Sequence
from statistics import mean
from typing import Final

from benchmarks.estimate_day import Day, DayPlan, Quote
from service_queue.policy import Policy, Ring, Scope, SeatPolicy
from service_queue.service_times import ServiceTimes

RINGS: Final = Policy(
    seats=SeatPolicy(
        rings=(Ring(after_s=0.0, scope=Scope.HOME), Ring(after_s=45.0, scope=Scope.ANYONE))
    )
)
PLANS: Final = {
    "mixed": DayPlan(),
    "one skill": DayPlan(skills=False),
    "rings": DayPlan(policy=RINGS),
    "calm": DayPlan(load=0.8),
    "rush": DayPlan(load=1.05),
    "half green": DayPlan(green_share=0.5),
    "no breaks": DayPlan(breaks=False),
    "6 windows": DayPlan(seats=6, locations=3),
}
USUAL_WINDOWS: Final = 20
SEEDS: Final = tuple(range(301, 305))
"""None of them was looked at while the estimates were made (those were 1 to 9 and 101 to 104)."""


def judge(plan: DayPlan, seeds: Sequence[int], days: int) -> dict[str, object]:
    """The figures of one kind of day."""
    quotes: list[Quote] = []
    taken = 0
    began = time.process_time()
    for seed in seeds:
        rng = random.Random(seed)
        times = ServiceTimes()
        # A small hall is judged by about as many tickets as a large one.
        for n in range(days * max(1, USUAL_WINDOWS // plan.seats) + 1):
            day = Day(plan, rng, times)
            day.run()
            if n > 0:
                taken += day.taken
                quotes += [quote for quote in day.quotes.values() if quote.waited_s is not None]
    return {"tickets": taken, **figures(quotes), "cpu_s": round(time.process_time() - began, 1)}


def figures(quotes: Sequence[Quote]) -> dict[str, object]:
    """How far the quotes held, and how far off they were."""
    told = [(quote.wait, quote.flat, quote.waited_s or 0.0) for quote in quotes]
    error = mean(abs(wait.low_s - waited) for wait, _, waited in told)
    flat = mean(abs(flat - waited) for _, flat, waited in told)
    within = [wait.least_s <= waited <= wait.high_s for wait, _, waited in told]
    return {
        "quoted": len(told),
        "mean_wait_s": round(mean(waited for *_, waited in told), 1),
        "p10_to_p90": round(mean(within), 3),
        "under_p50": round(mean(waited <= wait.low_s for wait, _, waited in told), 3),
        "under_p90": round(mean(waited <= wait.high_s for wait, _, waited in told), 3),
        "mae_s": round(error, 1),
        "flat_mae_s": round(flat, 1),
        "ratio": round(error / flat, 3),
        "bias_s": round(mean(wait.low_s - waited for wait, _, waited in told), 1),
    }


def main() -> None:
    """One JSON object a line: a kind of day each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=2, help="judged days a seed, for 20 windows")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--plan", choices=list(PLANS), nargs="+", default=list(PLANS))
    options = parser.parse_args()
    for name in options.plan:
        row = {"plan": name, **judge(PLANS[name], options.seeds, options.days)}
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
