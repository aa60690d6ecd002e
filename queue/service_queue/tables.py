"""What the queue keeps. Rows, not rules: rules live beside them and never import this file.

Moments are seconds since the Unix epoch, UTC, as floats: SQLite and PostgreSQL give back what was
put in, which their time-zone types do not.

Rows that move many times a second (seats, tickets, ticket offers, calls) are plain records, with
the table as a class of its own: making a record costs a twentieth of making an ORM instance.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from signaling.protocol.words import (
    BreakReason,
    CallEndReason,
    CallState,
    GreenReason,
    Lane,
    Language,
    MediaReport,
    OfferOutcome,
    ParkReason,
    SeatState,
    SeatStatus,
    TicketEndReason,
    TicketState,
)

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

OPEN_TICKET = "state IN ('waiting', 'offered', 'parked', 'serving')"
"""Condition of the partial indexes over tickets whose resident still has a claim."""


STARTS_SINCE_GREEN = "starts_since_green"
"""A line counter: how often a window called somebody since the green channel let one overtake."""

AFTER_POSITION = "after_position"
"""A line counter: the position of the seat chosen last, kept while the policy goes round robin."""


SeqType = BigInteger().with_variant(Integer(), "sqlite")
"""A number of the journal: a province fills 31 bits in some years; SQLite has one size only."""


class Word(TypeDecorator[StrEnum]):
    """A column for a StrEnum: kept as its value, so the table is readable by hand."""

    impl = String(32)
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """The word, as its enum."""
        return None if value is None else self.kind(value)


def _word(kind: type[StrEnum], **kwargs: Any) -> Any:
    return Field(sa_type=Word(kind), **kwargs)


class LocationRow(SQLModel, table=True):
    """A place with one or more kiosks."""

    __tablename__ = "location"

    id: str = Field(primary_key=True)
    name: str
    name_en: str
    prefix: str = Field(unique=True)
    """First letter of the numbers on its slips."""
    time_zone: str = "Asia/Shanghai"
    position: int = 0
    district: str = ""
    """Locations of one district share its windows before anybody else's; empty in one district."""


class KioskRow(SQLModel, table=True):
    """A booth."""

    __tablename__ = "kiosk"

    id: str = Field(primary_key=True)
    location_id: str = Field(foreign_key="location.id", index=True)
    name: str
    position: int = 0
    retired: bool = False


class CategoryRow(SQLModel, table=True):
    """First level of the catalogue."""

    __tablename__ = "category"

    id: str = Field(primary_key=True)
    name: str
    name_en: str
    position: int = 0


class ServiceItemRow(SQLModel, table=True):
    """Something a resident can ask for."""

    __tablename__ = "service_item"

    code: str = Field(primary_key=True)
    name: str
    name_en: str
    category_id: str = Field(foreign_key="category.id", index=True)
    department: str
    initials: str
    """Pinyin initials, lower case, for the search."""
    frequent_rank: int | None = None
    languages: str = "zh"
    """Joined by `|`, like `materials`."""
    materials: str = ""
    time_limit: str = ""
    fee: str = ""
    basis: str = ""
    hidden: bool = False
    """No longer in the catalogue; kept because tickets name it."""


class SeatRow(SQLModel):
    """A durable place that serves; agents come and go."""

    __tablename__: ClassVar[str] = "seat"

    id: str = Field(primary_key=True)
    name: str
    position: int = 0
    status: SeatStatus = _word(SeatStatus, default=SeatStatus.OFFLINE)
    break_reason: BreakReason | None = _word(BreakReason, default=None, nullable=True)
    state: SeatState = _word(SeatState, default=SeatState.IDLE)
    state_since: float = 0.0
    idle_since: float = 0.0
    """When it last became free and available; the longest idle is offered first."""
    agent_id: str | None = None
    agent_name: str | None = None
    away_since: float | None = None
    """Since when no desk is attached, while an agent is signed in."""
    wrap_up_call_id: str | None = None
    wrap_up_until: float | None = None
    wrap_up_extensions: int = 0
    location_id: str | None = None
    """The township whose own window it is; None for a window of the whole district."""
    level: int = 1
    """Windows of a lower level are asked first; the policy says how long."""
    departments: str = "*"
    """What the agent who sits there may serve, joined by `|`; `*` is all. Set at sign-in."""
    languages: str = "zh"
    """Joined by `|`. Set at sign-in."""
    shift_ends_at: float | None = None
    declines_in_row: int = 0
    tally_day: str = ""
    """The day of the two counts below; on another day they are 0."""
    calls_today: int = 0
    talk_today_s: float = 0.0


