"""What the page said: waited for, let go, or breaking off what is going on."""

from __future__ import annotations

import asyncio

import pytest

from kiosk_client.identity.inbox import AHEAD, BrokenOff, Inbox
from kiosk_client.identity.messages import Agree, TryAgain
from signaling.protocol.identity import IdentityWay

pytestmark = pytest.mark.unit

AGREED = Agree(text_sha256="a", read_aloud=False)


async def test_what_is_waited_for_comes_and_what_does_not_fit_is_let_go() -> None:
    inbox = Inbox()
    inbox.put(TryAgain())
    inbox.put(AGREED)
    assert await inbox.next(Agree) is AGREED


async def test_work_gives_its_result() -> None:
    async def work() -> int:
        return 7

    assert await Inbox().during(work()) == 7


async def test_work_that_fails_fails() -> None:
    async def work() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await Inbox().during(work())


async def test_breaking_off_ends_the_work_at_once_and_once() -> None:
    inbox = Inbox()
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    doing = asyncio.create_task(inbox.during(work()))
    await begun.wait()
    inbox.break_off(IdentityWay.NO_FACE)
    with pytest.raises(BrokenOff) as broken_off:
        await doing
    assert broken_off.value.way is IdentityWay.NO_FACE
    assert ended.is_set()
    inbox.put(TryAgain())
    await inbox.next(TryAgain)  # what was broken off is over


async def test_a_page_that_says_too_much_is_not_kept_without_bound() -> None:
    inbox = Inbox()
    for _ in range(AHEAD + 50):
        inbox.put(TryAgain())
    inbox.break_off(None)
    with pytest.raises(BrokenOff):
        await inbox.next(Agree)
