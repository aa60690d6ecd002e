"""A stranger's datagrams must not reach DTLS; without the guard they end every call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from signaling.client import ice_guard
from signaling.client.peer import Flow
from signaling.protocol.commands import Command, SendSignal
from signaling.protocol.events import Done
from tests.support.client_hello import OffPathAttacker, client_hello
from tests.support.media_pair import MediaPair, Side, until

pytestmark = pytest.mark.integration

CALLS = 8


class AttackedPair(MediaPair):
    """A pair whose SDP the attacker knows at once (it saw a candidate, or guessed a port)."""

    def __init__(self, attacker: OffPathAttacker) -> None:
        super().__init__()
        self._attacker = attacker

    async def relay(self, sender: Side, message: Command | SendSignal) -> Done:
        if isinstance(message, SendSignal) and message.description is not None:
            self._attacker.aim(message.description.sdp)
            await asyncio.sleep(0.01)
        return await super().relay(sender, message)


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ice_guard, "install", ice_guard.uninstall)
    yield
    monkeypatch.undo()
    ice_guard.install()


async def one_call_connects() -> bool:
    async with OffPathAttacker() as attacker, AttackedPair(attacker) as pair:
        pair.begin()
        states = {"failed", "closed"}
        await until(
            lambda: (
                all(side.call.flow is Flow.FLOWING for side in pair.sides.values())
                or any(s.call.peer and s.call.peer.connection_state in states for s in both(pair))
            )
        )
        return pair.epoch == 1 and all(side.call.flow is Flow.FLOWING for side in both(pair))


def both(pair: MediaPair) -> list[Side]:
    return list(pair.sides.values())


async def test_every_call_connects_under_attack() -> None:
    before = ice_guard.counts.strangers
    connected = [await one_call_connects() for _ in range(CALLS)]
    assert connected == [True] * CALLS
    assert ice_guard.counts.strangers > before


@pytest.mark.usefixtures("unguarded")
async def test_without_the_guard_the_same_attack_ends_calls() -> None:
    """Shows that the attack is real; if this ever passes by itself, aioice has learnt."""
    connected = [await one_call_connects() for _ in range(CALLS)]
    assert sum(connected) <= CALLS // 4


async def test_an_established_call_ignores_strangers() -> None:
    async with MediaPair() as pair:
        pair.begin()
        await until(lambda: pair.resident.picture.count > 2)
        async with OffPathAttacker() as attacker:
            for signal in pair.signals:
                assert signal.description is not None
                attacker.aim(signal.description.sdp)
            before = pair.resident.picture.count
            await until(lambda: pair.resident.picture.count > before + 10)
            assert attacker.sent > 100
        assert pair.epoch == 1


async def test_a_flood_does_not_grow_the_queue() -> None:
    async with MediaPair() as pair:
        pair.begin()
        await until(lambda: pair.resident.picture.count > 2)
        peer = pair.resident.call.peer
        assert peer is not None
        connection = peer._pc.getReceivers()[0].transport.transport._connection
        protocol = connection._protocols[0]
        friend = connection.remote_candidates[0]
        for _ in range(5000):
            protocol.datagram_received(client_hello_bytes, (friend.host, friend.port))
        assert connection._queue.qsize() <= ice_guard.QUEUE_LIMIT + 1


def test_a_machine_without_a_network_still_has_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ice_guard, "_gather_hosts", lambda _v4, _v6: [])
    assert ice_guard._host_addresses(True, True) == ["127.0.0.1"]
    monkeypatch.setattr(ice_guard, "_gather_hosts", lambda _v4, _v6: ["192.0.2.9"])
    assert ice_guard._host_addresses(True, True) == ["192.0.2.9"]


async def test_two_peers_talk_over_loopback_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ice_guard, "_gather_hosts", lambda _v4, _v6: [])
    async with MediaPair() as pair:
        pair.begin()
        await until(lambda: pair.resident.picture.count > 2)


def test_the_attack_is_a_real_client_hello() -> None:
    handshake, hello = 22, 1
    assert client_hello_bytes[0] == handshake
    assert client_hello_bytes[13] == hello


client_hello_bytes = client_hello()
