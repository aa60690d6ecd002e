import pytest

from signaling.server.connection import Connection
from signaling.server.rounds import AT_ONCE, FRONT, Rounds

pytestmark = pytest.mark.unit

LINE = [f"t{n}" for n in range(FRONT + 2 * AT_ONCE + 7)]
NO_DESKS: list[Connection] = []


def test_the_front_is_told_each_time_and_everybody_else_in_turns() -> None:
    rounds = Rounds()
    rounds.hear()
    told: list[str] = []
    goes = 0
    while rounds.goes_on:
        tickets, _ = rounds.take(LINE, NO_DESKS)
        assert tickets[:FRONT] == LINE[:FRONT]
        assert len(tickets) <= FRONT + AT_ONCE
        told += tickets[FRONT:]
        goes += 1
    assert told == LINE[FRONT:]
    assert goes == 3


def test_a_short_line_is_told_in_one_go() -> None:
    rounds = Rounds()
    rounds.hear()
    assert rounds.take(LINE[:5], NO_DESKS) == (LINE[:5], [])
    assert not rounds.goes_on


def test_news_during_a_round_begins_another_after_it() -> None:
    rounds = Rounds()
    rounds.hear()
    rounds.take(LINE, NO_DESKS)
    rounds.hear()
    told: list[str] = []
    while rounds.goes_on:
        told += rounds.take(LINE, NO_DESKS)[0][FRONT:]
    # Those told before the news are told again.
    assert set(told) == set(LINE[FRONT:])
    assert told.count(LINE[FRONT]) == 1
    assert told.count(LINE[-1]) == 2


def test_without_news_only_the_front_is_looked_at() -> None:
    rounds = Rounds()
    assert not rounds.goes_on
    assert rounds.take(LINE, NO_DESKS) == (LINE[:FRONT], [])
