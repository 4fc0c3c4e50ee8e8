"""budgets"""

import sqlalchemy as sa
from alembic import op

from arguslm_storage import columns
from arguslm_storage.migration_steps import add_columns

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budgets",
        sa.Column("budget_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("provider_id", sa.Uuid),
        sa.Column("model_id", sa.Uuid),
        sa.Column("usd_per_day", sa.Float, nullable=False),
        sa.Column("created_at", columns.UtcDateTime, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("budget_id"),
    )
    op.create_table(
        "bookings",
        sa.Column("booking_id", sa.Uuid, nullable=False),
        sa.Column("budget_id", sa.Uuid, nullable=False),
        sa.Column("run_id", sa.Uuid, nullable=False),
        sa.Column("day", columns.UtcDateTime, nullable=False),
        sa.Column("nano_usd", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("booking_id"),
        comment="What benchmarks may cost at most, taken from a budget before they begin",
    )
    op.create_index("ix_bookings_day", "bookings", ["day"])
    add_columns(
        "rules",
        sa.Column("target_budget_id", sa.Uuid),
        sa.Column("threshold_percent", sa.Integer),
    )
