"""All tables of the first form."""

import sqlalchemy as sa
from alembic import op

from arguslm_storage import columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=True),
        sa.Column("model_name", sa.String(), nullable=False),
        sa.Column("provider_name", sa.String(), nullable=False),
        sa.Column("since", columns.UtcDateTime, nullable=False),
        sa.Column("channel_ids", columns.Json, nullable=False),
        sa.Column("resolved_at", columns.UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("alert_id"),
    )
    op.create_index("ix_alerts_open", "alerts", ["resolved_at", "model_id"])

    op.create_table(
        "channels",
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id"),
    )
    op.create_table(
        "checkpoints",
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("stream_created", columns.UtcDateTime, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("stream"),
    )
    op.create_table(
        "decided",
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("target", sa.String(length=36), nullable=False),
        sa.Column("stream", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("decision_sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rule_id", "target", "stream"),
    )
    op.create_table(
        "endpoint_states",
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("location", sa.String(length=63), nullable=False),
        sa.Column("consecutive_failures", sa.Integer(), nullable=False),
        sa.Column("consecutive_successes", sa.Integer(), nullable=False),
        sa.Column("since", columns.UtcDateTime, nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("fault_owner", sa.String(length=16), nullable=False),
        sa.Column("due_at", columns.UtcDateTime, nullable=False),
        sa.Column("check_id", sa.Uuid(), nullable=False),
        sa.Column("completed_at", columns.UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("model_id", "location"),
    )
    op.create_table(
        "models",
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("custom_name", sa.String(), nullable=True),
        sa.Column("on_since", columns.UtcDateTime, nullable=True),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("model_id"),
    )
    op.create_table(
        "monitoring",
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("on_since", columns.UtcDateTime, nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "providers",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("on_since", columns.UtcDateTime, nullable=True),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider_id"),
    )
    op.create_table(
        "rules",
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("rule", columns.Json, nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rule_id"),
    )


def downgrade() -> None:
    op.drop_table("rules")
    op.drop_table("providers")
    op.drop_table("monitoring")
    op.drop_table("models")
    op.drop_table("endpoint_states")
    op.drop_table("decided")
    op.drop_table("checkpoints")
    op.drop_table("channels")
    op.drop_table("alerts")
