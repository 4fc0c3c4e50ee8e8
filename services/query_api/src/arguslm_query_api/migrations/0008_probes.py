"""checks are of kinds; probes"""

import sqlalchemy as sa
from alembic import op

from arguslm_storage import columns
from arguslm_storage.migration_steps import add_columns

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Every check until now asked whether its model lives.
    add_columns(
        "checks",
        sa.Column("kind", sa.String(16), nullable=False, server_default="liveness"),
        sa.Column("probe_id", sa.Uuid),
        sa.Column("worst_finding", sa.String(8), comment="the worst level of its findings"),
    )
    op.create_index(
        "ix_checks_kind_completed_at",
        "checks",
        ["kind", "completed_at", "check_id"],
        sqlite_where=sa.text("probe_id IS NOT NULL"),
        postgresql_where=sa.text("probe_id IS NOT NULL"),
    )
    op.create_table(
        "probes",
        sa.Column("probe_id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("provider_id", sa.Uuid),
        sa.Column("model_id", sa.Uuid),
        sa.Column("interval_s", sa.Integer),
        sa.Column("cron", sa.Text),
        sa.Column("prompt", sa.Text),
        sa.Column("max_tokens", sa.Integer),
        sa.Column("context_words", sa.Integer),
        sa.Column("answer_schema", columns.Json),
        sa.Column("assertions", columns.Json, nullable=False),
        sa.Column("finding_level", sa.String(8), nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("created_at", columns.UtcDateTime, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )
    add_columns("rules", sa.Column("target_probe_id", sa.Uuid))
