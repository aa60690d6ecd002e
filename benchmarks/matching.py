"""What one event costs the matcher: CPU, by how many wait, against the definition itself.

    python benchmarks/matching.py               both halls, prints JSON lines (about a minute)
    python benchmarks/matching.py --quick       few events, for a look

`index`: the pure index alone, 2,000 seats, 100 to 50,000 waiting. `server`: the same through the
server's transaction on SQLite, with the rows it follows, holds pairs against and writes; 10,000
kiosks, so at most that many wait. Beside each, in the same run and at the same moment, `naive` is
`matching.match`: the definition, which looks at everybody.

An event is a ticket that is taken or a seat that becomes free, in turns, while all others are busy
but for a hundred specialists whom nobody who waits needs. Whoever waits came in the last twenty
minutes, a longer line faster, and by chance: to a beat, the rings of a policy would open in step
with the events of one length of line and between those of another. Time is the CPU time of the
thread, with the garbage collector as the server sets it.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import math
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "queue")]

from benchmarks.province import KIOSKS, SEATS, SPAN_S, SPECIALISTS, Province  # noqa: E402
from benchmarks.province_hall import open_province  # noqa: E402
from service_queue.line_index import LineIndex  # noqa: E402  # the paths above come first
from service_queue.matching import FreeSeat, Pair, match  # noqa: E402
from service_queue.policy import Policy, Ring, Scope, SeatPolicy  # noqa: E402
from service_queue.rank import WaitingTicket  # noqa: E402
from signaling.server.tuning import tune_for_many_sockets  # noqa: E402

START: Final = 1_750_000_000.0
WAITING: Final = (100, 1_000, 5_000, 10_000, 20_000, 50_000)
AT_A_SERVER: Final = (100, 1_000, 5_000, 9_000)
AIM_MS: Final = 5.0

POLICIES: Final = {
    "pooled": Policy(),
    "rings": Policy(
        seats=SeatPolicy(
            rings=(
                Ring(after_s=0.0, scope=Scope.HOME),
                Ring(after_s=120.0, scope=Scope.DISTRICT),
                Ring(after_s=300.0, scope=Scope.ANYONE),
            ),
            level_after_s=30.0,
            same_seat_s=60.0,
        )
    ),
}


@dataclass
class Costs:
    """What the events of one setting cost, in seconds of CPU."""

    events: list[float] = field(default_factory=list)
    naive: list[float] = field(default_factory=list)
    pairs: int = 0

    def told(self, **setting: object) -> dict[str, Any]:
        """One line of the result."""
        p50 = median(self.events)
        line = {
            "benchmark": "matching",
            **setting,
            "events": len(self.events),
            "pairs": self.pairs,
            "p50_us": round(p50 * 1e6, 1),
            "p99_us": round(at_quantile(self.events, 0.99) * 1e6, 1),
            "worst_us": round(max(self.events) * 1e6, 1),
        }
        if self.naive:
            line["naive_p50_us"] = round(median(self.naive) * 1e6, 1)
            line["naive_ratio"] = round(median(self.naive) / p50, 1)
        return line


def at_quantile(values: list[float], share: float) -> float:
    """The value that `share` of the others do not exceed."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, math.ceil(share * len(ranked)) - 1)]


