"""requests have a bill"""

import sqlalchemy as sa
from alembic import op

from arguslm_storage import columns
from arguslm_storage.migration_steps import add_columns

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The tables are rebuilt, for their version has risen: sums hold what events say of costs.
    add_columns(
        "models",
        sa.Column("price", columns.Json, comment="the contracts' Price, as a person gave it"),
    )
    add_columns("rollups", *_bill(server_default="0"))
    op.create_table(
        "benchmark_bills",
        sa.Column("run_id", sa.Uuid, nullable=False),
        sa.Column("model_id", sa.Uuid, nullable=False),
        sa.Column("warmup", sa.Boolean, nullable=False),
        sa.Column("index", sa.Integer, nullable=False),
        sa.Column("day", columns.UtcDateTime, nullable=False, comment="on which it began, in UTC"),
        *_bill(),
        sa.PrimaryKeyConstraint("run_id", "model_id", "warmup", "index"),
        sqlite_with_rowid=False,
        comment="What each sample came to; it stays when its run is removed, as on the provider's"
        " bill",
    )
    op.create_index("ix_benchmark_bills_day", "benchmark_bills", ["day"])


def _bill(server_default: str | None = None) -> list[sa.Column[int]]:
    def column(name: str, type_: type[sa.Integer], comment: str | None = None) -> sa.Column[int]:
        return sa.Column(
            name, type_, nullable=False, server_default=server_default, comment=comment
        )

    return [
        column("input_tokens", sa.BigInteger),
        column("output_tokens", sa.BigInteger),
        column("reasoning_tokens", sa.BigInteger, "part of the output"),
        column("cached_tokens", sa.BigInteger, "part of the input"),
        column("priced", sa.Integer, "requests whose cost is known"),
        column("unpriced", sa.Integer, "requests whose cost nobody knows"),
        column("cost_nano_usd", sa.BigInteger, "of the priced ones"),
    ]
