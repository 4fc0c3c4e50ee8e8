"""The roster: providers, models, monitoring."""

import sqlalchemy as sa
from alembic import op

from arguslm_storage import columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("stream", sa.String(64), primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("stream_created", columns.UtcDateTime, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "providers",
        sa.Column("provider_id", sa.Uuid, primary_key=True),
        sa.Column("provider_type", sa.String(64), nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("base_url", sa.Text),
        sa.Column("settings", columns.Json, nullable=False),
        sa.Column("credentials", sa.Text),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("monitor_discovered", sa.Boolean, nullable=False),
        sa.Column("enabled_revision", sa.Integer, nullable=False),
        sa.Column("address_revision", sa.Integer, nullable=False),
    )
    op.create_table(
        "models",
        sa.Column("model_id", sa.Uuid, primary_key=True),
        sa.Column("provider_id", sa.Uuid, nullable=False, index=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("monitored", sa.Boolean, nullable=False),
        sa.Column("interval_s", sa.Integer),
        sa.Column("monitored_revision", sa.Integer, nullable=False),
    )
    op.create_table(
        "monitoring",
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("interval_s", sa.Integer, nullable=False),
        sa.Column("prompt_pack", sa.String(64), nullable=False),
        sa.Column("max_tokens", sa.Integer, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("enabled_revision", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    for table in ("monitoring", "models", "providers", "checkpoints"):
        op.drop_table(table)