class SeatTable(SeatRow, table=True):
    """Where seats are kept."""

    __table_args__: ClassVar[Any] = (
        Index(
            "uq_seat_agent_id_signed_in",
            "agent_id",
            unique=True,
            sqlite_where=text("agent_id IS NOT NULL"),
            postgresql_where=text("agent_id IS NOT NULL"),
        ),
        Index(
            "ix_seat_free",
            "idle_since",
            sqlite_where=text("status = 'available' AND state = 'idle'"),
            postgresql_where=text("status = 'available' AND state = 'idle'"),
        ),
    )


class TicketRow(SQLModel):
    """A place in the line."""

    __tablename__: ClassVar[str] = "ticket"

    id: str = Field(primary_key=True)
    day: str
    prefix: str
    n: int
    location_id: str = Field(foreign_key="location.id")
    kiosk_id: str = Field(foreign_key="kiosk.id")
    item_code: str = Field(foreign_key="service_item.code")
    language: Language = _word(Language, default=Language.ZH)
    state: TicketState = _word(TicketState, default=TicketState.WAITING)
    arrived_at: float
    """Never changes: a drop, a decline, another item never cost the place."""
    state_since: float
    epoch: int = 0
    """Fencing number: rises with every ticket offer; an older one is refused."""
    seat_id: str | None = Field(default=None, foreign_key="seat.id")
    offer_id: str | None = None
    last_seat_id: str | None = None
    """Who served it before a drop: asked first when it comes back."""
    away_since: float | None = None
    """Since when its kiosk's page is gone."""
    returned_because: str | None = None
    failed_connects: int = 0
    first_offered_at: float | None = None
    ended_at: float | None = None
    end_reason: TicketEndReason | None = _word(TicketEndReason, default=None, nullable=True)
    rating_until: float | None = None
    department: str = ""
    """The skill it needs: its item's department, or where it was handed on to."""
    lane: Lane = _word(Lane, default=Lane.ORDINARY)
    place_at: float = 0.0
    """Its place within its lane: the arrival, the appointed time, when it came back to the line."""
    green: GreenReason | None = _word(GreenReason, default=None, nullable=True)
    green_wanted: GreenReason | None = _word(GreenReason, default=None, nullable=True)
    """Said by the resident, and not counted until a card proves it."""
    parked_because: ParkReason | None = _word(ParkReason, default=None, nullable=True)
    parked_until: float | None = None
    times_parked: int = 0
    recalls: int = 0
    hand_overs: int = 0
    wanted_seat_id: str | None = None
    """It was handed on to this seat, or comes back to it with a return code."""
    entry_code: str | None = None
    """The code it was taken with."""

    @property
    def number(self) -> str:
        """The number on the slip, such as A012."""
        return f"{self.prefix}{self.n:03d}"


class TicketTable(TicketRow, table=True):
    """Where tickets are kept."""

    __table_args__: ClassVar[Any] = (
        UniqueConstraint("day", "prefix", "n"),
        Index(
            "uq_ticket_kiosk_id_open",
            "kiosk_id",
            unique=True,
            sqlite_where=text(OPEN_TICKET),
            postgresql_where=text(OPEN_TICKET),
        ),
        Index(
            "uq_ticket_seat_id_open",
            "seat_id",
            unique=True,
            sqlite_where=text("state IN ('offered', 'serving')"),
            postgresql_where=text("state IN ('offered', 'serving')"),
        ),
        Index(
            "ix_ticket_line",
            "arrived_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_ticket_day", "day", "location_id"),
        Index(
            "ix_ticket_unrated",
            "rating_until",
            sqlite_where=text("rating_until IS NOT NULL"),
            postgresql_where=text("rating_until IS NOT NULL"),
        ),
    )


class TicketOfferRow(SQLModel):
    """A lease: this ticket is reserved for that seat until `expires_at`."""

    __tablename__: ClassVar[str] = "ticket_offer"

    id: str = Field(primary_key=True)
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    seat_id: str = Field(foreign_key="seat.id", index=True)
    epoch: int
    media_epoch: int = 1
    """Rises when the two ends must build their peer connections anew."""
    offered_at: float
    expires_at: float
    outcome: OfferOutcome | None = _word(OfferOutcome, default=None, nullable=True)
    outcome_reason: str | None = None
    ended_at: float | None = None


