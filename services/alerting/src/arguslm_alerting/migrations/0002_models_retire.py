"""models retire"""

import sqlalchemy as sa

from arguslm_storage.migration_steps import add_columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # No model had retired before there was a column for it.
    retired = sa.Column("retired", sa.Boolean, nullable=False, server_default=sa.false())
    add_columns("models", retired)
