"""replies of models that think first"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reply_lengths",
        sa.Column("model_id", sa.Uuid, primary_key=True),
        sa.Column("longest_tokens", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("reply_lengths")
