"""BENCHMARKS -> runs, their samples, and what they cost."""

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    Uuid,
)

from arguslm_query_api.tables.shared import bill, metadata
from arguslm_storage.columns import Json, UtcDateTime

benchmark_runs = Table(
    "benchmark_runs",
    metadata,
    Column("run_id", Uuid, primary_key=True),
    Column("title", Text, nullable=False),
    Column("plan", Json, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("status", String(16), nullable=False),
    Column("started_at", UtcDateTime),
    Column("cancel_requested_by", Text),
    Column("completed_at", UtcDateTime),
    Column("message", Text),
    Index("ix_benchmark_runs_requested_at", "requested_at", "run_id"),
)

benchmark_samples = Table(
    "benchmark_samples",
    metadata,
    Column("run_id", Uuid, primary_key=True),
    Column("model_id", Uuid, primary_key=True),
    Column("warmup", Boolean, primary_key=True),
    Column("index", Integer, primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("failed", Boolean, nullable=False),
    Column("measurement", Json, nullable=False),
    sqlite_with_rowid=False,
)

benchmark_bills = Table(
    "benchmark_bills",
    metadata,
    Column("run_id", Uuid, primary_key=True),
    Column("model_id", Uuid, primary_key=True),
    Column("warmup", Boolean, primary_key=True),
    Column("index", Integer, primary_key=True),
    Column("day", UtcDateTime, nullable=False, index=True, comment="on which it began, in UTC"),
    *bill(),
    sqlite_with_rowid=False,
    comment="What each sample came to; it stays when its run is removed, as on the provider's bill",
)
