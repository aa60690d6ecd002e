"""A day in a small hall: people do what people do, in an order a seed decides."""

from __future__ import annotations

import contextlib
import random

from service_queue.actor import Actor
from service_queue.consult_tables import ConsultRow
from signaling.protocol.commands import (
    ComeBack,
    DeclineTicket,
    EndCall,
    EndConsult,
    FinishWrapUp,
    HandCallOver,
    MarkNoShow,
    OpenSeat,
    RateCall,
    SignIn,
    SignOut,
    StepAway,
    TakeBreak,
    TakeTicket,
    TransferCall,
)
from signaling.protocol.errors import Refusal
from signaling.protocol.words import (
    BreakReason,
    ConsultState,
    DeclineReason,
    MediaReport,
    Role,
    SeatState,
    SeatStatus,
    TicketState,
    TransferReason,
)
from tests.support.hall_builder import HallDriver, agent, kiosk

STEPS = 300
KIOSKS, SEATS = 5, 5


async def at_a_seat(d: HallDriver, rng: random.Random, n: int) -> None:
    """Whoever sits at seat n does what comes next."""
    hall, who = d.hall, agent(n)
    seat = hall.mirror.seat_of_agent(f"a{n:02d}")
    if seat is None:
        await hall.execute(who, SignIn(op_id=d.op(), seat_id=f"{n:02d}"))
        return
    ticket = hall.mirror.ticket_at_seat(seat.id)
    invited = hall.mirror.invitations.at_seat(seat.id)
    if invited is not None and rng.random() < 0.8:
        await as_a_guest(d, n, invited)
    elif seat.status is SeatStatus.ON_BREAK:
        await hall.execute(who, OpenSeat(op_id=d.op()))
    elif ticket is None or ticket.offer_id is None:
        if seat.wrap_up_call_id is not None:
            await hall.execute(who, FinishWrapUp(op_id=d.op(), call_id=seat.wrap_up_call_id))
    elif ticket.state is TicketState.OFFERED and rng.random() < 0.3:
        await hall.execute(
            who,
            DeclineTicket(
                op_id=d.op(),
                offer_id=ticket.offer_id,
                epoch=ticket.epoch,
                reason=DeclineReason.OTHER,
            ),
        )
    elif ticket.state is TicketState.OFFERED:
        call_id = await d.accept(n)
        if rng.random() < 0.8:
            await d.connect(n, call_id)
    elif rng.random() < 0.6:
        await with_a_colleague(d, rng, n, ticket.offer_id)
    else:
        await hall.execute(who, EndCall(op_id=d.op(), call_id=ticket.offer_id))


async def as_a_guest(d: HallDriver, n: int, invited: ConsultRow) -> None:
    """Seat n is asked into a colleague's call, or is in it."""
    if invited.state is ConsultState.RINGING:
        await d.join(n, invited)
    for side in (agent(n), Actor(role=Role.KIOSK_PAGE, kiosk_id=invited.kiosk_id)):
        await d.report(side, invited.id, MediaReport.FLOWING)


async def with_a_colleague(d: HallDriver, rng: random.Random, m: int, call_id: str) -> None:
    """Seat m asks somebody into its call, or gives the call to who is in it."""
    consult = d.hall.mirror.invitations.into(call_id)
    if consult is None:
        free = [
            seat.id
            for seat in d.hall.mirror.seats.values()
            if seat.state is SeatState.IDLE and seat.status is SeatStatus.AVAILABLE
        ]
        await d.invite(m, call_id, seat=rng.choice([*free, f"{rng.randint(1, SEATS):02d}"]))
    elif rng.random() < 0.7:
        command = HandCallOver(op_id=d.op(), consult_id=consult.id)
        await d.hall.execute(agent(m), command)
    else:
        await d.hall.execute(agent(m), EndConsult(op_id=d.op(), consult_id=consult.id))


async def at_a_kiosk(d: HallDriver, rng: random.Random, n: int) -> None:
    """Whoever is at kiosk n does what comes next."""
    ticket = d.hall.mirror.ticket_of_kiosk(f"K{n:02d}")
    if ticket is None or not ticket.state.is_open:
        if ticket is not None and ticket.rating_until is not None:
            score = rng.randint(1, 5)
            await d.hall.execute(kiosk(n), RateCall(op_id=d.op(), ticket_id=ticket.id, score=score))
        await d.hall.execute(kiosk(n), TakeTicket(op_id=d.op(), item_code="pension"))
    elif ticket.state is not TicketState.SERVING and rng.random() < 0.1:
        await d.leave(n, ticket.id)


async def out_of_the_ordinary(d: HallDriver, rng: random.Random, n: int, m: int) -> None:
    """At kiosk n or seat m something that does not happen every day."""
    hall, who = d.hall, agent(m)
    ticket = hall.mirror.ticket_of_kiosk(f"K{n:02d}")
    served = hall.mirror.ticket_at_seat(f"{m:02d}")
    call_id = served.offer_id if served is not None else None
    match rng.randint(0, 9):
        case 0 if ticket is not None:
            await hall.execute(kiosk(n), StepAway(op_id=d.op(), ticket_id=ticket.id))
        case 1 if ticket is not None:
            await hall.execute(kiosk(n), ComeBack(op_id=d.op(), ticket_id=ticket.id))
        case 2 if call_id is not None:
            await hall.execute(who, MarkNoShow(op_id=d.op(), call_id=call_id))
        case 3 if call_id is not None:
            reason = TransferReason.NEEDS_SPECIALIST
            to_seat = f"{rng.randint(1, SEATS):02d}"
            await hall.execute(
                who, TransferCall(op_id=d.op(), call_id=call_id, reason=reason, to_seat=to_seat)
            )
        case 4:
            await hall.execute(who, TakeBreak(op_id=d.op(), reason=BreakReason.MEAL))
        case 5:
            await hall.execute(who, SignOut(op_id=d.op()))
        case _ if call_id is not None:
            await with_a_colleague(d, rng, m, call_id)


async def live_through(d: HallDriver, rng: random.Random, steps: int = STEPS) -> None:
    """The day."""
    for _ in range(steps):
        n, m = rng.randint(1, KIOSKS), rng.randint(1, SEATS)
        with contextlib.suppress(Refusal):
            match rng.randint(0, 12):
                case 0:
                    d.clock.move(rng.choice([1, 10, 40, 130]))
                    await d.hall.tick()
                case 1:
                    await d.hall.detached(rng.choice([kiosk(n), agent(m)]))
                case 2 | 3:
                    await d.hall.attached(kiosk(n))
                    await d.hall.attached(agent(m))
                case 4:
                    await out_of_the_ordinary(d, rng, n, m)
                case 5 | 6 | 7:
                    await at_a_kiosk(d, rng, n)
                case _:
                    await at_a_seat(d, rng, m)
        d.clock.move(rng.random())
