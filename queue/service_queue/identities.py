"""The check of a ticket's resident as screens need it: the row, and what was sealed in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from service_queue.identity_tables import IdentityRow
from service_queue.transaction import Sealer
from signaling.protocol.identity import IdentityEvidence, IdentityPart, Mark


@dataclass(frozen=True, slots=True)
class KnownIdentity:
    """A check, opened for those who may see it."""

    row: IdentityRow
    evidence: IdentityEvidence | None = field(default=None, repr=False)
    note: str = field(default="", repr=False)
    """What the agent wrote beside the decision."""

    @property
    def marks(self) -> Mapping[IdentityPart, Mark]:
        """What each component says."""
        return read_marks(self.row.marks)


def known_identity(row: IdentityRow, sealer: Sealer) -> KnownIdentity:
    """The row with what is sealed in it."""
    evidence = None
    if row.sealed_evidence is not None:
        text = sealer.open(row.sealed_evidence, evidence_of(row.ticket_id))
        evidence = IdentityEvidence.model_validate_json(text)
    note = ""
    if row.sealed_note is not None:
        note = sealer.open(row.sealed_note, decision_of(row.ticket_id))
    return KnownIdentity(row, evidence, note)


def is_undecided(row: IdentityRow) -> bool:
    """True when there is a verdict that no agent has decided on."""
    return row.verdict_id is not None and row.decision is None


def write_marks(marks: Mapping[IdentityPart, Mark]) -> str:
    """As the table keeps them: `card:good|face:bad`."""
    return "|".join(f"{part}:{mark}" for part, mark in sorted(marks.items()))


def read_marks(written: str) -> Mapping[IdentityPart, Mark]:
    """What `write_marks` wrote."""
    pairs = (pair.split(":") for pair in written.split("|") if pair)
    return {IdentityPart(part): Mark(mark) for part, mark in pairs}


def evidence_of(ticket_id: str) -> str:
    """What sealed evidence belongs to."""
    return f"identity evidence {ticket_id}"


def decision_of(ticket_id: str) -> str:
    """What the sealed note of a decision belongs to."""
    return f"identity decision {ticket_id}"


def verdict_of(verdict_id: str) -> str:
    """What a sealed verdict belongs to."""
    return f"identity verdict {verdict_id}"


def holder_of(verdict_id: str) -> str:
    """What sealed name and number belong to."""
    return f"identity holder {verdict_id}"
