"""The check of who a ticket's resident is: asked for, begun, graded, ended, withdrawn.

What a verdict means is not known here, only what it comes to: grade, marks, a proven age. What the
agent makes of it is in `deciding`.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select, text, update

from service_queue import calling, line
from service_queue.actor import Actor
from service_queue.errors import AlreadyDecided, NonceRefused, TicketOver, TriesSpent
from service_queue.identities import (
    evidence_of,
    holder_of,
    read_marks,
    verdict_of,
    write_marks,
)
from service_queue.identity_tables import IdentityRow, IdentityVerdictRow
from service_queue.tables import SeatRow, TicketRow, table_of
from service_queue.transaction import Transaction
from signaling.protocol.commands import AskIdentity, WithdrawIdentity
from signaling.protocol.identity import (
    ConsentGiven,
    EndingReason,
    IdentityEvidence,
    IdentityGrade,
    IdentityPart,
    IdentityState,
    IdentityWay,
    Mark,
    Wiped,
)
from signaling.protocol.words import GreenReason

_identity = table_of(IdentityRow)
_verdict = table_of(IdentityVerdictRow)

DAY_S: Final = 86_400.0
MOST_AT_ONCE: Final = 200
"""Verdicts whose details are deleted in one unit."""

NO_DECISION: Final[Mapping[str, Any]] = {
    "decision": None,
    "decision_reason": None,
    "sealed_note": None,
    "decided_at": None,
    "decided_by": None,
    "decided_by_name": None,
    "seconded_by": None,
    "seconded_by_name": None,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class GradedVerdict:
    """A verdict whose signature was checked, and what it comes to."""

    kiosk_id: str
    ticket_id: str
    nonce: str = field(repr=False)
    device_id: str
    way: IdentityWay
    grade: IdentityGrade
    marks: Mapping[IdentityPart, Mark]
    evidence: IdentityEvidence = field(repr=False)
    proven_age: int | None = field(repr=False)
    text: str = field(repr=False)
    signature: str = field(repr=False)
    holder: str | None = field(repr=False)
    """Name and number, as JSON."""
    wiped: Wiped | None
    rule: str
    """Which rule graded it."""


def ask(tx: Transaction, actor: Actor, command: AskIdentity) -> None:
    """The agent in a call asks for it; the face may be looked at anew.

    Raises:
        CallUnknown: no live call of theirs.
    """
    call = calling.held_call(tx, actor, command.call_id)
    ticket = tx.need(TicketRow, id=call.ticket_id)
    row = identity_of(tx, ticket)
    values: dict[str, Any] = {"asked": True, "tries": 0, **NO_DECISION}
    if row.state is not IdentityState.IN_PROGRESS:
        values |= {"state": IdentityState.ASKED, "state_since": tx.now}
    change(tx, row, **values)
    tx.note(
        "identity.asked",
        kiosk_id=ticket.kiosk_id,
        seat_id=call.seat_id,
        ticket_id=ticket.id,
        call_id=call.id,
    )


def begin(
    tx: Transaction,
    *,
    kiosk_id: str,
    ticket_id: str,
    way: IdentityWay,
    consent: ConsentGiven | None,
    nonce: str,
) -> float:
    """A kiosk begins a check, whose verdict has to quote `nonce`; returns until when it is good.

    One that was in progress is broken off by it.

    Raises:
        TicketUnknown: it is not this kiosk's.
        TicketOver, AlreadyDecided, TriesSpent.
    """
    ticket = _open_ticket(tx, kiosk_id, ticket_id)
    row = identity_of(tx, ticket)
    if row.decision is not None:
        raise AlreadyDecided
    if way is IdentityWay.FACE and row.tries >= tx.policy.identity.max_tries:
        raise TriesSpent
    until = tx.now + tx.policy.identity.within_s
    guardian = None if consent is None else consent.guardian
    change(
        tx,
        row,
        state=IdentityState.IN_PROGRESS,
        state_since=tx.now,
        way=way,
        nonce=nonce,
        until=until,
        ending=None,
        age_group=None if consent is None else consent.age_group,
        guardian=None if guardian is None else guardian.relation,
    )
    consented: dict[str, Any] = {}
    if consent is not None:
        consented = {
            "consent": consent.text_version,
            "language": consent.language,
            "read_aloud": consent.read_aloud,
            "guardian": None if guardian is None else guardian.relation,
        }
    tx.note("identity.begun", kiosk_id=kiosk_id, ticket_id=ticket.id, way=way, **consented)
    return until


def keep_verdict(tx: Transaction, verdict: GradedVerdict) -> str:
    """Keep a verdict; returns its id. The latest one stands.

    Who did not hear the answer may send it again: it is kept once, and answered alike.

    Raises:
        TicketUnknown: it is not this kiosk's.
        TicketOver, NonceRefused.
    """
    ticket = _open_ticket(tx, verdict.kiosk_id, verdict.ticket_id)
    row = tx.find(IdentityRow, ticket_id=ticket.id)
    if row is None:
        raise NonceRefused
    if not _is_fresh(tx, row, verdict.nonce) or row.way is not verdict.way:
        if row.verdict_id is not None and _is_kept(tx, row.verdict_id, verdict):
            return row.verdict_id
        raise NonceRefused
    verdict_id = tx.new_id()
    seal, evidence = tx.sealer.seal, verdict.evidence.model_dump_json()
    tx.add(
        IdentityVerdictRow(
            id=verdict_id,
            ticket_id=ticket.id,
            kiosk_id=verdict.kiosk_id,
            device_id=verdict.device_id,
            way=verdict.way,
            grade=verdict.grade,
            received_at=tx.now,
            sealed_verdict=seal(verdict.text, verdict_of(verdict_id)),
            signature=verdict.signature,
            sealed_holder=(
                None if verdict.holder is None else seal(verdict.holder, holder_of(verdict_id))
            ),
        )
    )
    looked = verdict.way is IdentityWay.FACE
    change(
        tx,
        row,
        state=IdentityState.GRADED,
        state_since=tx.now,
        asked=False,
        nonce=None,
        until=None,
        tries=row.tries + looked,
        verdict_id=verdict_id,
        grade=verdict.grade,
        marks=write_marks(verdict.marks),
        has_holder=verdict.holder is not None,
        sealed_evidence=seal(evidence, evidence_of(ticket.id)),
    )
    tx.note(
        "identity.graded",
        kiosk_id=ticket.kiosk_id,
        ticket_id=ticket.id,
        reason=verdict.grade,
        verdict=verdict_id,
        way=verdict.way,
        rule=verdict.rule,
        marks=row.marks,
        **_versions(verdict.evidence),
        **_receipt(verdict.wiped),
    )
    _prove_green(tx, ticket, verdict)
    return verdict_id


def end(
    tx: Transaction, *, kiosk_id: str, nonce: str, reason: EndingReason, wiped: Wiped | None
) -> None:
    """A check ended without a verdict.

    Raises:
        NonceRefused: no check of this kiosk is in progress under it.
    """
    row = tx.find(IdentityRow, nonce=nonce, kiosk_id=kiosk_id)
    if row is None or row.state is not IdentityState.IN_PROGRESS:
        raise NonceRefused
    _break_off(tx, row, reason, wiped)


def lapse(tx: Transaction) -> None:
    """Break off what has been in progress for too long."""
    late = select(_identity).where(text("state = 'in_progress'"), _identity.c.until <= tx.now)
    rows = tx.every(IdentityRow, late)
    for row in sorted(rows, key=lambda row: (row.until or 0.0, row.ticket_id)):
        _break_off(tx, row, EndingReason.TIMED_OUT, None)


def withdraw(tx: Transaction, kiosk_id: str, command: WithdrawIdentity) -> None:
    """The resident takes the consent back; doing it twice is fine.

    Raises:
        TicketUnknown: it is not this kiosk's.
        TicketOver: the visit is over.
    """
    ticket = line.own(tx, kiosk_id, command.ticket_id)
    if not ticket.state.is_open and ticket.rating_until is None:
        raise TicketOver
    row = tx.find(IdentityRow, ticket_id=ticket.id)
    if row is None or row.state is IdentityState.WITHDRAWN:
        return
    was = row.state
    kept = select(_verdict.c.id).where(
        _verdict.c.ticket_id == ticket.id, _verdict.c.deleted_at.is_(None)
    )
    verdict_ids = list(tx.connection.execute(kept).scalars())
    _delete_details(tx, verdict_ids, "withdrawn")
    change(
        tx,
        row,
        state=IdentityState.WITHDRAWN,
        state_since=tx.now,
        asked=False,
        way=None,
        nonce=None,
        until=None,
        age_group=None,
        guardian=None,
        ending=None,
        verdict_id=None,
        grade=None,
        marks="",
        has_holder=False,
        sealed_evidence=None,
        **NO_DECISION,
    )
    tx.note(
        "identity.withdrawn",
        kiosk_id=kiosk_id,
        seat_id=ticket.seat_id,
        ticket_id=ticket.id,
        reason=was,
        verdicts=verdict_ids,
    )


def delete_old_details(tx: Transaction) -> int:
    """Delete what was kept as long as the policy says, some at a time; how many verdicts."""
    horizon = tx.now - tx.policy.identity.keep_days * DAY_S
    old = (
        select(_verdict.c.id, _verdict.c.ticket_id)
        .where(text("deleted_at IS NULL"), _verdict.c.received_at <= horizon)
        .order_by(_verdict.c.received_at, _verdict.c.id)
        .limit(MOST_AT_ONCE)
    )
    found = tx.connection.execute(old).all()
    if not found:
        return 0
    _delete_details(tx, [row.id for row in found], "kept_long_enough")
    for ticket_id in sorted({row.ticket_id for row in found}):
        # No screen shows it any more, so nobody is told.
        tx.connection.execute(
            update(_identity)
            .where(_identity.c.ticket_id == ticket_id)
            .values(has_holder=False, sealed_evidence=None, sealed_note=None)
        )
        tx.note("identity.details_deleted", ticket_id=ticket_id, reason="kept_long_enough")
    return len(found)


def identity_of(tx: Transaction, ticket: TicketRow) -> IdentityRow:
    """The check of a ticket's resident; made when there is none yet."""
    row = tx.find(IdentityRow, ticket_id=ticket.id)
    if row is None:
        row = IdentityRow(ticket_id=ticket.id, kiosk_id=ticket.kiosk_id, state_since=tx.now)
        tx.add(row)
    return row


