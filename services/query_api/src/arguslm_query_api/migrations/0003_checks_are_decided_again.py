"""checks are decided again"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reclassified",
        sa.Column("check_id", sa.Uuid, nullable=False),
        sa.Column("taxonomy_version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("check_id", "taxonomy_version"),
        comment="Which checks were decided again: each counts once by each taxonomy",
    )
