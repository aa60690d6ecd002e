"""What residents and agents want next, as their screens tell; sometimes what they may not."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from service_queue.consult_tables import ConsultRow
from service_queue.mirror import HallMirror
from service_queue.tables import SeatRow, TicketRow
from signaling.protocol import commands as c
from signaling.protocol.words import (
    BreakReason,
    ConsultState,
    DeclineReason,
    GreenReason,
    MediaReport,
    SeatState,
    SeatStatus,
    TicketState,
    TransferReason,
)
from xiaowu.faults.site import ITEMS, SEATS, START

Wish = Callable[[], Sequence[c.StoredCommand]]
SHIFT_END: Final = START + 4 * 3600.0


class Scene(Protocol):
    """What people see and draw from."""

    random: random.Random

    @property
    def mirror(self) -> HallMirror:
        """The picture their screens show."""
        ...

    def op(self) -> str:
        """A fresh operation id."""
        ...


def wishes_of_kiosk(scene: Scene, n: int) -> Sequence[c.StoredCommand]:
    """What the resident at kiosk `n` sends, mostly one command or none."""
    ticket = scene.mirror.ticket_of_kiosk(f"K{n}")
    if ticket is None or not ticket.state.is_open:
        return _draw(scene, _at_rest(scene, ticket))
    if ticket.state is TicketState.SERVING:
        return _draw(scene, _talking(scene, ticket.offer_id or ""))
    return _draw(scene, _waiting(scene, ticket))


def wishes_of_agent(scene: Scene, n: int) -> Sequence[c.StoredCommand]:
    """What agent `n` sends."""
    seat = scene.mirror.seat_of_agent(f"a{n}")
    if seat is None:
        seat_id = scene.random.choice([f"S{n}"] * 5 + [f"S{other}" for other in range(SEATS)])
        return [c.SignIn(op_id=scene.op(), seat_id=seat_id), c.OpenSeat(op_id=scene.op())]
    ticket = scene.mirror.ticket_at_seat(seat.id)
    invited = scene.mirror.invitations.at_seat(seat.id)
    if invited is not None:
        return _draw(scene, _as_guest(scene, invited))
    match seat.state:
        case SeatState.RESERVED if ticket is not None:
            return _draw(scene, _rung(scene, ticket))
        case SeatState.IN_CALL if ticket is not None:
            return _draw(scene, _serving(scene, ticket.offer_id or ""))
        case SeatState.WRAP_UP:
            return _draw(scene, _wrapping_up(scene, seat.wrap_up_call_id or ""))
    return _draw(scene, _free(scene, seat))


def _at_rest(scene: Scene, ticket: TicketRow | None) -> list[tuple[int, Wish]]:
    green = scene.random.choice((None, None, None, *GreenReason))
    wishes: list[tuple[int, Wish]] = [
        (18, lambda: [_take(scene, scene.random.choice(ITEMS), green)]),
        # Not everybody wants something at once: a free window can be asked into a call.
        (14, list),
        (1, lambda: [_take(scene, "no-such-item", None)]),
    ]
    if ticket is not None and ticket.rating_until is not None:
        rated = ticket.id
        wishes += [
            (20, lambda: [c.RateCall(op_id=scene.op(), ticket_id=rated, score=5)]),
            (15, lambda: [c.SkipRating(op_id=scene.op(), ticket_id=rated)]),
        ]
    return wishes


def _take(scene: Scene, item: str, green: GreenReason | None) -> c.StoredCommand:
    return c.TakeTicket(op_id=scene.op(), item_code=item, green=green)


def _waiting(scene: Scene, ticket: TicketRow) -> list[tuple[int, Wish]]:
    back = 6 if ticket.state is TicketState.PARKED else 1
    return [
        (10, list),
        (2, lambda: [c.LeaveTicket(op_id=scene.op(), ticket_id=ticket.id)]),
        (2, lambda: [c.StepAway(op_id=scene.op(), ticket_id=ticket.id)]),
        (back, lambda: [c.ComeBack(op_id=scene.op(), ticket_id=ticket.id)]),
        (1, lambda: [_take(scene, ITEMS[0], None)]),
    ]


def _talking(scene: Scene, call_id: str) -> list[tuple[int, Wish]]:
    consult = scene.mirror.invitations.into(call_id)
    return [
        (2, lambda: [c.EndCall(op_id=scene.op(), call_id=call_id)]),
        *_media(scene, call_id),
        *([] if consult is None else _consult_media(scene, consult)),
    ]


def _rung(scene: Scene, ticket: TicketRow) -> list[tuple[int, Wish]]:
    offer_id, epoch = ticket.offer_id or "", ticket.epoch
    reason = DeclineReason.NOT_MY_FIELD

    def accept(quoted: int) -> list[c.StoredCommand]:
        return [c.AcceptTicket(op_id=scene.op(), offer_id=offer_id, epoch=quoted)]

    def decline() -> list[c.StoredCommand]:
        op = scene.op()
        return [c.DeclineTicket(op_id=op, offer_id=offer_id, epoch=epoch, reason=reason)]

    return [(12, lambda: accept(epoch)), (1, lambda: accept(epoch + 1)), (4, decline), (2, list)]


def _serving(scene: Scene, call_id: str) -> list[tuple[int, Wish]]:
    return [
        *_media(scene, call_id),
        (2, lambda: [c.MarkNoShow(op_id=scene.op(), call_id=call_id)]),
        (2, lambda: [_hand_over(scene, call_id)]),
        *_with_colleague(scene, call_id),
        (2, lambda: [c.GiveReturnCode(op_id=scene.op(), call_id=call_id)]),
        (1, lambda: [_rebuild(scene, call_id)]),
        (6, lambda: [c.EndCall(op_id=scene.op(), call_id=call_id)]),
    ]


def _hand_over(scene: Scene, call_id: str) -> c.StoredCommand:
    seat = f"S{scene.random.randrange(SEATS)}"
    item = scene.random.choice(ITEMS)
    to_seat, to_item, to_department = scene.random.choice(
        ((seat, None, None), (None, item, None), (None, None, "人社局"), ("nowhere", None, None))
    )
    return c.TransferCall(
        op_id=scene.op(),
        call_id=call_id,
        reason=TransferReason.NEEDS_SPECIALIST,
        to_seat=to_seat,
        to_item=to_item,
        to_department=to_department,
    )


def _with_colleague(scene: Scene, call_id: str) -> list[tuple[int, Wish]]:
    """What an agent wants of a colleague: to come, to take over, to go."""
    consult = scene.mirror.invitations.last_into(call_id)
    if consult is None:
        return [(30, lambda: [_invite(scene, call_id)])]
    name, goes_on = consult.id, consult.state is not ConsultState.ENDED
    return [
        (3 if goes_on else 30, lambda: [_invite(scene, call_id)]),
        (40 if goes_on else 1, lambda: [c.HandCallOver(op_id=scene.op(), consult_id=name)]),
        (1, lambda: [c.EndConsult(op_id=scene.op(), consult_id=name)]),
    ]


def _as_guest(scene: Scene, consult: ConsultRow) -> list[tuple[int, Wish]]:
    """What a colleague does whose desk rings, or who is in the call."""
    name, reason = consult.id, DeclineReason.OTHER
    if consult.state is ConsultState.RINGING:
        return [
            (12, lambda: [c.JoinCall(op_id=scene.op(), consult_id=name)]),
            (2, lambda: [c.DeclineInvitation(op_id=scene.op(), consult_id=name, reason=reason)]),
            (2, list),
        ]
    return [
        *_consult_media(scene, consult),
        (1, lambda: [c.EndConsult(op_id=scene.op(), consult_id=name)]),
        (1, lambda: [c.EndCall(op_id=scene.op(), call_id=name)]),
        (1, lambda: [c.TakeBreak(op_id=scene.op(), reason=BreakReason.REST)]),
    ]


def _consult_media(scene: Scene, consult: ConsultRow) -> list[tuple[int, Wish]]:
    def report(media: MediaReport) -> list[c.StoredCommand]:
        op, epoch = scene.op(), consult.media_epoch
        return [c.ReportMedia(op_id=op, call_id=consult.id, media_epoch=epoch, media=media)]

    def rebuild(link_id: str, epoch: int) -> list[c.StoredCommand]:
        return [c.RebuildMedia(op_id=scene.op(), call_id=link_id, media_epoch=epoch)]

    return [
        (40, lambda: report(MediaReport.FLOWING)),
        (1, lambda: report(MediaReport.STALLED)),
        (1, lambda: rebuild(consult.id, consult.media_epoch)),
        (1, lambda: rebuild(consult.desks_id, consult.desks_epoch)),
    ]


def _invite(scene: Scene, call_id: str) -> c.StoredCommand:
    to_seat, to_item = f"S{scene.random.randrange(SEATS)}", scene.random.choice(ITEMS)
    by_seat = scene.random.random() < 0.5  # noqa: PLR2004 - one way or the other
    return c.InviteColleague(
        op_id=scene.op(),
        call_id=call_id,
        reason=TransferReason.NEEDS_SPECIALIST,
        to_seat=to_seat if by_seat else None,
        to_item=None if by_seat else to_item,
    )


def meeting(scene: Scene) -> Iterator[tuple[str, c.StoredCommand]]:
    """A warm hand-over as it is meant, step by step: who (a kiosk's or an agent's id) sends what.

    Each step is asked for when the one before was sent, and looks at the hall as it then is.
    """
    agents = [f"a{n}" for n in range(SEATS)]
    for host in scene.random.sample(agents, SEATS):
        seat = scene.mirror.seat_of_agent(host)
        ticket = None if seat is None else scene.mirror.ticket_at_seat(seat.id)
        if ticket is not None and ticket.state is TicketState.SERVING:
            break
    else:
        return
    call_id = ticket.offer_id or ""
    for each in agents:
        yield each, c.OpenSeat(op_id=scene.op())
    yield host, _invite(scene, call_id)
    consult = scene.mirror.invitations.into(call_id)
    if consult is None:
        return
    guest, name = consult.guest_agent_id, consult.id
    yield guest, c.JoinCall(op_id=scene.op(), consult_id=name)
    for side in (ticket.kiosk_id, guest):
        flows = c.ReportMedia(
            op_id=scene.op(), call_id=name, media_epoch=1, media=MediaReport.FLOWING
        )
        yield side, flows
    if scene.random.random() < 0.8:  # noqa: PLR2004 - mostly
        yield host, c.HandCallOver(op_id=scene.op(), consult_id=name)


def _rebuild(scene: Scene, call_id: str) -> c.StoredCommand:
    epoch = _media_epoch(scene, call_id)
    return c.RebuildMedia(op_id=scene.op(), call_id=call_id, media_epoch=epoch)


def _media(scene: Scene, call_id: str) -> list[tuple[int, Wish]]:
    epoch = _media_epoch(scene, call_id)

    def report(media: MediaReport) -> list[c.StoredCommand]:
        op = scene.op()
        return [c.ReportMedia(op_id=op, call_id=call_id, media_epoch=epoch, media=media)]

    return [
        (10, lambda: report(MediaReport.FLOWING)),
        (1, lambda: report(MediaReport.STALLED)),
    ]


def _media_epoch(scene: Scene, call_id: str) -> int:
    offer = scene.mirror.offers.get(call_id)
    return 1 if offer is None else offer.media_epoch


def _wrapping_up(scene: Scene, call_id: str) -> list[tuple[int, Wish]]:
    return [
        (5, lambda: [c.FinishWrapUp(op_id=scene.op(), call_id=call_id)]),
        (1, lambda: [c.ExtendWrapUp(op_id=scene.op(), call_id=call_id)]),
        (1, lambda: [c.SaveNote(op_id=scene.op(), call_id=call_id, text="记录")]),
        (3, list),
    ]


def _free(scene: Scene, seat: SeatRow) -> list[tuple[int, Wish]]:
    opens = 20 if seat.status is SeatStatus.ON_BREAK else 1
    return [
        (10, list),
        (opens, lambda: [c.OpenSeat(op_id=scene.op())]),
        (1, lambda: [c.TakeBreak(op_id=scene.op(), reason=BreakReason.REST)]),
        (1, lambda: [c.SignOut(op_id=scene.op())]),
        (1, lambda: [c.SetShiftEnd(op_id=scene.op(), at=SHIFT_END)]),
    ]


def _draw(scene: Scene, wishes: list[tuple[int, Wish]]) -> Sequence[c.StoredCommand]:
    weights, makers = zip(*wishes, strict=True)
    wish: Wish = scene.random.choices(makers, weights)[0]
    return wish()
