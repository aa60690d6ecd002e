"""An agent at a seat, played by a bot: opens, accepts, talks, wraps up, takes a break."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Hashable
from typing import Final

from signaling.client.link import op_id
from signaling.protocol.commands import (
    AcceptTicket,
    DeclineTicket,
    EndCall,
    FinishWrapUp,
    JoinCall,
    OpenSeat,
    SaveNote,
    SignIn,
    TakeBreak,
)
from signaling.protocol.events import DeskUpdated, ServerEvent, Welcomed
from signaling.protocol.views import DeskOffer, DeskView
from signaling.protocol.words import (
    BreakReason,
    CallState,
    ConsultState,
    DeclineReason,
    Party,
    SeatState,
    SeatStatus,
)
from xiaowu.demo.bot import Bot, Tell
from xiaowu.demo.bot_plan import BotPlan, SeatBotPlan, Span, kiosk_tone_hz, seat_tone_hz
from xiaowu.demo.bot_report import BotReady
from xiaowu.demo.quota import Quota

WITH_PERSON_S: Final[Span] = (150.0, 180.0)
"""A person looks around; the bot leaves the hanging up to them for a good while."""
NOTE: Final = "演示记录：材料齐全，已告知办理时限。"
NOTES: Final = 0.3
"""How often a note is left."""
BREAKS: Final = (BreakReason.REST, BreakReason.PAPERWORK, BreakReason.MEETING)
REASONS: Final = (DeclineReason.NOT_MY_FIELD, DeclineReason.EQUIPMENT, DeclineReason.OTHER)
HUE_STEP: Final = 9
IN_VAIN_S: Final = (1.5, 3.0)


class SeatBot(Bot):
    """One seat with an agent who never tires."""

    def __init__(
        self,
        plan: BotPlan,
        seat: SeatBotPlan,
        *,
        token: Callable[[], Awaitable[str]],
        rota: Quota,
        person_is_free: Callable[[], bool],
        tell: Tell,
        rng: random.Random,
    ) -> None:
        """Sit at `seat`.

        `rota`: shared by all seats of the demo, how many are open at once. `person_is_free`: could
        the desk of the person at this machine take a ticket now?
        """
        super().__init__(
            name=f"seat-{seat.number:02d}",
            party=Party.AGENT,
            label=f"SEAT {seat.number:02d}",
            hue=seat.number * HUE_STEP,
            tone_hz=seat_tone_hz(seat.number),
            url=plan.server_url,
            origin=plan.server_url,
            token=token,
            tell=tell,
            rng=rng,
        )
        self._plan = plan
        self._manners = plan.manners
        self._seat_id = seat.seat_id
        self._rota = rota
        self._on_rota = False
        self._person_is_free = person_is_free
        self._view: DeskView | None = None
        self._is_ready = False

    async def hear(self, event: ServerEvent) -> None:
        """Follow the desk's view; sit down where nobody sits."""
        if isinstance(event, Welcomed) and event.seat_id != self._seat_id:
            self._view = None
            self.act()
        elif isinstance(event, DeskUpdated):
            before = self._view
            self._view = event.view
            if not self.see(event.view):
                self._view = before
                return
            if not self._is_ready:
                self._is_ready = True
                self.report(BotReady(bot=self.name))
            self.act()

    def situation(self) -> Hashable:
        """Return what the desk shows, and of which ticket."""
        view = self._view
        if view is None:
            return "standing"
        if view.offer is not None:
            return view.state, view.offer.id
        if view.consult is not None and not view.consult.host:
            return view.state, view.consult.id, view.consult.state
        if view.call is not None:
            return view.state, view.call.id, view.call.state is CallState.CONNECTED
        if view.wrap_up is not None:
            return view.state, view.wrap_up.call_id
        return view.state, view.status, view.state_since, self._waits_in_vain(view)

    async def behave(self, situation: Hashable) -> None:
        """Do what an agent does in this situation."""
        view = self._view
        if view is None:
            await self.say(SignIn(op_id=op_id(), seat_id=self._seat_id))
        elif view.offer is not None:
            await self._answer(view, view.offer)
        elif view.consult is not None and not view.consult.host:
            # Asked into a colleague's call: it comes, and waits whether the call becomes its own.
            if view.consult.state is ConsultState.RINGING:
                await self.take_time(self._manners.accept_after_s)
                await self.say(JoinCall(op_id=op_id(), consult_id=view.consult.id))
        elif view.call is not None:
            if view.call.state is CallState.CONNECTED:
                await self.take_time(
                    WITH_PERSON_S if self._is_person(view) else self._manners.talk_s
                )
                await self.say(EndCall(op_id=op_id(), call_id=view.call.id))
        elif view.wrap_up is not None:
            await self._wrap_up(view.wrap_up.call_id)
        elif view.state is SeatState.IDLE and view.status is SeatStatus.ON_BREAK:
            await self._come_back(view)
        elif self._waits_in_vain(view):
            await self.take_time(IN_VAIN_S)
            await self.say(TakeBreak(op_id=op_id(), reason=BreakReason.PAPERWORK))

    def leave(self) -> None:
        """Give the place on the rota back."""
        if self._on_rota:
            self._on_rota = False
            self._rota.give_back()

    def peer_tone_hz(self) -> float | None:
        """Return the tone of the kiosk that is served; None for the person's."""
        ticket = None if self._view is None else self._view.ticket
        number = self._plan.kiosk_numbers.get("" if ticket is None else ticket.kiosk_name)
        return None if number is None else kiosk_tone_hz(number)

    async def _answer(self, view: DeskView, offer: DeskOffer) -> None:
        person = self._is_person(view)
        if person and self._person_is_free():
            # Whoever sits at this machine and opened a desk wants to talk to themselves.
            await self._decline(offer, DeclineReason.OTHER)
            return
        await self.take_time(self._manners.accept_after_s)
        if not person and self.rng.random() < self._manners.declines:
            await self._decline(offer, self.rng.choice(REASONS))
            return
        self.accepts_now()
        await self.say(AcceptTicket(op_id=op_id(), offer_id=offer.id, epoch=offer.epoch))

    async def _decline(self, offer: DeskOffer, reason: DeclineReason) -> None:
        await self.say(
            DeclineTicket(op_id=op_id(), offer_id=offer.id, epoch=offer.epoch, reason=reason)
        )

    async def _wrap_up(self, call_id: str) -> None:
        if self.rng.random() < NOTES:
            await self.say(SaveNote(op_id=op_id(), call_id=call_id, text=NOTE))
        if self.rng.random() < self._manners.takes_break:
            await self.say(TakeBreak(op_id=op_id(), reason=self.rng.choice(BREAKS)))
        await self.take_time(self._manners.wrap_up_s)
        await self.say(FinishWrapUp(op_id=op_id(), call_id=call_id))

    async def _come_back(self, view: DeskView) -> None:
        self.leave()
        if view.break_reason is not BreakReason.PREPARING:
            await self.take_time(self._manners.break_s)
        await self._rota.take()
        self._on_rota = True
        await self.say(OpenSeat(op_id=op_id()))

    def _waits_in_vain(self, view: DeskView) -> bool:
        """Nobody of those who wait comes here: their matters are not this seat's.

        Another must open then, which the rota allows when this one goes. With a person at this
        machine all stay, because bots leave that one's ticket to the desk beside it.
        """
        free = view.state is SeatState.IDLE and view.status is SeatStatus.AVAILABLE
        return free and view.queue.waiting > 0 and self._plan.person_kiosk is None

    def _is_person(self, view: DeskView) -> bool:
        return view.ticket is not None and view.ticket.kiosk_name == self._plan.person_kiosk
