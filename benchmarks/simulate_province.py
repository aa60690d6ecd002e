"""A million tickets and 2,000 windows on the virtual clock: how long does it take?

The hall is one pool over all windows of a province, with everything residents do (give up, do not
show up, drop, come back with a code) and the server's rules of order and seats. It closes at night,
so its days know nothing of each other and are simulated on several processes; the figures do not
depend on how many (`--processes 1` gives the same).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time

from service_queue.simulation import summarise
from xiaowu.simulate.runs import run_variants
from xiaowu.simulate.sample import sample_hall
from xiaowu.simulate.variants import named_policy, overflow_after, plan_variants

AIM_S = 600.0


def main() -> int:
    """Print one JSON object; 1 when the aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--seats", type=int, default=2000)
    parser.add_argument("--locations", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--policy", default="pooled", help="pooled, rings, or a policy file")
    parser.add_argument("--load", type=float, default=0.93)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    plain = sample_hall(seats=asked.seats, locations=asked.locations, days=1, tickets_a_day=1.0)
    tickets_a_day = asked.load / plain.load
    days = round(asked.tickets / tickets_a_day / asked.locations) or 1
    days += days * tickets_a_day * asked.locations < asked.tickets
    scenario = sample_hall(
        seats=asked.seats, locations=asked.locations, days=days, tickets_a_day=tickets_a_day
    )
    policy = (
        overflow_after(named_policy("pooled"), 120.0)
        if asked.policy == "rings"
        else named_policy(asked.policy)
    )
    begun = time.perf_counter()
    (record,) = run_variants(
        scenario,
        plan_variants(scenario.seats, [policy]),
        seed=asked.seed,
        processes=asked.processes,
    )
    wall_s = time.perf_counter() - begun
    figures = summarise(record, scenario.origin)
    cpu_s = sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
    print(
        json.dumps(
            {
                "bench": "simulate_province",
                "policy": asked.policy,
                "tickets": figures.tickets,
                "seats": asked.seats,
                "locations": asked.locations,
                "days": days,
                "load": round(scenario.load, 3),
                "processes": asked.processes,
                "wall_s": round(wall_s, 1),
                "cpu_us_per_ticket": round(1e6 * cpu_s / figures.tickets, 1),
                "wall_s_per_million": round(1e6 * wall_s / figures.tickets, 1),
                "load_average": [round(each, 2) for each in os.getloadavg()],
                "mean_s": round(figures.waits.mean_s, 2),
                "p95_s": round(figures.waits.p95_s, 2),
                "abandoned": round(figures.abandoned, 4),
                "gini": round(figures.gini, 4),
                "busiest_over_idlest": round(figures.seats.busiest / figures.seats.idlest, 3),
            }
        ),
        flush=True,
    )
    return int(1e6 * wall_s / figures.tickets > AIM_S)


if __name__ == "__main__":
    raise SystemExit(main())
