"""Seeded random days in a small hall; what must always hold is checked after every step."""

import contextlib
import random
from pathlib import Path

import pytest

from service_queue.desk_views import desk_view
from service_queue.hall import Hall
from service_queue.kiosk_views import kiosk_view
from service_queue.mirror import HallMirror
from service_queue.tables import TicketRow
from service_queue.view_parts import Surroundings
from service_queue.wall_views import wall_view
from signaling.protocol.commands import (
    AcceptTicket,
    ComeBack,
    DeclineTicket,
    EndCall,
    FinishWrapUp,
    GiveReturnCode,
    LeaveTicket,
    MarkNoShow,
    OpenSeat,
    RateCall,
    RebuildMedia,
    ReportMedia,
    SetShiftEnd,
    SignIn,
    SignOut,
    StepAway,
    StoredCommand,
    TakeBreak,
    TakeTicket,
    TransferCall,
)
from signaling.protocol.errors import Refusal
from signaling.protocol.words import (
    BreakReason,
    CallState,
    DeclineReason,
    GreenReason,
    MediaReport,
    OfferOutcome,
    SeatState,
    TicketState,
    TransferReason,
)
from tests.support.hall_builder import HallDriver, agent, kiosk, open_district

pytestmark = pytest.mark.unit

STEPS = 250
KIOSKS, SEATS = 4, 3
AROUND = Surroundings(
    kiosk_online=lambda _: True,
    kiosk_restarts_ice=lambda _: True,
    agent_restarts_ice=lambda _: True,
    ice_servers=lambda _: (),
)


def some_offer(hall: Hall, rng: random.Random) -> tuple[str, int]:
    offers = list(hall.mirror.offers.values())
    if not offers or rng.random() < 0.1:
        return "none", 1
    offer = rng.choice(offers)
    return offer.id, max(1, offer.epoch - (rng.random() < 0.2))


def some_ticket(hall: Hall, n: int) -> str:
    ticket = hall.mirror.ticket_of_kiosk(f"K{n:02d}")
    return "none" if ticket is None else ticket.id


def kiosk_command(d: HallDriver, rng: random.Random, n: int) -> StoredCommand:
    call_id, _ = some_offer(d.hall, rng)
    op_id = d.op()
    commands: list[StoredCommand] = [
        TakeTicket(op_id=op_id, item_code="pension"),
        TakeTicket(op_id=op_id, item_code="help"),
        TakeTicket(op_id=op_id, item_code="housing", green=GreenReason.ELDERLY),
        LeaveTicket(op_id=op_id, ticket_id=some_ticket(d.hall, n)),
        StepAway(op_id=op_id, ticket_id=some_ticket(d.hall, n)),
        ComeBack(op_id=op_id, ticket_id=some_ticket(d.hall, n)),
        RateCall(op_id=op_id, ticket_id=some_ticket(d.hall, n), score=3),
        EndCall(op_id=op_id, call_id=call_id),
        RebuildMedia(op_id=op_id, call_id=call_id, media_epoch=1),
        ReportMedia(
            op_id=op_id,
            call_id=call_id,
            media_epoch=rng.choice([1, 1, 2]),
            media=rng.choice(list(MediaReport)),
        ),
    ]
    return rng.choice(commands)


def seat_command(d: HallDriver, rng: random.Random) -> StoredCommand:
    offer_id, epoch = some_offer(d.hall, rng)
    op_id = d.op()
    commands: list[StoredCommand] = [
        SignIn(op_id=op_id, seat_id=f"{rng.randint(1, SEATS):02d}"),
        SignOut(op_id=op_id),
        OpenSeat(op_id=op_id),
        OpenSeat(op_id=op_id),
        TakeBreak(op_id=op_id, reason=BreakReason.MEAL),
        AcceptTicket(op_id=op_id, offer_id=offer_id, epoch=epoch),
        AcceptTicket(op_id=op_id, offer_id=offer_id, epoch=epoch),
        DeclineTicket(op_id=op_id, offer_id=offer_id, epoch=epoch, reason=DeclineReason.OTHER),
        EndCall(op_id=op_id, call_id=offer_id),
        MarkNoShow(op_id=op_id, call_id=offer_id),
        TransferCall(
            op_id=op_id,
            call_id=offer_id,
            reason=TransferReason.OTHER,
            to_seat=rng.choice([None, "02"]),
            to_item=rng.choice([None, "housing"]),
        ),
        GiveReturnCode(op_id=op_id, call_id=offer_id),
        SetShiftEnd(op_id=op_id, at=rng.choice([None, d.clock.now() + 30])),
        FinishWrapUp(op_id=op_id, call_id=offer_id),
        ReportMedia(
            op_id=op_id, call_id=offer_id, media_epoch=1, media=rng.choice(list(MediaReport))
        ),
    ]
    return rng.choice(commands)


