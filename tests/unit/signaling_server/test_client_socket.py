from __future__ import annotations

import asyncio

import pytest

from signaling.server.client_socket import Outbox
from signaling.server.rate import TokenBucket

pytestmark = pytest.mark.unit


async def test_packets_leave_in_order_and_the_end_comes_last() -> None:
    outbox = Outbox(10_000)
    for text in ("a", "b"):
        outbox.put(text)
    outbox.end()
    outbox.put("after the end")
    assert [await outbox.take() for _ in range(3)] == ["a", "b", None]
    assert outbox.bytes == 0


async def test_a_taker_that_waits_is_woken() -> None:
    outbox = Outbox(10_000)
    taker = asyncio.create_task(outbox.take())
    await asyncio.sleep(0)
    outbox.put("news")
    assert await taker == "news"
    taker = asyncio.create_task(outbox.take())
    await asyncio.sleep(0)
    outbox.end()
    assert await taker is None


def test_what_a_slow_client_leaves_unread_is_bounded() -> None:
    outbox = Outbox(10_000)
    for _ in range(1_000):
        outbox.put("x" * 500)
        assert outbox.bytes <= 10_000
    assert outbox.overflowed
    assert outbox.bytes == 0


def test_a_bucket_lets_a_burst_through_and_then_the_rate() -> None:
    bucket = TokenBucket(per_s=2.0, burst=3)
    assert [bucket.take(10.0) for _ in range(5)] == [True, True, True, False, False]
    assert [bucket.take(11.0) for _ in range(3)] == [True, True, False]
    assert [bucket.take(1_000.0) for _ in range(4)] == [True, True, True, False]
