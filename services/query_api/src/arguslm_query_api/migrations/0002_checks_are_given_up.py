"""checks are given up, hours stay"""

import sqlalchemy as sa
from alembic import op

from arguslm_storage import columns
from arguslm_storage.migration_steps import add_columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The tables are rebuilt, for their version has risen: the zeros do not last.
    for table in ("checks", "connection_tests"):
        sequence = sa.Column("sequence", sa.BigInteger, nullable=False, server_default="0")
        add_columns(table, sequence)
    with op.batch_alter_table("checks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_checks_sequence"), ["sequence"], unique=False)
    op.create_table(
        "summarized",
        sa.Column("model_id", sa.Uuid, nullable=False),
        sa.Column("location", sa.String(63), nullable=False),
        sa.Column("stored_in", columns.UtcDateTime, nullable=False),
        sa.Column("hour", columns.UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("model_id", "location"),
        comment="The last summary of each model and location: they come in this order",
    )
    op.create_table(
        "given_up",
        sa.Column("name", sa.String(16), nullable=False, comment="always `checks`"),
        sa.Column("through_sequence", sa.BigInteger, nullable=False),
        sa.Column(
            "before",
            columns.UtcDateTime,
            nullable=False,
            comment="no narrow rollup begins before it",
        ),
        sa.PrimaryKeyConstraint("name"),
        comment="How far single checks have been let go",
    )
