"""Durable visits a second through the whole service, against bare programs on the same database.

    python -m benchmarks.assign_service             SQLite, 3 passes
    python -m benchmarks.assign_service --postgres  and PostgreSQL, a server of its own

A visit is a ticket taken, a seat chosen, accepted, connected, ended, wrapped up: six commands, each
answered after its commit, with rules, journal and idempotency. So many kiosks and seats are at it
at once as a hall has. Against it, in the same run:

* `bare`: three rows a visit in three commits and no rules, a script outside this repository
  (`--baseline`);
* `same_rows`: a bare program (`bare_visits.py`; sqlite3, asyncpg) that writes the service's rows,
  each command a commit, as it must be where one answers after the other;
* `same_group`: the same with as many commands in a commit as the service had.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "queue")]

import uvloop  # noqa: E402  # the paths above come first
from sqlalchemy import event, insert  # noqa: E402

from benchmarks.bare_visits import (  # noqa: E402
    asyncpg_visits,
    sqlite_visits,
    visits_written,
)
from service_queue.backend import open_engine  # noqa: E402
from service_queue.changes import Changes  # noqa: E402
from service_queue.clock import SteadyClock  # noqa: E402
from service_queue.hall import Hall, open_hall  # noqa: E402
from service_queue.policy import Policy  # noqa: E402
from service_queue.store import Store  # noqa: E402
from service_queue.tables import KioskRow, LocationRow, SeatRow, table_of  # noqa: E402
from signaling.protocol import commands as c  # noqa: E402
from signaling.protocol.words import MediaReport  # noqa: E402
from signaling.server.tuning import tune_for_many_sockets  # noqa: E402
from xiaowu.faults.site import ITEMS, build  # noqa: E402
from xiaowu.faults.world import PlainSealer, agent, kiosk  # noqa: E402

BASELINE: Final = HERE.parent.parent / "shared" / "bench" / "assign.py"
KIOSKS: Final = 400
SEATS: Final = 200
WARM: Final = SEATS
"""Visits before the clock starts: everybody sits, every kiosk had its first resident."""
POLICY: Final = Policy(offer_timeout_s=600.0, wrap_up_s=600.0, rating_s=600.0)


def fill(url: str) -> None:
    """A hall large enough that nobody waits for a free kiosk."""
    build(url)
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(
            insert(table_of(LocationRow)).values(id="Z", name="Z", name_en="Z", prefix="Z")
        )
        connection.execute(
            insert(table_of(KioskRow)),
            [
                KioskRow(id=f"K{n}", location_id="Z", name=f"{n}").model_dump()
                for n in range(6, KIOSKS)
            ],
        )
        connection.execute(
            insert(table_of(SeatRow)),
            [SeatRow(id=f"S{n}", name=f"{n}", position=n).model_dump() for n in range(3, SEATS)],
        )
    engine.dispose()


class Crowd:
    """Kiosks and seats that are at it as fast as they are answered."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self.visits = 0
        self.waits_ms: list[float] = []
        """From a command to its answer."""
        self._ops = count()
        self._changed: dict[str, asyncio.Event] = {}
        self._rung: list[asyncio.Event] = [asyncio.Event() for _ in range(SEATS)]

    async def run(self, seconds: float) -> float:
        """Work for about so long once all are at it; returns the visits a second."""
        self.hall.subscribe(self._ring)
        for n in range(SEATS):
            await self._say(agent(n), c.SignIn(op_id=self._op(), seat_id=f"S{n}"))
            await self._say(agent(n), c.OpenSeat(op_id=self._op()))
        self.waits_ms.clear()
        work = [asyncio.create_task(self._reside(n)) for n in range(KIOSKS)]
        work += [asyncio.create_task(self._serve(n)) for n in range(SEATS)]
        while self.visits < WARM:
            await asyncio.sleep(0.05)
            for task in work:
                if task.done():
                    task.result()  # they work until they are cancelled: it failed
        began, before = time.perf_counter(), self.visits
        await asyncio.sleep(seconds)
        took, visits = time.perf_counter() - began, self.visits - before
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        return visits / took

    def _ring(self, changes: Changes) -> None:
        for seat_id in changes.seat_ids:
            self._rung[int(seat_id[1:])].set()
        for kiosk_id in changes.kiosk_ids & self._changed.keys():
            self._changed[kiosk_id].set()

    async def _reside(self, n: int) -> None:
        changed = asyncio.Event()
        mine = f"K{n}"
        self._changed[mine] = changed
        item = ITEMS[n % len(ITEMS)]
        while True:
            ticket = self.hall.mirror.ticket_of_kiosk(mine)
            if ticket is None or not ticket.state.is_open:
                await self._say(kiosk(n), c.TakeTicket(op_id=self._op(), item_code=item))
            changed.clear()
            await changed.wait()

    async def _serve(self, n: int) -> None:
        me, mirror = agent(n), self.hall.mirror
        while True:
            ticket = mirror.ticket_at_seat(f"S{n}")
            if ticket is None or ticket.offer_id is None:
                self._rung[n].clear()
                await self._rung[n].wait()
                continue
            call_id, them = ticket.offer_id, kiosk(int(ticket.kiosk_id[1:]))
            op, flowing = self._op, MediaReport.FLOWING
            await self._say(me, c.AcceptTicket(op_id=op(), offer_id=call_id, epoch=ticket.epoch))
            for who in (me, them):
                await self._say(
                    who, c.ReportMedia(op_id=op(), call_id=call_id, media_epoch=1, media=flowing)
                )
            await self._say(me, c.EndCall(op_id=op(), call_id=call_id))
            await self._say(me, c.FinishWrapUp(op_id=op(), call_id=call_id))
            self.visits += 1

    def _op(self) -> str:
        return f"op{next(self._ops)}"

    async def _say(self, who: Any, command: c.StoredCommand) -> None:
        began = time.perf_counter()
        await self.hall.execute(who, command)
        self.waits_ms.append((time.perf_counter() - began) * 1e3)


