from __future__ import annotations

from datetime import UTC, datetime

import pytest

from xiaowu.moment import MomentUnclear, read_moment, show_moment

pytestmark = pytest.mark.unit

ZONE = "Asia/Shanghai"
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC).timestamp()


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> float:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("now", NOW),
        ("14:30", at(22, 6, 30)),
        ("14:30:05", at(22, 6, 30, 5)),
        (" 2026-11-21 14:30 ", at(21, 6, 30)),
        ("2026-11-21T14:30:05", at(21, 6, 30, 5)),
        ("2026-11-21 14:30+00:00", at(21, 14, 30)),
        ("2026-11-21T14:30Z", at(21, 14, 30)),
        ("2026-11-21", at(20, 16, 0)),
    ],
)
def test_a_moment_is_read_as_a_clock_on_the_wall_shows_it(typed: str, wanted: float) -> None:
    assert read_moment(typed, zone=ZONE, now=NOW) == wanted


def test_until_a_date_is_until_its_end() -> None:
    until = read_moment("2026-11-21", zone=ZONE, now=NOW, until=True)
    assert at(21, 15, 59, 59) < until < at(21, 16, 0)
    assert read_moment("2026-11-21 10:00", zone=ZONE, now=NOW, until=True) == at(21, 2)


@pytest.mark.parametrize("typed", ["", "soon", "25:00", "2026-13-01", "2026-11-22 25:00"])
def test_what_is_no_moment_is_refused_with_examples(typed: str) -> None:
    with pytest.raises(MomentUnclear, match="14:30"):
        read_moment(typed, zone=ZONE, now=NOW)


def test_what_is_shown_can_be_typed_again() -> None:
    shown = show_moment(NOW, ZONE)
    assert shown == "2026-11-22 09:00:00"
    assert read_moment(shown, zone=ZONE, now=0.0) == NOW
    assert show_moment(NOW, ZONE, with_date=False) == "09:00:00"
