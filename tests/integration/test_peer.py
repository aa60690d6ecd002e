"""Two real aiortc peers talk to each other, and go on talking when things break."""

from __future__ import annotations

import asyncio
import time

import aiortc
import numpy as np
import pytest
from aiortc.rtcrtpreceiver import RemoteStreamTrack

from signaling.client.peer import Flow
from signaling.client.sounds import PackedSound, Tone
from signaling.protocol.signals import Candidate, Description
from signaling.protocol.words import MediaReport, Party
from tests.support.awake import awake_watch
from tests.support.media_pair import AGENT_HZ, MediaPair, until

pytestmark = pytest.mark.integration


def flows(pair: MediaPair) -> bool:
    return all(side.call.flow is Flow.FLOWING for side in pair.sides.values())


async def test_both_sides_see_and_hear_the_other() -> None:
    async with MediaPair() as pair:
        pair.begin()
        await until(lambda: flows(pair) and all(s.picture.count > 5 for s in pair.sides.values()))
        await until(lambda: all(side.ear.share > 0.9 for side in pair.sides.values()))
        seen = pair.resident.picture.bgr()
        assert seen is not None
        assert seen.shape == (240, 320, 3)
        assert seen[:, :8].mean() > 60  # the frame of the artificial picture, not black
        assert float(np.std(seen)) > 20


async def test_a_tone_that_was_encoded_once_is_heard() -> None:
    async with MediaPair(agent_sound=PackedSound(Tone(AGENT_HZ))) as pair:
        pair.begin()
        await until(lambda: pair.resident.ear.share > 0.9)


async def test_the_picture_moves() -> None:
    async with MediaPair() as pair:
        pair.begin()
        first = (await pair.resident.picture.next()).to_ndarray(format="gray").astype(int)
        for _ in range(10):
            last = await pair.resident.picture.next()
        assert np.abs(last.to_ndarray(format="gray").astype(int) - first).max() > 50


async def test_nothing_is_sent_before_the_agent_accepts() -> None:
    async with MediaPair() as pair:
        for side in pair.sides.values():
            side.call.update(None)
        pair.show()
        peers = [side.call.peer for side in pair.sides.values()]
        await until(lambda: all(p and p.connection_state == "connected" for p in peers))
        assert all(side.call.totals.video_frames == 0 for side in pair.sides.values())
        assert all(side.call.flow is Flow.SETTING_UP for side in pair.sides.values())
        pair.attach = True
        pair.show()
        await until(lambda: flows(pair))
        assert pair.epoch == 1


async def test_each_side_reports_once_that_media_flows() -> None:
    async with MediaPair() as pair:
        pair.begin()
        await until(lambda: all(side.told for side in pair.sides.values()))
        await until(lambda: pair.agent.picture.count > 15)
        assert [t.media for t in pair.agent.told] == [MediaReport.FLOWING]
        assert [t.media for t in pair.resident.told] == [MediaReport.FLOWING]


async def test_a_signal_that_overtakes_its_view_is_not_lost() -> None:
    async with MediaPair() as pair:
        for side in pair.sides.values():
            side.call.update(None)
        pair.attach = True
        pair.show(Party.AGENT)
        await until(lambda: len(pair.signals) == 1)
        pair.show(Party.RESIDENT)
        await until(lambda: flows(pair))
        assert pair.epoch == 1


async def test_a_dead_path_is_noticed_in_three_seconds_and_rebuilt() -> None:
    async with MediaPair() as pair:
        pair.begin()
        await until(lambda: flows(pair))
        async with awake_watch() as watch:
            cut_the_path(pair)
            await until(lambda: any(t.media is MediaReport.STALLED for t in pair.resident.told))
        await until(lambda: pair.epoch >= 2 and flows(pair))
        assert watch.passed_s < 6  # 3 s by design; the slack is for a busy machine
        assert pair.resident.told[-1].media is MediaReport.FLOWING
        assert pair.resident.told[-1].media_epoch == pair.epoch


async def test_a_program_that_stood_still_does_not_blame_the_other_side() -> None:
    async with MediaPair() as pair:
        pair.begin()
        await until(lambda: flows(pair))
        time.sleep(3.5)  # noqa: ASYNC251  # the whole program stands still
        seen = pair.resident.picture.count
        await until(lambda: pair.resident.picture.count > seen + 5)
        assert pair.epoch == 1
        assert {told.media for told in pair.resident.told} == {MediaReport.FLOWING}


