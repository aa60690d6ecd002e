"""Whose number was read, and when, in place of how many a day.

The counts of before say neither, so they cannot be turned into rows: an agent who read many numbers
in the hour before the change is told from the next ones on. The journal has every reading.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("identity_read")
    op.create_table(
        "identity_read",
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("seat_id", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_identity_read_ticket_id_ticket")
        ),
        sa.PrimaryKeyConstraint("agent_id", "ticket_id", name=op.f("pk_identity_read")),
    )


def downgrade() -> None:
    op.drop_table("identity_read")
    op.create_table(
        "identity_read",
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "day", name=op.f("pk_identity_read")),
    )
