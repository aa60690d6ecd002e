"""Checks of identity: where each stands, sealed verdicts, how many numbers were read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ticket", sa.Column("green_wanted", sa.String(length=32), nullable=True))
    op.create_table(
        "identity",
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("kiosk_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("state_since", sa.Float(), nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("way", sa.String(length=32), nullable=True),
        sa.Column("nonce", sa.String(), nullable=True),
        sa.Column("until", sa.Float(), nullable=True),
        sa.Column("age_group", sa.String(length=32), nullable=True),
        sa.Column("guardian", sa.String(length=32), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("ending", sa.String(length=32), nullable=True),
        sa.Column("verdict_id", sa.String(), nullable=True),
        sa.Column("grade", sa.String(length=32), nullable=True),
        sa.Column("marks", sa.String(), nullable=False),
        sa.Column("has_holder", sa.Boolean(), nullable=False),
        sa.Column("sealed_evidence", sa.LargeBinary(), nullable=True),
        sa.Column("decision", sa.String(length=32), nullable=True),
        sa.Column("decision_reason", sa.String(length=32), nullable=True),
        sa.Column("sealed_note", sa.LargeBinary(), nullable=True),
        sa.Column("decided_at", sa.Float(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_by_name", sa.String(), nullable=True),
        sa.Column("seconded_by", sa.String(), nullable=True),
        sa.Column("seconded_by_name", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_identity_ticket_id_ticket")
        ),
        sa.ForeignKeyConstraint(
            ["kiosk_id"], ["kiosk.id"], name=op.f("fk_identity_kiosk_id_kiosk")
        ),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_identity")),
        sa.UniqueConstraint("nonce", name=op.f("uq_identity_nonce")),
    )
    op.create_index(
        "ix_identity_in_progress",
        "identity",
        ["until"],
        sqlite_where=sa.text("state = 'in_progress'"),
        postgresql_where=sa.text("state = 'in_progress'"),
    )
    op.create_table(
        "identity_verdict",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("kiosk_id", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("way", sa.String(length=32), nullable=False),
        sa.Column("grade", sa.String(length=32), nullable=False),
        sa.Column("received_at", sa.Float(), nullable=False),
        sa.Column("sealed_verdict", sa.LargeBinary(), nullable=True),
        sa.Column("signature", sa.String(), nullable=True),
        sa.Column("sealed_holder", sa.LargeBinary(), nullable=True),
        sa.Column("deleted_at", sa.Float(), nullable=True),
        sa.Column("deleted_because", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_identity_verdict_ticket_id_ticket")
        ),
        sa.ForeignKeyConstraint(
            ["kiosk_id"], ["kiosk.id"], name=op.f("fk_identity_verdict_kiosk_id_kiosk")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_verdict")),
    )
    op.create_index(op.f("ix_identity_verdict_ticket_id"), "identity_verdict", ["ticket_id"])
    op.create_index(
        "ix_identity_verdict_kept",
        "identity_verdict",
        ["received_at"],
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "identity_read",
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "day", name=op.f("pk_identity_read")),
    )


def downgrade() -> None:
    for table in ("identity_read", "identity_verdict", "identity"):
        op.drop_table(table)
    op.drop_column("ticket", "green_wanted")