async def test_an_sdp_offer_that_is_lost_leads_to_a_rebuild() -> None:
    async with MediaPair() as pair:
        pair.lose_signals = True
        pair.begin()
        await until(lambda: len(pair.signals) == 1)
        pair.lose_signals = False
        await until(lambda: flows(pair))
        assert pair.epoch == 2


async def test_a_side_that_was_restarted_asks_for_a_new_epoch() -> None:
    async with MediaPair() as pair:
        pair.begin()
        await until(lambda: flows(pair))
        await pair.resident.call.close()
        fresh = pair.a_side(Party.RESIDENT)
        pair.sides[Party.RESIDENT] = fresh
        pair.show(Party.RESIDENT)
        await until(lambda: pair.epoch == 2 and flows(pair))
        assert fresh.call.totals.peers_built == 1


async def test_an_old_view_does_not_bring_an_old_epoch_back() -> None:
    async with MediaPair() as pair:
        pair.begin()
        old = pair.link(Party.AGENT)
        pair.epoch = 2
        pair.show()
        pair.agent.call.update(old)
        assert pair.agent.call.peer is not None
        assert pair.agent.call.peer.media_epoch == 2
        await until(lambda: flows(pair))


async def test_nonsense_from_the_other_side_does_not_end_the_call() -> None:
    async with MediaPair() as pair:
        pair.begin()
        await until(lambda: flows(pair))
        peer = pair.resident.call.peer
        assert peer is not None
        peer.signalled(Description(type="answer", sdp="v=0\r\n"))
        peer.signalled(Description(type="offer", sdp="nonsense"))
        peer.signalled(Candidate(candidate="candidate:gibberish", sdp_mid="0"))
        peer.signalled(Candidate(candidate="", sdp_mid="0"))
        before = pair.resident.picture.count
        await until(lambda: pair.resident.picture.count > before + 10)
        assert pair.epoch == 1


async def test_the_call_ends_with_the_view_and_frames_stay_counted() -> None:
    async with MediaPair() as pair:
        pair.begin()
        await until(lambda: flows(pair) and pair.resident.picture.count >= 3)
        pair.resident.call.update(None)
        assert pair.resident.call.peer is None
        totals = pair.resident.call.totals
        assert totals.video_frames >= 3
        assert totals.audio_frames > 0
        assert totals.first_frame_at is not None


async def test_a_cancelled_close_still_closes() -> None:
    """aiortc: cancel `close()` once and every later one hangs for ever."""
    async with MediaPair() as pair:
        pair.begin()
        await until(lambda: flows(pair))
        peer = pair.resident.call.peer
        assert peer is not None
        closer = asyncio.create_task(peer.close())
        await asyncio.sleep(0)
        closer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closer
        async with asyncio.timeout(10):
            await peer.close()
        assert peer.connection_state == "closed"


async def test_received_media_never_piles_up() -> None:
    async with MediaPair() as pair:
        pair.begin()
        await until(lambda: pair.resident.picture.count > 20)
        peer = pair.resident.call.peer
        assert peer is not None
        tracks = [receiver.track for receiver in peer._pc.getReceivers()]
        assert all(isinstance(track, RemoteStreamTrack) for track in tracks)
        waiting = [t._queue.qsize() for t in tracks if isinstance(t, RemoteStreamTrack)]
        assert max(waiting) <= 3


async def test_no_public_stun_server_is_ever_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask() -> None:
        raise AssertionError("aiortc chose ICE servers of its own")

    monkeypatch.setattr(aiortc.RTCIceGatherer, "getDefaultIceServers", ask)
    async with MediaPair() as pair:
        pair.begin()
        await until(lambda: flows(pair))


async def test_a_hundred_peers_leave_nothing_behind() -> None:
    before = len(asyncio.all_tasks())
    async with MediaPair() as pair:
        for side in pair.sides.values():
            side.call.update(None)
        for epoch in range(1, 51):
            pair.epoch = epoch
            pair.show()
            await asyncio.sleep(0)
        pair.attach = True
        pair.show()
        await until(lambda: flows(pair))
    await until(lambda: len(asyncio.all_tasks()) <= before)


def cut_the_path(pair: MediaPair) -> None:
    """Close the sockets under both peers: nothing arrives any more, and nobody is told."""
    for side in pair.sides.values():
        assert side.call.peer is not None
        ice = side.call.peer._pc.getReceivers()[0].transport.transport
        for protocol in ice._connection._protocols:
            setattr(protocol, "datagram_received", lambda *_: None)  # noqa: B010  # mypy has no other way
