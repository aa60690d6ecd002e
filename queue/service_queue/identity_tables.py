"""What is kept of checks of identity. What names or describes a person is sealed."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from service_queue.tables import Word
from signaling.protocol.identity import (
    AgeGroup,
    DecisionReason,
    EndingReason,
    GuardianRelation,
    IdentityDecision,
    IdentityGrade,
    IdentityState,
    IdentityWay,
)


def _word(kind: Any) -> Any:
    return Field(sa_type=Word(kind), default=None, nullable=True)


class IdentityRow(SQLModel):
    """Where the check of a ticket's resident stands: one row a ticket, made when it is needed."""

    __tablename__: ClassVar[str] = "identity"

    ticket_id: str = Field(primary_key=True, foreign_key="ticket.id")
    kiosk_id: str = Field(foreign_key="kiosk.id")
    state: IdentityState = Field(sa_type=Word(IdentityState), default=IdentityState.NOT_ASKED)
    state_since: float
    asked: bool = False
    """The agent asks for it, and no verdict came since."""
    way: IdentityWay | None = _word(IdentityWay)
    nonce: str | None = Field(default=None, unique=True, repr=False)
    """Of the check in progress; a verdict quotes it, once."""
    until: float | None = None
    """When the check in progress counts as broken off."""
    age_group: AgeGroup | None = _word(AgeGroup)
    guardian: GuardianRelation | None = _word(GuardianRelation)
    tries: int = 0
    """How often the face was looked at since an agent asked last."""
    ending: EndingReason | None = _word(EndingReason)
    verdict_id: str | None = None
    grade: IdentityGrade | None = _word(IdentityGrade)
    marks: str = ""
    """What each component says, as `card:good|face:bad`."""
    has_holder: bool = False
    """Name and number are kept."""
    sealed_evidence: bytes | None = Field(sa_type=LargeBinary, default=None, repr=False)
    decision: IdentityDecision | None = _word(IdentityDecision)
    decision_reason: DecisionReason | None = _word(DecisionReason)
    sealed_note: bytes | None = Field(sa_type=LargeBinary, default=None, repr=False)
    decided_at: float | None = None
    decided_by: str | None = None
    """The agent's id …"""
    decided_by_name: str | None = None
    seconded_by: str | None = None
    seconded_by_name: str | None = None


class IdentityTable(IdentityRow, table=True):
    """Where checks are kept."""

    __table_args__: ClassVar[Any] = (
        Index(
            "ix_identity_in_progress",
            "until",
            sqlite_where=text("state = 'in_progress'"),
            postgresql_where=text("state = 'in_progress'"),
        ),
    )


class IdentityVerdictRow(SQLModel, table=True):
    """A verdict as a kiosk signed it, and who its card names: sealed, for as long as it is kept."""

    __tablename__ = "identity_verdict"

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    kiosk_id: str = Field(foreign_key="kiosk.id")
    device_id: str
    """Whose key signed it."""
    way: IdentityWay = Field(sa_type=Word(IdentityWay))
    grade: IdentityGrade = Field(sa_type=Word(IdentityGrade))
    received_at: float
    sealed_verdict: bytes | None = Field(sa_type=LargeBinary, default=None, repr=False)
    """The text that was signed …"""
    signature: str | None = Field(default=None, repr=False)
    """… and the signature: whoever has both and the kiosk's public key can check them again."""
    sealed_holder: bytes | None = Field(sa_type=LargeBinary, default=None, repr=False)
    deleted_at: float | None = None
    """Since when what is sealed is gone …"""
    deleted_because: str | None = None
    """… and why: `withdrawn`, `kept_long_enough`."""

    __table_args__: ClassVar[Any] = (
        Index(
            "ix_identity_verdict_kept",
            "received_at",
            sqlite_where=text("deleted_at IS NULL"),
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )


class IdentityReadRow(SQLModel, table=True):
    """An agent read the whole number of a ticket's resident, of late."""

    __tablename__ = "identity_read"

    agent_id: str = Field(primary_key=True)
    ticket_id: str = Field(primary_key=True, foreign_key="ticket.id")
    seat_id: str
    at: float
    """When last."""
