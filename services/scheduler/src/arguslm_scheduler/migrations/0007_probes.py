"""probes"""

import sqlalchemy as sa
from alembic import op

from arguslm_storage import columns

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "probes",
        sa.Column("probe_id", sa.Uuid, primary_key=True),
        sa.Column("definition", columns.Json, nullable=False),
    )
    op.create_table(
        "pinned_vectors",
        sa.Column("probe_id", sa.Uuid, primary_key=True),
        sa.Column("model_id", sa.Uuid, primary_key=True),
        sa.Column("text_sha256", sa.String(64), nullable=False),
        sa.Column(
            "fingerprint", columns.Json, nullable=False, comment="the contracts' Fingerprint"
        ),
    )