async def measure(url: str, seconds: float) -> dict[str, float]:
    """Visits a second through the service on an empty database at `url`."""
    await asyncio.to_thread(fill, url)
    store = Store.open(url)
    commits: list[object] = []
    event.listen(store.engine, "commit", commits.append)
    try:
        async with open_hall(
            store, clock=SteadyClock(), sealer=PlainSealer(), policy=POLICY
        ) as hall:
            crowd = Crowd(hall)
            tune_for_many_sockets()  # as the server does
            began = time.process_time()
            rate = await crowd.run(seconds)
            cpu = time.process_time() - began
    finally:
        await store.close()
    waits = sorted(crowd.waits_ms)
    return {
        "visits_s": round(rate, 1),
        "cpu_ms_per_visit": round(1e3 * cpu / max(1, crowd.visits), 2),
        "commands_per_commit": round(len(waits) / max(1, len(commits)), 1),
        "answer_p50_ms": round(waits[len(waits) // 2], 2),
        "answer_p99_ms": round(waits[int(len(waits) * 0.99)], 2),
    }


def baseline(script: Path, mode: str, seconds: float, dsn: str | None = None) -> float:
    """Visits a second of the bare loop, as it stands."""
    command = [sys.executable, str(script), "--modes", mode, "--rounds", "1"]
    command += ["--seconds", str(seconds), "--base", mode]
    command += ["--pg", dsn] if dsn else []
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    rate: float = json.loads(done.stdout)["modes"][mode]["visits_s"]
    return rate


def same_rows(kind: str, url: str, group: int, seconds: float) -> float:
    """Visits a second of a bare program that writes the service's rows in the same groups."""
    fill(url)
    if kind == "postgres":
        rate = uvloop.run(asyncpg_visits(url, group, seconds))
    else:
        rate = sqlite_visits(url, group, seconds)
    assert visits_written(url) > 0
    return round(rate, 1)


@contextmanager
def postgres() -> Iterator[Any]:
    """A PostgreSQL server of this run."""
    from tests.support.databases import PostgresServer  # noqa: PLC0415 - only where asked for

    server = PostgresServer()
    try:
        yield server
    finally:
        server.stop()


def main() -> None:
    """Measure, interleaved; prints JSON lines and a summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--baseline", type=Path, default=BASELINE)
    parser.add_argument("--postgres", action="store_true")
    options = parser.parse_args()
    where: AbstractContextManager[Any] = postgres() if options.postgres else nullcontext()
    ratios: dict[str, dict[str, list[float]]] = {}
    with where as server, tempfile.TemporaryDirectory() as folder:
        for number in range(1, options.passes + 1):
            for kind in ("sqlite", "postgres") if server else ("sqlite",):
                urls = empty_databases(kind, server, Path(folder))
                ours = uvloop.run(measure(next(urls), options.seconds))
                group = max(1, min(KIOSKS, SEATS, round(ours["commands_per_commit"])))
                against = {
                    "same_rows": same_rows(kind, next(urls), 1, options.seconds),
                    "same_group": same_rows(kind, next(urls), group, options.seconds),
                }
                if options.baseline.exists():
                    dsn = next(urls) if kind == "postgres" else None
                    mode = "pg-1" if kind == "postgres" else "sqlite3-F"
                    against["bare"] = baseline(options.baseline, mode, options.seconds, dsn)
                for name, rate in against.items():
                    each = ratios.setdefault(kind, {}).setdefault(name, [])
                    each.append(ours["visits_s"] / rate)
                load = round(os.getloadavg()[0], 1)
                say(number=number, database=kind, **ours, against=against, load=load)
    summary = {
        kind: {name: round(median(each), 3) for name, each in some.items()}
        for kind, some in ratios.items()
    }
    say(summary=summary)


def empty_databases(kind: str, server: Any, folder: Path) -> Iterator[str]:
    """As many as are asked for."""
    while True:
        if kind == "postgres":
            yield server.url_of(server.create("template0"))
        else:
            yield f"sqlite:///{folder}/{next(_numbers)}.sqlite3"


_numbers: Final = count()


def say(**line: Any) -> None:
    """Print one JSON line."""
    print(json.dumps({"bench": "assign_service", **line}), flush=True)


if __name__ == "__main__":
    main()
