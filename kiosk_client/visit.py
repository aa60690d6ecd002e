"""One visit of a resident who is a program: a ticket, a call, a rating, and an honest account.

The headless kiosk plays the touch page's part. Like the page it is driven by views, so a restart
in the middle is no special case: if the first view shows an open ticket, the visit goes on with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from pydantic import BaseModel

from kiosk_client.identity.unattended_account import UnattendedAccount
from signaling.client.call import CallMedia
from signaling.client.errors import ClientError
from signaling.client.link import LinkStatus, op_id
from signaling.client.mesh import CallMesh
from signaling.client.peer import Flow
from signaling.client.sinks import Sink
from signaling.client.tracks import LocalMedia
from signaling.protocol.commands import (
    Command,
    EndCall,
    LeaveTicket,
    RateCall,
    ReportHealth,
    SendSignal,
    SkipRating,
    SyncView,
    TakeTicket,
)
from signaling.protocol.errors import Refusal, code_of
from signaling.protocol.events import (
    CommandAnswer,
    KioskUpdated,
    ServerEvent,
    Signalled,
    TicketTaken,
)
from signaling.protocol.views import KioskView
from signaling.protocol.words import KioskPhase, Language, TicketEndReason

log = logging.getLogger(__name__)

FIRST_VIEW_S: Final = 60.0
GOODBYE_S: Final = 10.0
"""How long giving the ticket up, or rating, may take at the end."""


class Outcome(StrEnum):
    """How a visit ended."""

    SERVED = "served"
    ABANDONED = "abandoned"
    """Given up from this side."""
    NO_AGENT = "no_agent"
    """Nobody accepted within the longest wait."""
    REFUSED = "refused"
    """The server gave no ticket; `code` says why."""
    CLOSED = "closed"
    """The service closed before it was our turn."""
    LOST = "lost"
    """The call or the kiosk's place was lost; `code` says how."""
    INTERRUPTED = "interrupted"
    """This program was told to stop; the ticket stays open for its return."""
    UNREACHABLE = "unreachable"
    """The server was not reached."""


EXIT_CODE: Final = {
    Outcome.SERVED: 0,
    Outcome.ABANDONED: 3,
    Outcome.REFUSED: 4,
    Outcome.NO_AGENT: 5,
    Outcome.LOST: 6,
    Outcome.CLOSED: 7,
    Outcome.UNREACHABLE: 8,
    Outcome.INTERRUPTED: 9,
}


@dataclass(frozen=True, kw_only=True)
class VisitPlan:
    """What the resident wants."""

    item_code: str
    language: Language = Language.ZH
    rate: int | None = None
    """1 to 5; None goes without rating."""
    max_wait_s: float | None = None
    """Give up after waiting this long for a window."""
    hang_up_after_s: float | None = None
    """End the call this long after media flows; None stays until the agent ends it."""


class VisitResult(BaseModel):
    """What happened, for the person at the terminal and for programs."""

    outcome: Outcome
    code: str | None = None
    ticket: str | None = None
    number: str | None = None
    resumed: bool = False
    """The visit went on with a ticket that was open already."""
    waited_s: float | None = None
    connected: bool = False
    """Both sides said that they received the other."""
    video_frames_received: int = 0
    audio_frames_received: int = 0
    first_frame_ms: float | None = None
    """From the agent's acceptance, as it reached us, to the first decoded picture."""
    media_rebuilds: int = 0
    reconnects: int = 0
    rating_sent: int | None = None
    identity: UnattendedAccount | None = None
    """What came of showing a card; null where none was to be shown, or nobody waited for it."""


class Line(Protocol):
    """What a visit needs of a Link."""

    connections: int

    async def send(
        self,
        message: Command | SendSignal | SyncView | ReportHealth,
        *,
        deadline_s: float = ...,
    ) -> CommandAnswer:
        """Send and return the answer, or raise."""


