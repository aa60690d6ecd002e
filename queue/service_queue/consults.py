"""Rows of invitations into a call: finding, moving, ending them, and their media."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from service_queue import seating
from service_queue.actor import Actor
from service_queue.consult import CONSULT, ConsultEvent
from service_queue.consult_tables import ConsultRow
from service_queue.errors import CallUnknown, MediaEpochStale, TransitionRefused
from service_queue.seat import SeatEvent
from service_queue.tables import CallRow, SeatRow, TicketRow, table_of
from service_queue.transaction import Transaction
from signaling.protocol.commands import RebuildMedia, ReportMedia
from signaling.protocol.words import ConsultEnd, ConsultState, MediaReport, Role

_consult = table_of(ConsultRow)


def into_call(tx: Transaction, call_id: str) -> ConsultRow | None:
    """The invitation into a call that rings, or whose colleague is there."""
    for state in (ConsultState.JOINED, ConsultState.RINGING):
        found = tx.find(ConsultRow, call_id=call_id, state=state)
        if found is not None:
            return found
    return None


def on_link(tx: Transaction, link_id: str) -> ConsultRow | None:
    """The colleague in a call, one of whose pairs has this name on the wire."""
    if tx.find(CallRow, id=link_id) is not None:
        return None
    joined = ConsultState.JOINED
    of_resident = tx.find(ConsultRow, id=link_id, state=joined)
    return of_resident or tx.find(ConsultRow, desks_id=link_id, state=joined)


def move(tx: Transaction, consult: ConsultRow, event: ConsultEvent, **values: Any) -> None:
    """Move an invitation along its table, with other columns.

    Raises:
        TransitionRefused: the table does not allow it, or somebody else moved it first.
    """
    was = consult.state
    values |= {"state": CONSULT.after(was, event), "state_since": tx.now}
    _change(tx, consult, values, _consult.c.state == was)


def end(tx: Transaction, consult: ConsultRow, reason: ConsultEnd) -> None:
    """The invitation is over; unless the call was handed over, its seat is free again."""
    joined = consult.state is ConsultState.JOINED
    handed_over = reason is ConsultEnd.HANDED_OVER
    leaves = ConsultEvent.TAKE_OVER if handed_over else ConsultEvent.GO
    event = leaves if joined else ConsultEvent.FALL
    move(tx, consult, event, ended_at=tx.now, end_reason=reason, stalled_since=None)
    tx.note(
        "consult.ended",
        kiosk_id=consult.kiosk_id,
        seat_id=consult.guest_seat_id,
        ticket_id=consult.ticket_id,
        call_id=consult.call_id,
        reason=reason,
        consult=consult.id,
    )
    if handed_over:
        return
    seat = tx.need(SeatRow, id=consult.guest_seat_id)
    if joined:
        tx.move_seat(seat, SeatEvent.DROP_CALL, idle_since=tx.now)
    else:
        # As with a ticket offer: who was only asked keeps the turn.
        tx.move_seat(seat, SeatEvent.RELEASE)
    if reason is ConsultEnd.SEAT_LOST:
        seating.leave_seat(tx, seat, "lost")


def end_with_call(tx: Transaction, call: CallRow) -> None:
    """The call is over: nobody is invited into it any more."""
    consult = into_call(tx, call.id)
    if consult is not None:
        end(tx, consult, ConsultEnd.CALL_OVER)


def taken_at(tx: Transaction, call: CallRow, ticket: TicketRow) -> float:
    """When the seat of a call took the resident: later than the call began if it was passed on."""
    passed = tx.find(ConsultRow, id=call.id) if ticket.hand_overs else None
    return call.started_at if passed is None or passed.ended_at is None else passed.ended_at


def report_media(tx: Transaction, actor: Actor, consult: ConsultRow, command: ReportMedia) -> None:
    """One side of a pair says whether it receives the other.

    Nothing hangs on what the two agents receive from each other.

    Raises:
        CallUnknown: it is no pair of theirs.
        MediaEpochStale.
    """
    _require_party(tx, actor, consult, command.call_id)
    if command.call_id == consult.desks_id:
        return
    if command.media_epoch != consult.media_epoch:
        raise MediaEpochStale
    column = "resident_media" if actor.role is Role.KIOSK_PAGE else "agent_media"
    if getattr(consult, column) is command.media:
        return
    _set_media(tx, consult, {column: command.media})


def rebuild_media(
    tx: Transaction, actor: Actor, consult: ConsultRow, command: RebuildMedia
) -> None:
    """Have both ends of a pair build their peer connections anew.

    Raises:
        CallUnknown: it is no pair of theirs.
    """
    _require_party(tx, actor, consult, command.call_id)
    desks = command.call_id == consult.desks_id
    epoch = consult.desks_epoch if desks else consult.media_epoch
    if command.media_epoch < epoch:
        return
    tx.note(
        "consult.rebuilt",
        seat_id=consult.guest_seat_id,
        ticket_id=consult.ticket_id,
        call_id=consult.call_id,
        consult=consult.id,
        media_epoch=epoch + 1,
        desks=desks,
    )
    if desks:
        _change(tx, consult, {"desks_epoch": epoch + 1})
        return
    none = MediaReport.NONE
    _set_media(tx, consult, {"media_epoch": epoch + 1, "resident_media": none, "agent_media": none})


def _set_media(tx: Transaction, consult: ConsultRow, values: dict[str, Any]) -> None:
    """Keep what the two receive; since when it is not both is kept with it."""
    seen = {"resident_media": consult.resident_media, "agent_media": consult.agent_media} | values
    flows = seen["resident_media"] is seen["agent_media"] is MediaReport.FLOWING
    first = flows and consult.connected_at is None
    if first:
        values["connected_at"] = tx.now
    if flows is (consult.stalled_since is not None):
        values["stalled_since"] = None if flows else tx.now
    _change(tx, consult, values)
    tx.note(
        "consult.connected" if first else "consult.media",
        seat_id=consult.guest_seat_id,
        ticket_id=consult.ticket_id,
        call_id=consult.call_id,
        consult=consult.id,
    )


def _require_party(tx: Transaction, actor: Actor, consult: ConsultRow, link_id: str) -> None:
    if actor.role is Role.KIOSK_PAGE:
        if link_id != consult.id or actor.kiosk_id != consult.kiosk_id:
            raise CallUnknown
        return
    parties = {consult.guest_seat_id}
    if link_id == consult.desks_id:
        parties.add(consult.host_seat_id)
    if seating.seat_of(tx, actor).id not in parties:
        raise CallUnknown


def _change(tx: Transaction, consult: ConsultRow, values: dict[str, Any], *tests: Any) -> None:
    changed = tx.connection.execute(
        update(_consult).where(_consult.c.id == consult.id, *tests).values(**values)
    )
    if changed.rowcount != 1:
        raise TransitionRefused("consult was moved by somebody else")
    for name, value in values.items():
        setattr(consult, name, value)
    tx.touched.consults.add(consult.id)
    tx.touched.tickets.add(consult.ticket_id)
