"""checks are of kinds"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Every check until now asked whether its model lives.
    with op.batch_alter_table("checks", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("kind", sa.String(16), nullable=False, server_default="liveness")
        )
        batch_op.add_column(sa.Column("probe_id", sa.Uuid))
        batch_op.add_column(
            sa.Column("worst_finding", sa.String(8), comment="the worst level of its findings")
        )
        batch_op.create_index(
            "ix_checks_kind_completed_at",
            ["kind", "completed_at", "check_id"],
            unique=False,
            sqlite_where=sa.text("probe_id IS NOT NULL"),
            postgresql_where=sa.text("probe_id IS NOT NULL"),
        )
