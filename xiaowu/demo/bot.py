"""What all bots have in common: a line, media, and one behaviour for each situation.

A bot looks at nothing but its newest view. The view says which situation it is in; each situation
has one linear behaviour, which is dropped as soon as the view says another. So a reconnect, a
restart of the server or an offer that was withdrawn need no special case.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Final

from signaling.client.call import CallMedia
from signaling.client.errors import ClientError, LinkStopped
from signaling.client.link import Link, LinkStatus
from signaling.client.pictures import ArtificialPictures
from signaling.client.sounds import PackedSound, Tone
from signaling.client.tracks import LocalMedia
from signaling.protocol.commands import Command, SendSignal
from signaling.protocol.errors import Refusal, code_of
from signaling.protocol.events import CommandAnswer, ServerEvent, Signalled
from signaling.protocol.views import CallView, DeskView, KioskView
from signaling.protocol.words import Party
from xiaowu.demo.bot_plan import Span
from xiaowu.demo.bot_report import BotRefused, BotReport, CallHeard
from xiaowu.demo.heard import Heard

log = logging.getLogger(__name__)

HUES: Final = 180
"""OpenCV's circle of colours."""

Tell = Callable[[BotReport], None]
View = KioskView | DeskView


class Bot:
    """One kiosk or seat that acts by itself. Use `run`."""

    def __init__(
        self,
        *,
        name: str,
        party: Party,
        label: str,
        hue: int,
        tone_hz: float,
        url: str,
        origin: str | None,
        token: Callable[[], Awaitable[str]],
        tell: Tell,
        rng: random.Random,
    ) -> None:
        """`label` is painted on the picture, in a colour of its own; `tone_hz` is what it says."""
        self.name = name
        self.party = party
        self.heard = Heard()
        self.rng = rng
        self._tell = tell
        self._label, self._hue, self._tone_hz = label, hue % HUES, tone_hz
        self._seq = -1
        self._situation: Hashable = None
        self._behaviour: asyncio.Task[None] | None = None
        self._saying: set[asyncio.Task[CommandAnswer | None]] = set()
        self._call_id: str | None = None
        self._accepted_at: float | None = None
        self._link = Link(
            url=url,
            token=token,
            client="xiaowu-demo-bot",
            on_event=self._on_event,
            on_status=self._on_status,
            origin=origin,
        )
        self._ended = asyncio.Event()
        self._media: CallMedia | None = None

    async def run(self) -> None:
        """Act until cancelled, or until the server says for good that there is no place."""
        sound = await asyncio.to_thread(PackedSound, Tone(self._tone_hz))
        self._media = CallMedia(
            send=self._send_for_media,
            media=LocalMedia(pictures=ArtificialPictures(self._label, hue=self._hue), sound=sound),
            sink=self.heard,
            clock=time.monotonic,
        )
        try:
            async with self._link:
                await self._ended.wait()
        finally:
            tasks = [*self._saying, *([self._behaviour] if self._behaviour else [])]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._media.close()
            self.leave()

    # --- for the kinds of bots -------------------------------------------------------------

    async def hear(self, event: ServerEvent) -> None:
        """Take an event: give views to `see`; others as the kind of bot likes."""

    def situation(self) -> Hashable:
        """Return what the newest view asks for; a new value starts a new behaviour."""
        raise NotImplementedError

    async def behave(self, situation: Hashable) -> None:
        """Do what one does in `situation`; cancelled when it is over."""
        raise NotImplementedError

    def peer_tone_hz(self) -> float | None:
        """Return what the other side of the call in the newest view sends; None for a person."""
        raise NotImplementedError

    def leave(self) -> None:
        """Let go of what is shared with other bots; called when this one ends."""

    def see(self, view: View) -> bool:
        """Follow a view; False for one that is older than the newest."""
        if view.seq < self._seq:
            return False
        self._seq = view.seq
        self._note_call(view.call)
        assert self._media is not None, "events come after `run` has begun"
        self._media.update(view.link, view.call)
        return True

    def act(self) -> None:
        """Start the behaviour of the situation, unless it runs already."""
        situation = self.situation()
        if situation == self._situation:
            return
        self._situation = situation
        if self._behaviour is not None:
            self._behaviour.cancel()
        self._behaviour = asyncio.create_task(self._behave(situation), name=f"bot {self.name}")

    async def say(self, command: Command) -> CommandAnswer | None:
        """Send `command` to its end even if the behaviour is dropped; None if it was refused."""
        task = asyncio.create_task(self._say(command), name=f"bot {self.name} says")
        self._saying.add(task)
        task.add_done_callback(self._saying.discard)
        return await asyncio.shield(task)

    async def take_time(self, span: Span) -> None:
        """Wait as long as somebody would."""
        await asyncio.sleep(self.rng.uniform(*span))

    def accepts_now(self) -> None:
        """Remember when the agent said yes, for the set-up time."""
        self._accepted_at = time.monotonic()

    def answered(self, command: Command, answer: CommandAnswer) -> None:
        """Hear the answer to a command that was carried out."""

    def refused(self, command: Command) -> None:
        """Hear that a command was refused; it is reported already."""

    def report(self, report: BotReport) -> None:
        """Tell the demo."""
        self._tell(report)

    # --- inside ----------------------------------------------------------------------------

    async def _on_event(self, event: ServerEvent) -> None:
        if isinstance(event, Signalled):
            assert self._media is not None, "events come after `run` has begun"
            self._media.signalled(event)
        else:
            await self.hear(event)

    def _on_status(self, status: LinkStatus, code: str | None) -> None:
        if code is not None:
            self.report(BotRefused(bot=self.name, command="connect", code=code))
        if status in (LinkStatus.REPLACED, LinkStatus.REVOKED):
            self.report(BotRefused(bot=self.name, command="connect", code=status))
            self._ended.set()

    async def _behave(self, situation: Hashable) -> None:
        try:
            await self.behave(situation)
        except LinkStopped:
            log.info("a bot's line ended", extra={"bot": self.name})
        except ClientError as failure:
            self.report(BotRefused(bot=self.name, command="any", code=type(failure).__name__))
            self._situation = None  # the next view starts the behaviour again

    async def _say(self, command: Command) -> CommandAnswer | None:
        try:
            answer = await self._link.send(command)
        except Refusal as refusal:
            self._report_refusal(command, refusal)
            self.refused(command)
            return None
        self.answered(command, answer)
        return answer

    async def _send_for_media(self, message: Command | SendSignal) -> object:
        try:
            return await self._link.send(message)
        except Refusal as refusal:
            self._report_refusal(message, refusal)
            raise

    def _report_refusal(self, message: Command | SendSignal, refusal: Refusal) -> None:
        code = code_of(refusal)
        command = getattr(message, "type", type(message).__name__)
        self.report(BotRefused(bot=self.name, command=command, code=code))

    def _note_call(self, call: CallView | None) -> None:
        """Start listening when a call begins, tell what was heard when it is over."""
        call_id = None if call is None else call.id
        if call_id == self._call_id:
            return
        if self._call_id is not None:
            self._report_call(self._call_id)
            self._accepted_at = None
        self._call_id = call_id
        if call is not None:
            self.heard.begin(self.peer_tone_hz())

    def _report_call(self, call_id: str) -> None:
        assert self._media is not None, "a call was seen"
        self.report(
            CallHeard(
                bot=self.name,
                party=self.party,
                call_id=call_id,
                video_frames=self.heard.video_frames,
                audio_frames=self.heard.audio_frames,
                tone_hz=self.heard.tone_hz,
                tone_share=round(self.heard.tone_share, 3),
                accepted_at=self._accepted_at,
                first_picture_at=self._media.totals.first_frame_at,
            )
        )