class TicketOfferTable(TicketOfferRow, table=True):
    """Where ticket offers are kept."""

    __table_args__: ClassVar[Any] = (
        UniqueConstraint("ticket_id", "epoch"),
        Index(
            "uq_ticket_offer_ticket_id_live",
            "ticket_id",
            unique=True,
            sqlite_where=text("outcome IS NULL"),
            postgresql_where=text("outcome IS NULL"),
        ),
        Index(
            "uq_ticket_offer_seat_id_live",
            "seat_id",
            unique=True,
            sqlite_where=text("outcome IS NULL"),
            postgresql_where=text("outcome IS NULL"),
        ),
    )


class CallRow(SQLModel):
    """An accepted ticket offer; has its id."""

    __tablename__: ClassVar[str] = "call"

    id: str = Field(primary_key=True, foreign_key="ticket_offer.id")
    ticket_id: str = Field(foreign_key="ticket.id", index=True)
    seat_id: str = Field(foreign_key="seat.id")
    kiosk_id: str = Field(foreign_key="kiosk.id")
    agent_id: str
    state: CallState = _word(CallState, default=CallState.CONNECTING)
    state_since: float
    started_at: float
    connected_at: float | None = None
    ended_at: float | None = None
    end_reason: CallEndReason | None = _word(CallEndReason, default=None, nullable=True)
    resident_media: MediaReport = _word(MediaReport, default=MediaReport.NONE)
    agent_media: MediaReport = _word(MediaReport, default=MediaReport.NONE)


class CallTable(CallRow, table=True):
    """Where calls are kept."""

    __table_args__: ClassVar[Any] = (
        Index(
            "uq_call_seat_id_live",
            "seat_id",
            unique=True,
            sqlite_where=text("state <> 'ended'"),
            postgresql_where=text("state <> 'ended'"),
        ),
        Index(
            "uq_call_kiosk_id_live",
            "kiosk_id",
            unique=True,
            sqlite_where=text("state <> 'ended'"),
            postgresql_where=text("state <> 'ended'"),
        ),
        Index("ix_call_started_at", "started_at"),
    )


class RatingRow(SQLModel, table=True):
    """One rating a ticket, given when the agent has left."""

    __tablename__ = "rating"

    ticket_id: str = Field(primary_key=True, foreign_key="ticket.id")
    call_id: str = Field(foreign_key="call.id")
    seat_id: str = Field(foreign_key="seat.id", index=True)
    score: int
    rated_at: float


class CallNoteRow(SQLModel, table=True):
    """What an agent wrote down, sealed: it may name people."""

    __tablename__ = "call_note"

    call_id: str = Field(primary_key=True, foreign_key="call.id")
    agent_id: str
    sealed: bytes = Field(sa_type=LargeBinary, repr=False)
    saved_at: float


class JournalRow(SQLModel, table=True):
    """One thing that happened. Appended with the change itself; never changed."""

    __tablename__ = "journal"

    seq: int | None = Field(default=None, primary_key=True, sa_type=SeqType)
    at: float
    kind: str
    actor: str
    kiosk_id: str | None = None
    seat_id: str | None = None
    ticket_id: str | None = Field(default=None, index=True)
    call_id: str | None = None
    reason: str | None = None
    detail: str = "{}"
    """JSON; ids, words and numbers only, never personal data."""

    __table_args__: ClassVar[Any] = {"sqlite_autoincrement": True}


class OperationRow(SQLModel, table=True):
    """The answer once given to a command, so that a repeat gets the same."""

    __tablename__ = "operation"

    subject: str = Field(primary_key=True)
    op_id: str = Field(primary_key=True)
    command: str
    answer: str
    at: float = Field(index=True)


class DayCounterRow(SQLModel, table=True):
    """The last number given out under a prefix on a day of its location."""

    __tablename__ = "day_counter"

    day: str = Field(primary_key=True)
    prefix: str = Field(primary_key=True)
    n: int


def table_of(model: type[SQLModel]) -> Table:
    """The SQLAlchemy table behind a model, for statements without the ORM's cost."""
    return SQLModel.metadata.tables[str(model.__tablename__)]
