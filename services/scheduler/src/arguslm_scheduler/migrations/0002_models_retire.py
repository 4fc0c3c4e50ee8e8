"""models retire"""

import sqlalchemy as sa
from alembic import op

from arguslm_storage import columns
from arguslm_storage.migration_steps import add_columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The tables are rebuilt, for their version has risen: what stands here does not last.
    lists_models = sa.Column("lists_models", sa.Boolean, nullable=False, server_default=sa.true())
    add_columns("providers", lists_models)
    with op.batch_alter_table("models", schema=None) as batch_op:
        batch_op.drop_column("monitored")
        batch_op.drop_column("monitored_revision")
    never = "1970-01-01 00:00:00"
    add_columns(
        "models",
        sa.Column("watched", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("watched_revision", sa.Integer, nullable=False, server_default="0"),
        sa.Column("state", columns.Json, nullable=False, server_default="{}"),
        sa.Column("changed_at", columns.UtcDateTime, nullable=False, server_default=never),
        sa.Column("revision", sa.Integer, nullable=False, server_default="0"),
        sa.Column("sequence", sa.BigInteger, nullable=False, server_default="0"),
    )
