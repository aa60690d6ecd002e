"""What an agent makes of the evidence about a resident: a decision with name and reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from service_queue import calling
from service_queue.actor import Actor
from service_queue.errors import (
    NoteMissing,
    NothingToRead,
    ReasonUnfit,
    SecondNeeded,
    SecondRefused,
)
from service_queue.hours import local_day
from service_queue.identifying import change, identity_of, needs_second
from service_queue.identities import decision_of, holder_of
from service_queue.identity_tables import IdentityReadRow, IdentityRow, IdentityVerdictRow
from service_queue.tables import LocationRow, TicketRow
from service_queue.transaction import Transaction
from signaling.protocol.commands import DecideIdentity
from signaling.protocol.identity import DecisionReason, IdentityDecision, UnmaskReason

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
    """Keep what the agent decided; a later decision takes the place of an earlier one.

    Raises:
        CallUnknown: no live call of theirs.
        ReasonUnfit, NoteMissing.
        SecondNeeded: it goes against the evidence, and nobody stands by it.
        SecondRefused: the second person is the first.
    """
    call = calling.held_call(tx, actor, command.call_id)
    ticket = tx.need(TicketRow, id=call.ticket_id)
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
        grade=row.grade,
        verdict=row.verdict_id,
        override=overrides,
        seconded_by=None if stood_by is None else f"agent:{stood_by.agent_id}",
    )


def read_holder(tx: Transaction, actor: Actor, call_id: str, reason: UnmaskReason) -> str:
    """Name and number of the resident in an agent's call, as JSON; that they were read is kept.

    Raises:
        CallUnknown: no live call of theirs.
        NothingToRead: no card was read, or it is deleted.
    """
    call = calling.held_call(tx, actor, call_id)
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
        verdict=verdict.id,
    )
    _count_reading(tx, actor, call.ticket_id)
    return holder


def _count_reading(tx: Transaction, actor: Actor, ticket_id: str) -> None:
    ticket = tx.need(TicketRow, id=ticket_id)
    day = local_day(tx.now, tx.need(LocationRow, id=ticket.location_id).time_zone)
    read = tx.count_up(IdentityReadRow, agent_id=actor.agent_id or "", day=day)
    if read == tx.policy.identity.reads_alarm + 1:
        tx.note("alarm.raised", reason="identity_reads", agent_id=actor.agent_id, read=read)
