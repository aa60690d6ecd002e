"""What the queue keeps beside tickets, seats and calls: codes, policies, counters, estimates."""

from __future__ import annotations

from sqlmodel import Field, SQLModel

from service_queue.tables import Word
from signaling.protocol.words import EntryKind


class EntryCodeRow(SQLModel, table=True):
    """A code somebody may take a ticket with: a return code or an appointment."""

    __tablename__ = "entry_code"

    code: str = Field(primary_key=True, repr=False)
    """Whoever knows it has the place: it stands in no log, no address and not in the journal."""
    id: str = Field(unique=True)
    """Names the row where its code must not be told."""
    kind: EntryKind = Field(sa_type=Word(EntryKind))
    item_code: str = Field(foreign_key="service_item.code")
    location_id: str | None = Field(default=None, foreign_key="location.id")
    """Where an appointment is; a return code is good everywhere."""
    seat_id: str | None = Field(default=None, foreign_key="seat.id")
    """Who served before, or whom the appointment is with."""
    ticket_id: str | None = Field(default=None, foreign_key="ticket.id", index=True)
    """The ticket in whose call a return code was given."""
    due_at: float | None = None
    """The appointed time."""
    made_at: float
    valid_until: float = Field(index=True)
    used_at: float | None = None


class PolicyVersionRow(SQLModel, table=True):
    """A policy as it was applied; the newest is in force."""

    __tablename__ = "policy_version"

    id: int | None = Field(default=None, primary_key=True)
    name: str
    sha256: str
    text: str
    """The file itself."""
    applied_at: float
    applied_by: str


class LineCounterRow(SQLModel, table=True):
    """A number the order of service depends on, such as the starts since the last green one."""

    __tablename__ = "line_counter"

    name: str = Field(primary_key=True)
    n: int = 0


class EstimateRow(SQLModel, table=True):
    """What a resident was told about the wait, and what it became."""

    __tablename__ = "estimate"

    ticket_id: str = Field(primary_key=True, foreign_key="ticket.id")
    quoted_at: float
    ahead: int
    windows: int
    least_s: float
    """Seconds from `quoted_at` until the call begins: over by then one time in ten …"""
    low_s: float
    """… five times …"""
    high_s: float
    """… nine times."""
    flat_s: float
    """What people ahead x mean / windows would have said."""
    waited_s: float | None = None
    """From the quote to the call; None while it waits, or when it ended otherwise."""
