"""What skills and rings cost: simulated waits against the pool's, and against exact Erlang C.

Five departments with equal shares, exponential times of eight minutes, 20 windows; every policy
meets the same residents, and the simulation uses the server's rules. `ring`: two skills a window,
each pair of neighbours in turn, closed. `pairs`: two skills a window as they come, not closed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import statistics
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Final

from service_queue.policy import Policy, Ring, Scope, SeatPolicy
from service_queue.simulation import PooledLine, Resident, SeatPlan, simulate
from service_queue.simulation.planner import PLAIN, draw_exponential
from service_queue.simulation.summary import Waits, waits_of

WINDOWS, LOCATIONS, DEPARTMENTS, SERVICE_S = 20, 10, 5, 480.0
LOADS: Final = (0.8, 0.9)
_PAIRS: Final = ((0, 1), (0, 1), (2, 3), (2, 3), (3, 4))
_COUNTS: Final = {"one": 1, "ring": 2, "three": 3}
"""Skills a window, of neighbours; without a count it has all."""
_WARM: Final = 0.1

WORK: Final = {f"d{n}": 1.0 / DEPARTMENTS for n in range(DEPARTMENTS)}


def seats_of(policy: str) -> list[SeatPlan]:
    """The windows, with their skills and their homes."""
    return [
        SeatPlan(
            id=f"seat-{n:02d}",
            position=n,
            location_id=f"l{n % LOCATIONS}",
            departments=_skills(policy, n),
        )
        for n in range(WINDOWS)
    ]


def _skills(policy: str, n: int) -> frozenset[str]:
    if policy == "pairs":
        return frozenset(f"d{d}" for d in _PAIRS[n % DEPARTMENTS])
    count = _COUNTS.get(policy)
    if count is None:
        return frozenset({"*"})
    return frozenset(f"d{(n + k) % DEPARTMENTS}" for k in range(count))


def rules_of(policy: str) -> Policy:
    """Pooled, or by rings of location."""
    rings = {
        "home first 120 s": (0.0, 120.0),
        "home first 300 s": (0.0, 300.0),
        "dedicated": (0.0,),
    }.get(policy)
    if rings is None:
        return PLAIN
    scopes = (Scope.HOME, Scope.ANYONE)
    made = tuple(Ring(after_s=s, scope=scope) for s, scope in zip(rings, scopes, strict=False))
    return replace(PLAIN, seats=SeatPolicy(rings=made))


POLICIES: Final = (
    "pooled",
    "three",
    "ring",
    "pairs",
    "one",
    "home first 120 s",
    "home first 300 s",
    "dedicated",
)


def waits(policy: str, load: float, tickets: int, seed: int) -> Waits:
    """The waits of one run, once the empty start is forgotten."""
    drawn = draw_exponential(
        WORK, windows=WINDOWS, load=load, service_s=SERVICE_S, tickets=tickets, seed=seed
    )
    homes = random.Random(f"homes {seed}")
    residents: list[Resident] = [
        replace(one, location_id=f"l{homes.randrange(LOCATIONS)}") for one in drawn
    ]
    record = simulate(residents, seats_of(policy), rules_of(policy))
    return waits_of(record.passages[int(len(residents) * _WARM) :])


def main() -> int:
    """Print one JSON object for each policy and load."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=40_000)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--loads", type=float, nargs="+", default=LOADS)
    parser.add_argument("--policies", nargs="+", default=POLICIES, choices=POLICIES)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(asked.processes, context) as pool:
        for load in asked.loads:
            theory = PooledLine(windows=WINDOWS, load=load, service_s=SERVICE_S)
            floor: list[Waits] = []
            for policy in asked.policies:
                runs = list(
                    pool.map(partial(waits, policy, load, asked.tickets), range(1, asked.seeds + 1))
                )
                floor = floor or runs
                mean_s = statistics.median(run.mean_s for run in runs)
                p95_s = statistics.median(run.p95_s for run in runs)
                # The same residents in both: by seed, so that chance cancels.
                over_pooled = statistics.median(
                    run.mean_s / pool_run.mean_s for run, pool_run in zip(runs, floor, strict=True)
                )
                print(
                    json.dumps(
                        {
                            "bench": "skill_price",
                            "policy": policy,
                            "load": load,
                            "tickets": asked.tickets * asked.seeds,
                            "mean_s": round(mean_s, 1),
                            "p95_s": round(p95_s, 1),
                            "in_20_s": round(statistics.median(r.prompt for r in runs), 3),
                            f"over_{asked.policies[0]}": round(over_pooled, 2),
                            "mean_over_erlang_c": round(mean_s / theory.mean_s, 3),
                            "chance": round(theory.chance_of_mean(asked.tickets * asked.seeds), 3),
                            "p95_over_erlang_c": round(p95_s / theory.quantile_s(0.95), 3),
                            "load_average": round(os.getloadavg()[0], 1),
                        }
                    ),
                    flush=True,
                )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
