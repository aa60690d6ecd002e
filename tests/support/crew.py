"""People at a hall's kiosks and seats, who come, serve and go until everybody was served."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Final

from service_queue.actor import Actor
from service_queue.hall import Hall
from signaling.protocol.commands import (
    AcceptTicket,
    EndCall,
    FinishWrapUp,
    OpenSeat,
    ReportMedia,
    SignIn,
    StoredCommand,
    TakeTicket,
)
from signaling.protocol.errors import Refusal
from signaling.protocol.events import CommandAnswer, TicketTaken
from signaling.protocol.words import CallState, MediaReport, SeatState, SeatStatus, TicketState
from tests.support.hall_builder import agent, kiosk

MOVES_WITHIN_S: Final = 30.0
"""While people are about, something happens in a hall at least so often."""

OnAnswer = Callable[[Actor, StoredCommand, CommandAnswer], None]


class Crew:
    """Residents and agents of one hall, which need not be the only one of its database."""

    def __init__(self, hall: Hall, *, name: str, on_answer: OnAnswer | None = None) -> None:
        """`name` keeps the operation ids of several crews apart."""
        self._hall = hall
        self._name = name
        self._on_answer = on_answer
        self._op = count(1)
        self._moved = asyncio.Event()

    @asynccontextmanager
    async def at_seats(self, *seats: int) -> AsyncIterator[None]:
        """Agents take whoever rings at these seats while the block runs."""
        undo = self._hall.subscribe(lambda _changes: self._moved.set())
        agents = [asyncio.create_task(self._serve(n)) for n in seats]
        try:
            yield
        finally:
            for each in agents:
                each.cancel()
            ends = await asyncio.gather(*agents, return_exceptions=True)
            undo()
        for end in ends:
            if not isinstance(end, asyncio.CancelledError | None):
                raise end

    async def visit(self, kiosks: Sequence[int], visits: int) -> list[str]:
        """Let every kiosk be visited so often, to the end; returns the tickets."""
        tickets = await asyncio.gather(*(self._visit(n, visits) for n in kiosks))
        return [ticket for some in tickets for ticket in some]

    async def _visit(self, n: int, visits: int) -> list[str]:
        taken = []
        for _ in range(visits):
            answer = await self._do(kiosk(n), TakeTicket(op_id=self._new_op(), item_code="help"))
            assert isinstance(answer, TicketTaken)
            taken.append(answer.ticket_id)
            while not self._is_served(answer.ticket_id):
                report = self._what_is_seen(answer.ticket_id)
                if report is None:
                    await self._something()
                    continue
                with contextlib.suppress(Refusal):
                    await self._do(kiosk(n), report)
        return taken

    def _what_is_seen(self, ticket_id: str) -> ReportMedia | None:
        """The resident sees the agent while somebody is at the seat, and says when that changes."""
        mirror = self._hall.mirror
        ticket = mirror.tickets.get(ticket_id)
        call = mirror.calls.get((ticket and ticket.offer_id) or "")
        if call is None or call.state is CallState.ENDED:
            return None
        away = mirror.seats[call.seat_id].away_since is not None
        seen = MediaReport.STALLED if away else MediaReport.FLOWING
        if call.resident_media is seen:
            return None
        return ReportMedia(op_id=self._new_op(), call_id=call.id, media_epoch=1, media=seen)

    def _is_served(self, ticket_id: str) -> bool:
        ticket = self._hall.mirror.tickets.get(ticket_id)
        return ticket is not None and ticket.state is TicketState.COMPLETED

    async def _serve(self, n: int) -> None:
        while True:
            step = self._next_step(n)
            if step is None:
                await self._something()
                continue
            with contextlib.suppress(Refusal):
                # Another process may have been first: look again.
                await self._do(*step)

    def _next_step(self, n: int) -> tuple[Actor, StoredCommand] | None:
        mirror, seat_id = self._hall.mirror, f"{n:02d}"
        seat, ticket = mirror.seats[seat_id], mirror.ticket_at_seat(seat_id)
        op_id = self._new_op()
        if seat.agent_id is None:
            return agent(n), SignIn(op_id=op_id, seat_id=seat_id)
        if seat.status is SeatStatus.ON_BREAK:
            return agent(n), OpenSeat(op_id=op_id)
        if seat.state is SeatState.WRAP_UP and seat.wrap_up_call_id is not None:
            return agent(n), FinishWrapUp(op_id=op_id, call_id=seat.wrap_up_call_id)
        if ticket is None or ticket.offer_id is None:
            return None
        call_id = ticket.offer_id
        if seat.state is SeatState.RESERVED:
            return agent(n), AcceptTicket(op_id=op_id, offer_id=call_id, epoch=ticket.epoch)
        return self._in_call(n, call_id, op_id)

    def _in_call(self, n: int, call_id: str, op_id: str) -> tuple[Actor, StoredCommand] | None:
        call = self._hall.mirror.calls.get(call_id)
        if call is None:
            return None
        flowing = MediaReport.FLOWING
        if call.agent_media is not flowing:
            report = ReportMedia(op_id=op_id, call_id=call_id, media_epoch=1, media=flowing)
            return agent(n), report
        if call.state is not CallState.CONNECTED:
            return None
        return agent(n), EndCall(op_id=op_id, call_id=call_id)

    async def _do(self, actor: Actor, command: StoredCommand) -> CommandAnswer:
        answer = await self._hall.execute(actor, command)
        if self._on_answer is not None:
            self._on_answer(actor, command, answer)
        return answer

    async def _something(self) -> None:
        async with asyncio.timeout(MOVES_WITHIN_S):
            await self._moved.wait()
        self._moved.clear()

    def _new_op(self) -> str:
        return f"{self._name}{next(self._op)}"
