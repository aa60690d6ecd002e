"""The page's part of a check of identity without a browser: the line, and a camera by aiortc."""

from __future__ import annotations

import asyncio
from typing import Any, Self

import aiohttp
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from id_verify.alive.words import CueKind
from signaling.client import ice_guard
from signaling.client.closing import PeerClose, closed_peers
from signaling.client.pictures import Pictures
from signaling.client.tracks import PictureTrack
from tests.support.follower import Follower

HEARS_WITHIN_S = 40.0


class IdentityPage:
    """Says what a page says; an async context manager."""

    def __init__(self, origin: str, pictures: Pictures | None = None) -> None:
        """Talk to the kiosk program at `origin`, and show `pictures` when it asks for them."""
        self._origin = origin
        self.pictures = pictures
        self.heard: list[dict[str, Any]] = []
        self._peers: list[tuple[RTCPeerConnection, PeerClose]] = []
        self.agrees: dict[str, Any] | None = {"read_aloud": False, "guardian": None}

    async def __aenter__(self) -> Self:
        ice_guard.install()
        self._http = aiohttp.ClientSession(headers={"Origin": self._origin})
        self._line = await self._http.ws_connect(f"{self._origin}/identity")
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._line.close()
        await self._http.close()
        for _, close in self._peers:
            await close.run()
        await closed_peers()

    async def say(self, kind: str, **fields: Any) -> None:
        """Say something."""
        await self._line.send_json({"type": f"identity.{kind}", **fields})

    async def start(self, ticket_id: str, way: str = "face") -> None:
        """Begin."""
        await self.say("start", ticket_id=ticket_id, way=way, language="zh")

    async def until(self, *types: str) -> dict[str, Any]:
        """Do what is asked until one of these is said."""
        async with asyncio.timeout(HEARS_WITHIN_S):
            while True:
                message = await self._line.receive()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    raise ConnectionError(f"the line ended: {message.type}, {message.data}")
                said = message.json()
                said["type"] = said["type"].removeprefix("identity.")
                self.heard.append(said)
                await self._answer(said)
                if said["type"] in types:
                    return dict(said)

    async def lose_camera(self) -> None:
        """The picture ends without a word."""
        await self._peers[-1][1].run()

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Everything of one kind that was said."""
        return [said for said in self.heard if said["type"] == kind]

    @property
    def story(self) -> list[str]:
        """What was said, in a few words each."""
        words = ("state", "code", "kind", "outcome", "word", "grade", "face", "alive", "why")
        return [
            " ".join([said["type"], *(str(said[each]) for each in words if said.get(each))])
            for said in self.heard
        ]

    async def _answer(self, said: dict[str, Any]) -> None:
        match said["type"]:
            case "ask_consent" if self.agrees is not None:
                await self.say("agree", text_sha256=said["text_sha256"], **self.agrees)
            case "want_camera" if self.pictures is not None:
                await self._offer(self.pictures)
            case "answer_camera":
                answer = RTCSessionDescription(sdp=said["sdp"], type="answer")
                await self._peers[-1][0].setRemoteDescription(answer)
            case "cue" if isinstance(self.pictures, Follower):
                self.pictures.does(CueKind(said["kind"]))

    async def _offer(self, pictures: Pictures) -> None:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peers.append((peer, PeerClose(peer.close)))
        peer.addTransceiver(PictureTrack(pictures), direction="sendonly")
        await peer.setLocalDescription()
        await self.say("offer_camera", sdp=peer.localDescription.sdp, camera_label="")
