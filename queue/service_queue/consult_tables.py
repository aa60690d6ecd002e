"""What is kept of invitations into a call that goes on."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from service_queue.tables import Word
from signaling.protocol.words import ConsultEnd, ConsultState, MediaReport, TransferReason


def _live(name: str, column: str) -> Index:
    condition = text("state <> 'ended'")
    return Index(name, column, unique=True, sqlite_where=condition, postgresql_where=condition)


class ConsultRow(SQLModel):
    """A colleague's seat is invited into a call: a lease while it rings, then the third party.

    Its id names the pair of the resident and the colleague on the wire. If the call is handed over,
    that of the colleague gets the same id: nothing has to be built anew.
    """

    __tablename__: ClassVar[str] = "consult"

    id: str = Field(primary_key=True)
    call_id: str = Field(foreign_key="call.id", index=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    kiosk_id: str = Field(foreign_key="kiosk.id")
    host_seat_id: str = Field(foreign_key="seat.id")
    guest_seat_id: str = Field(foreign_key="seat.id")
    guest_agent_id: str
    reason: TransferReason = Field(sa_type=Word(TransferReason))
    item_code: str = Field(foreign_key="service_item.code")
    """What the ticket is for once it is handed over …"""
    department: str
    """… and the skill it needs."""
    state: ConsultState = Field(sa_type=Word(ConsultState), default=ConsultState.RINGING)
    state_since: float
    invited_at: float
    expires_at: float
    """A desk that rings longer is unattended."""
    desks_id: str = Field(unique=True)
    """Names the pair of the two agents on the wire."""
    media_epoch: int = 1
    """Rises when resident and colleague must build their peer connections anew …"""
    desks_epoch: int = 1
    """… and when the two agents must."""
    resident_media: MediaReport = Field(sa_type=Word(MediaReport), default=MediaReport.NONE)
    agent_media: MediaReport = Field(sa_type=Word(MediaReport), default=MediaReport.NONE)
    """What resident and colleague receive from each other."""
    connected_at: float | None = None
    stalled_since: float | None = None
    """Since when, while they are in the call, the two do not both receive each other."""
    ended_at: float | None = None
    end_reason: ConsultEnd | None = Field(sa_type=Word(ConsultEnd), default=None, nullable=True)


class ConsultTable(ConsultRow, table=True):
    """Where invitations are kept."""

    __table_args__: ClassVar[Any] = (
        _live("uq_consult_call_id_live", "call_id"),
        _live("uq_consult_guest_seat_id_live", "guest_seat_id"),
    )
