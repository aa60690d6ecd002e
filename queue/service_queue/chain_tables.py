"""What is kept of the chain over the journal, apart from the journal itself."""

from __future__ import annotations

from sqlmodel import Field, SQLModel

from service_queue.tables import SeqType


class JournalSealRow(SQLModel, table=True):
    """The hash of one row of the journal, chained to the one before (`service_queue.chain`).

    No foreign key: a seal outlives its row, or the row could be taken away unseen.
    """

    __tablename__ = "journal_seal"

    seq: int = Field(primary_key=True, sa_type=SeqType, sa_column_kwargs={"autoincrement": False})
    hash: str
    """64 hexadecimal digits."""


class JournalCheckpointRow(SQLModel, table=True):
    """The end of the chain at some moment: what is printed, exported and kept elsewhere."""

    __tablename__ = "journal_checkpoint"

    seq: int = Field(primary_key=True, sa_type=SeqType, sa_column_kwargs={"autoincrement": False})
    """The last row sealed then."""
    hash: str
    """Its hash."""
    count: int = Field(sa_type=SeqType)
    """How many rows the chain had."""
    at: float