def change(tx: Transaction, row: IdentityRow, **values: Any) -> None:
    """Change columns of a check; whoever still shows its ticket is told."""
    tx.connection.execute(
        update(_identity).where(_identity.c.ticket_id == row.ticket_id).values(**values)
    )
    for name, value in values.items():
        setattr(row, name, value)
    if _is_shown(tx, tx.need(TicketRow, id=row.ticket_id)):
        tx.touched.identities.add(row.ticket_id)
        tx.touched.tickets.add(row.ticket_id)


def needs_second(row: IdentityRow) -> bool:
    """True when something of the evidence speaks against the resident."""
    return Mark.BAD in read_marks(row.marks).values()


def _is_shown(tx: Transaction, ticket: TicketRow) -> bool:
    """True while the resident is there, or their call is being wrapped up."""
    if ticket.state.is_open or ticket.rating_until is not None:
        return True
    if ticket.seat_id is None or ticket.offer_id is None:
        return False
    return tx.need(SeatRow, id=ticket.seat_id).wrap_up_call_id == ticket.offer_id


def _open_ticket(tx: Transaction, kiosk_id: str, ticket_id: str) -> TicketRow:
    ticket = line.own(tx, kiosk_id, ticket_id)
    if not ticket.state.is_open:
        raise TicketOver
    return ticket