def index_costs(policy: Policy, waiting: int, events: int, looks: int) -> Costs:
    """Tickets are taken and seats become free, in turns, with so many waiting."""
    province, index, costs = Province(), LineIndex(), Costs()
    now, each_s = START, waiting / SPAN_S
    chance = random.Random(waiting)
    line: dict[str, WaitingTicket] = {}
    free: dict[str, FreeSeat] = {}
    for n in range(waiting):
        now += chance.expovariate(each_s)
        line[f"t{n}"] = ticket = province.ticket(n, now)
        index.put_ticket(ticket)
    for n in range(SPECIALISTS):
        specialist = province.seat(n, now)
        free[specialist.id] = specialist
        index.put_seat(specialist)
    index.pairs(policy, now)
    gc.unfreeze()
    tune_for_many_sockets()
    look_at = {n * events // looks for n in range(looks)}
    for n in range(events):
        now += chance.expovariate(2.0 * each_s)
        comes: WaitingTicket | None = None
        seat: FreeSeat | None = None
        if n % 2:
            comes = province.ticket(waiting + n, now)
            line[comes.id] = comes
        else:
            seat = province.seat(SPECIALISTS + n % (SEATS - SPECIALISTS), now)
            free[seat.id] = seat
        expected = None
        if n in look_at:
            expected, spent = _naive(line, free, policy, now, index)
            costs.naive.append(spent)
        begun = time.thread_time()
        if comes is not None:
            index.put_ticket(comes)
        if seat is not None:
            index.put_seat(seat)
        pairs = index.pairs(policy, now)
        costs.events.append(time.thread_time() - begun)
        costs.pairs += len(pairs)
        if expected is not None and pairs != expected:
            raise AssertionError("the index found other pairs than the definition")
        for pair in pairs:
            del line[pair.ticket_id], free[pair.seat_id]
        if seat is not None and free.pop(seat.id, None) is not None:
            # Nobody here for it by now; it has other work when the next event comes.
            index.drop_seat(seat.id)
    return costs


def _naive(
    line: dict[str, WaitingTicket],
    free: dict[str, FreeSeat],
    policy: Policy,
    now: float,
    index: LineIndex,
) -> tuple[list[Pair], float]:
    begun = time.thread_time()
    pairs = match(line.values(), free.values(), policy, now, index.state)
    return pairs, time.thread_time() - begun


async def server_costs(policy: Policy, waiting: int, events: int) -> tuple[Costs, Costs, float]:
    """The same in a hall on SQLite: of matching alone, of the whole unit; and of reading anew."""
    matching, unit = Costs(), Costs()
    with tempfile.TemporaryDirectory() as folder:
        async with open_province(Path(folder), policy, waiting) as hall:
            read_s = await hall.read_anew()
            for n in range(events):
                spent = await (hall.take() if n % 2 else hall.free_a_seat())
                matching.events.append(spent.matching_s)
                unit.events.append(spent.unit_s)
                matching.pairs += spent.pairs
    unit.pairs = matching.pairs
    return matching, unit, read_s


def growth(level: str, policy: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """How the cost grew from the shortest line to the longest, and how log n does."""
    first, last = lines[0], lines[-1]
    return {
        "benchmark": "matching.growth",
        "level": level,
        "policy": policy,
        "from": first["waiting"],
        "to": last["waiting"],
        "p50_ratio": round(last["p50_us"] / first["p50_us"], 2),
        "p99_ratio": round(last["p99_us"] / first["p99_us"], 2),
        "log_ratio": round(math.log(last["waiting"]) / math.log(first["waiting"]), 2),
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> int:
    """Print one JSON line a setting; the exit code says whether the aim was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few events")
    quick = parser.parse_args().quick
    events, looks = (200, 2) if quick else (2_000, 6)
    slow = 0
    for name, policy in POLICIES.items():
        lines = []
        for waiting in WAITING:
            costs = index_costs(policy, waiting, events, looks)
            lines.append(costs.told(level="index", policy=name, waiting=waiting, seats=SEATS))
            print(json.dumps(lines[-1]), flush=True)
        print(json.dumps(growth("index", name, lines)), flush=True)
    for name, policy in POLICIES.items():
        lines = []
        for waiting in AT_A_SERVER:
            setting: dict[str, object] = {"policy": name, "waiting": waiting, "seats": SEATS}
            setting["kiosks"] = KIOSKS
            costs, unit, read_s = asyncio.run(server_costs(policy, waiting, events // 2))
            lines.append(costs.told(level="server", **setting))
            print(json.dumps(lines[-1]), flush=True)
            whole = unit.told(level="server, whole unit", **setting)
            print(json.dumps(whole | {"read_anew_ms": round(read_s * 1e3, 1)}), flush=True)
            slow += lines[-1]["p99_us"] > AIM_MS * 1e3
        print(json.dumps(growth("server", name, lines)), flush=True)
    return slow


if __name__ == "__main__":
    sys.exit(main())
