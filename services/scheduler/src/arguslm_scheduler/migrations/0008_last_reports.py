"""last reports"""

import sqlalchemy as sa

from arguslm_storage.migration_steps import add_columns

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_columns("reports", sa.Column("sequence", sa.BigInteger, nullable=False, server_default="0"))
