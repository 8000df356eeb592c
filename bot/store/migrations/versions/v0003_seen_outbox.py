"""Deliveries that were answered, and letters that wait to be sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Go from the step before to this one."""
    op.create_table(
        "seen",
        sa.Column("seen_id", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("kept", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("seen_id", name="pk_seen"),
    )
    op.create_index("ix_seen_at", "seen", ["at"])
    op.create_table(
        "outbox",
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("visit_id", sa.String(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("n_tries", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=False),
        sa.Column("claimed_until", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("letter_id", name="pk_outbox"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_visit_id", "outbox", ["visit_id"])
    op.create_index("ix_outbox_due_at", "outbox", ["due_at"])


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_index("ix_outbox_due_at", "outbox")
    op.drop_index("ix_outbox_visit_id", "outbox")
    op.drop_table("outbox")
    op.drop_index("ix_seen_at", "seen")
    op.drop_table("seen")
