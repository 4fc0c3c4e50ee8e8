"""probes"""

import sqlalchemy as sa
from alembic import op

from arguslm_storage import columns
from arguslm_storage.migration_steps import add_columns

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nobody had defined a probe before there were tables for it.
    op.create_table(
        "probes",
        sa.Column("probe_id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("removed", sa.Boolean, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "probe_verdicts",
        sa.Column("probe_id", sa.Uuid, primary_key=True),
        sa.Column("model_id", sa.Uuid, primary_key=True),
        sa.Column("location", sa.String(63), primary_key=True),
        sa.Column("verdicts", columns.Json, nullable=False),
    )
    add_columns("alerts", sa.Column("probe_id", sa.Uuid))