class Visit:
    """One visit. Give its `on_event` and `on_status` to a Link, then `run` it."""

    def __init__(
        self,
        plan: VisitPlan,
        *,
        media: LocalMedia,
        sink: Sink | None = None,
        on_phase: Callable[[KioskView], None] = lambda _view: None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Plan the visit; `on_phase` hears every view, for a display."""
        self._plan = plan
        self._media = media
        self._sink = sink
        self._on_phase = on_phase
        self._clock = clock or asyncio.get_running_loop().time
        self._view: KioskView | None = None
        self._news = asyncio.Event()
        self._call: CallMesh | None = None
        self._stop: Outcome | None = None
        self._link_end: LinkStatus | None = None
        self._ticket_seen = False
        self._result = VisitResult(outcome=Outcome.LOST)

    async def on_event(self, event: ServerEvent) -> None:
        """Take an event of the server."""
        if isinstance(event, KioskUpdated):
            if self._view is None or event.view.seq >= self._view.seq:
                self._view = event.view
                self._follow(event.view)
                self._news.set()
        elif isinstance(event, Signalled) and self._call is not None:
            self._call.signalled(event)

    def on_status(self, status: LinkStatus, _code: str | None) -> None:
        """Hear how the line stands."""
        if status in (LinkStatus.REPLACED, LinkStatus.REVOKED):
            self._link_end = status
            self._news.set()

    def leave(self) -> None:
        """The resident gives up: the ticket is given back, a call is ended."""
        self._stop = Outcome.ABANDONED
        self._news.set()

    def interrupt(self) -> None:
        """The program has to go: nothing is given up."""
        self._stop = Outcome.INTERRUPTED
        self._news.set()

    async def run(self, link: Line) -> VisitResult:
        """Take a ticket, or go on with the open one, and return when it is over."""
        self._call = CallMesh(
            make=lambda sink: CallMedia(
                send=link.send,
                media=self._media,
                sink=sink,
                on_flow=lambda _flow: self._news.set(),
                clock=self._clock,
            ),
            sink=self._sink,
        )
        try:
            if self._view is not None:
                self._follow(self._view)
            outcome, code = await self._pass_through(link)
            if outcome in (Outcome.ABANDONED, Outcome.NO_AGENT):
                await self._give_up(link)
        finally:
            await self._call.close()
        return self._account(link, outcome, code)

    async def _pass_through(self, link: Line) -> tuple[Outcome, str | None]:
        ended = await self._await_first_view()
        if ended is None:
            ended = await self._take(link)
        if ended is not None:
            return ended
        waiting_since = self._clock()
        talking_since: float | None = None
        while True:
            self._news.clear()
            view = self._view
            assert view is not None
            now = self._clock()
            ended = self._ended(view)
            if ended is not None:
                if view.phase is KioskPhase.RATING:
                    await self._rate(link, view)
                return ended
            deadline: float | None = None
            if view.phase is KioskPhase.IN_CALL:
                if talking_since is None and self._call and self._call.flow is Flow.FLOWING:
                    talking_since = now
                if self._plan.hang_up_after_s is not None and talking_since is not None:
                    deadline = talking_since + self._plan.hang_up_after_s
                    if now >= deadline:
                        await self._try(link, self._end_of_call(view))
                        deadline = self._clock() + GOODBYE_S
            elif self._plan.max_wait_s is not None:
                deadline = waiting_since + self._plan.max_wait_s
                if now >= deadline:
                    return Outcome.NO_AGENT, None
            await self._await_news(deadline)

    async def _await_first_view(self) -> tuple[Outcome, str | None] | None:
        patience_s = min(FIRST_VIEW_S, self._plan.max_wait_s or FIRST_VIEW_S)
        deadline = self._clock() + patience_s
        while self._view is None:
            self._news.clear()
            ended = self._cut_short()
            if ended is not None:
                return ended
            if self._clock() >= deadline:
                return Outcome.UNREACHABLE, None
            await self._await_news(deadline)
        return None

    async def _take(self, link: Line) -> tuple[Outcome, str | None] | None:
        """Take a ticket unless one is open; None when there is one now."""
        view = self._view
        assert view is not None
        try:
            if view.rating is not None:  # of a visit before this program was started
                await link.send(SkipRating(op_id=op_id(), ticket_id=view.rating.ticket_id))
            if view.ticket is not None:
                self._result.resumed = True
                return None
            taken = await link.send(
                TakeTicket(
                    op_id=op_id(), item_code=self._plan.item_code, language=self._plan.language
                )
            )
        except Refusal as refusal:
            return Outcome.REFUSED, code_of(refusal)
        except ClientError:
            return self._cut_short() or (Outcome.UNREACHABLE, None)
        if isinstance(taken, TicketTaken):
            self._result.ticket, self._result.number = taken.ticket_id, taken.number
        return None

    def _follow(self, view: KioskView) -> None:
        if self._call is not None:
            colleague = None if view.colleague is None else view.colleague.link
            self._call.update([view.link, colleague], view.call)
        if view.ticket is not None:
            self._ticket_seen = True
            self._result.ticket, self._result.number = view.ticket.id, view.ticket.number
        if view.call is not None and view.ticket is not None:
            self._result.connected |= view.call.connected_at is not None
            if self._result.waited_s is None:
                waited_s = view.call.started_at - view.ticket.arrived_at
                self._result.waited_s = round(waited_s, 3)
        self._on_phase(view)

    def _cut_short(self) -> tuple[Outcome, str | None] | None:
        if self._link_end is not None:
            return Outcome.LOST, str(self._link_end)
        if self._stop is not None:
            return self._stop, None
        return None

    def _ended(self, view: KioskView) -> tuple[Outcome, str | None] | None:
        cut_short = self._cut_short()
        if cut_short is not None:
            return cut_short
        if not self._ticket_seen or view.ticket is not None:
            return None
        match view.last_end:
            case TicketEndReason.SERVED:
                return Outcome.SERVED, None
            case TicketEndReason.RESIDENT_LEFT:
                return Outcome.ABANDONED, None
            case TicketEndReason.SERVICE_CLOSED:
                return Outcome.CLOSED, None
            case reason:
                return Outcome.LOST, None if reason is None else str(reason)

    def _end_of_call(self, view: KioskView) -> Command | None:
        call_id = view.link.call_id if view.link is not None else None
        return None if call_id is None else EndCall(op_id=op_id(), call_id=call_id)

    async def _give_up(self, link: Line) -> None:
        view = self._view
        if view is None or view.ticket is None:
            return
        if view.phase is KioskPhase.IN_CALL:
            await self._try(link, self._end_of_call(view))
        else:
            await self._try(link, LeaveTicket(op_id=op_id(), ticket_id=view.ticket.id))

    async def _rate(self, link: Line, view: KioskView) -> None:
        if view.rating is None:
            return
        ticket_id, score = view.rating.ticket_id, self._plan.rate
        if score is None:
            await self._try(link, SkipRating(op_id=op_id(), ticket_id=ticket_id))
        elif await self._try(link, RateCall(op_id=op_id(), ticket_id=ticket_id, score=score)):
            self._result.rating_sent = score

    async def _try(self, link: Line, command: Command | None) -> bool:
        if command is None:
            return False
        try:
            await link.send(command, deadline_s=GOODBYE_S)
        except (Refusal, ClientError) as failure:
            log.info("not done", extra={"kind": type(failure).__name__})
            return False
        return True

    async def _await_news(self, deadline: float | None) -> None:
        patience_s = None if deadline is None else max(0.0, deadline - self._clock())
        try:
            async with asyncio.timeout(patience_s):
                await self._news.wait()
        except TimeoutError:
            return

    def _account(self, link: Line, outcome: Outcome, code: str | None) -> VisitResult:
        assert self._call is not None
        totals = self._call.totals
        first_frame_ms: float | None = None
        if totals.first_frame_at is not None and totals.attached_at is not None:
            first_frame_s = max(0.0, totals.first_frame_at - totals.attached_at)
            first_frame_ms = round(first_frame_s * 1000, 1)
        return self._result.model_copy(
            update={
                "outcome": outcome,
                "code": code,
                "video_frames_received": totals.video_frames,
                "audio_frames_received": totals.audio_frames,
                "first_frame_ms": first_frame_ms,
                "media_rebuilds": totals.rebuilds_asked,
                "reconnects": max(0, link.connections - 1),
            }
        )
