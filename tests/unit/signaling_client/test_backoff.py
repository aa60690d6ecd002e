import random

import pytest

from signaling.client.backoff import full_jitter

pytestmark = pytest.mark.unit


def test_the_ceiling_doubles_from_half_a_second_to_fifteen() -> None:
    ceilings = [full_jitter(n, random=lambda: 1.0) for n in range(1, 9)]
    assert ceilings == [0.5, 1, 2, 4, 8, 15, 15, 15]


def test_the_whole_span_down_to_zero_is_used() -> None:
    assert full_jitter(7, random=lambda: 0.0) == 0.0
    draws = [full_jitter(7, random=random.Random(3).random) for _ in range(1)]
    assert 0 <= draws[0] < 15


def test_ten_thousand_clients_do_not_return_together() -> None:
    chance = random.Random(11)
    returns = [full_jitter(6, random=chance.random) for _ in range(10_000)]
    busiest = max(sum(second <= wait < second + 1 for wait in returns) for second in range(15))
    assert busiest < 800


def test_a_very_long_outage_does_not_overflow() -> None:
    assert full_jitter(100_000, random=lambda: 1.0) == 15
