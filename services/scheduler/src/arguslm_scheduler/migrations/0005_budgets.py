"""budgets"""

import sqlalchemy as sa
from alembic import op

from arguslm_storage import columns

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budgets",
        sa.Column("budget_id", sa.Uuid, nullable=False),
        sa.Column("budget", columns.Json, nullable=False),
        sa.PrimaryKeyConstraint("budget_id"),
    )
    op.create_table(
        "booked_benchmarks",
        sa.Column("budget_id", sa.Uuid, nullable=False),
        sa.Column("run_id", sa.Uuid, nullable=False),
        sa.Column("day", columns.UtcDateTime, nullable=False),
        sa.Column("nano_usd", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("budget_id", "run_id"),
    )
    op.create_table(
        "reservations",
        sa.Column("request_id", sa.Uuid, nullable=False),
        sa.Column("model_id", sa.Uuid, nullable=False),
        sa.Column("provider_id", sa.String(64), nullable=False),
        sa.Column("nano_usd", sa.BigInteger, nullable=False),
        sa.Column("due_at", columns.UtcDateTime, nullable=False),
        sa.Column("held_until", columns.UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("request_id"),
    )
    op.create_index("ix_reservations_due_at", "reservations", ["due_at"])
    op.create_index("ix_reservations_held_until", "reservations", ["held_until"])
    op.create_table(
        "releases",
        sa.Column("request_id", sa.Uuid, nullable=False),
        sa.Column("completed_at", columns.UtcDateTime, nullable=False),
        sa.Column("held_until", columns.UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("request_id"),
    )
    op.create_index("ix_releases_completed_at", "releases", ["completed_at"])
    op.create_index("ix_releases_held_until", "releases", ["held_until"])
    op.create_table(
        "spending",
        sa.Column("day", columns.UtcDateTime, nullable=False),
        sa.Column("model_id", sa.Uuid, nullable=False),
        sa.Column("provider_id", sa.String(64), nullable=False),
        sa.Column("nano_usd", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("day", "model_id"),
    )
    op.create_table(
        "prices",
        sa.Column("model_id", sa.Uuid, nullable=False),
        sa.Column("price", columns.Json, nullable=False, comment="the contracts' Price"),
        sa.PrimaryKeyConstraint("model_id"),
    )
    op.create_table(
        "reports",
        sa.Column("budget_id", sa.Uuid, nullable=False),
        sa.Column("day", columns.UtcDateTime, nullable=False),
        sa.Column("used_percent", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("budget_id"),
    )
