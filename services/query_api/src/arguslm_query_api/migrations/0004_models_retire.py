"""models retire"""

import sqlalchemy as sa
from alembic import op

from arguslm_storage import columns

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nothing to rebuild: no event before this told facts, or that a model had retired.
    with op.batch_alter_table("models", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "facts",
                columns.Json,
                nullable=False,
                server_default="{}",
                comment="the contracts' ModelFacts",
            )
        )
        batch_op.add_column(sa.Column("retired_at", columns.UtcDateTime))
        batch_op.alter_column("facts", server_default=None)
