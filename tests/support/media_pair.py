"""Two sides of a call with real media, and between them what the server would do: nothing more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Self

from signaling.client.call import CallMedia
from signaling.client.closing import closed_peers
from signaling.client.pictures import ArtificialPictures
from signaling.client.sinks import LastPicture, Sink, ToneDetector
from signaling.client.sounds import PackedSound, Sound, Tone
from signaling.client.tracks import LocalMedia
from signaling.protocol.commands import Command, RebuildMedia, ReportMedia, SendSignal
from signaling.protocol.events import Done, Signalled
from signaling.protocol.signals import IceServer
from signaling.protocol.views import MediaLink
from signaling.protocol.words import Party

RESIDENT_HZ = 440.0
AGENT_HZ = 1000.0


class Both:
    """A sink that feeds several."""

    def __init__(self, *sinks: Sink) -> None:
        self._sinks = sinks

    def take(self, frame: object) -> None:
        for sink in self._sinks:
            sink.take(frame)  # type: ignore[arg-type]  # the frame comes from the peer as it is


class Side:
    """One side: its media, what it sees and hears, and what it told the server."""

    def __init__(self, party: Party, pair: MediaPair, sound: Sound | PackedSound | None) -> None:
        self.party = party
        self.told: list[ReportMedia] = []
        self.picture = LastPicture()
        self.ear = ToneDetector(AGENT_HZ if party is Party.RESIDENT else RESIDENT_HZ)
        self.call = CallMedia(
            send=lambda message: pair.relay(self, message),
            media=LocalMedia(
                pictures=ArtificialPictures("No. 7" if party is Party.AGENT else "K 3"),
                sound=sound or Tone(AGENT_HZ if party is Party.AGENT else RESIDENT_HZ),
            ),
            sink=Both(self.picture, self.ear),
        )


class MediaPair:
    """The relay: passes signals, raises the media epoch when asked."""

    def __init__(
        self,
        agent_sound: Sound | PackedSound | None = None,
        ice_servers: tuple[IceServer, ...] = (),
    ) -> None:
        self.ice_servers = ice_servers
        self.agent_sound = agent_sound
        self.epoch = 1
        self.attach = False
        self.call_id = "offer-1"
        self.sides: dict[Party, Side] = {}
        self.signals: list[SendSignal] = []
        self.lose_signals = False

    async def __aenter__(self) -> Self:
        self.sides = {party: self.a_side(party) for party in Party}
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await asyncio.gather(*(side.call.close() for side in self.sides.values()))
        await closed_peers()

    def a_side(self, party: Party) -> Side:
        """A fresh side, as a program that was just started has it."""
        return Side(party, self, self.agent_sound if party is Party.AGENT else None)

    @property
    def resident(self) -> Side:
        return self.sides[Party.RESIDENT]

    @property
    def agent(self) -> Side:
        return self.sides[Party.AGENT]

    def link(self, party: Party) -> MediaLink:
        return MediaLink(
            call_id=self.call_id,
            media_epoch=self.epoch,
            you_are=party,
            attach=self.attach,
            peer_present=True,
            peer_restarts_ice=False,
            ice_servers=self.ice_servers,
        )

    def show(self, *parties: Party) -> None:
        """Send everybody, or only `parties`, the view of now."""
        for party in parties or tuple(Party):
            self.sides[party].call.update(self.link(party))

    def begin(self) -> None:
        """An empty view first, as after a connect; then ring and accept."""
        for side in self.sides.values():
            side.call.update(None)
        self.show()
        self.attach = True
        self.show()

    async def relay(self, sender: Side, message: Command | SendSignal) -> Done:
        await asyncio.sleep(0)
        if isinstance(message, SendSignal):
            self.signals.append(message)
            if message.media_epoch == self.epoch and not self.lose_signals:
                other = Party.AGENT if sender.party is Party.RESIDENT else Party.RESIDENT
                self.sides[other].call.signalled(
                    Signalled(
                        call_id=message.call_id,
                        media_epoch=message.media_epoch,
                        description=message.description,
                        candidate=message.candidate,
                    )
                )
        elif isinstance(message, ReportMedia):
            sender.told.append(message)
        elif isinstance(message, RebuildMedia) and message.media_epoch == self.epoch:
            self.epoch += 1
            self.show()
        return Done(op_id=getattr(message, "op_id", None))


async def until(true: Callable[[], bool], *, within_s: float = 30.0) -> None:
    """Wait for `true` to become so; for facts that have no event of their own."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110  # counters of aiortc have nothing to await
            await asyncio.sleep(0.02)
