"""Every command in every state: what is carried out, and that a refusal leaves no trace."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlmodel import SQLModel

from service_queue.actor import Actor
from service_queue.policy import ParkPolicy, Policy
from signaling.protocol.commands import (
    AcceptTicket,
    ComeBack,
    DeclineTicket,
    EndCall,
    ExtendWrapUp,
    FinishWrapUp,
    GiveReturnCode,
    LeaveTicket,
    MarkNoShow,
    OpenSeat,
    RateCall,
    SaveNote,
    SetShiftEnd,
    SignIn,
    SignOut,
    SkipRating,
    StepAway,
    StoredCommand,
    TakeBreak,
    TakeTicket,
    TransferCall,
)
from signaling.protocol.errors import Refusal
from signaling.protocol.words import BreakReason, DeclineReason, TransferReason
from tests.support.hall_builder import HallDriver, agent, kiosk, open_district

pytestmark = pytest.mark.unit

POLICY = Policy(park=ParkPolicy(max_times=1, max_recalls=1, away_s=600, recall_after_s=60))


class Case:
    """Kiosk 1 and seat 1 in some state, beside seat 2, which takes nobody now."""

    def __init__(self, d: HallDriver) -> None:
        self.d = d
        self.ticket_id = "none"
        self.call_id = "none"

    @property
    def epoch(self) -> int:
        ticket = self.d.hall.mirror.tickets.get(self.ticket_id)
        return 1 if ticket is None else max(1, ticket.epoch)


State = Callable[[Case], Awaitable[None]]


async def nothing(case: Case) -> None:
    """Nobody came, nobody sits."""


async def seated(case: Case) -> None:
    await case.d.open_seat(1)


async def waiting(case: Case) -> None:
    case.ticket_id = await case.d.take(1)


async def offered(case: Case) -> None:
    await waiting(case)
    await case.d.open_seat(1)
    ticket = case.d.hall.mirror.tickets[case.ticket_id]
    assert ticket.offer_id is not None
    case.call_id = ticket.offer_id


async def stepped_away(case: Case) -> None:
    await waiting(case)
    await case.d.step_away(1, case.ticket_id)


async def came_back(case: Case) -> None:
    await stepped_away(case)
    await case.d.come_back(1, case.ticket_id)


async def connecting(case: Case) -> None:
    await offered(case)
    await case.d.accept(1)


async def connected(case: Case) -> None:
    await connecting(case)
    await case.d.connect(1, case.call_id)


async def no_show(case: Case) -> None:
    await connected(case)
    await case.d.no_show(1, case.call_id)


async def wrap_up(case: Case) -> None:
    await connected(case)
    await case.d.end_call(1, case.call_id)


async def left(case: Case) -> None:
    await waiting(case)
    await case.d.leave(1, case.ticket_id)


async def handed_over(case: Case) -> None:
    await connected(case)
    await case.d.hand_over(1, case.call_id, item="help")


def commands(case: Case) -> Mapping[str, tuple[Actor, StoredCommand]]:
    """Each command, by its type, as kiosk 1 or agent 1 would send it."""
    d, ticket_id, call_id = case.d, case.ticket_id, case.call_id
    of_kiosk: list[StoredCommand] = [
        TakeTicket(op_id=d.op(), item_code="pension"),
        LeaveTicket(op_id=d.op(), ticket_id=ticket_id),
        StepAway(op_id=d.op(), ticket_id=ticket_id),
        ComeBack(op_id=d.op(), ticket_id=ticket_id),
        RateCall(op_id=d.op(), ticket_id=ticket_id, score=5),
        SkipRating(op_id=d.op(), ticket_id=ticket_id),
        EndCall(op_id=d.op(), call_id=call_id),
    ]
    of_agent: list[StoredCommand] = [
        SignIn(op_id=d.op(), seat_id="02"),
        SignOut(op_id=d.op()),
        OpenSeat(op_id=d.op()),
        TakeBreak(op_id=d.op(), reason=BreakReason.MEAL),
        SetShiftEnd(op_id=d.op(), at=d.clock.now() + 60),
        AcceptTicket(op_id=d.op(), offer_id=call_id, epoch=case.epoch),
        DeclineTicket(op_id=d.op(), offer_id=call_id, epoch=case.epoch, reason=DeclineReason.OTHER),
        MarkNoShow(op_id=d.op(), call_id=call_id),
        TransferCall(op_id=d.op(), call_id=call_id, reason=TransferReason.OTHER, to_item="help"),
        GiveReturnCode(op_id=d.op(), call_id=call_id),
        ExtendWrapUp(op_id=d.op(), call_id=call_id),
        FinishWrapUp(op_id=d.op(), call_id=call_id),
        SaveNote(op_id=d.op(), call_id=call_id, text="x"),
    ]
    sent: dict[str, tuple[Actor, StoredCommand]] = {}
    sent |= {command.type: (kiosk(1), command) for command in of_kiosk}
    sent |= {command.type: (agent(1), command) for command in of_agent}
    return sent


AT_SEAT = {"seat.open", "seat.take_break", "seat.set_shift_end"}
FREE = {*AT_SEAT, "seat.sign_out"}
CALL = {"call.end", "call.no_show", "call.transfer", "call.give_return_code", "call.save_note"}
AFTER = {"wrap_up.extend", "wrap_up.finish", "call.save_note"}
PLACE = {"ticket.leave", "ticket.come_back", "ticket.skip_rating"}

CARRIED_OUT: Mapping[State, set[str]] = {
    nothing: {"ticket.take"},
    seated: {"ticket.take", *FREE},
    waiting: {*PLACE, "ticket.step_away"},
    offered: {*PLACE, "ticket.step_away", *AT_SEAT, "ticket.accept", "ticket.decline"},
    stepped_away: PLACE,
    came_back: PLACE,
    connecting: {"ticket.come_back", "ticket.skip_rating", *AT_SEAT, *CALL},
    connected: {"ticket.come_back", "ticket.skip_rating", *AT_SEAT, *CALL},
    no_show: {*PLACE, *FREE},
    wrap_up: {"ticket.take", "ticket.rate", "ticket.skip_rating", *FREE, *AFTER},
    left: {"ticket.take", "ticket.skip_rating"},
    handed_over: {*PLACE, "ticket.step_away", *FREE, *AFTER},
}
"""By state: the commands that are carried out there; all others are refused."""


def everything(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""
    return {
        table.name: sorted((tuple(row) for row in connection.execute(table.select())), key=repr)
        for table in SQLModel.metadata.sorted_tables
    }


TYPES = sorted(
    command.model_fields["type"].default
    for command in (
        *(TakeTicket, LeaveTicket, StepAway, ComeBack, RateCall, SkipRating, EndCall, SignIn),
        *(SignOut, OpenSeat, TakeBreak, SetShiftEnd, AcceptTicket, DeclineTicket, MarkNoShow),
        *(TransferCall, GiveReturnCode, ExtendWrapUp, FinishWrapUp, SaveNote),
    )
)


async def reach(d: HallDriver, state: State) -> Case:
    """Bring kiosk 1 and seat 1 into a state. Seat 2 is open, with somebody if that is needed."""
    case = Case(d)
    serves = state not in (nothing, waiting, stepped_away, came_back, left)
    if serves:
        await d.take(2)
    await d.open_seat(2)
    if serves:
        await d.serve(2)
    else:
        await d.hall.execute(agent(2), TakeBreak(op_id="away", reason=BreakReason.REST))
    await state(case)
    return case


@pytest.mark.parametrize("state", CARRIED_OUT, ids=lambda state: state.__name__)
async def test_a_refused_command_leaves_no_trace(state: State, tmp_path: Path) -> None:
    async with open_district(tmp_path, policy=POLICY) as d:
        case = await reach(d, state)
        before = await d.hall.store.read(everything)
        seen = (d.hall.mirror.seq, dict(d.hall.mirror.tickets), dict(d.hall.mirror.seats))
        for kind in set(TYPES) - CARRIED_OUT[state]:
            actor, command = commands(case)[kind]
            with pytest.raises(Refusal) as refused:
                await d.hall.execute(actor, command)
            assert refused.value.code not in ("", "refused", "queue_error"), kind
            assert await d.hall.store.read(everything) == before, kind
            assert (d.hall.mirror.seq, d.hall.mirror.tickets, d.hall.mirror.seats) == seen, kind


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        pytest.param(state, kind, id=f"{state.__name__}-{kind}")
        for state, kinds in CARRIED_OUT.items()
        for kind in sorted(kinds)
    ],
)
async def test_what_is_carried_out_is_carried_out_once(
    state: State, kind: str, tmp_path: Path
) -> None:
    async with open_district(tmp_path, policy=POLICY) as d:
        case = await reach(d, state)
        actor, command = commands(case)[kind]
        answer = await d.hall.execute(actor, command)
        after = await d.hall.store.read(everything)
        assert await d.hall.execute(actor, command) == answer
        assert await d.hall.store.read(everything) == after
