"""provider limits"""

import sqlalchemy as sa

from arguslm_storage.migration_steps import add_columns

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_columns(
        "providers",
        sa.Column("requests_per_minute", sa.Integer, nullable=False, server_default="0"),
        sa.Column("max_concurrent", sa.Integer, nullable=False, server_default="0"),
    )