def what_an_agent_would_do(d: HallDriver, rng: random.Random, n: int) -> StoredCommand:
    op_id, seat = d.op(), d.hall.mirror.seat_of_agent(f"a{n:02d}")
    if seat is None:
        return SignIn(op_id=op_id, seat_id=f"{n:02d}")
    ticket = d.hall.mirror.ticket_at_seat(seat.id)
    if ticket is None or ticket.offer_id is None:
        return OpenSeat(op_id=op_id)
    if seat.state is SeatState.RESERVED:
        return AcceptTicket(op_id=op_id, offer_id=ticket.offer_id, epoch=ticket.epoch)
    if rng.random() < 0.3:
        return EndCall(op_id=op_id, call_id=ticket.offer_id)
    return flowing(d, op_id, ticket.offer_id)


def what_a_resident_would_do(d: HallDriver, rng: random.Random, n: int) -> StoredCommand:
    op_id, ticket = d.op(), d.hall.mirror.ticket_of_kiosk(f"K{n:02d}")
    if ticket is None or not ticket.state.is_open:
        if ticket is not None and ticket.rating_until is not None:
            return RateCall(op_id=op_id, ticket_id=ticket.id, score=rng.randint(1, 5))
        return TakeTicket(op_id=op_id, item_code="pension")
    if ticket.state is TicketState.SERVING and ticket.offer_id is not None:
        return flowing(d, op_id, ticket.offer_id)
    return TakeTicket(op_id=op_id, item_code="help")


def flowing(d: HallDriver, op_id: str, call_id: str) -> ReportMedia:
    epoch = d.hall.mirror.offers[call_id].media_epoch
    return ReportMedia(op_id=op_id, call_id=call_id, media_epoch=epoch, media=MediaReport.FLOWING)


async def step(d: HallDriver, rng: random.Random) -> None:
    k, a = rng.randint(1, KIOSKS), rng.randint(1, SEATS)
    match rng.randint(0, 19):
        case 0:
            d.clock.move(rng.choice([1, 5, 20, 40, 130]))
            await d.hall.tick()
        case 1:
            await d.hall.detached(rng.choice([kiosk(k), agent(a)]))
        case 2 | 3 | 4:
            await d.hall.attached(rng.choice([kiosk(k), agent(a)]))
        case 5 | 6:
            await d.hall.execute(kiosk(k), kiosk_command(d, rng, k))
        case 7 | 8:
            await d.hall.execute(agent(a), seat_command(d, rng))
        case n if n < 13:
            await d.hall.execute(kiosk(k), what_a_resident_would_do(d, rng, k))
        case _:
            await d.hall.execute(agent(a), what_an_agent_would_do(d, rng, a))
    d.clock.move(rng.random())


def check_rows(mirror: HallMirror) -> None:
    open_rows = list(mirror.open_tickets())
    assert len({row.kiosk_id for row in open_rows}) == len(open_rows)
    held = [row for row in open_rows if row.state in (TicketState.OFFERED, TicketState.SERVING)]
    assert len({row.seat_id for row in held}) == len(held)
    for row in open_rows:
        check_ticket(mirror, row)
    for seat in mirror.seats.values():
        busy = seat.state in (SeatState.RESERVED, SeatState.IN_CALL)
        assert busy == (mirror.ticket_at_seat(seat.id) is not None)
        assert (seat.state is SeatState.WRAP_UP) == (seat.wrap_up_until is not None)


def check_ticket(mirror: HallMirror, row: TicketRow) -> None:
    assert (row.state is TicketState.PARKED) == (row.parked_until is not None)
    if row.state in (TicketState.WAITING, TicketState.PARKED):
        assert row.seat_id is None
        assert row.offer_id is None
        return
    assert row.offer_id is not None
    assert row.seat_id is not None
    offer = mirror.offers[row.offer_id]
    assert offer.epoch == row.epoch
    if row.state is TicketState.OFFERED:
        assert offer.outcome is None
        assert mirror.seats[row.seat_id].state is SeatState.RESERVED
    else:
        assert offer.outcome is OfferOutcome.ACCEPTED
        assert mirror.calls[row.offer_id].state is not CallState.ENDED
        assert mirror.seats[row.seat_id].state is SeatState.IN_CALL


def check_views(d: HallDriver) -> None:
    mirror, now = d.hall.mirror, d.clock.now()
    wall = wall_view(mirror, now, AROUND)
    assert wall.today.waiting + wall.today.serving + wall.today.parked == len(wall.tickets)
    for kiosk_id in mirror.kiosks:
        assert kiosk_view(mirror, kiosk_id, now, AROUND) is not None
    for seat in mirror.seats.values():
        assert (desk_view(mirror, seat.id, now, AROUND) is None) == (seat.agent_id is None)


@pytest.mark.parametrize("seed", range(8))
async def test_what_must_always_hold_holds(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    async with open_district(tmp_path, kiosks=KIOSKS, seats=SEATS) as d:
        for _ in range(STEPS):
            with contextlib.suppress(Refusal):
                await step(d, rng)
            check_rows(d.hall.mirror)
            check_views(d)
        followed, now = d.hall.mirror, d.clock.now()
        assert followed.tally(now).waits, "a walk that never reaches a call proves nothing"
        await d.hall.reload()
        loaded = d.hall.mirror
        for name in ("seq", "seats", "tickets", "offers", "calls", "notes"):
            assert getattr(loaded, name) == getattr(followed, name), name
        assert loaded.tally(now) == followed.tally(now)
