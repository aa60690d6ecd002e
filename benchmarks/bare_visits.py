"""Visits written by a bare program: the rows and commits of the service, and nothing else.

The tables, indexes and foreign keys are the project's, and a visit has the rows that the service
writes for one: ticket, offer, call, the seat's moves, the journal, the answers to commands. No
rules, no reading, no choice: who meets whom is known beforehand. So many visits go in step as the
service puts commands into one commit.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, Final

from sqlalchemy.engine import make_url

from service_queue.backend import open_engine
from service_queue.statements import plain
from service_queue.tables import CallRow, TicketOfferRow, TicketRow, table_of

Row = tuple[Any, ...]
Write = tuple[str, list[Row]]
"""A text with `?` for its parameters, and the rows it is run for."""

SEATED: Final = "UPDATE seat SET status='available', agent_id='a'||substr(id,2), agent_name='坐席'"

_JOURNAL: Final = "INSERT INTO journal VALUES (?,?,?,?,?,?,?,?,?,?)"
_OPERATION: Final = "INSERT INTO operation VALUES (?,?,?,?,?)"


class Visits:
    """The writes of visits that go in step, step by step; each step is one commit."""

    def __init__(self, group: int) -> None:
        self.group = group
        self._seq = count(1)
        self._op = count(1)
        self._visit = count(1)
        self._kiosks = [f"K{n}" for n in range(group)]
        self._seats = [f"S{n}" for n in range(group)]

    def next_round(self) -> Iterator[list[Write]]:
        """One visit of each: six steps."""
        at = time.time()
        tickets = [self._ticket(kiosk, at) for kiosk in self._kiosks]
        pairs = list(zip(tickets, self._seats, strict=True))
        ids = [(f"o{ticket.n}", ticket, seat) for ticket, seat in pairs]
        yield [
            (_insert(TicketRow), [_values(ticket) for ticket in tickets]),
            (
                "INSERT INTO day_counter VALUES (?,?,?)"
                " ON CONFLICT (day, prefix) DO UPDATE SET n = excluded.n",
                [(tickets[-1].day, "Z", tickets[-1].n)],
            ),
            (_insert(TicketOfferRow), [_offer(one, ticket, seat, at) for one, ticket, seat in ids]),
            (
                "UPDATE ticket SET state='offered', state_since=?, epoch=1, seat_id=?, offer_id=?,"
                " first_offered_at=? WHERE id=? AND state='waiting'",
                [(at, seat, one, at, ticket.id) for one, ticket, seat in ids],
            ),
            _seat_moves(
                "idle", "state='reserved', state_since=?", [(at, seat) for seat in self._seats]
            ),
            *self._told(at, ids, "ticket.taken", "ticket.offered"),
        ]
        yield [
            (
                "UPDATE ticket_offer SET outcome='accepted', ended_at=? WHERE id=?",
                [(at, one) for one, *_ in ids],
            ),
            (
                "UPDATE ticket SET state='serving', state_since=? WHERE id=? AND state='offered'",
                [(at, ticket.id) for ticket in tickets],
            ),
            _seat_moves(
                "reserved", "state='in_call', state_since=?", [(at, seat) for seat in self._seats]
            ),
            (_insert(CallRow), [_call(one, ticket, seat, at) for one, ticket, seat in ids]),
            *self._told(at, ids, "ticket.accepted"),
        ]
        yield [
            ("UPDATE call SET agent_media='flowing' WHERE id=?", [(one,) for one, *_ in ids]),
            *self._told(at, ids, "call.media"),
        ]
        yield [
            (
                "UPDATE call SET resident_media='flowing', state='connected', state_since=?,"
                " connected_at=? WHERE id=? AND state='connecting'",
                [(at, at, one) for one, *_ in ids],
            ),
            *self._told(at, ids, "call.connected"),
        ]
        yield [
            (
                "UPDATE call SET state='ended', state_since=?, ended_at=?,"
                " end_reason='agent_hung_up' WHERE id=? AND state='connected'",
                [(at, at, one) for one, *_ in ids],
            ),
            (
                "UPDATE ticket SET state='completed', state_since=?, ended_at=?,"
                " end_reason='served', rating_until=? WHERE id=? AND state='serving'",
                [(at, at, at + 600, ticket.id) for ticket in tickets],
            ),
            _seat_moves(
                "in_call",
                "state='wrap_up', state_since=?, wrap_up_call_id=?, wrap_up_until=?, tally_day=?,"
                " calls_today=?, talk_today_s=?",
                [(at, one, at + 600, t.day, t.n, 0.5 * t.n, seat) for one, t, seat in ids],
            ),
            *self._told(at, ids, "call.ended", "ticket.completed", "wrap_up.begun"),
        ]
        yield [
            _seat_moves(
                "wrap_up",
                "state='idle', state_since=?, wrap_up_call_id=NULL, wrap_up_until=NULL,"
                " idle_since=?",
                [(at, at, seat) for seat in self._seats],
            ),
            # The next resident at the kiosk ends the time for rating.
            (
                "UPDATE ticket SET rating_until=NULL WHERE id=?",
                [(ticket.id,) for ticket in tickets],
            ),
            *self._told(at, ids, "wrap_up.ended", "call.not_rated"),
        ]

    def _ticket(self, kiosk: str, at: float) -> TicketRow:
        n = next(self._visit)
        return TicketRow(
            id=f"t{n:014}",
            day="2026-11-21",
            prefix="Z",
            n=n,
            location_id="Z",
            kiosk_id=kiosk,
            item_code="pension",
            arrived_at=at,
            state_since=at,
            place_at=at,
            department="department",
        )

    def _told(self, at: float, ids: list[tuple[str, TicketRow, str]], *kinds: str) -> list[Write]:
        detail = json.dumps({"epoch": 1, "waited_s": 0.25})
        journal = [
            (next(self._seq), at, kind, "agent:a1", t.kiosk_id, seat, t.id, one, None, detail)
            for one, t, seat in ids
            for kind in kinds
        ]
        answer = '{"type":"done","op_id":"op1"}'
        operations = [("agent:a1", f"op{next(self._op)}", "ticket.accept", answer, at) for _ in ids]
        return [(_JOURNAL, journal), (_OPERATION, operations)]


def sqlite_visits(url: str, group: int, seconds: float) -> float:
    """Visits a second of the driver of the standard library, WAL and FULL, on a filled hall."""
    database = sqlite3.connect(str(make_url(url).database), isolation_level=None)
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        database.execute(f"PRAGMA {setting}")
    database.execute(SEATED)
    visits = Visits(group)
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        for step in visits.next_round():
            database.execute("BEGIN IMMEDIATE")
            for text, rows in step:
                database.executemany(text, rows)
            database.execute("COMMIT")
        done += group
    took = time.perf_counter() - began
    database.close()
    return done / took


async def asyncpg_visits(url: str, group: int, seconds: float) -> float:
    """Visits a second of asyncpg on a filled hall: each text prepared, a step one transaction."""
    import asyncpg  # noqa: PLC0415 - only where PostgreSQL is measured

    database = await asyncpg.connect(str(url))
    await database.execute(SEATED)
    visits = Visits(group)
    numbered: Callable[[str], str] = _Numbered().__call__
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        for step in visits.next_round():
            async with database.transaction():
                for text, rows in step:
                    if len(rows) == 1:
                        await database.execute(numbered(text), *rows[0])
                    else:
                        await database.executemany(numbered(text), rows)
        done += group
    took = time.perf_counter() - began
    await database.close()
    return done / took


class _Numbered:
    """Texts with `$1` for `?`, each made once."""

    def __init__(self) -> None:
        self._made: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        if text not in self._made:
            first, *rest = text.split("?")
            parts = (f"${n}{part}" for n, part in enumerate(rest, 1))
            self._made[text] = first + "".join(parts)
        return self._made[text]


def _insert(model: type[Any]) -> str:
    columns = [column.name for column in table_of(model).columns]
    marks = ",".join("?" * len(columns))
    return f"INSERT INTO {table_of(model).name} ({','.join(columns)}) VALUES ({marks})"


def _values(row: Any) -> Row:
    return tuple(plain(getattr(row, column.name)) for column in table_of(type(row)).columns)


def _seat_moves(was: str, news: str, rows: list[Row]) -> Write:
    return f"UPDATE seat SET {news} WHERE id=? AND state='{was}'", rows


def _offer(one: str, ticket: TicketRow, seat: str, at: float) -> Row:
    return _values(
        TicketOfferRow(
            id=one, ticket_id=ticket.id, seat_id=seat, epoch=1, offered_at=at, expires_at=at + 600
        )
    )


def _call(one: str, ticket: TicketRow, seat: str, at: float) -> Row:
    return _values(
        CallRow(
            id=one,
            ticket_id=ticket.id,
            seat_id=seat,
            kiosk_id=ticket.kiosk_id,
            agent_id=f"a{seat[1:]}",
            state_since=at,
            started_at=at,
        )
    )


def visits_written(url: str) -> int:
    """How many visits a database holds that are over."""
    engine = open_engine(url)
    with engine.connect() as connection:
        done: int = connection.exec_driver_sql(
            "SELECT count(*) FROM ticket WHERE state = 'completed'"
        ).scalar_one()
    engine.dispose()
    return done
