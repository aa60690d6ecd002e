"""Colleagues invited into calls that go on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_LIVE = sa.text("state <> 'ended'")


def upgrade() -> None:
    op.create_table(
        "consult",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("call_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("kiosk_id", sa.String(), nullable=False),
        sa.Column("host_seat_id", sa.String(), nullable=False),
        sa.Column("guest_seat_id", sa.String(), nullable=False),
        sa.Column("guest_agent_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("item_code", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("state_since", sa.Float(), nullable=False),
        sa.Column("invited_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("desks_id", sa.String(), nullable=False),
        sa.Column("media_epoch", sa.Integer(), nullable=False),
        sa.Column("desks_epoch", sa.Integer(), nullable=False),
        sa.Column("resident_media", sa.String(length=32), nullable=False),
        sa.Column("agent_media", sa.String(length=32), nullable=False),
        sa.Column("connected_at", sa.Float(), nullable=True),
        sa.Column("stalled_since", sa.Float(), nullable=True),
        sa.Column("ended_at", sa.Float(), nullable=True),
        sa.Column("end_reason", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("fk_consult_call_id_call")),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_consult_ticket_id_ticket")
        ),
        sa.ForeignKeyConstraint(["kiosk_id"], ["kiosk.id"], name=op.f("fk_consult_kiosk_id_kiosk")),
        sa.ForeignKeyConstraint(
            ["host_seat_id"], ["seat.id"], name=op.f("fk_consult_host_seat_id_seat")
        ),
        sa.ForeignKeyConstraint(
            ["guest_seat_id"], ["seat.id"], name=op.f("fk_consult_guest_seat_id_seat")
        ),
        sa.ForeignKeyConstraint(
            ["item_code"],
            ["service_item.code"],
            name=op.f("fk_consult_item_code_service_item"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consult")),
        sa.UniqueConstraint("desks_id", name=op.f("uq_consult_desks_id")),
    )
    op.create_index(op.f("ix_consult_call_id"), "consult", ["call_id"])
    op.create_index(op.f("ix_consult_ticket_id"), "consult", ["ticket_id"])
    for column in ("call_id", "guest_seat_id"):
        op.create_index(
            f"uq_consult_{column}_live",
            "consult",
            [column],
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        )


def downgrade() -> None:
    op.drop_table("consult")
