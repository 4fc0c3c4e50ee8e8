"""models retire"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # No model had retired before there was a column for it.
    with op.batch_alter_table("models", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("retired", sa.Boolean, nullable=False, server_default=sa.false())
        )
        batch_op.alter_column("retired", server_default=None)
