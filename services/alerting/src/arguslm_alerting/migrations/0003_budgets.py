"""budgets"""

import sqlalchemy as sa
from alembic import op

from arguslm_storage import columns
from arguslm_storage.migration_steps import add_columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nobody had said anything of budgets before there were tables for it.
    op.create_table(
        "budgets",
        sa.Column("budget_id", sa.Uuid, nullable=False),
        sa.Column("removed", sa.Boolean, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("budget_id"),
    )
    op.create_table(
        "budget_reports",
        sa.Column("budget_id", sa.Uuid, nullable=False),
        sa.Column("budget_name", sa.String, nullable=False),
        sa.Column("used_percent", sa.Integer, nullable=False),
        sa.Column("used_usd", sa.Float, nullable=False),
        sa.Column("usd_per_day", sa.Float, nullable=False),
        sa.Column("at", columns.UtcDateTime, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("budget_id"),
    )
    add_columns("alerts", sa.Column("budget_id", sa.Uuid))
