"""Redacted questions that a clinic chose to keep for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Go from the step before to this one."""
    op.create_table(
        "samples",
        sa.Column("sample_id", sa.String(), nullable=False),
        sa.Column("visit_id", sa.String(), nullable=False),
        sa.Column("guide", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("passage_ids", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("guide_version", sa.String(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("sample_id", name="pk_samples"),
    )
    op.create_index("ix_samples_visit_id", "samples", ["visit_id"])
    op.create_index("ix_samples_expires_at", "samples", ["expires_at"])


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_index("ix_samples_expires_at", "samples")
    op.drop_index("ix_samples_visit_id", "samples")
    op.drop_table("samples")
