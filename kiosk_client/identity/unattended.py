"""A check of identity without a page: a program answers for a resident who is not there.

For scripts and for trying a booth out. The check itself is the real one: the card comes off the
simulated reader, the witness looks at the camera's pictures, the hall gets a signed verdict that
says what it was made from. A film as camera is told to be one, so it can never be cleared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from id_verify.alive.words import CueKind
from id_verify.card.simulated_reader import SimulatedReader
from id_verify.evidence.errors import GuardianMissing
from kiosk_client.identity import messages as say
from kiosk_client.identity.card_slot import CARD_FILE, CardSlot
from kiosk_client.identity.check import CheckParts, IdentityCheck
from kiosk_client.identity.errors import HallUnheard
from kiosk_client.identity.hall_report import HallReport
from kiosk_client.identity.unattended_account import UnattendedAccount
from signaling.client import ice_guard
from signaling.client.closing import PeerClose
from signaling.client.pictures import Pictures
from signaling.client.tracks import PictureTrack
from signaling.protocol.identity import IdentityWay
from signaling.protocol.words import Language

TRIES: Final = 2
"""Of whatever may be tried again, as a resident with patience would."""


@dataclass(frozen=True, kw_only=True)
class IdentityPlan:
    """How the program shows who it is."""

    card: Path
    """The file of a simulated card, or the folder with one."""
    face: bool = False
    """Agree to the look, and show the camera's pictures."""
    on_cue: Callable[[CueKind], None] = lambda _kind: None
    """Hears what the witness asks for, for a person before a real camera."""

    @property
    def card_file(self) -> Path:
        """The card's file itself."""
        return self.card / CARD_FILE if self.card.is_dir() else self.card


class UnattendedCheck:
    """One check of one ticket; `run` it."""

    def __init__(
        self,
        plan: IdentityPlan,
        hall: HallReport,
        *,
        ticket_id: str,
        language: Language,
        pictures: Pictures | None,
        camera_label: str,
    ) -> None:
        """Show `pictures` where a face is wanted; `camera_label` says what camera they are of."""
        ice_guard.install()
        self._plan = plan
        self._pictures = pictures
        self._camera_label = camera_label
        self._tries = 0
        self._peer: RTCPeerConnection | None = None
        self._peer_close: PeerClose | None = None
        by_face = plan.face and pictures is not None
        way = IdentityWay.FACE if by_face else IdentityWay.NO_FACE
        self._account = UnattendedAccount(way=way)
        self._check = IdentityCheck(
            CheckParts(slot=CardSlot(SimulatedReader(plan.card_file), kind="simulated"), hall=hall),
            say.StartIdentity(ticket_id=ticket_id, way=way, language=language),
            self._hear,
        )

    async def run(self) -> UnattendedAccount:
        """Go through to the end, and say what came of it."""
        try:
            await self._check.run()
        finally:
            await self._let_camera_go()
        return self._account

    async def _hear(self, message: say.ProgramMessage) -> None:
        match message:
            case say.CardTold(state="failed", code=code):
                self._give_up(code)
            case say.CardTold(state="put_on"):
                self._give_up("card_absent")
            case say.ConsentAsked(text_sha256=text):
                self._check.hear(say.Agree(text_sha256=text, read_aloud=False))
            case say.CameraWanted():
                await self._offer_camera()
            case say.CameraAnswered(sdp=sdp):
                assert self._peer is not None, "nothing else is answered"
                answer = RTCSessionDescription(sdp=sdp, type="answer")
                await self._peer.setRemoteDescription(answer)
            case say.CueTold(kind=kind):
                self._plan.on_cue(kind)
            case say.Judging():
                await self._let_camera_go()
            case say.Failed(code=code, again=again):
                await self._let_camera_go()
                self._stumble(code, again=again)
            case say.ResultTold():
                self._account = UnattendedAccount(
                    way=message.way,
                    grade=message.grade,
                    card=message.card,
                    face=message.face,
                    alive=message.alive,
                    code=self._account.code,
                )
            case say.IdentityOver(why=why):
                self._note(why)

    def _stumble(self, code: str, *, again: bool) -> None:
        self._note(code)
        self._tries += 1
        if again and self._tries < TRIES and code != GuardianMissing.code:
            self._check.hear(say.TryAgain())
        elif self._check.way is IdentityWay.FACE and code != HallUnheard.code:
            self._check.hear(say.ChooseWay(way=IdentityWay.NO_FACE))
        else:
            self._check.hear(say.CancelIdentity())

    def _give_up(self, code: str | None) -> None:
        self._note(code)
        self._check.hear(say.CancelIdentity())

    def _note(self, code: str | None) -> None:
        """Keep the first thing that went wrong: what comes after follows from it."""
        if self._account.code is None:
            self._account = self._account.model_copy(update={"code": code})

    async def _offer_camera(self) -> None:
        assert self._pictures is not None, "without pictures it goes the other way"
        await self._let_camera_go()
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peer, self._peer_close = peer, PeerClose(peer.close)
        peer.addTransceiver(PictureTrack(self._pictures), direction="sendonly")
        await peer.setLocalDescription()
        self._check.hear(
            say.OfferCamera(sdp=peer.localDescription.sdp, camera_label=self._camera_label)
        )

    async def _let_camera_go(self) -> None:
        closing, self._peer, self._peer_close = self._peer_close, None, None
        if closing is not None:
            await closing.run()
