"""The line: lanes, the green channel, parking, codes, policies, estimates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OPEN_BEFORE = "state IN ('waiting', 'offered', 'serving')"
SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN_NOW = "state IN ('waiting', 'offered', 'parked', 'serving')"


def upgrade() -> None:
    op.add_column("location", sa.Column("district", sa.String(), nullable=False, server_default=""))
    for column in (
        sa.Column("location_id", sa.String(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("departments", sa.String(), nullable=False, server_default="*"),
        sa.Column("languages", sa.String(), nullable=False, server_default="zh"),
        sa.Column("shift_ends_at", sa.Float(), nullable=True),
        sa.Column("declines_in_row", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("tally_day", sa.String(), nullable=False, server_default=""),
        sa.Column("calls_today", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("talk_today_s", sa.Float(), nullable=False, server_default="0"),
    ):
        op.add_column("seat", column)
    for column in (
        sa.Column("department", sa.String(), nullable=False, server_default=""),
        sa.Column("lane", sa.String(length=32), nullable=False, server_default="ordinary"),
        sa.Column("place_at", sa.Float(), nullable=False, server_default="0"),
        sa.Column("green", sa.String(length=32), nullable=True),
        sa.Column("parked_because", sa.String(length=32), nullable=True),
        sa.Column("parked_until", sa.Float(), nullable=True),
        sa.Column("times_parked", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("recalls", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("hand_overs", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("wanted_seat_id", sa.String(), nullable=True),
        sa.Column("entry_code", sa.String(), nullable=True),
    ):
        op.add_column("ticket", column)
    op.execute("UPDATE ticket SET place_at = arrived_at")
    op.execute(
        "UPDATE ticket SET department ="
        " (SELECT department FROM service_item WHERE service_item.code = ticket.item_code)"
    )
    _open_index(OPEN_NOW)
    op.create_index("ix_call_started_at", "call", ["started_at"])
    op.create_index(
        "ix_ticket_unrated",
        "ticket",
        ["rating_until"],
        sqlite_where=sa.text("rating_until IS NOT NULL"),
        postgresql_where=sa.text("rating_until IS NOT NULL"),
    )
    op.create_table(
        "entry_code",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("item_code", sa.String(), nullable=False),
        sa.Column("location_id", sa.String(), nullable=True),
        sa.Column("seat_id", sa.String(), nullable=True),
        sa.Column("ticket_id", sa.String(), nullable=True),
        sa.Column("due_at", sa.Float(), nullable=True),
        sa.Column("made_at", sa.Float(), nullable=False),
        sa.Column("valid_until", sa.Float(), nullable=False),
        sa.Column("used_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["item_code"], ["service_item.code"], name=op.f("fk_entry_code_item_code_service_item")
        ),
        sa.ForeignKeyConstraint(
            ["location_id"], ["location.id"], name=op.f("fk_entry_code_location_id_location")
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_entry_code_seat_id_seat")),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_entry_code_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_entry_code")),
        sa.UniqueConstraint("id", name=op.f("uq_entry_code_id")),
    )
    op.create_index(op.f("ix_entry_code_ticket_id"), "entry_code", ["ticket_id"])
    op.create_index(op.f("ix_entry_code_valid_until"), "entry_code", ["valid_until"])
    op.create_table(
        "policy_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("applied_at", sa.Float(), nullable=False),
        sa.Column("applied_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_version")),
    )
    op.create_table(
        "line_counter",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_line_counter")),
    )
    op.create_table(
        "estimate",
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("quoted_at", sa.Float(), nullable=False),
        sa.Column("ahead", sa.Integer(), nullable=False),
        sa.Column("windows", sa.Integer(), nullable=False),
        sa.Column("least_s", sa.Float(), nullable=False),
        sa.Column("low_s", sa.Float(), nullable=False),
        sa.Column("high_s", sa.Float(), nullable=False),
        sa.Column("flat_s", sa.Float(), nullable=False),
        sa.Column("waited_s", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_estimate_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_estimate")),
    )
    _number_the_journal_ourselves()
    op.create_table(
        "journal_seal",
        sa.Column("seq", SEQ, autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal_seal")),
    )
    op.create_table(
        "journal_checkpoint",
        sa.Column("seq", SEQ, autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("count", SEQ, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal_checkpoint")),
    )


def downgrade() -> None:
    # The journal's numbers stay as they are: no version before this one ran on PostgreSQL.
    for table in (
        *("journal_checkpoint", "journal_seal"),
        *("estimate", "line_counter", "policy_version", "entry_code"),
    ):
        op.drop_table(table)
    op.drop_index("ix_ticket_unrated", table_name="ticket")
    op.drop_index("ix_call_started_at", table_name="call")
    # A parked ticket has no state in the version before: its resident waits.
    op.execute("UPDATE ticket SET state = 'waiting' WHERE state = 'parked'")
    _open_index(OPEN_BEFORE)
    for column in (
        *("entry_code", "wanted_seat_id", "hand_overs", "recalls", "times_parked", "parked_until"),
        *("parked_because", "green", "place_at", "lane", "department"),
    ):
        op.drop_column("ticket", column)
    for column in (
        *("talk_today_s", "calls_today", "tally_day", "declines_in_row", "shift_ends_at"),
        *("languages", "departments", "level", "location_id"),
    ):
        op.drop_column("seat", column)
    op.drop_column("location", "district")


def _number_the_journal_ourselves() -> None:
    """Wide numbers that the writer gives out, instead of a sequence that leaves gaps."""
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column(
            "journal", "seq", type_=SEQ, existing_type=sa.Integer(), existing_nullable=False
        )
        op.execute("ALTER TABLE journal ALTER COLUMN seq DROP DEFAULT")
        op.execute("DROP SEQUENCE journal_seq_seq")


def _open_index(condition: str) -> None:
    op.drop_index("uq_ticket_kiosk_id_open", table_name="ticket")
    op.create_index(
        "uq_ticket_kiosk_id_open",
        "ticket",
        ["kiosk_id"],
        unique=True,
        sqlite_where=sa.text(condition),
        postgresql_where=sa.text(condition),
    )
