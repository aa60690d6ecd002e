"""What screens show of the check of a resident, as pure functions of the mirror."""

from __future__ import annotations

from service_queue.identifying import needs_second
from service_queue.identities import KnownIdentity
from service_queue.mirror import HallMirror
from service_queue.tables import TicketRow
from signaling.protocol.identity import (
    DecisionReason,
    DeskDecision,
    DeskIdentity,
    DeskMark,
    IdentityDecision,
    KioskIdentity,
)


def desk_identity(mirror: HallMirror, ticket: TicketRow) -> DeskIdentity | None:
    """What the agent sees; None when nothing was asked or begun."""
    known = mirror.identities.get(ticket.id)
    if known is None:
        return None
    row = known.row
    return DeskIdentity(
        state=row.state,
        state_since=row.state_since,
        way=row.way,
        grade=row.grade,
        marks=tuple(DeskMark(part=part, mark=mark) for part, mark in known.marks.items()),
        evidence=known.evidence,
        age_group=row.age_group,
        guardian=row.guardian,
        ending=row.ending,
        until=row.until,
        may_unmask=row.has_holder,
        needs_second=needs_second(row),
        decision=_decision(known),
    )


def kiosk_identity(mirror: HallMirror, ticket: TicketRow) -> KioskIdentity | None:
    """What the kiosk's page sees; None when nothing was asked or begun, or the visit is over."""
    known = mirror.identities.get(ticket.id)
    if known is None or not (ticket.state.is_open or ticket.rating_until is not None):
        return None
    row = known.row
    return KioskIdentity(
        state=row.state,
        way=row.way,
        grade=row.grade,
        asked=row.asked,
        decision=row.decision,
        tries_left=max(0, mirror.policy.identity.max_tries - row.tries),
    )


def is_overridden(known: KnownIdentity) -> bool:
    """True when two people accepted a resident against the evidence."""
    row = known.row
    return row.decision is IdentityDecision.CONFIRMED and row.seconded_by is not None


def _decision(known: KnownIdentity) -> DeskDecision | None:
    row = known.row
    if row.decision is None:
        return None
    return DeskDecision(
        decision=row.decision,
        reason=row.decision_reason or DecisionReason.OTHER,
        note=known.note,
        by=row.decided_by_name or "",
        seconded_by=row.seconded_by_name,
        at=row.decided_at or 0.0,
    )
