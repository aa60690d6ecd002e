"""What an agent makes of the evidence about a resident: a decision with name and reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, select, update

from service_queue import calling, seating
from service_queue.actor import Actor
from service_queue.errors import (
    CallClosed,
    NoteMissing,
    NothingToRead,
    ReasonUnfit,
    SecondNeeded,
    SecondRefused,
)
from service_queue.identifying import change, identity_of, needs_second
from service_queue.identities import decision_of, holder_of
from service_queue.identity_tables import IdentityReadRow, IdentityRow, IdentityVerdictRow
from service_queue.number_reads import LATE_S
from service_queue.tables import CallRow, TicketRow, table_of
from service_queue.transaction import Transaction
from signaling.protocol.commands import DecideIdentity
from signaling.protocol.identity import DecisionReason, IdentityDecision, UnmaskReason
from signaling.protocol.words import CallState

_read = table_of(IdentityReadRow)

CONFIRMING: Final = frozenset(
    {
        DecisionReason.EVIDENCE_AGREES,
        DecisionReason.LOOKED_AND_SAME,
        DecisionReason.OTHER_DOCUMENT,
        DecisionReason.ANSWERED_QUESTIONS,
        DecisionReason.OTHER,
    }
)
REFUSING: Final = frozenset(
    {
        DecisionReason.NOT_THE_SAME,
        DecisionReason.CARD_DOUBTFUL,
        DecisionReason.WOULD_NOT_SHOW,
        DecisionReason.UNDER_PRESSURE,
        DecisionReason.OTHER,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class SecondPerson:
    """Who stands by a decision against the evidence; their password was checked."""

    agent_id: str
    name: str


def decide(
    tx: Transaction, actor: Actor, command: DecideIdentity, second: SecondPerson | None = None
) -> None:
    """Keep what the agent decided, in the call or in its after-call work; the latest counts.

    Raises:
        CallUnknown: not their call.
        CallClosed: too late.
        ReasonUnfit, NoteMissing.
        SecondNeeded: it goes against the evidence, and nobody stands by it.
        SecondRefused: the second person is the first.
    """
    call, ticket = _call_and_ticket(tx, actor, command.call_id)
    confirms = command.decision is IdentityDecision.CONFIRMED
    if command.reason not in (CONFIRMING if confirms else REFUSING):
        raise ReasonUnfit
    note = command.note.strip()
    row = identity_of(tx, ticket)
    overrides = confirms and needs_second(row)
    if (overrides or command.reason is DecisionReason.OTHER) and not note:
        raise NoteMissing
    if overrides and second is None:
        raise SecondNeeded
    if second is not None and second.agent_id == actor.agent_id:
        raise SecondRefused
    stood_by = second if overrides else None
    change(
        tx,
        row,
        decision=command.decision,
        decision_reason=command.reason,
        sealed_note=tx.sealer.seal(note, decision_of(ticket.id)) if note else None,
        decided_at=tx.now,
        decided_by=actor.agent_id,
        decided_by_name=actor.agent_name,
        seconded_by=None if stood_by is None else stood_by.agent_id,
        seconded_by_name=None if stood_by is None else stood_by.name,
    )
    tx.note(
        "identity.decided",
        kiosk_id=ticket.kiosk_id,
        seat_id=call.seat_id,
        ticket_id=ticket.id,
        call_id=call.id,
        reason=command.reason,
        decision=command.decision,
        in_wrap_up=_is_wrapped(call),
        grade=row.grade,
        verdict=row.verdict_id,
        override=overrides,
        seconded_by=None if stood_by is None else f"agent:{stood_by.agent_id}",
    )
    tx.touched.seats.add(call.seat_id)


def read_holder(tx: Transaction, actor: Actor, call_id: str, reason: UnmaskReason) -> str:
    """Name and number of the resident whom an agent serves, or whose call they wrap up, as JSON.

    That they were read is kept.

    Raises:
        CallUnknown: not their call.
        CallClosed: too late.
        NothingToRead: no card was read, or it is deleted.
    """
    call, _ = _call_and_ticket(tx, actor, call_id)
    row = tx.find(IdentityRow, ticket_id=call.ticket_id)
    if row is None or row.verdict_id is None:
        raise NothingToRead
    verdict = tx.need(IdentityVerdictRow, id=row.verdict_id)
    if verdict.sealed_holder is None:
        raise NothingToRead
    holder = tx.sealer.open(verdict.sealed_holder, holder_of(verdict.id))
    tx.note(
        "identity.unmasked",
        kiosk_id=call.kiosk_id,
        seat_id=call.seat_id,
        ticket_id=call.ticket_id,
        call_id=call.id,
        reason=reason,
        in_wrap_up=_is_wrapped(call),
        verdict=verdict.id,
    )
    _count_reading(tx, call)
    return holder


def _call_and_ticket(tx: Transaction, actor: Actor, call_id: str) -> tuple[CallRow, TicketRow]:
    call = calling.call_of_seat(tx, seating.seat_of(tx, actor), call_id)
    ticket = tx.need(TicketRow, id=call.ticket_id)
    if ticket.offer_id != call.id:
        raise CallClosed  # another window's by now
    return call, ticket


def _is_wrapped(call: CallRow) -> bool:
    return call.state is CallState.ENDED


def _count_reading(tx: Transaction, call: CallRow) -> None:
    """Whoever reads too many numbers of late is reported, once each time that it becomes so."""
    agents = _read.c.agent_id == call.agent_id
    late = select(func.count()).where(agents, _read.c.at > tx.now - LATE_S)
    before: int = tx.connection.execute(late).scalar_one()
    read = IdentityReadRow(
        agent_id=call.agent_id, ticket_id=call.ticket_id, seat_id=call.seat_id, at=tx.now
    )
    same = agents & (_read.c.ticket_id == call.ticket_id)
    if not tx.connection.execute(update(_read).where(same).values(read.model_dump())).rowcount:
        tx.add(read)
    tx.connection.execute(delete(_read).where(agents, _read.c.at <= tx.now - LATE_S))
    after: int = tx.connection.execute(late).scalar_one()
    tx.touched.number_reads.add((call.agent_id, call.ticket_id))
    most = tx.policy.identity.reads_alarm
    if before <= most < after:
        tx.note(
            "alarm.raised",
            seat_id=call.seat_id,
            reason="identity_reads",
            agent_id=call.agent_id,
            read=after,
        )
