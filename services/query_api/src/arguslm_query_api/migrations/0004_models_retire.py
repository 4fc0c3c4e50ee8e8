"""models retire"""

import sqlalchemy as sa

from arguslm_storage import columns
from arguslm_storage.migration_steps import add_columns

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The tables are rebuilt, for their version has risen: they hold more of what events say.
    facts = sa.Column(
        "facts",
        columns.Json,
        nullable=False,
        server_default="{}",
        comment="the contracts' ModelFacts",
    )
    add_columns("models", facts, sa.Column("retired_at", columns.UtcDateTime))
