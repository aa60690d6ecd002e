"""One check of one resident, from the card to the verdict that the hall has.

Each stage is a method; `Stage` says which may follow which. The page may at any step take the
other way or break off: whatever is going on is dropped then, and what was seen is overwritten.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from id_verify.alive.errors import WitnessLost
from id_verify.alive.steps import Advised, CueClosed, CueOpened, Step
from id_verify.alive.witness import WitnessResult, open_witness
from id_verify.card.card_data import RELIABLE, CardData
from id_verify.card.errors import CardError, CardUnreadable
from id_verify.card.words import CardField
from id_verify.evidence.consent import Consent, ConsentText, consent_text
from id_verify.evidence.errors import EvidenceError
from id_verify.evidence.holder import mask_name
from id_verify.evidence.verdict import Verdict
from id_verify.faces.engine import Picture
from id_verify.faces.errors import PictureRefused
from id_verify.faces.picture import decode_picture
from kiosk_client.errors import HallUnreachable
from kiosk_client.identity import messages as say
from kiosk_client.identity.capture import suspect
from kiosk_client.identity.card_slot import AGAIN_AFTER_S, CardSlot
from kiosk_client.identity.errors import CameraLost, HallUnheard, OfferRefused, PortraitMissing
from kiosk_client.identity.findings import Findings
from kiosk_client.identity.hall_report import HallReport
from kiosk_client.identity.inbox import BrokenOff, Inbox
from kiosk_client.identity.look import OpenWitness, open_camera_for_recognition
from kiosk_client.identity.stage import TRANSITIONS, Stage, StageEvent, next_stage
from signaling.protocol.errors import Refusal, code_of
from signaling.protocol.identity import (
    AgeGroup,
    EndingReason,
    Guardian,
    IdentityPart,
    IdentityWay,
)

log = logging.getLogger(__name__)

LONGEST_S: Final = 600.0
"""A check that nobody goes on with is forgotten; the ticket and its place are not touched."""
OFFER_S: Final = 20.0
LOOKS: Final = 2
"""Who cannot be looked at twice is looked at by the agent."""
SENDINGS: Final = 3
SEND_AGAIN_S: Final = 1.5

Tell = Callable[[say.ProgramMessage], Awaitable[None]]
Ending = Literal["cancelled", "expired", "replaced", "stopped"]


def unpredictable() -> random.Random:
    """Randomness for cues that nobody can know beforehand."""
    return random.Random(secrets.randbits(128))


@dataclass(frozen=True, kw_only=True)
class CheckParts:
    """What every check of this booth works with."""

    slot: CardSlot
    hall: HallReport
    witness: OpenWitness = open_witness
    cues: Callable[[], random.Random] = unpredictable
    wall_clock: Callable[[], float] = time.time


class IdentityCheck:
    """One check. Give it what the page says (`hear`) and `run` it."""

    def __init__(self, parts: CheckParts, start: say.StartIdentity, tell: Tell) -> None:
        """Begin for the ticket in `start`; `tell` reaches the page."""
        self.stage = Stage.CARD
        self.way = start.way
        self._parts = parts
        self._ticket_id = start.ticket_id
        self._language = start.language
        self._tell = tell
        self._inbox = Inbox()
        self._findings = Findings(today=datetime.fromtimestamp(parts.wall_clock()).date())
        self._nonce: str | None = None
        self._verdict: Verdict | None = None
        self._looks = 0
        self._without_card = False
        self._trouble: str | None = None
        self._may_try_again = True
        self._ending = EndingReason.CANCELLED
        self._stages: dict[Stage, Callable[[], Awaitable[None]]] = {
            Stage.CARD: self._read_card,
            Stage.CONSENT: self._ask_consent,
            Stage.CAMERA: self._look,
            Stage.TROUBLE: self._wait_for_another_try,
            Stage.REPORTING: self._report,
            Stage.UNSENT: self._wait_to_send_again,
        }

    def hear(self, message: say.PageMessage) -> None:
        """Take what the page says."""
        match message:
            case say.CancelIdentity():
                self._inbox.break_off(None)
            case say.ChooseWay(way=way):
                if way is not self.way:
                    self._inbox.break_off(way)
            case say.SkipCard():
                if self.stage is Stage.CARD:
                    self._without_card = True
                    self._inbox.break_off(IdentityWay.NO_FACE)
            case _:
                self._inbox.put(message)

    async def run(self) -> None:
        """Go through to the end; whatever the end is, nothing of the person is kept."""
        why: Ending = "stopped"
        try:
            async with asyncio.timeout(LONGEST_S):
                while self.stage in self._stages:
                    await self._go_on()
            why = "cancelled"
        except TimeoutError:
            why, self._ending = "expired", EndingReason.TIMED_OUT
        finally:
            await self._forget(why)

    async def _go_on(self) -> None:
        try:
            await self._stages[self.stage]()
        except BrokenOff as broken_off:
            if broken_off.way is None:
                self._move(StageEvent.ENDED)
            else:
                await self._turn(broken_off.way)

    async def _turn(self, way: IdentityWay) -> None:
        """Go on in the other way from where it stands, if it still can."""
        if way is IdentityWay.FACE and self.stage is not Stage.CARD:
            return
        if (self.stage, StageEvent.WITHOUT_FACE) not in TRANSITIONS:
            return
        self.way = way
        await self._end_at_hall()
        if self.stage is not Stage.CARD or self._without_card:
            self._move(StageEvent.WITHOUT_FACE)

    def _move(self, event: StageEvent) -> None:
        self.stage = next_stage(self.stage, event)

    # --- the card ------------------------------------------------------------------------------

    async def _read_card(self) -> None:
        if self._parts.slot.kind == "none":
            # Nothing to put a card on: the agent looks at person and card.
            self.way = IdentityWay.NO_FACE
            self._move(StageEvent.WITHOUT_FACE)
            return
        sampling = asyncio.create_task(self._put_samples(), name="sample card")
        try:
            while True:
                card = await self._inbox.during(self._parts.slot.read(self._tell_card))
                failure = await self._take_card(card)
                if failure is None:
                    break
                await self._tell_card("failed", failure)
                await self._inbox.during(asyncio.sleep(AGAIN_AFTER_S))
        finally:
            sampling.cancel()
            await asyncio.gather(sampling, return_exceptions=True)
            # A camera over the desk looks no longer than it takes, and forgets what it saw.
            await self._parts.slot.close()
        number = card.id_number
        await self._tell(
            say.CardTold(
                state="read",
                name=mask_name(card.name or ""),
                number=None if number is None else number.masked,
            )
        )
        by_face = self.way is IdentityWay.FACE
        self._move(StageEvent.CARD_READ if by_face else StageEvent.WITHOUT_FACE)

    async def _put_samples(self) -> None:
        while True:
            await self._inbox.wait_for(say.PutSampleCard)
            await self._parts.slot.put_sample_on()

    async def _take_card(self, card: CardData) -> CardError | None:
        """Keep the card; or say why a face cannot be compared with it."""
        portrait: Picture | None = None
        if self.way is IdentityWay.FACE:
            sure = card.confidence.get(CardField.PORTRAIT, 0.0)
            if card.portrait is None or sure < RELIABLE:
                return PortraitMissing("the card gave no portrait with a face in it")
            try:
                portrait = await asyncio.to_thread(decode_picture, card.portrait)
            except PictureRefused:
                return PortraitMissing("the card's portrait is no picture")
        self._findings.take_card(card, portrait)
        if self.way is IdentityWay.FACE and self._findings.age_group is None:
            return CardUnreadable("the card does not tell the age")
        return None

    async def _tell_card(
        self, state: Literal["put_on", "reading", "failed"], failure: CardError | None
    ) -> None:
        advice = failure.advice if isinstance(failure, CardUnreadable) else None
        code = None if failure is None else failure.code
        await self._tell(say.CardTold(state=state, code=code, advice=advice))

    # --- consent -------------------------------------------------------------------------------

    async def _ask_consent(self) -> None:
        text = consent_text(self._language)
        is_child = self._findings.age_group is AgeGroup.UNDER_14
        await self._tell(
            say.ConsentAsked(
                guardian=is_child,
                language=text.language,
                text_sha256=text.sha256,
                title=text.title,
                lead=text.lead,
                points=text.points,
                for_guardian=text.guardian,
                agree=text.agree,
                no_face=text.no_face,
            )
        )
        while self._findings.consent is None:
            agreed = await self._inbox.next(say.Agree)
            try:
                self._findings.consent = self._consent(agreed, text)
            except EvidenceError as invalid:
                await self._tell(say.Failed(code=invalid.code, again=True))
        self._move(StageEvent.AGREED)

    def _consent(self, agreed: say.Agree, text: ConsentText) -> Consent:
        now = self._parts.wall_clock()
        relation = agreed.guardian
        return Consent(
            text_version=text.version,
            text_sha256=agreed.text_sha256,
            language=text.language,
            given_at=now,
            read_aloud=agreed.read_aloud,
            age_group=self._findings.age_group or AgeGroup.UNDER_14,
            guardian=None if relation is None else Guardian(relation=relation, given_at=now),
        )

    # --- the look ------------------------------------------------------------------------------

    async def _look(self) -> None:
        consent = self._findings.consent
        assert consent is not None, "the stages lead here through consent alone"
        if not await self._begin_at_hall(consent):
            return
        self._looks += 1
        again = self._looks > 1
        await self._tell(say.CameraWanted(code=self._trouble, slow=again))
        try:
            result = await self._inbox.during(self._looked(consent, slow=again))
        except (WitnessLost, CameraLost, OfferRefused) as failure:
            log.warning("a look failed", extra={"code": failure.code})
            self._findings.take_result(None)
            await self._stumble(failure.code, StageEvent.GIVEN_UP)
            return
        self._findings.take_result(result)
        code = self._findings.worth_another_look
        if code is None:
            self._move(StageEvent.JUDGED)
        else:
            await self._stumble(code, StageEvent.JUDGED)

    async def _looked(self, consent: Consent, *, slow: bool) -> WitnessResult:
        async with open_camera_for_recognition(consent, witness=self._parts.witness) as camera:
            offer = await self._offer()
            self._findings.capture = await asyncio.to_thread(suspect, offer.camera_label)
            await self._tell(say.CameraAnswered(sdp=await camera.answer(offer.sdp)))
            await camera.first_picture()
            self._move(StageEvent.PICTURES_ARRIVE)
            await self._tell(say.Watching())
            await camera.watch(self._parts.cues(), slow=slow, tell=self._tell_step)
            self._move(StageEvent.CUES_OVER)
            await self._tell(say.Judging())
            return await camera.finish(self._findings.portrait)

    async def _offer(self) -> say.OfferCamera:
        try:
            async with asyncio.timeout(OFFER_S):
                return await self._inbox.wait_for(say.OfferCamera)
        except TimeoutError:
            raise CameraLost from None

    async def _tell_step(self, step: Step) -> None:
        match step:
            case Advised(advice):
                await self._tell(say.AdviceTold(word=advice))
            case CueOpened(index, kind, window_s, left):
                await self._tell(say.CueTold(index=index, kind=kind, window_s=window_s, left=left))
            case CueClosed(index, _kind, outcome):
                await self._tell(say.CueOver(index=index, outcome=outcome))

    async def _stumble(self, code: str, last: StageEvent) -> None:
        """Ask whether to try again; or go on by `last` when it was the last time."""
        if self._looks < LOOKS:
            await self._ask_again(code)
        else:
            await self._tell(say.Judging())
            self._move(last)

    async def _ask_again(self, code: str, *, again: bool = True) -> None:
        self._trouble, self._may_try_again = code, again
        self._move(StageEvent.WENT_WRONG)
        await self._tell(say.Failed(code=code, again=again))

    async def _wait_for_another_try(self) -> None:
        await self._inbox.next(say.TryAgain)
        if self._may_try_again:
            self._move(StageEvent.AGAIN)

    # --- the hall ------------------------------------------------------------------------------

    async def _begin_at_hall(self, consent: Consent) -> bool:
        """Get the nonce for a look; False, with the page told why, when the hall gives none."""
        if self._nonce is not None:
            return True
        try:
            await self._inbox.during(self._fetch_nonce(consent))
        except HallUnreachable:
            await self._ask_again(HallUnheard.code)
        except Refusal as refusal:
            await self._ask_again(code_of(refusal), again=False)
        return self._nonce is not None

    async def _fetch_nonce(self, consent: Consent | None) -> None:
        self._nonce = await self._parts.hall.begin(self._ticket_id, self.way, consent)

    async def _report(self) -> None:
        await self._tell(say.Judging())
        for sending in range(1, SENDINGS + 1):
            try:
                told = await self._inbox.during(self._submit())
            except HallUnreachable:
                code, again = HallUnheard.code, True
            except Refusal as refusal:
                # The nonce may be past its time: another one, and the same verdict under it.
                self._nonce = None
                code, again = code_of(refusal), False
            else:
                self._move(StageEvent.REPORTED)
                await self._tell(told)
                return
            if sending < SENDINGS:
                await self._inbox.during(asyncio.sleep(SEND_AGAIN_S))
        self._may_try_again = again
        self._move(StageEvent.UNHEARD)
        await self._tell(say.Failed(code=code, again=again))

    async def _submit(self) -> say.ResultTold:
        by_face = self.way is IdentityWay.FACE
        if self._nonce is None:
            await self._fetch_nonce(self._findings.consent if by_face else None)
        assert self._nonce is not None
        verdict = self._verdict
        if verdict is None or verdict.nonce != self._nonce:
            verdict = self._verdict = self._findings.verdict(
                self.way,
                kiosk_id=self._parts.hall.kiosk_id,
                ticket_id=self._ticket_id,
                nonce=self._nonce,
                made_at=self._parts.wall_clock(),
            )
        # Not made anew when an answer was lost: the same text gets the same answer again.
        stored = await self._parts.hall.submit(verdict, self._findings.holder)
        self._nonce = None
        marks = verdict.marks
        return say.ResultTold(
            way=self.way,
            grade=stored.grade,
            card=marks[IdentityPart.CARD],
            face=marks[IdentityPart.FACE],
            alive=marks[IdentityPart.ALIVE],
        )

    async def _wait_to_send_again(self) -> None:
        await self._inbox.next(say.TryAgain)
        if self._may_try_again:
            self._move(StageEvent.AGAIN)

    async def _end_at_hall(self) -> None:
        if self._nonce is not None:
            nonce, self._nonce = self._nonce, None
            await self._parts.hall.end(nonce, self._ending, self._findings.wiped)

    async def _forget(self, why: Ending) -> None:
        self._findings.forget()
        self._verdict = None
        await self._parts.slot.take_sample_off()
        await self._end_at_hall()
        if self.stage is not Stage.DONE:
            self.stage = Stage.OVER
            await self._tell(say.IdentityOver(why=why))
