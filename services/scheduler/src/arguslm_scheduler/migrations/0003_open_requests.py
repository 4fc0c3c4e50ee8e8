"""open requests"""

import sqlalchemy as sa
from alembic import op

from arguslm_storage import columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "open_requests",
        sa.Column("model_id", sa.Uuid, primary_key=True),
        sa.Column("location", sa.String(63), primary_key=True),
        sa.Column("probe_id", sa.Uuid, primary_key=True),
        sa.Column("request_id", sa.Uuid),
        sa.Column("due_at", columns.UtcDateTime),
        sa.Column("lapses_at", columns.UtcDateTime),
        sa.Column("answered_until", columns.UtcDateTime),
    )


def downgrade() -> None:
    op.drop_table("open_requests")
