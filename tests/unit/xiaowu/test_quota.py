"""Places that are shared."""

from __future__ import annotations

import asyncio

import pytest

from xiaowu.demo.quota import Quota

pytestmark = pytest.mark.unit


async def test_no_more_than_so_many_at_once() -> None:
    quota = Quota(2)
    assert await quota.take()
    assert await quota.take()
    third = asyncio.create_task(quota.take())
    await asyncio.sleep(0)
    assert not third.done()
    quota.give_back()
    assert await third


async def test_no_more_than_so_many_in_all() -> None:
    quota = Quota(5, in_all=1)
    assert await quota.take()
    quota.give_back()
    assert not await quota.take()


async def test_who_waits_while_the_last_is_given_goes_away_empty() -> None:
    quota = Quota(1, in_all=1)
    assert await quota.take()
    waiting = asyncio.create_task(quota.take())
    await asyncio.sleep(0)
    quota.give_back()
    assert not await waiting
    assert not await quota.take()


async def test_a_place_that_was_not_used_is_given_again() -> None:
    quota = Quota(1, in_all=1)
    assert await quota.take()
    quota.give_back(unused=True)
    assert await quota.take()
