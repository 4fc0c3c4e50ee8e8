"""checks are of kinds"""

import sqlalchemy as sa
from alembic import op

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
