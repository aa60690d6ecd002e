"""A resident at a kiosk, played by a bot: takes a ticket, waits, talks, rates."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Hashable
from typing import Final

from signaling.client.link import op_id
from signaling.protocol.commands import Command, EndCall, RateCall, SkipRating, TakeTicket
from signaling.protocol.events import CommandAnswer, KioskUpdated, ServerEvent, TicketTaken
from signaling.protocol.views import KioskView
from signaling.protocol.words import CallState, KioskPhase, Language, Party
from xiaowu.demo.bot import Bot, Tell
from xiaowu.demo.bot_plan import BotPlan, KioskBotPlan, kiosk_tone_hz, seat_tone_hz
from xiaowu.demo.bot_report import BotReady, TicketAcknowledged, TicketOver
from xiaowu.demo.quota import Quota

SCORES: Final = (5, 5, 5, 5, 4, 4, 4, 3, 2)
"""What bots rate: mostly content."""
HUE_STEP: Final = 17


class KioskBot(Bot):
    """One kiosk with somebody in it now and then."""

    def __init__(
        self,
        plan: BotPlan,
        kiosk: KioskBotPlan,
        *,
        token: Callable[[], Awaitable[str]],
        quota: Quota,
        opened: asyncio.Event,
        tell: Tell,
        rng: random.Random,
    ) -> None:
        """`quota` is shared by all kiosks of the demo; nobody comes before the hall is `opened`."""
        super().__init__(
            name=f"kiosk-{kiosk.number:02d}",
            party=Party.RESIDENT,
            label=f"KIOSK {kiosk.number:02d}",
            hue=kiosk.number * HUE_STEP,
            tone_hz=kiosk_tone_hz(kiosk.number),
            url=plan.server_url,
            origin=None,
            token=token,
            tell=tell,
            rng=rng,
        )
        self._plan = plan
        self._manners = plan.manners
        self._quota = quota
        self._opened = opened
        self._holds_place = False
        self._ticket_id: str | None = None
        self._view: KioskView | None = None

    async def hear(self, event: ServerEvent) -> None:
        """Follow the kiosk's view."""
        if not isinstance(event, KioskUpdated):
            return
        first, before = self._view is None, self._view
        self._view = event.view
        if not self.see(event.view):
            self._view = before
            return
        if first:
            self.report(BotReady(bot=self.name))
        if event.view.ticket is not None:
            self._ticket_id = event.view.ticket.id
        elif event.view.phase is KioskPhase.IDLE and self._ticket_id is not None:
            self._over(self._ticket_id)
        self.act()

    def situation(self) -> Hashable:
        """Return the screen, and whose it is."""
        view = self._view
        assert view is not None, "there is a view before there is a situation"
        if view.rating is not None:
            return view.phase, view.rating.ticket_id
        if view.call is not None:
            return view.phase, view.call.id, view.call.state is CallState.CONNECTED
        return view.phase, None if view.ticket is None else view.ticket.id

    async def behave(self, situation: Hashable) -> None:
        """Do what a resident does on this screen."""
        view = self._view
        assert view is not None, "there is a view before there is a situation"
        if view.phase is KioskPhase.IDLE:
            await self._come_in()
        elif view.call is not None and view.call.state is CallState.CONNECTED:
            if self.rng.random() < self._manners.resident_ends:
                await self.take_time(self._manners.talk_s)
                await self.say(EndCall(op_id=op_id(), call_id=view.call.id))
        elif view.rating is not None:
            await self._rate(view.rating.ticket_id)

    def peer_tone_hz(self) -> float | None:
        """Return the tone of the window that serves; None for the person's."""
        name = None if self._view is None else self._view.seat_name
        number = self._plan.seat_numbers.get(name or "")
        return None if number is None else seat_tone_hz(number)

    def answered(self, command: Command, answer: CommandAnswer) -> None:
        """Keep the ticket that was given out."""
        if isinstance(answer, TicketTaken):
            self.report(
                TicketAcknowledged(bot=self.name, ticket_id=answer.ticket_id, number=answer.number)
            )

    def refused(self, command: Command) -> None:
        """Give the place back if no ticket came of it."""
        if isinstance(command, TakeTicket) and self._holds_place:
            self._holds_place = False
            self._quota.give_back(unused=True)

    def leave(self) -> None:
        """Give the place among the ticket holders back."""
        if self._holds_place:
            self._holds_place = False
            self._quota.give_back()

    async def _come_in(self) -> None:
        await self._opened.wait()
        while True:
            await self.take_time(self._manners.idle_s)
            if not await self._quota.take():
                return
            self._holds_place = True
            language = Language.EN if self.rng.random() < 0.1 else Language.ZH  # noqa: PLR2004  one in ten
            taken = await self.say(
                TakeTicket(
                    op_id=op_id(),
                    item_code=self.rng.choice(self._plan.item_codes),
                    language=language,
                )
            )
            if taken is not None:
                return

    async def _rate(self, ticket_id: str) -> None:
        await self.take_time(self._manners.rate_after_s)
        if self.rng.random() < self._manners.skips_rating:
            await self.say(SkipRating(op_id=op_id(), ticket_id=ticket_id))
        else:
            score = self.rng.choice(SCORES)
            await self.say(RateCall(op_id=op_id(), ticket_id=ticket_id, score=score))

    def _over(self, ticket_id: str) -> None:
        self._ticket_id = None
        self.report(TicketOver(bot=self.name, ticket_id=ticket_id))
        self.leave()
