"""The camera for recognition: behind a consent by its type, and gone in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any, cast

import numpy as np
import pytest
from av import VideoFrame

from id_verify.alive.witness import Witness
from kiosk_client.identity.errors import OfferRefused
from kiosk_client.identity.frame_feed import FrameFeed
from kiosk_client.identity.look import open_camera_for_recognition
from kiosk_client.identity.witness_peer import WitnessPeer
from signaling.protocol.identity import AgeGroup, ConsentGiven
from signaling.protocol.words import Language
from tests.support.media_pair import until

pytestmark = pytest.mark.unit

GIVEN = ConsentGiven(
    text_version="face-1",
    text_sha256="0" * 64,
    language=Language.ZH,
    given_at=1.0,
    read_aloud=False,
    age_group=AgeGroup.FROM_14,
)


@pytest.mark.parametrize("instead", [None, True, GIVEN])
async def test_without_a_consent_that_counts_not_even_the_witness_is_started(instead: Any) -> None:
    started = False

    @asynccontextmanager
    async def witness() -> AsyncIterator[Witness]:
        nonlocal started
        started = True
        yield cast(Witness, None)

    with pytest.raises(TypeError):
        async with open_camera_for_recognition(instead, witness=witness):
            pass
    assert not started


@pytest.mark.parametrize(
    "sdp",
    [
        "",
        "v=0\r\n",
        "nonsense",
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=sendonly\r\n",
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=recvonly\r\n",
    ],
)
async def test_anything_but_one_video_track_is_refused(sdp: str) -> None:
    peer = WitnessPeer(lambda _frame: None)
    try:
        with pytest.raises(OfferRefused):
            await peer.answer(sdp)
    finally:
        await peer.close()


def frame(at: int, size: tuple[int, int] = (64, 48)) -> VideoFrame:
    made = VideoFrame.from_ndarray(np.full((size[1], size[0], 3), 90, np.uint8), format="bgr24")
    made.pts, made.time_base = at, Fraction(1, 1000)
    return made


async def test_while_one_frame_is_made_only_the_newest_waits() -> None:
    seen: list[float] = []

    def offer(at_s: float, _picture: object) -> bool:
        seen.append(at_s)
        return True

    feed = FrameFeed(offer)
    for at in range(0, 1000, 100):
        feed.take(frame(at))
    await until(lambda: bool(seen) and seen[-1] == 0.9)
    assert len(seen) + feed.dropped == 10
    assert feed.dropped > 0
    await feed.close()


async def test_a_picture_is_overwritten_when_it_was_handed_on() -> None:
    kept: list[Any] = []

    def offer(_at_s: float, picture: Any) -> bool:
        assert picture.any()
        kept.append(picture)
        return True

    feed = FrameFeed(offer)
    feed.take(frame(0, (1280, 720)))
    await until(lambda: bool(kept) and not kept[0].any())
    assert kept[0].shape == (480, 852, 3)
    await feed.close()


async def test_a_camera_that_hurries_is_not_looked_at_more_often() -> None:
    seen: list[float] = []

    def offer(at_s: float, _picture: object) -> bool:
        seen.append(at_s)
        return True

    feed = FrameFeed(offer)
    for at in (0, 10, 20, 30, 40):
        feed.take(frame(at))
    await until(lambda: bool(seen))
    await feed.close()
    assert seen == [0.0]
