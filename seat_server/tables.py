"""Who may come in: rows of people, their sessions, and the booths' keys."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field, SQLModel

# First, because it sets the naming convention of the one metadata, and keys below point into it.
from service_queue.tables import Word
from signaling.protocol.words import Role


class AgentRow(SQLModel, table=True):
    """Somebody who signs in: an agent, a supervisor, an administrator."""

    __tablename__ = "agent"

    id: str = Field(primary_key=True)
    login: str = Field(unique=True)
    """Lower case."""
    name: str
    """As residents and colleagues see it."""
    role: Role = Field(sa_type=Word(Role))
    departments: str = "*"
    """Skills: the departments whose items the agent may serve, joined by `|`; `*` is all."""
    languages: str = "zh"
    """Languages the agent serves in, joined by `|`."""
    password_hash: str = Field(repr=False)
    created_at: float
    password_set_at: float
    disabled_at: float | None = None


class AgentSessionRow(SQLModel, table=True):
    """One sign-in of one agent, until it ends, is revoked, or grows too old."""

    __tablename__ = "agent_session"

    id: str = Field(primary_key=True)
    agent_id: str = Field(foreign_key="agent.id", index=True)
    token_sha256: bytes = Field(sa_type=LargeBinary, unique=True, repr=False)
    """The token itself is in the browser's cookie and nowhere else."""
    started_at: float
    last_used_at: float
    expires_at: float = Field(index=True)
    """The absolute end, whatever is done with it."""
    ended_at: float | None = None
    ended_because: str | None = None


class KioskDeviceRow(SQLModel, table=True):
    """The key of the computer in a booth. A kiosk has one that counts; older ones stay, revoked."""

    __tablename__ = "kiosk_device"

    id: str = Field(primary_key=True)
    kiosk_id: str = Field(foreign_key="kiosk.id", index=True)
    public_key: bytes = Field(sa_type=LargeBinary)
    """Raw Ed25519."""
    page_origin: str
    enrolled_at: float
    revoked_at: float | None = None
    revoked_because: str | None = None

    __table_args__: ClassVar[Any] = (
        Index(
            "uq_kiosk_device_kiosk_id_live",
            "kiosk_id",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )


class EnrolmentCodeRow(SQLModel, table=True):
    """A code with which one kiosk may enrol, once, soon."""

    __tablename__ = "enrolment_code"

    label: str = Field(primary_key=True)
    """The code's first group: finds the row, so that wrong tries can be counted against it."""
    kiosk_id: str = Field(foreign_key="kiosk.id", index=True)
    secret_mac: bytes = Field(sa_type=LargeBinary, repr=False)
    """HMAC of the rest under the server's key: the table alone does not give the code away."""
    made_at: float
    expires_at: float
    tries_left: int
    used_at: float | None = None


class RevisionRow(SQLModel, table=True):
    """A number that rises when a part of the database was changed by an administrator.

    The running server compares it twice a second and re-reads what it keeps in memory.
    """

    __tablename__ = "revision"

    part: str = Field(primary_key=True)
    number: int = 0
