"""CHECKS -> what was found and measured."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    Uuid,
)

from arguslm_query_api.tables.shared import bill, metadata
from arguslm_storage.columns import Json, UtcDateTime

model_states = Table(
    "model_states",
    metadata,
    Column("model_id", Uuid, primary_key=True),
    Column("location", String(63), primary_key=True),
    Column("consecutive_failures", Integer, nullable=False),
    Column("consecutive_successes", Integer, nullable=False),
    Column("usable", Boolean, comment="of the last check that said something of the endpoint"),
    Column("since", UtcDateTime, comment="start of the first check of the current run"),
    Column("conclusive_at", UtcDateTime, comment="end of the last check that said something"),
    Column("last_check_id", Uuid, nullable=False),
    Column("last_due_at", UtcDateTime, nullable=False),
    Column("last_completed_at", UtcDateTime, nullable=False),
    Column("last_outcome", String(32), nullable=False),
    Column("last_fault_owner", String(16), nullable=False),
    Column("last_says", Text, nullable=False),
    Column("last_ttft_ms", Float, comment="of the last check that measured it"),
    Column("last_tokens_per_s", Float, comment="of the last check that measured it"),
)

checks = Table(
    "checks",
    metadata,
    Column("check_id", Uuid, primary_key=True),
    Column("model_id", Uuid, nullable=False),
    Column("location", String(63), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("run_id", Uuid),
    Column("due_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("completed_at", UtcDateTime, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("available", Boolean),
    Column("usable", Boolean),
    Column("ttft_ms", Float),
    Column("tokens_per_s", Float),
    Column("total_ms", Float),
    Column("output_tokens", Integer),
    Column("trustworthy", Boolean, nullable=False),
    Column("measurement", Json, nullable=False),
    Column("sequence", BigInteger, nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("probe_id", Uuid),
    Column("worst_finding", String(8), comment="the worst level of its findings"),
    Index("ix_checks_model_id_completed_at", "model_id", "completed_at", "check_id"),
    Index("ix_checks_completed_at", "completed_at", "check_id"),
    Index("ix_checks_outcome_completed_at", "outcome", "completed_at", "check_id"),
)
Index(
    "ix_checks_run_id",
    checks.c.run_id,
    sqlite_where=checks.c.run_id.is_not(None),
    postgresql_where=checks.c.run_id.is_not(None),
)
# Of probes other than the monitoring of every model, which are few.
Index(
    "ix_checks_kind_completed_at",
    checks.c.kind,
    checks.c.completed_at,
    checks.c.check_id,
    sqlite_where=checks.c.probe_id.is_not(None),
    postgresql_where=checks.c.probe_id.is_not(None),
)

rollups = Table(
    "rollups",
    metadata,
    Column("width_s", Integer, primary_key=True, comment="one of ROLLUP_WIDTHS_S"),
    Column("model_id", Uuid, primary_key=True),
    Column("start", UtcDateTime, primary_key=True),
    Column("location", String(63), primary_key=True),
    Column("checks", Integer, nullable=False),
    Column("available", Integer, nullable=False),
    Column("unavailable", Integer, nullable=False),
    Column("excluded", Integer, nullable=False, comment="said nothing of `available`"),
    Column("usable", Integer, nullable=False),
    Column("unusable", Integer, nullable=False),
    Column("ttft_ms", Json, nullable=False, comment="a sketch"),
    Column("ttft_p50_ms", Float, comment="of the sketch"),
    Column("tokens_per_s", Json, nullable=False, comment="a sketch"),
    Column("total_ms", Json, nullable=False, comment="a sketch"),
    Column("outcomes", Json, nullable=False, comment="checks by outcome"),
    *bill(),
    sqlite_with_rowid=False,
)

# Each divides the next, so that any wider bucket is a whole number of narrower ones.
ROLLUP_WIDTHS_S = (300, 1_800, 10_800, 86_400, 604_800)
# The hours that outlive their checks fill these, and these alone.
LASTING_WIDTHS_S = tuple(width_s for width_s in ROLLUP_WIDTHS_S if width_s % 3_600 == 0)
PASSING_WIDTHS_S = tuple(width_s for width_s in ROLLUP_WIDTHS_S if width_s % 3_600 != 0)

summarized = Table(
    "summarized",
    metadata,
    Column("model_id", Uuid, primary_key=True),
    Column("location", String(63), primary_key=True),
    Column("stored_in", UtcDateTime, nullable=False),
    Column("hour", UtcDateTime, nullable=False),
    comment="The last summary of each model and location: they come in this order",
)

given_up = Table(
    "given_up",
    metadata,
    Column("name", String(16), primary_key=True, comment="always `checks`"),
    Column("through_sequence", BigInteger, nullable=False),
    Column("before", UtcDateTime, nullable=False, comment="no narrow rollup begins before it"),
    comment="How far single checks have been let go",
)

reclassified = Table(
    "reclassified",
    metadata,
    Column("check_id", Uuid, primary_key=True),
    Column("taxonomy_version", Integer, primary_key=True),
    comment="Which checks were decided again: each counts once by each taxonomy",
)

connection_tests = Table(
    "connection_tests",
    metadata,
    Column("check_id", Uuid, primary_key=True),
    Column("completed_at", UtcDateTime, nullable=False),
    Column("completion", Json, nullable=False, comment="the whole check.completed"),
    Column("sequence", BigInteger, nullable=False),
)

discoveries = Table(
    "discoveries",
    metadata,
    Column("provider_id", Uuid, primary_key=True),
    Column("request_id", Uuid, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("message", Text),
    Column("models", Json, nullable=False),
    Column("models_found", Integer, nullable=False),
    Column("completed_at", UtcDateTime, nullable=False),
)
