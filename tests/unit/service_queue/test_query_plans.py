"""What runs with every event looks rows up by an index: a year of tickets must cost nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Select, create_engine, select
from sqlmodel import SQLModel

from service_queue import late_calls, line, matcher, sweep
from service_queue.policy import Policy
from service_queue.statements import statements_of
from service_queue.tables import CallRow, table_of
from service_queue.transaction import Transaction
from signaling.protocol.words import CallState
from tests.support.hall_builder import ReversingSealer

pytestmark = pytest.mark.unit

_call = table_of(CallRow)


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    SQLModel.metadata.create_all(engine)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def plan(connection: Connection, statement: Select[Any]) -> list[str]:
    """How SQLite would run it, with its parameters bound as in the hall."""
    text, values = statements_of(connection).fixed(statement, {})
    cursor: Any = connection.connection.cursor()
    return [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {text}", values)]


def hot(connection: Connection) -> dict[str, Select[Any]]:
    tx = Transaction(connection, now=0.0, policy=Policy(), sealer=ReversingSealer())
    return {
        "the kiosk's open ticket": line._OPEN,
        "what a kiosk left unrated": line._UNRATED,
        "who waits": matcher._WAITING,
        "who declined": matcher._DECLINED,
        "who handed on": matcher._HANDED_ON,
        "calls of late": late_calls._BEGUN,
        "lapsed offers": sweep.lapsed_offers(0.0),
        "lost kiosks": sweep.lost_kiosks(tx),
        "lapsed parkings": sweep.lapsed_parkings(0.0),
        "lapsed ratings": sweep.lapsed_ratings(0.0),
        "live calls": select(_call).where(_call.c.state != CallState.ENDED),
    }


def test_no_table_that_grows_is_read_as_a_whole(connection: Connection) -> None:
    for name, statement in hot(connection).items():
        for step in plan(connection, statement):
            assert "USING INDEX" in step, (name, step)