def _is_fresh(tx: Transaction, row: IdentityRow, nonce: str) -> bool:
    return (
        row.state is IdentityState.IN_PROGRESS
        and row.nonce is not None
        and hmac.compare_digest(row.nonce.encode(), nonce.encode())
        and row.until is not None
        and tx.now < row.until
    )


def _is_kept(tx: Transaction, verdict_id: str, verdict: GradedVerdict) -> bool:
    """True when the verdict that stands says the same, nonce and all; it may be written later."""
    kept = tx.need(IdentityVerdictRow, id=verdict_id)
    if kept.sealed_verdict is None:
        return False
    return _timeless(tx.sealer.open(kept.sealed_verdict, verdict_of(kept.id))) == _timeless(
        verdict.text
    )


def _timeless(text: str) -> dict[str, object]:
    said: dict[str, object] = json.loads(text)
    return said | {"made_at": None}


def _break_off(
    tx: Transaction, row: IdentityRow, reason: EndingReason, wiped: Wiped | None
) -> None:
    change(
        tx,
        row,
        state=IdentityState.ENDED,
        state_since=tx.now,
        nonce=None,
        until=None,
        ending=reason,
    )
    tx.note(
        "identity.ended",
        kiosk_id=row.kiosk_id,
        ticket_id=row.ticket_id,
        reason=reason,
        **_receipt(wiped),
    )


def _delete_details(tx: Transaction, verdict_ids: list[str], because: str) -> None:
    tx.connection.execute(
        update(_verdict)
        .where(_verdict.c.id.in_(verdict_ids))
        .values(
            sealed_verdict=None,
            signature=None,
            sealed_holder=None,
            deleted_at=tx.now,
            deleted_because=because,
        )
    )


def _prove_green(tx: Transaction, ticket: TicketRow, verdict: GradedVerdict) -> None:
    """A reason that does not count by word alone counts from now on, if the card proves it."""
    age = verdict.proven_age
    if ticket.green is not None or ticket.green_wanted is not GreenReason.ELDERLY:
        return
    if age is None or age < tx.policy.green.elderly_age:
        return
    tx.set_ticket(ticket, green=ticket.green_wanted)
    tx.note(
        "ticket.green_proven",
        kiosk_id=ticket.kiosk_id,
        ticket_id=ticket.id,
        reason=ticket.green,
        proof="card",
    )


def _versions(evidence: IdentityEvidence) -> dict[str, Any]:
    """What judged, so that an error found later can be traced to its verdicts."""
    face = evidence.face
    if face is None:
        return {}
    return {
        "engine": face.engine,
        "engine_version": face.engine_version,
        "calibration": face.calibration,
    }


def _receipt(wiped: Wiped | None) -> dict[str, Any]:
    return {} if wiped is None else {"wiped": wiped.model_dump()}
