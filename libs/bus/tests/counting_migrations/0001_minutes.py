"""minutes"""

import sqlalchemy as sa
from alembic import op

from arguslm_storage import columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("stream", sa.String(64), primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("stream_created", columns.UtcDateTime, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "minutes",
        sa.Column("minute", sa.BigInteger, primary_key=True),
        sa.Column("ticks", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("minutes")
    op.drop_table("checkpoints")
